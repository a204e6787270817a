package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/store/pgtest"
)

// A delivery is lost again each time that GitHub repeats it: it is asked for until it
// comes, each time later than before.
func TestStoryLostAgain(t *testing.T) {
	w := newStory(t, storyOptions{})
	w.settle()
	const often = 4
	w.hub.Lose(hub.Loss{Event: "pull_request", Drop: true, Times: often})
	n, head := w.open(webBase, configOf("web", "two"))
	w.recover()
	has(t, w.one(n).Body, head[:7])
	attempts := 0
	for _, d := range w.hub.Deliveries() {
		if d.Event == "pull_request" {
			attempts++
		}
	}
	if attempts != often+1 {
		t.Errorf("%d attempts, want one more than the %d that were lost", attempts, often)
	}
}

// The database is away while things happen: deliveries are refused, and without a new
// start of the service they come once it is back.
func TestStoryRefused(t *testing.T) {
	var server pgtest.Server
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	url := server.Database(t)
	w := newStory(t, storyOptions{config: func(c *serviceConfig) { c.Database = url }})
	w.settle()
	server.Kill(t)
	n, head := w.open(webBase, configOf("web", "two"))
	w.must(w.hub.Idle(w.ctx))
	if all := w.hub.Deliveries(); all[len(all)-1].Code != http.StatusServiceUnavailable || !w.service.search.owed() {
		t.Errorf("the last delivery was answered with %d", all[len(all)-1].Code)
	}
	server.Restart(t)
	w.until("no comment", func() bool { return len(w.bots(n)) > 0 })
	w.settle()
	has(t, w.one(n).Body, head[:7])
}

// TestSearchRandom plays days of GitHub's log against the search, with an independent
// count of what came: a delivery is asked for as long as it did not come, at least once
// within any half hour, never while the last request is younger than half a minute, and
// never after it came.
func TestSearchRandom(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 7))
		s := newSearch(nil, nil, slog.New(slog.DiscardHandler))
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		lost := map[string]ghapp.Delivery{}
		asked := map[string]time.Time{}
		begun := map[string]time.Time{}
		n := 0
		for id := range 400 {
			if rng.IntN(3) == 0 {
				guid := fmt.Sprint("d", id)
				lost[guid] = ghapp.Delivery{ID: int64(id), GUID: guid, At: now}
				begun[guid] = now
			}
			list := slices.SortedFunc(maps.Values(lost), func(a, b ghapp.Delivery) int { return a.At.Compare(b.At) })
			s.settle(list, now)
			for _, d := range s.due(list, now) {
				if last, ok := asked[d.GUID]; ok && now.Sub(last) < searchAgain {
					t.Errorf("seed %d: %s asked for %s after the last time", seed, d.GUID, now.Sub(last))
				}
				s.asked(d, now)
				asked[d.GUID] = now
				if rng.IntN(4) == 0 {
					delete(lost, d.GUID)
				}
			}
			for guid := range lost {
				if last := asked[guid]; now.Sub(last) > searchSlowest {
					t.Errorf("seed %d: %s lost at %s, asked for at %s, not at %s", seed, guid, begun[guid], last, now)
				}
			}
			next := s.next(n, now)
			if n++; next.IsZero() {
				if len(lost) > 0 && len(s.open) == 0 {
					t.Errorf("seed %d: the series ended with %d to come", seed, len(lost))
				}
				n, next = 0, now.Add(searchEvery)
			}
			if next.After(now.Add(searchEvery)) {
				t.Errorf("seed %d: next search in %s", seed, next.Sub(now))
			}
			now = next
		}
	}
}

// TestSearchOwed is what was refused and not searched for: a search that began before is
// none for it, and one that cannot begin is asked for again.
func TestSearchOwed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newSearch(nil, nil, slog.New(slog.DiscardHandler))
	if s.owed() {
		t.Error("owed from the start")
	}
	s.refused()
	begun, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		s.watch(ctx, func(context.Context) (bool, error) {
			if !s.owed() {
				t.Error("a search that nobody needs")
			}
			begun <- true
			s.refused() // while it begins
			return true, nil
		})
	}()
	<-begun
	cancel()
	<-done
	if !s.owed() {
		t.Error("what was refused meanwhile is forgotten")
	}
}
