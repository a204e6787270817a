package store

import (
	"context"
	"time"
)

// A turn is a River job that gives one key the right to run. The statements
// here read and write River's table where River has no call for it; the
// columns are those of River's migration 6 and later.

// Running says whether River still has the job as running.
func (tx *Tx) Running(ctx context.Context, job int64) (bool, error) {
	out, err := collect(ctx, tx, scanInt,
		"SELECT 1 FROM river_job WHERE id = $1 AND state = 'running'", job)
	return len(out) > 0, err
}

// Complete ends a running River job and locks its row until the transaction
// ends. It returns false when the job is not running any more.
func (tx *Tx) Complete(ctx context.Context, job int64) (bool, error) {
	return tx.finalize(ctx, job, "completed")
}

// Cancel is [Tx.Complete] for a job whose replica is gone. It also takes the
// job's mark from the delivery that it worked on.
func (tx *Tx) Cancel(ctx context.Context, job int64, key string) (bool, error) {
	ok, err := tx.finalize(ctx, job, "cancelled")
	if err != nil || !ok {
		return false, err
	}
	_, err = tx.exec(ctx, "UPDATE deliveries SET turn = 0 WHERE key = $1 AND outcome = 'pending' AND turn = $2", key, job)
	return true, err
}

// finalize ends a job that still runs. Of two who end the same job, one gets false: the
// row is locked until the first is through.
func (tx *Tx) finalize(ctx context.Context, job int64, state string) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE river_job SET state = '"+state+"', finalized_at = "+tx.dialect().finalized+
		" WHERE id = $1 AND state = 'running'", job)
	return n > 0, err
}

// Running is a River job that is running.
type Running struct {
	ID   int64
	Kind string
	// Key is what it is about: the argument "key", or else "name".
	Key string
	// Replica is the River client that took it.
	Replica string
}

// Beat records that replica is alive, forgets those not seen for ttl, and
// returns the replicas alive and the jobs of the kinds given that run anywhere.
// All times are the database's.
func (tx *Tx) Beat(ctx context.Context, replica string, ttl time.Duration, kinds ...any) (alive []string, running []Running, err error) {
	d := tx.dialect()
	if _, err = tx.exec(ctx, "INSERT INTO replicas (id, seen) VALUES ($1, "+d.now+
		") ON CONFLICT (id) DO UPDATE SET seen = excluded.seen", replica); err != nil {
		return nil, nil, err
	}
	if _, err = tx.exec(ctx, "DELETE FROM replicas WHERE seen < "+d.now+" - $1", ttl.Microseconds()); err != nil {
		return nil, nil, err
	}
	if alive, err = collect(ctx, tx, scanString, "SELECT id FROM replicas"); err != nil {
		return nil, nil, err
	}
	scan := func(r rows) (j Running, err error) { err = r.Scan(&j.ID, &j.Kind, &j.Key, &j.Replica); return j, err }
	running, err = collect(ctx, tx, scan, "SELECT id, kind, "+d.jobKey+", "+d.jobReplica+
		" FROM river_job WHERE state = 'running' AND kind IN "+values(1, len(kinds)), kinds...)
	return alive, running, err
}

// Leave forgets a replica, or all of them when replica is "".
func (tx *Tx) Leave(ctx context.Context, replica string) error {
	_, err := tx.exec(ctx, "DELETE FROM replicas WHERE $1 = '' OR id = $1", replica)
	return err
}
