package queue_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// TestOrder stores many commands of one key at once; they run one by one, in
// order.
func TestOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		hold := make(chan bool)
		var ran []string
		q := start(t, url, queue.Options{}, func(_ context.Context, j queue.Job) error {
			if j.ID == "first" {
				<-hold
			}
			ran = append(ran, j.ID) // the race detector sees two at a time
			return nil
		})
		want := []string{"first"}
		accept(t, q, queue.Delivery{ID: "first", Key: "k"})
		for i := range 20 {
			want = append(want, fmt.Sprint(i))
			accept(t, q, queue.Delivery{ID: fmt.Sprint(i), Key: "k"})
		}
		close(hold)
		until(t, q, drained)
		if d := cmp.Diff(want, ran); d != "" {
			t.Error(d)
		}
	})
}

// TestParallel runs different keys at the same time, up to the bound.
func TestParallel(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		begun, finish := make(chan bool), make(chan bool)
		q := start(t, url, queue.Options{Workers: 3}, func(context.Context, queue.Job) error {
			begun <- true
			<-finish
			return nil
		})
		for i := range 5 {
			accept(t, q, queue.Delivery{ID: fmt.Sprint(i), Key: fmt.Sprint(i)})
		}
		for range 3 {
			<-begun
		}
		until(t, q, func(d store.Depth) bool { return d.Running == 3 && d.Ready == 2 })
		close(finish)
		for range 2 {
			<-begun
		}
		until(t, q, drained)
	})
}

// TestSupersede cancels an older render of a pull request, and no command.
func TestSupersede(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		begun, causes := make(chan string), make(chan error, 10)
		q := start(t, url, queue.Options{}, func(ctx context.Context, j queue.Job) error {
			begun <- j.ID
			if j.ID == "newest" || j.ID == "command" {
				return nil
			}
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return errors.New("any error")
		})
		accept(t, q, queue.Delivery{ID: "old", Key: "k", Class: "render"})
		<-begun
		accept(t, q, queue.Delivery{ID: "other", Key: "other", Class: "render"})
		<-begun
		accept(t, q, queue.Delivery{ID: "command", Key: "k"})
		if len(causes) > 0 {
			t.Error("a command or another key cancelled the render")
		}
		accept(t, q, queue.Delivery{ID: "newest", Key: "k", Class: "render"})
		if cause := <-causes; cause == nil || errors.Is(cause, context.DeadlineExceeded) {
			t.Errorf("cause %v", cause)
		}
		if got := []string{<-begun, <-begun}; got[0] != "command" || got[1] != "newest" {
			t.Errorf("then ran %v", got)
		}
		until(t, q, func(d store.Depth) bool { return d.Running == 1 && d.Ready == 0 })
		got := job(t, q, "old")
		if got.Outcome != store.Superseded || got.Attempt != 0 {
			t.Errorf("got %+v", got)
		}
		if got := job(t, q, "newest"); got.Outcome != store.Done {
			t.Errorf("got %+v", got)
		}
		if v := accept(t, q, queue.Delivery{ID: "old", Key: "k", Class: "render"}); v != queue.Duplicate {
			t.Errorf("superseded and redelivered: %s", v)
		}
	})
}

// TestSupersedeAcrossReplicas accepts the newer delivery in another process.
func TestSupersedeAcrossReplicas(t *testing.T) {
	url := postgres.Database(t)
	begun := make(chan string)
	o := queue.Options{Lease: 2 * time.Second}
	work := func(ctx context.Context, j queue.Job) error {
		begun <- j.ID
		if j.ID == "new" {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	a := start(t, url, o, work)
	accept(t, a, queue.Delivery{ID: "old", Key: "k", Class: "render"})
	<-begun
	b := start(t, url, o, work)
	accept(t, b, queue.Delivery{ID: "new", Key: "k", Class: "render"})
	if got := <-begun; got != "new" {
		t.Errorf("then ran %s", got)
	}
	until(t, a, drained)
	if got := job(t, a, "old"); got.Outcome != store.Superseded {
		t.Errorf("got %+v", got)
	}
}

// TestInterleavings lets many goroutines accept for few keys, on two replicas
// where the database allows it, with jobs that yield, fail and heed their
// context at random. Whatever happens: jobs of a key never overlap, every
// command runs to its end, and the last that ran of a class is the newest.
func TestInterleavings(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		const keys, each, writers = 3, 25, 4
		w := &witness{t: t, rng: rand.New(rand.NewPCG(seed, 1)), busy: map[string]bool{}, last: map[string]string{}, ends: map[string]int{}}
		o := queue.Options{Backoff: 1, Attempts: 1000, Lease: 5 * time.Second}
		qs := []*queue.Queue{start(t, url, o, w.run)}
		if _, alone := storetest.Open(t, url).SQLite(); !alone {
			qs = append(qs, start(t, url, o, w.run))
		}
		var all sync.WaitGroup
		for n := range writers {
			all.Go(func() {
				for i := range each {
					d := queue.Delivery{ID: fmt.Sprintf("%d-%d", n, i), Key: fmt.Sprint("k", i%keys), Class: []string{"render", "render", ""}[(i+n)%3]}
					accept(t, qs[(i+n)%len(qs)], d)
				}
			})
		}
		all.Wait()
		until(t, qs[0], drained)
		w.check(qs[0])
	})
}

