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

type entry struct {
	cancel     context.CancelCauseFunc
	key, class string // once a delivery was picked
	seq        int64
}

func (r *registry) enter(id int64, cancel context.CancelCauseFunc) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &entry{cancel: cancel}
	r.jobs[id] = e
	return e
}

// set says what the job runs.
func (e *entry) set(r *registry, d *store.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.key, e.class, e.seq = d.Key, d.Class, d.Seq
}

func (r *registry) leave(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.jobs, id)
}

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

func (r *registry) cancelAll(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.jobs {
		e.cancel(cause)
	}
}
