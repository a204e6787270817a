package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
)

// Why the context of a job ended; its context.Cause.
var (
	errSuperseded = errors.New("a newer delivery supersedes this job")
	errStopping   = errors.New("the process stops")
	errLeaseLost  = errors.New("the lease of this process ran out")
)

// errNotOurs ends a transaction of a turn that was given to somebody else.
var errNotOurs = errors.New("turn is not running any more")

const (
	// maxCrashes is how often a job may take the process down with it.
	maxCrashes = 20
	// maxBackoff is the longest wait between attempts.
	maxBackoff = 30 * time.Minute
	// maxSnooze is the longest wait that a remote can ask for.
	maxSnooze = 24 * time.Hour
	// noRetryAt is the wait for an error of code limited without a time.
	noRetryAt = time.Minute
	// freeRedos is how many stale results are followed by an attempt at once.
	freeRedos = 3
	// settleTimeout is how long recording a result may take.
	settleTimeout = 10 * time.Second
)

// takeTurn runs the next delivery of key, if there is one, and ends the turn. An error
// means that the database failed; River gives the turn again. A crash anywhere in it
// leaves the delivery pending and marked with the turn; the replica that finds the dead
// one gives the key another turn.
func (q *Queue) takeTurn(ctx context.Context, id int64, key string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e := q.running.enter(id, cancel)
	defer q.running.leave(id)
	d, err := q.pick(ctx, id, key)
	if err != nil || d == nil {
		return q.ended(id, key, err)
	}
	e.set(&q.running, d)
	ran := q.run(ctx, d)
	if ran != nil && ctx.Err() != nil {
		q.log.Info("job cancelled", keyDelivery, d.ID, keyKey, key, keyError, context.Cause(ctx))
		d.NotBefore = time.Time{} // not its fault: again, unless superseded
	} else {
		q.judge(d, ran)
	}
	return q.ended(id, key, q.settle(ctx, d))
}

// ours returns err, and errNotOurs for a turn that does not run.
func ours(runs bool, err error) error {
	if err == nil && !runs {
		return errNotOurs
	}
	return err
}

// ended reports a turn that was given to somebody else, and passes other errors.
func (q *Queue) ended(id int64, key string, err error) error {
	if errors.Is(err, errNotOurs) {
		q.log.Warn("turn was given to another process", keyTurn, id, keyKey, key)
		return nil
	}
	return err
}

// pick chooses the delivery that turn id runs and marks it. It returns nil when
// there is none to run now, and has ended the turn then.
func (q *Queue) pick(ctx context.Context, id int64, key string) (*store.Delivery, error) {
	var picked *store.Delivery
	err := q.update(ctx, func(tx *store.Tx) error {
		picked = nil
		if err := ours(tx.Running(ctx, id)); err != nil {
			return err
		}
		now := time.Now()
		heads, err := tx.Heads(ctx, key, now)
		if err != nil {
			return err
		}
		d := due(heads, now)
		if d == nil {
			return q.pass(ctx, tx, id, key)
		}
		if d.Crashes >= maxCrashes {
			return errors.Join(q.bury(ctx, tx, d), q.pass(ctx, tx, id, key))
		}
		picked = d
		d.Turn = id
		d.Payload, err = tx.Begin(ctx, d.Seq, id)
		return err
	})
	return picked, err
}

// due returns the first of the heads whose time has come.
func due(heads []store.Delivery, now time.Time) *store.Delivery {
	for i := range heads {
		if !heads[i].NotBefore.After(now) {
			return &heads[i]
		}
	}
	return nil
}

// bury gives up a delivery that the process did not survive.
func (q *Queue) bury(ctx context.Context, tx *store.Tx, d *store.Delivery) error {
	q.log.Error("job given up: the process died each time it ran", keyDelivery, d.ID, keyKey, d.Key)
	d.Outcome, d.Code = store.Failed, string(gitops.Internal)
	return tx.End(ctx, *d, time.Now())
}

// pass ends turn id and gives the key the next one, if it has more to do.
func (q *Queue) pass(ctx context.Context, tx *store.Tx, id int64, key string) error {
	if err := ours(tx.Complete(ctx, id)); err != nil {
		return err
	}
	return q.next(ctx, tx, key)
}

