package queue

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
)

// The keys of log records.
const (
	keyDelivery = "delivery"
	keyEvent    = "event"
	keyKey      = "key"
	keyTurn     = "turn"
	keyTick     = "tick"
	keyCode     = "code"
	keyAttempt  = "attempt"
	keyOutcome  = "outcome"
	keyError    = "error"
	keyStack    = "stack"
)

// Job is a delivery that is to be worked off.
type Job struct {
	// ID is the delivery id. It is the same for every attempt.
	ID string
	// Event, Key, Class, Received and Payload are as they were accepted.
	Event, Key, Class string
	Received          time.Time
	Payload           []byte
	// Attempt counts from 1. Snoozes, cancels and crashes do not count.
	Attempt int
	// Last says that an error that is retried would be the final one, so that
	// the person who waits must be told.
	Last bool
}

// Runner does the work of a job. Run returns nil or an error whose code decides
// what comes next: see gitops.Code.Queue. Its context ends when the job is
// superseded, takes too long, the process stops, or its lease is lost; then Run
// returns soon, and the error does not count unless it took too long. Run is
// called concurrently for different keys.
type Runner interface {
	Run(ctx context.Context, job Job) error
}

// Options are the settings of [New]. Zero fields have the defaults given.
type Options struct {
	// Workers is how many jobs run at a time in this process; 8.
	Workers int
	// Attempts is after how many failed attempts a job is given up; 8.
	Attempts int
	// Backoff is the wait after the first failed attempt; it grows fourfold each
	// time, up to half an hour; 2 s.
	Backoff time.Duration
	// Timeout ends the context of one run; 10 min.
	Timeout time.Duration
	// Lease is how long a process may be silent before its jobs are given to
	// others; 15 s.
	Lease time.Duration
	// Backlog is how many deliveries may wait to be stored before Accept
	// refuses; 2048.
	Backlog int
	// MaxPayload is the largest payload accepted, in bytes; 25 MiB, GitHub's cap.
	MaxPayload int
	// Logger is told what happens to jobs; nil discards it. Payloads are never
	// logged.
	Logger *slog.Logger
}

// withDefaults fills in the figures that the fields' comments name.
func (o Options) withDefaults() Options {
	o.Workers = cmp.Or(o.Workers, 8)
	o.Attempts = cmp.Or(o.Attempts, 8)
	o.Backoff = cmp.Or(o.Backoff, 2*time.Second)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Minute)
	o.Lease = cmp.Or(o.Lease, 15*time.Second)
	o.Backlog = cmp.Or(o.Backlog, 2048)
	o.MaxPayload = cmp.Or(o.MaxPayload, 25<<20)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Queue is the inbox and the worker. It is safe for concurrent use.
type Queue struct {
	store   *store.Store
	runner  Runner
	o       Options
	log     *slog.Logger
	river   engine
	running registry
	ticks   map[string]Periodic // by name; not changed after Start

	inbox chan request // closed by Stop
	// writing bounds the transactions of the worker that are under way. On
	// SQLite it is one, so that no row of them waits ahead of what comes in.
	writing chan struct{}
	// closing ends Accept; its lock orders it before the last requests.
	closing sync.RWMutex
	closed  bool
	// stored and beating are done when their goroutines are.
	stored, beating sync.WaitGroup
	stopBeating     context.CancelFunc
}

// New returns a queue over s that gives its jobs to r. It does nothing until
// [Queue.Start]; [Queue.Retry] and [Queue.Drop] work without it, and then r may
// be nil.
func New(s *store.Store, r Runner, o Options) (*Queue, error) {
	o = o.withDefaults()
	q := &Queue{
		store: s, runner: r, o: o, log: o.Logger, closed: true,
		inbox: make(chan request, o.Backlog),
		ticks: make(map[string]Periodic),
	}
	q.running.jobs = make(map[int64]*entry)
	var err error
	if d, ok := s.Postgres(); ok {
		q.writing = make(chan struct{}, o.Workers)
		q.river, err = newEngine(d, q)
	} else if d, ok := s.SQLite(); ok {
		q.writing = make(chan struct{}, 1)
		q.river, err = newEngine(d, q)
	}
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "queue: %w", err)
	}
	return q, q.Every("clean", time.Hour, q.clean)
}

// How long the store remembers: deliveries that ended, so that a redelivery is
// known (GitHub repeats them for 3 days); payloads in the dead letter box; and
// the action log.
const (
	keepDeliveries = 30 * 24 * time.Hour
	keepPayloads   = 7 * 24 * time.Hour
	keepActions    = 400 * 24 * time.Hour
)

// clean forgets what is older than the store remembers.
func (q *Queue) clean(ctx context.Context, _ int) (time.Time, error) {
	now := time.Now()
	return time.Time{}, q.store.Clean(ctx, now.Add(-keepDeliveries), now.Add(-keepPayloads), now.Add(-keepActions))
}

// Start takes up work, first what a process before left behind. ctx bounds the
// start only; the queue runs until [Queue.Stop]. It is started once.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.join(ctx); err != nil {
		return err
	}
	if err := q.repair(ctx); err != nil {
		return err
	}
	background := context.WithoutCancel(ctx)
	if err := q.river.start(background); err != nil {
		return gitops.Errorf(gitops.Unavailable, "queue start: %w", err)
	}
	beats, stop := context.WithCancel(background)
	q.stopBeating = stop
	q.beating.Go(func() { q.beat(beats) })
	q.stored.Go(func() { q.storeRequests(background) })
	q.closing.Lock()
	q.closed = false
	q.closing.Unlock()
	return nil
}

// stopGrace is how long cancelled jobs have to return.
const stopGrace = 15 * time.Second

// Stop takes no more deliveries, stores those taken, takes no more turns, and
// waits for the jobs that run. When ctx ends it cancels them; they go back to
// the queue and do not count as attempts. It returns an error when a job does
// not heed that.
func (q *Queue) Stop(ctx context.Context) error {
	q.closing.Lock()
	already := q.closed
	q.closed = true
	q.closing.Unlock()
	if already {
		return nil
	}
	close(q.inbox) // nobody sends any more: closed was set under the lock
	q.stored.Wait()
	err := q.river.stop(ctx)
	if err != nil {
		q.running.cancelAll(errStopping)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		err = q.river.kill(grace)
	}
	q.stopBeating()
	q.beating.Wait()
	return errors.Join(stopError(err), q.leave(ctx))
}

// stopError says that jobs did not return in time. Their deliveries are not lost: the
// next process finds them as those of a dead one.
func stopError(err error) error {
	if err == nil {
		return nil
	}
	return gitops.Errorf(gitops.Internal, "queue stop: %w", err)
}
