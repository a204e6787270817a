package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// TestAcceptAndRun runs a delivery as it was accepted, once.
func TestAcceptAndRun(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		jobs := make(chan queue.Job, 10)
		q := start(t, url, queue.Options{}, func(_ context.Context, j queue.Job) error { jobs <- j; return nil })
		d := queue.Delivery{ID: "1", Event: "push", Key: "o/r#1", Class: "render", Payload: []byte("body\x00\xff")}
		if v := accept(t, q, d); v != queue.Accepted {
			t.Errorf("first: %s", v)
		}
		if v := accept(t, q, d); v != queue.Duplicate {
			t.Errorf("while it waits or runs: %s", v)
		}
		got := <-jobs
		if got.Received.IsZero() {
			t.Error("no time")
		}
		got.Received = time.Time{}
		want := queue.Job{ID: "1", Event: "push", Key: "o/r#1", Class: "render", Payload: d.Payload, Attempt: 1}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		until(t, q, drained)
		if v := accept(t, q, d); v != queue.Duplicate {
			t.Errorf("once it is done: %s", v)
		}
		if v := accept(t, q, queue.Delivery{ID: "2"}); v != queue.Accepted {
			t.Errorf("without key, class and payload: %s", v)
		}
		if got := <-jobs; got.ID != "2" || got.Key == "" {
			t.Errorf("got %+v", got)
		}
		until(t, q, drained)
		if len(jobs) != 0 {
			t.Error("a job ran twice")
		}
	})
}

// TestAcceptInvalid refuses what could never be stored.
func TestAcceptInvalid(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		q := start(t, url, queue.Options{MaxPayload: 10}, func(context.Context, queue.Job) error { return nil })
		long := strings.Repeat("x", 401)
		for _, d := range []queue.Delivery{
			{}, {ID: "1"}, {ID: "1", Event: "a\x00b"}, {ID: "\xff", Event: "e"}, {ID: long, Event: "e"}, {ID: "1", Event: long},
			{ID: "1", Event: "e", Key: long}, {ID: "1", Event: "e", Key: "\x00"}, {ID: "1", Event: "e", Class: long},
			{ID: "1", Event: "e", Payload: make([]byte, 11)},
		} {
			if _, err := q.Accept(t.Context(), d); gitops.CodeOf(err) != gitops.Invalid {
				t.Errorf("%.40q: %v", d, err)
			}
		}
		odd := "' OR 1=1; --\u2028\"\\$1 %s {}"
		accept(t, q, queue.Delivery{ID: odd, Event: odd, Key: odd, Class: odd})
		until(t, q, drained)
		if d := job(t, q, odd); d.Outcome != store.Done || d.Key != odd {
			t.Errorf("odd text: %+v", d)
		}
	})
}

