package queue

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/sealift/sealift/webhook/store"
)

// engine is River over one of the two kinds of transaction.
type engine interface {
	// id names this process among the replicas.
	id() string
	// wake gives each key a turn, at the time given or at once when it is zero.
	// A turn that waits for its time is made to run at once.
	wake(ctx context.Context, tx *store.Tx, keys []string, at time.Time) error
	// every begins a series of calls of a function now and then. call begins one at
	// once, in place of one that waits; false is that a call runs.
	every(name string, interval time.Duration) error
	call(ctx context.Context, tx *store.Tx, name string) (bool, error)
	start(ctx context.Context) error
	// stop takes no more jobs and waits for those that run until ctx ends.
	stop(ctx context.Context) error
	// kill is stop with the context of all jobs cancelled.
	kill(ctx context.Context) error
}

// The kinds of River's jobs and their queues.
const (
	kindTurn  = "turn"
	kindTick  = "tick"
	tickQueue = "ticks"
)

// turn is the right of a key to run one delivery.
type turn struct {
	Key string `json:"key"`
}

// Kind implements river.JobArgs.
func (turn) Kind() string { return kindTurn }

// tick is one call of a function given to [Queue.Every].
type tick struct {
	Name string `json:"name"`
}

// Kind implements river.JobArgs.
func (tick) Kind() string { return kindTick }

// once makes a job unique by its arguments until it has ended.
func once() river.UniqueOpts {
	return river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}
}

// turnWorker lets River call takeTurn.
type turnWorker struct {
	river.WorkerDefaults[turn]
	q *Queue
}

// Work implements river.Worker.
func (w turnWorker) Work(ctx context.Context, job *river.Job[turn]) error {
	return w.q.takeTurn(ctx, job.ID, job.Args.Key)
}

// NextRetry implements river.Worker. A turn fails only when the database does.
func (w turnWorker) NextRetry(job *river.Job[turn]) time.Time {
	return time.Now().Add(time.Duration(min(job.Attempt, 30)) * time.Second)
}

// tickWorker lets River call tick. A tick never fails: the next one comes anyway. One
// that is to be called again goes on as the same job, which River calls snoozed.
type tickWorker struct {
	river.WorkerDefaults[tick]
	q *Queue
}

// Work implements river.Worker.
func (w tickWorker) Work(ctx context.Context, job *river.Job[tick]) error {
	next := w.q.tick(ctx, job.ID, job.Args.Name, snoozes(job.Metadata))
	if next.IsZero() {
		return nil
	}
	return river.JobSnooze(max(snoozeAtLeast, time.Until(next)))
}

// snoozes returns how often a job was snoozed.
func snoozes(metadata []byte) int {
	var m struct {
		Snoozes int `json:"snoozes"`
	}
	_ = json.Unmarshal(metadata, &m) // River's own
	return m.Snoozes
}

const (
	// fetchEvery is how often new turns are fetched at most. River tells itself
	// of new ones, at most every notifyEvery: what comes in between would have
	// to wait for the next look that it takes unasked, once a second.
	fetchEvery  = 20 * time.Millisecond
	notifyEvery = time.Millisecond
	// keepTurns is how long River keeps turns that ended. Nothing reads them.
	keepTurns = 10 * time.Minute
	// tickWorkers is how many functions of Every run at a time.
	tickWorkers = 4
	// never switches River's own rescue by time off: leases do that.
	never = 10 * 365 * 24 * time.Hour
)

// client is River's client over transactions of type T.
type client[T any] struct{ *river.Client[T] }

// newEngine returns River with our two kinds of jobs. Two of its defaults would do
// harm: a time limit of its own on jobs, and the rescue of jobs that it thinks are
// stuck, which would run a delivery twice at the same time.
func newEngine[T any](d riverdriver.Driver[T], q *Queue) (engine, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, turnWorker{q: q})
	river.AddWorker(workers, tickWorker{q: q})
	c, err := river.NewClient(d, &river.Config{
		Logger:                      q.log,
		Workers:                     workers,
		FetchCooldown:               notifyEvery,
		JobTimeout:                  -1, // each run has its own
		RescueStuckJobsAfter:        never,
		CompletedJobRetentionPeriod: keepTurns,
		CancelledJobRetentionPeriod: keepTurns,
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: q.o.Workers, FetchCooldown: fetchEvery},
			tickQueue:          {MaxWorkers: tickWorkers, FetchCooldown: fetchEvery},
		},
	})
	return client[T]{c}, err
}

func (c client[T]) id() string                      { return c.ID() }
func (c client[T]) start(ctx context.Context) error { return c.Start(ctx) }
func (c client[T]) stop(ctx context.Context) error  { return c.Stop(ctx) }
func (c client[T]) kill(ctx context.Context) error  { return c.StopAndCancel(ctx) }

func (c client[T]) wake(ctx context.Context, tx *store.Tx, keys []string, at time.Time) error {
	if len(keys) == 0 {
		return nil
	}
	// River's insert updates the row of a turn that is there, and so waits for
	// the transaction that ends it. Its faster one does not, and would lose
	// deliveries.
	opts := &river.InsertOpts{MaxAttempts: math.MaxInt16, ScheduledAt: at, UniqueOpts: once()}
	var params []river.InsertManyParams
	for _, k := range unique(keys) {
		params = append(params, river.InsertManyParams{Args: turn{k}, InsertOpts: opts})
	}
	inserted, err := c.InsertManyTx(ctx, store.Native[T](tx), params)
	if err != nil {
		return err
	}
	for _, r := range inserted {
		waits := r.Job.State == rivertype.JobStateScheduled || r.Job.State == rivertype.JobStateRetryable
		if !r.UniqueSkippedAsDuplicate || !waits {
			continue
		}
		if _, err := c.JobRetryTx(ctx, store.Native[T](tx), r.Job.ID); err != nil {
			return err
		}
	}
	return nil
}

// every runs the first time at once, on the replica that River elected.
func (c client[T]) every(name string, interval time.Duration) error {
	job := func() (river.JobArgs, *river.InsertOpts) { return tick{name}, tickOpts() }
	_, err := c.PeriodicJobs().AddSafely(river.NewPeriodicJob(
		river.PeriodicInterval(interval), job, &river.PeriodicJobOpts{RunOnStart: true}))
	return err
}

func (c client[T]) call(ctx context.Context, tx *store.Tx, name string) (bool, error) {
	native := store.Native[T](tx)
	there, err := c.InsertTx(ctx, native, tick{name}, tickOpts())
	if err != nil || !there.UniqueSkippedAsDuplicate {
		return err == nil, err
	}
	_, err = c.JobDeleteTx(ctx, native, there.Job.ID)
	switch {
	case errors.Is(err, rivertype.ErrJobRunning):
		return false, nil
	case err != nil && !errors.Is(err, rivertype.ErrNotFound):
		return false, err
	}
	again, err := c.InsertTx(ctx, native, tick{name}, tickOpts())
	return err == nil && !again.UniqueSkippedAsDuplicate, err
}

// tickOpts make calls of one function follow each other: one that is due while another
// waits or runs is left out.
func tickOpts() *river.InsertOpts {
	return &river.InsertOpts{Queue: tickQueue, MaxAttempts: 1, UniqueOpts: once()}
}
