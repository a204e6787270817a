package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/store"
)

// searchName is that of the search among the functions of the queue.
const searchName = "redeliver"

// When GitHub's log is searched for deliveries that never came.
const (
	// searchEvery is how often without a cause: what is lost on its way nobody here
	// notices.
	searchEvery = 10 * time.Minute
	// searchAgain is the wait after the first request to repeat a delivery, and after
	// the first search: GitHub waits 10 s for our answer before it knows that there
	// is none. It doubles with each further request, up to searchSlowest.
	searchAgain   = 30 * time.Second
	searchSlowest = 30 * time.Minute
	// searchOverlap is how far a search looks back before the newest that the last one
	// saw: attempts get into the log when they end, and not in the order of their times.
	searchOverlap = 10 * time.Minute
	// searchPause is between two searches for what was refused here.
	searchPause = 10 * time.Second
	// searchRetry is the wait when a search cannot be asked for, or fails.
	searchRetry = 2 * time.Second
)

// search finds the deliveries in GitHub's log that never came and has them repeated,
// until each has come or GitHub has forgotten it. It is a function of the queue.
type search struct {
	app   *ghapp.App
	store *store.Store
	log   *slog.Logger

	// lost counts the deliveries that were refused here for a reason of ours; found is
	// how many of them a search was begun for. wake has room for one.
	lost, found atomic.Int64
	wake        chan struct{}

	mu    sync.Mutex
	since time.Time              // what is older has come; by GitHub's clock
	open  map[string]*redelivery // by GUID
	fails int                    // searches in a row
}

// redelivery is a delivery that was asked for again and has not come.
type redelivery struct {
	at    time.Time // of the attempt that was repeated
	times int
	due   time.Time // when it is asked for once more
}

func newSearch(app *ghapp.App, s *store.Store, log *slog.Logger) *search {
	return &search{app: app, store: s, log: log, wake: make(chan struct{}, 1), open: map[string]*redelivery{}}
}

// refused notes that a delivery was answered with an error that is not the sender's fault.
// GitHub does not repeat it by itself.
func (s *search) refused() {
	s.lost.Add(1)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// owed tells whether a delivery was refused that no search was begun for.
func (s *search) owed() bool { return s.found.Load() < s.lost.Load() }

// watch begins a search whenever deliveries were refused, until ctx ends. soon begins one;
// it returns false when one runs.
func (s *search) watch(ctx context.Context, soon func(context.Context) (bool, error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		lost := s.lost.Load()
		for {
			begun, err := soon(ctx)
			if begun {
				break
			}
			if err != nil && ctx.Err() == nil {
				s.log.Warn("search for lost deliveries not begun", "error", err)
			}
			if !pause(ctx, searchRetry) {
				return
			}
		}
		s.found.Store(lost)
		if !pause(ctx, searchPause) {
			return
		}
	}
}

// pause waits; false is that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// look is one search, the nth of a series. It returns when the next one has to be: for
// those that did not come yet, after an error, and once more after a series' first.
func (s *search) look(ctx context.Context, n int) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun := time.Now()
	list, last, err := missing(ctx, s.app, s.store, s.since)
	if err != nil {
		return s.failed(err), err
	}
	s.settle(list, begun)
	asked, err := redeliver(ctx, s.app, s.due(list, begun), func(d ghapp.Delivery) { s.asked(d, time.Now()) })
	if asked > 0 {
		s.log.Info("asked GitHub to deliver again", "deliveries", asked)
	}
	if err != nil && gitops.CodeOf(err).Queue() != gitops.Done {
		return s.failed(err), err
	}
	s.fails = 0
	if len(list) > 0 {
		last = list[0].At
	}
	if !last.IsZero() {
		s.since = last.Add(-searchOverlap)
	}
	return s.next(n, begun), err
}

// settle forgets those that came, and those that GitHub forgot.
func (s *search) settle(list []ghapp.Delivery, now time.Time) {
	left := make(map[string]*redelivery, len(list))
	for _, d := range list {
		if r := s.open[d.GUID]; r != nil {
			left[d.GUID] = r
			delete(s.open, d.GUID)
		}
	}
	for id, r := range s.open {
		if now.Sub(r.at) > githubKeeps {
			s.log.Error("delivery never came, and GitHub does not repeat it any more", "delivery", id)
		}
	}
	s.open = left
}

// due returns those of the deliveries that are to be asked for now.
func (s *search) due(list []ghapp.Delivery, now time.Time) []ghapp.Delivery {
	var out []ghapp.Delivery
	for _, d := range list {
		if r := s.open[d.GUID]; r == nil || !r.due.After(now) {
			out = append(out, d)
		}
	}
	return out
}

// asked notes that GitHub was asked for a delivery.
func (s *search) asked(d ghapp.Delivery, now time.Time) {
	r := s.open[d.GUID]
	if r == nil {
		r = &redelivery{}
		s.open[d.GUID] = r
	}
	r.at = d.At
	r.due = now.Add(doubled(searchAgain, r.times, searchSlowest))
	r.times++
}

// next is when to look again after the nth search of a series.
func (s *search) next(n int, now time.Time) time.Time {
	if len(s.open) == 0 && n > 0 {
		return time.Time{}
	}
	if len(s.open) == 0 {
		return now.Add(searchAgain)
	}
	at := now.Add(searchEvery) // there may be others by then
	for _, r := range s.open {
		if r.due.Before(at) {
			at = r.due
		}
	}
	return at
}

// failed is when to look again after a search that failed.
func (s *search) failed(err error) time.Time {
	s.fails++
	at := time.Now().Add(doubled(searchRetry, s.fails, searchEvery))
	if e, ok := errors.AsType[*gitops.Error](err); ok && e.RetryAt.After(at) {
		return e.RetryAt
	}
	return at
}

// doubled returns d doubled n times, at most limit.
func doubled(d time.Duration, n int, limit time.Duration) time.Duration {
	for range n {
		if d *= 2; d >= limit {
			return limit
		}
	}
	return d
}
