package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// idle does nothing with jobs.
func idle(context.Context, queue.Job) error { return nil }

// TestEvery calls a periodic function on one of two replicas.
func TestEvery(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		calls := make(chan string, 100)
		for _, name := range []string{"a", "b"} {
			s := storetest.Open(t, url)
			q, err := queue.New(s, runner(idle), queue.Options{})
			if err != nil {
				t.Fatal(err)
			}
			fn := func(context.Context, int) (time.Time, error) {
				calls <- name
				return time.Time{}, errors.New("logged only")
			}
			if err := q.Every("sweep", time.Hour, fn); err != nil {
				t.Fatal(err)
			}
			if err := q.Every("sweep", time.Hour, fn); gitops.CodeOf(err) != gitops.Internal {
				t.Errorf("the same name twice: %v", err)
			}
			if _, alone := s.SQLite(); alone && name == "b" {
				continue
			}
			run(t, q)
		}
		<-calls
		if len(calls) > 0 {
			t.Error("both replicas called it")
		}
	})
}

// TestSeries calls a function for as long as it asks for it, and begins anew when asked
// to: at once where a call waits, and not while one runs.
func TestSeries(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		calls, next := make(chan int), make(chan time.Time)
		q, err := queue.New(storetest.Open(t, url), runner(idle), queue.Options{})
		if err != nil {
			t.Fatal(err)
		}
		fn := func(_ context.Context, n int) (time.Time, error) {
			calls <- n
			return <-next, nil
		}
		if err := q.Every("sweep", time.Hour, fn); err != nil {
			t.Fatal(err)
		}
		run(t, q)
		var got []int
		for range 3 {
			got = append(got, <-calls)
			next <- time.Now()
		}
		got = append(got, <-calls)
		if begun, err := q.Soon(t.Context(), "sweep"); begun || err != nil {
			t.Errorf("begun anew while a call runs: %t, %v", begun, err)
		}
		next <- time.Now().Add(time.Hour)
		soon(t, q) // an hour early
		got = append(got, <-calls)
		next <- time.Time{}
		soon(t, q) // after the end
		got = append(got, <-calls)
		next <- time.Time{}
		if d := cmp.Diff([]int{0, 1, 2, 3, 0, 0}, got); d != "" {
			t.Error(d)
		}
	})
}

// soon begins a series once the call that ran has ended.
func soon(t *testing.T, q *queue.Queue) {
	t.Helper()
	for {
		begun, err := q.Soon(t.Context(), "sweep")
		if err != nil {
			t.Fatal(err)
		}
		if begun {
			return
		}
	}
}
