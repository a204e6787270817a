package queue

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
)

// Delivery is what [Queue.Accept] takes.
type Delivery struct {
	// ID is GitHub's delivery id; for work that the service gives itself, a name
	// that is the same whenever the same work is meant.
	ID string
	// Event says what it is, such as "pull_request".
	Event string
	// Key names what only one job at a time works on, such as "owner/repo#1".
	// When it is empty the delivery runs on its own.
	Key string
	// Class groups the deliveries of a key of which only the newest counts, such
	// as "render". It is empty for those that must all run, such as commands.
	Class string
	// Payload is kept until the job is done.
	Payload []byte
}

// Verdict is what became of a delivery that was taken.
type Verdict string

// The verdicts.
const (
	Accepted  Verdict = "accepted"  // on disk, and will be worked off
	Duplicate Verdict = "duplicate" // its id is known and did not fail
)

// The longest names, in bytes.
const (
	maxID    = 200
	maxEvent = 100
	maxClass = 100
	maxKey   = 400
)

// request is a delivery on its way to the disk.
type request struct {
	d     store.Delivery
	reply chan<- answer // has room for one
}

type answer struct {
	verdict Verdict
	err     error
}

// Accept stores a delivery and returns once it is on disk, with the turn that
// will run it. A delivery whose id is known is dropped, unless that one failed
// for good: then it is done again. The error is of code invalid for a delivery
// that can never be stored, and unavailable when the queue does not run, too
// many wait, or the database fails; after unavailable the delivery may have
// been stored all the same, and can be given again.
func (q *Queue) Accept(ctx context.Context, d Delivery) (Verdict, error) {
	if err := q.check(d); err != nil {
		return "", err
	}
	if d.Key == "" {
		d.Key = "delivery/" + d.ID
	}
	reply := make(chan answer, 1)
	row := store.Delivery{ID: d.ID, Event: d.Event, Key: d.Key, Class: d.Class, Received: time.Now(), Payload: d.Payload}
	if row.Payload == nil {
		row.Payload = []byte{} // nil means that it is gone
	}
	if err := q.enqueue(request{row, reply}); err != nil {
		return "", err
	}
	select {
	case a := <-reply:
		return a.verdict, a.err
	case <-ctx.Done():
		return "", gitops.Errorf(gitops.Unavailable, "delivery %s: %w", gitops.Quote(d.ID), ctx.Err())
	}
}

// enqueue hands a request to the goroutine that stores them. It does not wait: a full
// backlog is an error at once, so that GitHub hears of it within its ten seconds.
func (q *Queue) enqueue(r request) error {
	q.closing.RLock()
	defer q.closing.RUnlock()
	if q.closed {
		return gitops.Errorf(gitops.Unavailable, "queue does not run")
	}
	select {
	case q.inbox <- r:
		return nil
	default:
		return gitops.Errorf(gitops.Unavailable, "queue is full: %d deliveries wait to be stored", q.o.Backlog)
	}
}

// check refuses what a database would refuse, since one such delivery would
// fail those that are stored with it.
func (q *Queue) check(d Delivery) error {
	for _, f := range []struct {
		name, value string
		min, max    int
	}{
		{"id", d.ID, 1, maxID}, {"event", d.Event, 1, maxEvent},
		{"key", d.Key, 0, maxKey}, {"class", d.Class, 0, maxClass},
	} {
		if len(f.value) < f.min || len(f.value) > f.max || !utf8.ValidString(f.value) || strings.ContainsRune(f.value, 0) {
			return gitops.Errorf(gitops.Invalid, "delivery %s %s is not %d to %d bytes of text", f.name, gitops.Quote(f.value), f.min, f.max)
		}
	}
	if len(d.Payload) > q.o.MaxPayload {
		return gitops.Errorf(gitops.Invalid, "delivery %s has %d bytes, the limit is %d", gitops.Quote(d.ID), len(d.Payload), q.o.MaxPayload)
	}
	return nil
}

// What one transaction stores at most, and how long it may take. GitHub waits
// 10 s for an answer.
const (
	batchCount   = 256
	batchBytes   = 8 << 20
	storeTimeout = 8 * time.Second
)

// storeRequests stores what waits, all that came during one transaction in the
// next, until the inbox is closed and empty.
func (q *Queue) storeRequests(ctx context.Context) {
	for r := range q.inbox {
		batch, size := []request{r}, len(r.d.Payload)
		for len(batch) < batchCount && size < batchBytes && len(q.inbox) > 0 {
			r := <-q.inbox
			batch, size = append(batch, r), size+len(r.d.Payload)
		}
		q.storeBatch(ctx, batch)
	}
}

// storeBatch stores a batch in one transaction and answers each request. Only then does
// it cancel what is superseded: a job is not stopped for a delivery that may not be
// kept.
func (q *Queue) storeBatch(ctx context.Context, batch []request) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	added, err := q.add(ctx, batch)
	if err != nil {
		q.log.Warn("deliveries not stored", keyError, err)
	}
	for _, r := range batch {
		if err != nil {
			r.reply <- answer{err: err}
			continue
		}
		seq, ok := added[r.d.ID]
		if !ok {
			r.reply <- answer{verdict: Duplicate}
			continue
		}
		delete(added, r.d.ID) // the same id once more in this batch
		r.reply <- answer{verdict: Accepted}
		q.running.supersede(r.d.Key, r.d.Class, seq)
	}
}

// add stores deliveries and gives their keys turns in the same transaction: no delivery
// is on disk without somebody to run it. It returns the place of each that was new, by
// id.
func (q *Queue) add(ctx context.Context, batch []request) (map[string]int64, error) {
	ds := make([]store.Delivery, len(batch))
	for i, r := range batch {
		ds[i] = r.d
	}
	var added map[string]int64
	err := q.store.Update(ctx, func(tx *store.Tx) (err error) {
		if added, err = tx.Add(ctx, ds); err != nil {
			return err
		}
		var keys []string
		for _, d := range ds {
			if _, ok := added[d.ID]; ok {
				keys = append(keys, d.Key)
			}
		}
		return q.river.wake(ctx, tx, keys, time.Time{})
	})
	return added, err
}

// unique returns the keys sorted, each once. All transactions touch turns in
// this order, so that they do not wait for each other in a circle.
func unique(keys []string) []string {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}