// TestAcceptWhenStopped refuses deliveries before the start and after the end.
func TestAcceptWhenStopped(t *testing.T) {
	q, err := queue.New(storetest.Open(t, t.TempDir()+"/db"), nil, queue.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Accept(t.Context(), queue.Delivery{ID: "1", Event: "e"}); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("before the start: %v", err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop(t, q)
	if _, err := q.Accept(t.Context(), queue.Delivery{ID: "1", Event: "e"}); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("after the end: %v", err)
	}
	if err := q.Stop(t.Context()); err != nil {
		t.Errorf("stopped twice: %v", err)
	}
}

// TestOverload holds the one writer of SQLite, so that nothing can be stored.
func TestOverload(t *testing.T) {
	s := storetest.Open(t, t.TempDir()+"/db")
	q, err := queue.New(s, runner(func(context.Context, queue.Job) error { return nil }), queue.Options{Backlog: 3})
	if err != nil {
		t.Fatal(err)
	}
	run(t, q)
	var refused, stored int
	results := make(chan error, 10)
	err = s.Update(t.Context(), func(*store.Tx) error {
		for i := range cap(results) {
			go func() {
				_, err := q.Accept(t.Context(), queue.Delivery{ID: fmt.Sprint(i), Event: "e"})
				results <- err
			}()
		}
		for refused < cap(results)-4 { // 3 wait, and one may be on its way
			if err := <-results; gitops.CodeOf(err) != gitops.Unavailable {
				return fmt.Errorf("stored while nothing can be: %v", err)
			}
			refused++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for refused+stored < cap(results) {
		if err := <-results; err == nil {
			stored++
		} else {
			refused++
		}
	}
	if stored < 3 {
		t.Errorf("%d were stored in the end, want 3 or 4", stored)
	}
}

// TestErrorTable tries again, waits or gives up as the code of the error says.
func TestErrorTable(t *testing.T) {
	soon := func(c gitops.Code) error { return &gitops.Error{Code: c, RetryAt: time.Now().Add(-time.Second)} }
	for _, c := range []struct {
		err     error // of the first attempt
		outcome store.Outcome
		code    gitops.Code
		runs    int
	}{
		{nil, store.Done, "", 1},
		{soon(gitops.Invalid), store.Done, gitops.Invalid, 1},
		{soon(gitops.Denied), store.Done, gitops.Denied, 1},
		{fmt.Errorf("wrapped: %w", soon(gitops.NotFound)), store.Done, gitops.NotFound, 1},
		{soon(gitops.Stale), store.Done, "", 2},
		{soon(gitops.Limited), store.Done, "", 2},
		{soon(gitops.Unavailable), store.Done, "", 2},
		{errors.New("unknown"), store.Done, "", 2},
	} {
		t.Run(string(gitops.CodeOf(c.err)), func(t *testing.T) {
			onBoth(t, func(t *testing.T, url string) {
				runs := 0
				q := start(t, url, queue.Options{Backoff: 1}, func(context.Context, queue.Job) error {
					if runs++; runs == 1 {
						return c.err
					}
					return nil
				})
				accept(t, q, queue.Delivery{ID: "1", Key: "k"})
				until(t, q, drained)
				if d := job(t, q, "1"); d.Outcome != c.outcome || d.Code != string(c.code) || runs != c.runs {
					t.Errorf("%d runs, then %+v", runs, d)
				}
			})
		})
	}
}

// TestGivenUp fails until the last attempt, is retried by hand, and redelivered.
func TestGivenUp(t *testing.T) {
	for _, code := range []gitops.Code{gitops.Unavailable, gitops.Internal, gitops.Stale} {
		t.Run(string(code), func(t *testing.T) {
			onBoth(t, func(t *testing.T, url string) {
				var attempts []string
				q := start(t, url, queue.Options{Backoff: 1, Attempts: 3}, func(_ context.Context, j queue.Job) error {
					attempts = append(attempts, fmt.Sprintf("%d %v %s", j.Attempt, j.Last, j.Payload))
					return gitops.Errorf(code, "no")
				})
				admin, err := queue.New(storetest.Open(t, url), nil, queue.Options{}) // as from the command line
				if err != nil {
					t.Fatal(err)
				}
				d := queue.Delivery{ID: "1", Key: "k", Payload: []byte("body")}
				accept(t, q, d)
				until(t, q, drained)
				if d, err := q.Depth(t.Context()); err != nil || d.Failed != 1 {
					t.Errorf("depth %+v, %v", d, err)
				}
				if err := admin.Retry(t.Context(), "1"); err != nil {
					t.Error(err)
				}
				until(t, q, drained)
				if v := accept(t, q, d); v != queue.Accepted {
					t.Errorf("given up and redelivered: %s", v)
				}
				until(t, q, drained)
				round := []string{"1 false body", "2 false body", "3 true body"}
				if d := cmp.Diff(append(append(append([]string{}, round...), round...), round...), attempts); d != "" {
					t.Error(d)
				}
				if err := admin.Drop(t.Context(), "1"); err != nil {
					t.Error(err)
				}
				for _, f := range []func(context.Context, string) error{admin.Drop, admin.Retry} {
					if err := f(t.Context(), "1"); gitops.CodeOf(err) != gitops.NotFound {
						t.Errorf("dropped: %v", err)
					}
				}
			})
		})
	}
}

// TestSnooze leaves a job for later; others of its key run meanwhile, and an
// operator can hurry it.
func TestSnooze(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		var ran []string
		q := start(t, url, queue.Options{}, func(_ context.Context, j queue.Job) error {
			ran = append(ran, fmt.Sprint(j.ID, j.Attempt))
			if len(ran) == 1 {
				return &gitops.Error{Code: gitops.Limited, RetryAt: time.Now().Add(time.Hour)}
			}
			return nil
		})
		waiting := func(d store.Depth) bool { return d.Waiting == 1 && d.Ready+d.Running == 0 }
		accept(t, q, queue.Delivery{ID: "a", Key: "k"})
		until(t, q, waiting)
		accept(t, q, queue.Delivery{ID: "b", Key: "k", Class: "render"})
		until(t, q, waiting)
		if err := q.Retry(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		until(t, q, drained)
		if d := cmp.Diff([]string{"a1", "b1", "a1"}, ran); d != "" {
			t.Error(d)
		}
	})
}

// TestPanic counts a panic as a bug of ours, and logs neither what was thrown nor the
// payload.
func TestPanic(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		var log bytes.Buffer
		var mu sync.Mutex
		logger := slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return log.Write(p)
		}), &slog.HandlerOptions{Level: slog.LevelDebug}))
		q := start(t, url, queue.Options{Attempts: 1, Logger: logger}, func(_ context.Context, j queue.Job) error {
			panic("hunter2 " + string(j.Payload))
		})
		accept(t, q, queue.Delivery{ID: "1", Payload: []byte("hunter2")})
		until(t, q, drained)
		if d := job(t, q, "1"); d.Outcome != store.Failed || d.Code != "internal" {
			t.Errorf("got %+v", d)
		}
		mu.Lock()
		defer mu.Unlock()
		if text := log.String(); strings.Contains(text, "hunter2") || !strings.Contains(text, "delivery=1") {
			t.Errorf("the log shows the payload, or not the job:\n%s", text)
		}
	})
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// TestTimeout counts a run that took too long as an attempt.
func TestTimeout(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		q := start(t, url, queue.Options{Attempts: 1, Timeout: time.Millisecond}, func(ctx context.Context, _ queue.Job) error {
			<-ctx.Done()
			return ctx.Err()
		})
		accept(t, q, queue.Delivery{ID: "1"})
		until(t, q, drained)
		if d := job(t, q, "1"); d.Outcome != store.Failed {
			t.Errorf("got %+v", d)
		}
	})
}

