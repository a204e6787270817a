package queue

import (
	"context"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
)

// Depth counts the jobs that are not done.
func (q *Queue) Depth(ctx context.Context) (store.Depth, error) {
	return q.store.Depth(ctx, time.Now())
}

// List lists jobs, newest first, without payloads.
func (q *Queue) List(ctx context.Context, f store.Filter) ([]store.Delivery, error) {
	return q.store.Deliveries(ctx, f)
}

// Retry makes a job that was given up, or that waits, run now with all its
// attempts. It fails with code not_found when there is no such job, or its
// payload is gone.
func (q *Queue) Retry(ctx context.Context, id string) error {
	return q.store.Update(ctx, func(tx *store.Tx) error {
		key, err := tx.Mend(ctx, id)
		if err != nil {
			return err
		}
		if key == "" {
			return gitops.Errorf(gitops.NotFound, "job %s is neither given up nor waiting, or its payload is gone", gitops.Quote(id))
		}
		return q.river.wake(ctx, tx, []string{key}, time.Time{})
	})
}

// Drop ends a job that was given up or waits. It fails with code not_found when
// there is no such job, and for one that runs.
func (q *Queue) Drop(ctx context.Context, id string) error {
	return q.store.Update(ctx, func(tx *store.Tx) error {
		key, err := tx.Drop(ctx, id, time.Now())
		if err == nil && key == "" {
			return gitops.Errorf(gitops.NotFound, "job %s is neither given up nor waiting", gitops.Quote(id))
		}
		return err
	})
}
