package store

import (
	"context"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Action is one change to the outside world. Its key says what it is: doing it
// twice is doing it once.
type Action struct {
	// Seq numbers actions in the order in which they were planned.
	Seq int64
	// Key is the same for every attempt at the same change.
	Key string
	// Job is the id of the delivery that led to it.
	Job string
	// Target is the pull request or repository that it changes.
	Target string
	// Actor is who asked: a login, or "" for the service itself.
	Actor string
	// What says what is done, in a few words without foreign text.
	What string
	// Result is what the change made, such as the id of a comment. It is empty
	// until Done.
	Result string
	// Planned and Done are when it was recorded first, and when it was done;
	// Done is zero until then.
	Planned, Done time.Time
}

const actionColumns = "seq, key, job, target, actor, what, result, planned, done"

// scanAction reads the columns of actionColumns, in their order.
func scanAction(r rows) (Action, error) {
	var a Action
	var planned, done int64
	err := r.Scan(&a.Seq, &a.Key, &a.Job, &a.Target, &a.Actor, &a.What, &a.Result, &planned, &done)
	a.Planned, a.Done = fromMicros(planned), fromMicros(done)
	return a, err
}

// Once does an action unless it was done before, and returns its result. do
// makes the change and must look before it writes: after a crash between the
// change and its record it is called again.
func (s *Store) Once(ctx context.Context, a Action, do func(context.Context) (result string, err error)) (string, error) {
	known, err := s.plan(ctx, a)
	if err != nil {
		return "", err
	}
	if !known.Done.IsZero() {
		return known.Result, nil
	}
	result, err := do(ctx)
	if err != nil {
		return "", err
	}
	return result, s.finish(ctx, a.Key, result)
}

// plan records a, unless its key is there, and returns what is recorded.
func (s *Store) plan(ctx context.Context, a Action) (Action, error) {
	if a.Key == "" {
		return Action{}, gitops.Errorf(gitops.Internal, "action without a key")
	}
	if a.Planned.IsZero() {
		a.Planned = time.Now()
	}
	var out []Action
	err := s.Update(ctx, func(tx *Tx) (err error) {
		_, err = tx.exec(ctx, `INSERT INTO actions (key, job, target, actor, what, state, planned)
			VALUES ($1, $2, $3, $4, $5, 'planned', $6) ON CONFLICT (key) DO NOTHING`,
			a.Key, a.Job, a.Target, a.Actor, a.What, micros(a.Planned))
		if err != nil {
			return err
		}
		out, err = collect(ctx, tx, scanAction, "SELECT "+actionColumns+" FROM actions WHERE key = $1", a.Key)
		return err
	})
	if err != nil {
		return Action{}, err
	}
	return out[0], nil
}

// finish records the result of a change that was made. It is written even when
// ctx ends in between, so that the log tells the truth.
func (s *Store) finish(ctx context.Context, key, result string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, "UPDATE actions SET state = 'done', result = $2, done = $3 WHERE key = $1 AND state = 'planned'",
			key, result, micros(time.Now()))
		return err
	})
}

// Result returns what the action of a key returned; ok is false when it was not
// done.
func (s *Store) Result(ctx context.Context, key string) (result string, ok bool, err error) {
	out, err := collect(ctx, s.db.reader(), scanAction,
		"SELECT "+actionColumns+" FROM actions WHERE key = $1 AND state = 'done'", key)
	if err != nil || len(out) == 0 {
		return "", false, wrap("action log", err)
	}
	return out[0].Result, true, nil
}

// Forget lets an action of that key be done again. Its record stays, under a key
// that is used no more.
func (s *Store) Forget(ctx context.Context, key string) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, "UPDATE actions SET key = key || ' forgotten ' || seq WHERE key = $1 AND state = 'done'", key)
		return err
	})
}

// ActionFilter selects actions. Zero fields select all.
type ActionFilter struct {
	Target, Job string
	// Before selects those with a smaller Seq: the next page.
	Before int64
	// Limit is at most how many; 0 means 100.
	Limit int
}

// Actions lists the action log, newest first.
func (s *Store) Actions(ctx context.Context, f ActionFilter) ([]Action, error) {
	w := where{}
	if f.Target != "" {
		w.add("target = $%d", f.Target)
	}
	if f.Job != "" {
		w.add("job = $%d", f.Job)
	}
	if f.Before > 0 {
		w.add("seq < $%d", f.Before)
	}
	out, err := collect(ctx, s.db.reader(), scanAction,
		"SELECT "+actionColumns+" FROM actions"+w.newest("seq", f.Limit), w.args...)
	return out, wrap("action log", err)
}
