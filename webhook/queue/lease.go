package queue

import (
	"context"
	"slices"
	"time"

	"github.com/sealift/sealift/webhook/store"
)

// beatsPerLease is how often a lease is renewed while it lasts.
const beatsPerLease = 5

// join makes this process a replica. On SQLite it is the only one, so that all
// others in the table are dead.
func (q *Queue) join(ctx context.Context) error {
	if _, alone := q.store.SQLite(); alone {
		if err := q.store.Update(ctx, func(tx *store.Tx) error { return tx.Leave(ctx, "") }); err != nil {
			return err
		}
	}
	_, err := q.renew(ctx, nil)
	return err
}

// leave ends the lease, so that nobody waits for it to run out.
func (q *Queue) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return q.store.Update(ctx, func(tx *store.Tx) error { return tx.Leave(ctx, q.river.id()) })
}

// repairBatch is how many keys one transaction of repair wakes.
const repairBatch = 500

// repair gives every key that has work a turn. None should lack one; a database
// that was restored or edited by hand may differ.
func (q *Queue) repair(ctx context.Context) error {
	var keys []string
	err := q.store.Update(ctx, func(tx *store.Tx) (err error) {
		keys, err = tx.PendingKeys(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(keys, repairBatch) {
		wake := func(tx *store.Tx) error { return q.river.wake(ctx, tx, batch, time.Time{}) }
		if err := q.store.Update(ctx, wake); err != nil {
			return err
		}
	}
	return nil
}

// beat renews the lease until ctx ends. When it fails for half a lease, it
// cancels all jobs: the other half is left for them to return.
func (q *Queue) beat(ctx context.Context) {
	every := time.NewTicker(q.o.Lease / beatsPerLease)
	defer every.Stop()
	var strays []int64
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		sent := time.Now()
		found, err := q.renew(ctx, strays)
		if err == nil {
			renewed, strays = sent, found
			continue
		}
		if ctx.Err() == nil {
			q.log.Warn("lease not renewed", keyError, err)
		}
		if time.Since(renewed) > q.o.Lease/2 {
			q.running.cancelAll(errLeaseLost)
		}
	}
}

// renew renews the lease, takes the jobs of dead replicas from them, and
// cancels what is superseded. Jobs that are ours by the database but do not run
// here are strays: the database was away when they ended. They are returned,
// and taken away when they were strays the last time too.
func (q *Queue) renew(ctx context.Context, strays []int64) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, q.o.Lease/4)
	defer cancel()
	var alive []string
	var running []store.Running
	err := q.store.Update(ctx, func(tx *store.Tx) (err error) {
		alive, running, err = tx.Beat(ctx, q.river.id(), q.o.Lease, kindTurn, kindTick)
		return err
	})
	if err != nil {
		return nil, err
	}
	var found []int64
	for _, j := range running {
		stray := j.Replica == q.river.id() && !q.running.has(j.ID)
		if stray && !slices.Contains(strays, j.ID) {
			found = append(found, j.ID)
			continue
		}
		if !stray && slices.Contains(alive, j.Replica) {
			continue
		}
		if err := q.reap(ctx, j); err != nil {
			q.log.Warn("job of a dead process not taken over", keyTurn, j.ID, keyError, err)
		}
	}
	return found, q.cancelSuperseded(ctx)
}

// reap ends a job whose process is gone, and gives its key a new turn or its function
// a new call: while it seemed to run, no other call of that was taken.
func (q *Queue) reap(ctx context.Context, j store.Running) error {
	return q.store.Update(ctx, func(tx *store.Tx) error {
		ok, err := tx.Cancel(ctx, j.ID, j.Key)
		if err != nil || !ok {
			return err
		}
		q.log.Warn("job of a dead process taken over", keyTurn, j.ID, keyKey, j.Key)
		if j.Kind == kindTick {
			_, err := q.river.call(ctx, tx, j.Key)
			return err
		}
		return q.next(ctx, tx, j.Key)
	})
}

// cancelSuperseded cancels jobs whose newer delivery came through another
// replica.
func (q *Queue) cancelSuperseded(ctx context.Context) error {
	keys := q.running.keys()
	if len(keys) == 0 {
		return nil
	}
	newest, err := q.store.Newest(ctx, keys)
	for _, n := range newest {
		q.running.supersede(n.Key, n.Class, n.Seq)
	}
	return err
}
