package queue

import (
	"context"
	"sync"

	"github.com/sealift/sealift/webhook/store"
)

// registry holds the River jobs that this process runs.
type registry struct {
	mu   sync.Mutex
	jobs map[int64]*entry
}

// entry is one job. Its fields but cancel are guarded by the registry's lock.
type entry struct {
	cancel     context.CancelCauseFunc
	key, class string // once a delivery was picked
	seq        int64
}

// enter notes a job before it picks a delivery, so that a lease that is lost ends it
// too.
func (r *registry) enter(id int64, cancel context.CancelCauseFunc) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &entry{cancel: cancel}
	r.jobs[id] = e
	return e
}

// set says what the job runs. A newer delivery that came between the pick and this was
// not seen by supersede; the next beat finds it.
func (e *entry) set(r *registry, d *store.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.key, e.class, e.seq = d.Key, d.Class, d.Seq
}

// leave forgets a job: nothing cancels it any more.
func (r *registry) leave(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.jobs, id)
}

// has tells a job that runs here from a stray.
func (r *registry) has(id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.jobs[id] != nil
}

// supersede cancels the job of key and class that runs an older delivery.
func (r *registry) supersede(key, class string, seq int64) {
	if class == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.jobs {
		if e.key == key && e.class == class && e.seq < seq {
			e.cancel(errSuperseded)
		}
	}
}

// keys returns the keys whose jobs could be superseded.
func (r *registry) keys() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, e := range r.jobs {
		if e.class != "" {
			out = append(out, e.key)
		}
	}
	return out
}

// cancelAll asks every job to return; it does not wait.
func (r *registry) cancelAll(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.jobs {
		e.cancel(cause)
	}
}