type witness struct {
	t    *testing.T
	mu   sync.Mutex
	rng  *rand.Rand
	busy map[string]bool   // by key
	last map[string]string // by key: the render that ended last with success
	ends map[string]int    // by id: ends with success
}

func (w *witness) run(ctx context.Context, j queue.Job) error {
	w.mu.Lock()
	if w.busy[j.Key] {
		w.t.Errorf("two jobs of %s at a time", j.Key)
	}
	w.busy[j.Key] = true
	dice := w.rng.IntN(4)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.busy[j.Key] = false
	}()
	if dice == 0 {
		return errors.New("bad luck")
	}
	if dice == 1 && ctx.Err() != nil {
		return ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends[j.ID]++
	if j.Class != "" {
		w.last[j.Key] = j.ID
	}
	return nil
}

func (w *witness) check(q *queue.Queue) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, err := q.List(w.t.Context(), store.Filter{Limit: 10000})
	if err != nil {
		w.t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, d := range all { // newest first
		newest := d.Class != "" && !seen[d.Key]
		seen[d.Key] = seen[d.Key] || d.Class != ""
		if newest && w.last[d.Key] != d.ID {
			w.t.Errorf("%s: the newest render is %s, the last that ran is %s", d.Key, d.ID, w.last[d.Key])
		}
		if (newest || d.Class == "") && (d.Outcome != store.Done || w.ends[d.ID] != 1) {
			w.t.Errorf("%s ended %d times: %+v", d.ID, w.ends[d.ID], d)
		}
		if d.Outcome != store.Done && d.Outcome != store.Superseded {
			w.t.Errorf("%s is left: %+v", d.ID, d)
		}
	}
}

// TestLostLease takes the lease from a process that still runs a job. Another
// one runs the job again; what the first reports then is not recorded.
func TestLostLease(t *testing.T) {
	url := postgres.Database(t)
	s := storetest.Open(t, url)
	first, finish := make(chan bool), make(chan bool)
	slow, err := queue.New(s, runner(func(context.Context, queue.Job) error {
		first <- true
		<-finish
		return nil
	}), queue.Options{Lease: time.Hour, Workers: 1}) // busy, so that it cannot get the job again
	if err != nil {
		t.Fatal(err)
	}
	run(t, slow)
	accept(t, slow, queue.Delivery{ID: "1", Key: "k"})
	<-first
	forget(t, s)
	second, end := make(chan bool), make(chan bool)
	other := start(t, url, queue.Options{Lease: 2 * time.Second}, func(context.Context, queue.Job) error {
		second <- true
		<-end
		return nil
	})
	<-second
	finish <- true
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := slow.Stop(ctx); err != nil { // its job has ended now
		t.Error(err)
	}
	if d := job(t, other, "1"); d.Outcome != store.Pending || d.Turn == 0 {
		t.Errorf("the process without a lease recorded its result: %+v", d)
	}
	end <- true
	until(t, other, drained)
}

// TestLostCall takes the lease from a process in the middle of a periodic function, as
// if it had been killed there: the function is called again, and not an interval later.
func TestLostCall(t *testing.T) {
	url := postgres.Database(t)
	calls, end := make(chan string), make(chan bool)
	replica := func(name string, lease time.Duration) {
		q, err := queue.New(storetest.Open(t, url), runner(func(context.Context, queue.Job) error { return nil }), queue.Options{Lease: lease})
		if err != nil {
			t.Fatal(err)
		}
		fn := func(context.Context, int) (time.Time, error) { calls <- name; <-end; return time.Time{}, nil }
		if err := q.Every("sweep", time.Hour, fn); err != nil {
			t.Fatal(err)
		}
		run(t, q)
	}
	replica("first", time.Hour)
	t.Log(<-calls)
	forget(t, storetest.Open(t, url))
	replica("second", 2*time.Second)
	t.Log(<-calls)
	close(end)
}

// TestLeaseNotRenewed takes the table away that leases are in. The job is
// cancelled before another process could get it.
func TestLeaseNotRenewed(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		begun, cancelled := make(chan bool), make(chan error, 1)
		q := start(t, url, queue.Options{Lease: 2 * time.Second}, func(ctx context.Context, _ queue.Job) error {
			begun <- true
			<-ctx.Done()
			cancelled <- context.Cause(ctx)
			return ctx.Err()
		})
		accept(t, q, queue.Delivery{ID: "1"})
		<-begun
		storetest.Exec(t, s, "ALTER TABLE replicas RENAME TO gone")
		t.Log(<-cancelled)
		storetest.Exec(t, s, "ALTER TABLE gone RENAME TO replicas")
		<-begun
	})
}

func forget(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.Leave(t.Context(), "") }); err != nil {
		t.Fatal(err)
	}
}
