package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// A story waits for what happens, never for a time: it ends when nothing can happen any
// more. That is when GitHub has nothing to deliver, the queue nothing to do, and no
// search for a delivery that was lost is due.

// look is how often a story looks. Nothing in a database tells a waiter of a change.
const look = 5 * time.Millisecond

// soonest is when a job that waits for its time still counts as something to come.
const soonest = time.Minute

// until waits until done is true. It fails when that cannot come any more.
func (w *story) until(what string, done func() bool) {
	w.t.Helper()
	w.untilOver(what, done, w.quiet)
}

// untilOver is until for what can come no more when over is true.
func (w *story) untilOver(what string, done, over func() bool) {
	w.t.Helper()
	again := time.NewTicker(look)
	defer again.Stop()
	for !done() {
		if over() && !done() {
			w.t.Fatalf("%s, and nothing is left to do\n%s", what, w.logs)
		}
		select {
		case <-again.C:
		case <-w.ctx.Done():
			w.t.Fatalf("%s: %v\n%s", what, w.ctx.Err(), w.logs)
		}
	}
}

// quiet tells whether nothing more can happen by itself.
func (w *story) quiet() bool {
	w.t.Helper()
	w.must(w.hub.Idle(w.ctx))
	if w.service == nil {
		return true
	}
	d, err := w.service.queue.Depth(w.ctx)
	w.must(err)
	return d.Ready == 0 && d.Running <= int(w.held.Load()) && !w.waits() && !w.searches()
}

// waits tells whether a job waits for a time that comes soon.
func (w *story) waits() bool {
	jobs, err := w.service.queue.List(w.ctx, store.Filter{Outcome: store.Pending})
	w.must(err)
	return slices.ContainsFunc(jobs, func(j store.Delivery) bool {
		return j.Turn == 0 && time.Until(j.NotBefore) < soonest
	})
}

// searches tells whether a search for lost deliveries runs or is due.
func (w *story) searches() bool {
	return w.service.search.owed() || searches(w.t, w.service.store, "available", "running")
}

// searches tells whether a search is in one of the states of River's jobs.
func searches(t *testing.T, s *store.Store, states ...string) bool {
	t.Helper()
	return storetest.Count(t, s, "river_job WHERE kind = 'tick' AND args->>'name' = '"+searchName+
		"' AND state IN ('"+strings.Join(states, "','")+"')") > 0
}

// settle waits until everything that happened is worked off. What waits for another
// attempt gets it at once. So do deliveries that failed, but for those that are lost
// on purpose.
func (w *story) settle() { w.t.Helper(); w.work(false, w.service) }

// settleAll is settle for several services.
func (w *story) settleAll(services ...*service) { w.t.Helper(); w.work(false, services...) }

// recover is settle for what was lost on purpose too.
func (w *story) recover() { w.t.Helper(); w.work(true, w.service) }

// tries is how often one job or delivery is hurried: it fails for good.
const tries = 100

func (w *story) work(lost bool, services ...*service) {
	w.t.Helper()
	hurried := map[string]int{}
	again := time.NewTicker(look)
	defer again.Stop()
	for quiet := 0; quiet < 2; { // the last jobs may have caused deliveries
		w.must(w.hub.Idle(w.ctx))
		left := 0
		for _, s := range services {
			left += w.hurry(s, hurried) + w.seek(s, lost, hurried)
		}
		if quiet++; left > 0 {
			quiet = 0
		}
		select {
		case <-again.C:
		case <-w.ctx.Done():
			w.t.Fatalf("work is left: %v\n%s", w.ctx.Err(), w.logs)
		}
	}
}

// hurry returns how many jobs are not done, and gives those their next attempt
// now that wait for it.
func (w *story) hurry(s *service, hurried map[string]int) int {
	w.t.Helper()
	d, err := s.queue.Depth(w.ctx)
	w.must(err)
	jobs, err := s.queue.List(w.ctx, store.Filter{Outcome: store.Pending})
	w.must(err)
	for _, j := range jobs {
		if j.NotBefore.After(time.Now()) && s.queue.Retry(w.ctx, j.ID) == nil { // it may have been taken up meanwhile
			w.count(hurried, j.ID)
		}
	}
	return d.Ready + d.Waiting + d.Running
}

// seek returns how many deliveries failed and did not come since, and begins a search for
// them unless one is under way.
func (w *story) seek(s *service, lost bool, hurried map[string]int) int {
	w.t.Helper()
	missed := missed(w.t, w.hub.Deliveries(), s.config.AppID, s.store, lost)
	if len(missed) == 0 || s.search.owed() || searches(w.t, s.store, "available", "running") {
		return len(missed)
	}
	s.search.hurry()
	if begun, err := s.queue.Soon(w.ctx, searchName); err != nil || begun {
		w.must(err)
		w.count(hurried, missed[0])
	}
	return len(missed)
}

// hurry makes everything due that the search asked for.
func (s *search) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.open {
		r.due = time.Time{}
	}
}

func (w *story) count(hurried map[string]int, id string) {
	w.t.Helper()
	if hurried[id]++; hurried[id] > tries {
		w.t.Fatalf("%s never ends\n%s", id, w.logs)
	}
}

// missed returns the deliveries for an App that failed each time and are not in its
// database; without lost, those only whose last attempt was really made.
func missed(t *testing.T, all []hub.Delivery, app int64, s *store.Store, lost bool) []string {
	t.Helper()
	last, came := map[string]hub.Delivery{}, map[string]bool{}
	var ids []string
	for _, d := range all {
		if d.App != app {
			continue
		}
		if _, ok := last[d.GUID]; !ok {
			ids = append(ids, d.GUID)
		}
		last[d.GUID] = d
		came[d.GUID] = came[d.GUID] || d.Code/100 == 2
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		underWay := last[id].Code == 0
		return came[id] || underWay || last[id].Lost && !lost
	})
	known, err := s.Outcomes(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(ids, func(id string) bool { _, ok := known[id]; return ok })
}
