package queue_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/pgtest"
	"github.com/sealift/sealift/webhook/store/storetest"
)

var postgres pgtest.Server

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		child(url)
		return
	}
	code := m.Run()
	if err := postgres.Close(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// onBoth runs a test over both databases, each time on an empty one.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "db")) })
	t.Run("postgres", func(t *testing.T) { test(t, postgres.Database(t)) })
}

type runner func(ctx context.Context, j queue.Job) error

func (r runner) Run(ctx context.Context, j queue.Job) error { return r(ctx, j) }

// start opens the database and starts a queue over it that ends with the test.
func start(tb testing.TB, url string, o queue.Options, r runner) *queue.Queue {
	tb.Helper()
	q, err := queue.New(storetest.Open(tb, url), r, o)
	if err != nil {
		tb.Fatal(err)
	}
	run(tb, q)
	return q
}

func run(tb testing.TB, q *queue.Queue) {
	tb.Helper()
	if err := q.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { stop(tb, q) })
}

func stop(tb testing.TB, q *queue.Queue) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // jobs that still run are cancelled
	if err := q.Stop(ctx); err != nil {
		tb.Error(err)
	}
}

func accept(tb testing.TB, q *queue.Queue, d queue.Delivery) queue.Verdict {
	tb.Helper()
	if d.Event == "" {
		d.Event = "test"
	}
	v, err := q.Accept(tb.Context(), d)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// until looks at the database again and again until ok. Nothing in a database
// tells a waiter that a row changed.
func until(tb testing.TB, q *queue.Queue, ok func(store.Depth) bool) {
	tb.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		d, err := q.Depth(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		if ok(d) {
			return
		}
		select {
		case <-again.C:
		case <-tb.Context().Done():
			tb.Fatal("the test ended first")
		}
	}
}

func drained(d store.Depth) bool { return d.Ready+d.Waiting+d.Running == 0 }

// job returns what the database has of a delivery.
func job(tb testing.TB, q *queue.Queue, id string) store.Delivery {
	tb.Helper()
	all, err := q.List(tb.Context(), store.Filter{Limit: 10000})
	if err != nil {
		tb.Fatal(err)
	}
	for _, d := range all {
		if d.ID == id {
			return d
		}
	}
	tb.Fatalf("no delivery %s", id)
	return store.Delivery{}
}
