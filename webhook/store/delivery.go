package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Outcome is where a delivery has got to.
type Outcome string

// The outcomes. All but Pending are final.
const (
	Pending    Outcome = "pending"    // waits, or is being worked on
	Done       Outcome = "done"       // worked off, or refused for good: see Delivery.Code
	Failed     Outcome = "failed"     // given up after its last attempt: the dead letter box
	Superseded Outcome = "superseded" // a newer one of its key and class came first
	Dropped    Outcome = "dropped"    // by an operator
)

// Delivery is one entry of the inbox.
type Delivery struct {
	// Seq numbers deliveries in the order in which they were stored.
	Seq int64
	// ID is GitHub's delivery id, or a name that the service made.
	ID string
	// Event says what it is, such as "pull_request".
	Event string
	// Key names what only one job at a time works on, such as "owner/repo#1".
	Key string
	// Class groups the deliveries of a key of which only the newest counts; ""
	// for those that are never superseded.
	Class    string
	Received time.Time
	Outcome  Outcome
	// Code is the gitops.Code of the last error, "" when there was none.
	Code string
	// Attempt is how many attempts failed. Crashes is how often it was started
	// since its last orderly end.
	Attempt, Crashes int
	// NotBefore is when it may run next; zero for at once.
	NotBefore time.Time
	// Turn is the River job that works on it; 0 for none.
	Turn int64
	// Finished is when the outcome became final.
	Finished time.Time
	// Payload is the body. It is not loaded by listings, and gone when done.
	Payload []byte
}

const deliveryColumns = "seq, id, event, key, class, received, outcome, code, attempt, crashes, not_before, turn, finished"

// scanDelivery reads the columns of deliveryColumns, in their order; the payload is not
// one of them, because lists do not need it.
func scanDelivery(r rows) (Delivery, error) {
	var d Delivery
	var received, notBefore, finished int64
	err := r.Scan(&d.Seq, &d.ID, &d.Event, &d.Key, &d.Class, &received, &d.Outcome, &d.Code,
		&d.Attempt, &d.Crashes, &notBefore, &d.Turn, &finished)
	d.Received, d.NotBefore, d.Finished = fromMicros(received), fromMicros(notBefore), fromMicros(finished)
	return d, err
}

// Filter selects deliveries. Zero fields select all.
type Filter struct {
	Outcome Outcome
	Key     string
	// Before selects those with a smaller Seq: the next page.
	Before int64
	// Limit is at most how many; 0 means 100.
	Limit int
}

// Deliveries lists deliveries, newest first, without payloads.
func (s *Store) Deliveries(ctx context.Context, f Filter) ([]Delivery, error) {
	w := where{}
	if f.Outcome != "" {
		w.add("outcome = $%d", string(f.Outcome))
	}
	if f.Key != "" {
		w.add("key = $%d", f.Key)
	}
	if f.Before > 0 {
		w.add("seq < $%d", f.Before)
	}
	out, err := collect(ctx, s.db.reader(), scanDelivery,
		"SELECT "+deliveryColumns+" FROM deliveries"+w.newest("seq", f.Limit), w.args...)
	return out, wrap("deliveries", err)
}

// maxOutcomes is how many ids one statement asks for.
const maxOutcomes = 1000

// Outcomes returns the outcomes of those of the ids that are known.
func (s *Store) Outcomes(ctx context.Context, ids []string) (map[string]Outcome, error) {
	out := make(map[string]Outcome, len(ids))
	for part := range slices.Chunk(ids, maxOutcomes) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		scan := func(r rows) (d Delivery, err error) { err = r.Scan(&d.ID, &d.Outcome); return d, err }
		known, err := collect(ctx, s.db.reader(), scan, "SELECT id, outcome FROM deliveries WHERE id IN "+values(1, len(part)), args...)
		if err != nil {
			return nil, wrap("deliveries", err)
		}
		for _, d := range known {
			out[d.ID] = d.Outcome
		}
	}
	return out, nil
}

// where collects the conditions of a listing.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, arg any) {
	w.args = append(w.args, arg)
	w.conditions = append(w.conditions, fmt.Sprintf(condition, len(w.args)))
}

// newest returns the clauses that follow FROM, for at most limit rows.
func (w *where) newest(column string, limit int) string {
	var b strings.Builder
	if len(w.conditions) > 0 {
		b.WriteString(" WHERE " + strings.Join(w.conditions, " AND "))
	}
	if limit <= 0 {
		limit = 100
	}
	fmt.Fprintf(&b, " ORDER BY %s DESC LIMIT %d", column, limit)
	return b.String()
}

// Depth is how much work there is.
type Depth struct {
	// Ready may run now, Waiting has a time to wait for, Running is being
	// worked on, and Failed is the dead letter box.
	Ready, Waiting, Running, Failed int
	// Oldest is when the oldest delivery came that is not worked off; zero when
	// there is none. What GitHub or a rule told to wait (code limited) is left out
	// while it does.
	Oldest time.Time
}

// Depth counts the deliveries that are not worked off, as of now.
func (s *Store) Depth(ctx context.Context, now time.Time) (Depth, error) {
	scan := func(r rows) (Depth, error) {
		var d Depth
		var oldest int64
		err := r.Scan(&d.Ready, &d.Waiting, &d.Running, &oldest, &d.Failed)
		d.Oldest = fromMicros(oldest)
		return d, err
	}
	out, err := collect(ctx, s.db.reader(), scan, `SELECT
		count(*) FILTER (WHERE turn = 0 AND not_before <= $1),
		count(*) FILTER (WHERE turn = 0 AND not_before > $1),
		count(*) FILTER (WHERE turn <> 0),
		coalesce(min(received) FILTER (WHERE code <> 'limited' OR not_before <= $1), 0),
		(SELECT count(*) FROM deliveries WHERE outcome = 'failed')
		FROM deliveries WHERE outcome = 'pending'`, micros(now))
	if err != nil {
		return Depth{}, wrap("deliveries", err)
	}
	return out[0], nil
}

// Clean deletes deliveries and links that ended before the first time, the
// payloads of failed deliveries that ended before the second, and actions planned
// before the third.
func (s *Store) Clean(ctx context.Context, ended, failed, planned time.Time) error {
	return s.Update(ctx, func(tx *Tx) error {
		for _, q := range []struct {
			query  string
			before time.Time
		}{
			{"DELETE FROM deliveries WHERE outcome <> 'pending' AND finished < $1", ended},
			{"UPDATE deliveries SET payload = NULL WHERE outcome = 'failed' AND finished < $1 AND payload IS NOT NULL", failed},
			{"DELETE FROM actions WHERE planned < $1", planned},
			{"DELETE FROM links WHERE expires < $1", ended},
		} {
			if _, err := tx.exec(ctx, q.query, micros(q.before)); err != nil {
				return err
			}
		}
		return nil
	})
}