// TestCrashes runs into a delivery that took the process down each time.
func TestCrashes(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			seqs, err := tx.Add(t.Context(), []store.Delivery{
				{ID: "deadly", Event: "e", Key: "k", Payload: []byte("x")}, {ID: "next", Event: "e", Key: "k", Payload: []byte("x")}})
			for range 20 {
				if err == nil {
					_, err = tx.Begin(t.Context(), seqs["deadly"], 1)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		q := start(t, url, queue.Options{}, func(_ context.Context, j queue.Job) error {
			if j.ID == "deadly" {
				t.Error("it ran")
			}
			return nil
		})
		until(t, q, drained)
		if d := job(t, q, "deadly"); d.Outcome != store.Failed || d.Code != "internal" {
			t.Errorf("got %+v", d)
		}
		if d := job(t, q, "next"); d.Outcome != store.Done {
			t.Errorf("got %+v", d)
		}
	})
}

// TestStopDrains waits for what runs.
func TestStopDrains(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		begun, finish := make(chan bool), make(chan bool)
		q := start(t, url, queue.Options{}, func(context.Context, queue.Job) error {
			begun <- true
			<-finish
			return nil
		})
		accept(t, q, queue.Delivery{ID: "1"})
		<-begun
		stopped := make(chan error)
		go func() { stopped <- q.Stop(t.Context()) }()
		finish <- true
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if d := job(t, q, "1"); d.Outcome != store.Done {
			t.Errorf("got %+v", d)
		}
	})
}

// TestStopCancels stops without patience; another process takes the job up.
func TestStopCancels(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		begun := make(chan bool)
		q := start(t, url, queue.Options{}, func(ctx context.Context, _ queue.Job) error {
			begun <- true
			<-ctx.Done()
			return gitops.Errorf(gitops.Invalid, "broken off in the middle")
		})
		accept(t, q, queue.Delivery{ID: "1"})
		<-begun
		stop(t, q)
		if d := job(t, q, "1"); d.Outcome != store.Pending || d.Turn != 0 || d.Attempt != 0 || d.Crashes != 0 {
			t.Errorf("got %+v", d)
		}
		next := start(t, url, queue.Options{}, func(context.Context, queue.Job) error { return nil })
		until(t, next, drained)
	})
}
