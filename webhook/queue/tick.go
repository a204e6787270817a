package queue

import (
	"context"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
)

// Periodic is a function that the queue calls by itself. One that has more to look
// after returns when it is to be called next, and is: this is a series, in which n
// counts the calls from 0. The zero time ends it. An error is logged only. The
// function heeds its context.
type Periodic func(ctx context.Context, n int) (next time.Time, err error)

// Every begins a series of calls of fn when the queue starts and once an interval from
// then on, on one replica only, never twice at a time, and none while a series lasts.
// It must be called before [Queue.Start], with the same names on all replicas.
func (q *Queue) Every(name string, interval time.Duration, fn Periodic) error {
	if _, ok := q.ticks[name]; ok || interval <= 0 {
		return gitops.Errorf(gitops.Internal, "periodic function %s is there twice or has no interval", gitops.Quote(name))
	}
	q.ticks[name] = fn
	if err := q.river.every(name, interval); err != nil {
		return gitops.Errorf(gitops.Internal, "periodic function %s: %w", gitops.Quote(name), err)
	}
	return nil
}

// Soon begins a new series of calls of a function of [Queue.Every], in place of one
// that waits. It returns false when a call runs on any replica: that one may have
// looked already at what the caller has in mind, and Soon is to be asked again.
func (q *Queue) Soon(ctx context.Context, name string) (begun bool, err error) {
	err = q.store.Update(ctx, func(tx *store.Tx) (err error) {
		begun, err = q.river.call(ctx, tx, name)
		return err
	})
	return begun && err == nil, err
}

// snoozeAtLeast is the shortest wait between two calls of a series that River is told of. It
// makes a shorter one available at once (JobSnooze), where another fetch can take the job
// before River has noted that this call of it ended, on which it panics.
const snoozeAtLeast = 5 * time.Second

// tick calls one function, again as long as its next call is near, and returns when the
// one after is to be. It is noted as running, so that its lease is watched as that of a
// turn.
func (q *Queue) tick(ctx context.Context, id int64, name string, n int) time.Time {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	q.running.enter(id, cancel)
	defer q.running.leave(id)
	fn, ok := q.ticks[name]
	if !ok {
		return time.Time{} // of another version of the program
	}
	for ; ; n++ {
		next, err := fn(ctx, n)
		if err != nil {
			q.log.Warn("periodic function", keyTick, name, keyCode, gitops.CodeOf(err), keyError, err)
		}
		if next.IsZero() || time.Until(next) >= snoozeAtLeast {
			return next
		}
		select {
		case <-time.After(time.Until(next)):
		case <-ctx.Done():
			return time.Now().Add(snoozeAtLeast)
		}
	}
}
