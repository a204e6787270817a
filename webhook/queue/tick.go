package queue

import (
	"context"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Every calls fn when the queue starts and once an interval from then on, on one
// replica only and never twice at a time. It must be called before
// [Queue.Start], with the same names on all replicas. fn heeds its context; its
// error is logged, and the next call comes after the interval.
func (q *Queue) Every(name string, interval time.Duration, fn func(context.Context) error) error {
	if _, ok := q.ticks[name]; ok || interval <= 0 {
		return gitops.Errorf(gitops.Internal, "periodic function %s is there twice or has no interval", gitops.Quote(name))
	}
	q.ticks[name] = fn
	if err := q.river.every(name, interval); err != nil {
		return gitops.Errorf(gitops.Internal, "periodic function %s: %w", gitops.Quote(name), err)
	}
	return nil
}

// tick calls one function. It is noted as running, so that its lease is watched as that
// of a turn.
func (q *Queue) tick(ctx context.Context, id int64, name string) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	q.running.enter(id, cancel)
	defer q.running.leave(id)
	fn, ok := q.ticks[name]
	if !ok {
		return // of another version of the program
	}
	if err := fn(ctx); err != nil {
		q.log.Warn("periodic function", keyTick, name, keyCode, gitops.CodeOf(err), keyError, err)
	}
}