// next gives the key a turn for what it has to do, after the last one ended in
// the same transaction.
func (q *Queue) next(ctx context.Context, tx *store.Tx, key string) error {
	now := time.Now()
	heads, err := tx.Heads(ctx, key, now)
	if err != nil || len(heads) == 0 {
		return err
	}
	at := heads[0].NotBefore
	for _, d := range heads {
		if d.NotBefore.Before(at) {
			at = d.NotBefore
		}
	}
	if !at.After(now) {
		at = time.Time{}
	}
	return q.river.wake(ctx, tx, []string{key}, at)
}

// run calls the runner. A panic is an error of code internal.
func (q *Queue) run(ctx context.Context, d *store.Delivery) (err error) {
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			q.log.Error("job panicked", keyDelivery, d.ID, keyKey, d.Key, keyStack, string(debug.Stack()))
			err = gitops.Errorf(gitops.Internal, "job panicked: %s", panicKind(p))
		}
	}()
	return q.runner.Run(ctx, Job{
		ID: d.ID, Event: d.Event, Key: d.Key, Class: d.Class, Received: d.Received, Payload: d.Payload,
		Attempt: d.Attempt + 1, Last: d.Attempt+1 >= q.o.Attempts,
	})
}

// panicKind says what was thrown. The value itself may hold what must not be
// logged.
func panicKind(p any) string { return fmt.Sprintf("%T", p) }

// judge sets what comes next for d after a run that ended with err.
func (q *Queue) judge(d *store.Delivery, err error) {
	code := gitops.CodeOf(err)
	d.Code = string(code)
	d.NotBefore = time.Time{}
	if err == nil || code.Queue() == gitops.Done {
		d.Outcome = store.Done
	} else {
		q.again(d, err)
	}
	q.log.Info("job ended", keyDelivery, d.ID, keyEvent, d.Event, keyKey, d.Key,
		keyOutcome, d.Outcome, keyCode, code, keyAttempt, d.Attempt, keyError, err)
}

// again sets when d is tried again, or that it is given up. A snooze is no attempt:
// waiting because GitHub said so may last as long as it likes.
func (q *Queue) again(d *store.Delivery, err error) {
	now := time.Now()
	outcome := gitops.CodeOf(err).Queue()
	if outcome == gitops.Snooze {
		d.NotBefore = snoozeUntil(err, now)
		return
	}
	d.Attempt++
	switch {
	case d.Attempt >= q.o.Attempts:
		d.Outcome = store.Failed
	case outcome == gitops.Redo && d.Attempt <= freeRedos:
	default:
		d.NotBefore = now.Add(q.backoff(d.Attempt))
	}
}

// snoozeUntil is when a limited job is tried again: when the remote said, within a day.
func snoozeUntil(err error, now time.Time) time.Time {
	e, ok := errors.AsType[*gitops.Error](err)
	if !ok || e.RetryAt.IsZero() {
		return now.Add(noRetryAt)
	}
	if latest := now.Add(maxSnooze); e.RetryAt.After(latest) {
		return latest
	}
	return e.RetryAt
}

// backoff is the wait after n failed attempts.
func (q *Queue) backoff(n int) time.Duration {
	d := q.o.Backoff
	for range n - 1 {
		if d = 4 * d; d >= maxBackoff {
			return maxBackoff
		}
	}
	return d
}

// settle records what became of d and ends its turn. It does so even when ctx has
// ended. All of it is one transaction with the next turn: a key that has work is never
// without one.
func (q *Queue) settle(ctx context.Context, d *store.Delivery) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return q.update(ctx, func(tx *store.Tx) error {
		if err := ours(tx.Complete(ctx, d.Turn)); err != nil {
			return err
		}
		if err := tx.End(ctx, *d, time.Now()); err != nil {
			return err
		}
		return q.next(ctx, tx, d.Key)
	})
}

// update is a transaction of the worker. It waits for its share of them; what Accept
// stores does not.
func (q *Queue) update(ctx context.Context, fn func(*store.Tx) error) error {
	select {
	case q.writing <- struct{}{}:
		defer func() { <-q.writing }()
		return q.store.Update(ctx, fn)
	case <-ctx.Done():
		return gitops.Errorf(gitops.Unavailable, "database: %w", ctx.Err())
	}
}
