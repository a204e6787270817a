package store

import (
	"context"
	"time"
)

// Add stores deliveries as pending and returns the Seq of each that was stored,
// by id. One that is there already is left alone, unless it failed: then the
// new one takes its place.
func (tx *Tx) Add(ctx context.Context, ds []Delivery) (map[string]int64, error) {
	ids, rowArgs := make([]any, len(ds)), make([]any, 0, 6*len(ds))
	for i, d := range ds {
		ids[i] = d.ID
		rowArgs = append(rowArgs, d.ID, d.Event, d.Key, d.Class, micros(d.Received), d.Payload)
	}
	if _, err := tx.exec(ctx, "DELETE FROM deliveries WHERE outcome = 'failed' AND id IN "+values(1, len(ids)), ids...); err != nil {
		return nil, err
	}
	type stored struct {
		id  string
		seq int64
	}
	scan := func(r rows) (s stored, err error) { err = r.Scan(&s.id, &s.seq); return s, err }
	added, err := collect(ctx, tx, scan, "INSERT INTO deliveries (id, event, key, class, received, payload) VALUES "+
		values(len(ds), 6)+" ON CONFLICT (id) DO NOTHING RETURNING id, seq", rowArgs...)
	out := make(map[string]int64, len(added))
	for _, s := range added {
		out[s.id] = s.seq
	}
	return out, err
}

// Heads drops the pending deliveries of key that are superseded and returns
// those that may be next: the oldest without a class and the newest of each
// class.
func (tx *Tx) Heads(ctx context.Context, key string, now time.Time) ([]Delivery, error) {
	_, err := tx.exec(ctx, `UPDATE deliveries SET outcome = 'superseded', finished = $2, turn = 0, payload = NULL
		WHERE key = $1 AND outcome = 'pending' AND class > '' AND EXISTS (
			SELECT 1 FROM deliveries newer WHERE newer.key = $1 AND newer.outcome = 'pending'
			AND newer.class = deliveries.class AND newer.seq > deliveries.seq)`, key, micros(now))
	if err != nil {
		return nil, err
	}
	return collect(ctx, tx, scanDelivery, "SELECT "+deliveryColumns+` FROM deliveries
		WHERE key = $1 AND outcome = 'pending' AND class > ''
		UNION ALL SELECT `+deliveryColumns+` FROM deliveries
		WHERE seq = (SELECT min(seq) FROM deliveries WHERE key = $1 AND outcome = 'pending' AND class = '')
		ORDER BY seq`, key)
}

// Begin records that turn works on delivery seq, counts the start, and returns
// the payload.
func (tx *Tx) Begin(ctx context.Context, seq, turn int64) ([]byte, error) {
	scan := func(r rows) (b []byte, err error) { err = r.Scan(&b); return b, err }
	out, err := collect(ctx, tx, scan,
		"UPDATE deliveries SET turn = $2, crashes = crashes + 1 WHERE seq = $1 RETURNING payload", seq, turn)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return out[0], nil
}

// End records how the work of d.Turn on d ended: its Outcome, Code, Attempt and
// NotBefore. Payloads of failed deliveries are kept for a retry.
func (tx *Tx) End(ctx context.Context, d Delivery, now time.Time) error {
	finished := now
	if d.Outcome == Pending {
		finished = time.Time{}
	}
	_, err := tx.exec(ctx, `UPDATE deliveries SET outcome = $3, code = $4, attempt = $5, crashes = 0, not_before = $6,
		finished = $7, turn = 0, payload = CASE WHEN $3 IN ('pending', 'failed') THEN payload END
		WHERE seq = $1 AND turn = $2 AND outcome = 'pending'`,
		d.Seq, d.Turn, string(d.Outcome), d.Code, d.Attempt, micros(d.NotBefore), micros(finished))
	return err
}

// Mend makes the delivery id, failed or waiting, run now, and returns its key;
// "" when there is none such, it is being worked on, or its payload is gone.
func (tx *Tx) Mend(ctx context.Context, id string) (string, error) {
	return first(collect(ctx, tx, scanString, `UPDATE deliveries
		SET outcome = 'pending', attempt = 0, crashes = 0, not_before = 0, finished = 0
		WHERE id = $1 AND outcome IN ('pending', 'failed') AND turn = 0 AND payload IS NOT NULL RETURNING key`, id))
}

// Drop ends the delivery id, failed or waiting, and returns its key; "" when
// there is none such or it is being worked on.
func (tx *Tx) Drop(ctx context.Context, id string, now time.Time) (string, error) {
	return first(collect(ctx, tx, scanString, `UPDATE deliveries
		SET outcome = 'dropped', finished = $2, payload = NULL
		WHERE id = $1 AND outcome IN ('pending', 'failed') AND turn = 0 RETURNING key`, id, micros(now)))
}

// first returns the only row of a statement that changes at most one.
func first(all []string, err error) (string, error) {
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// PendingKeys returns the keys that have pending deliveries.
func (tx *Tx) PendingKeys(ctx context.Context) ([]string, error) {
	return collect(ctx, tx, scanString, "SELECT DISTINCT key FROM deliveries WHERE outcome = 'pending' ORDER BY key")
}

// Newest is the newest pending delivery of a key and class.
type Newest struct {
	Key, Class string
	Seq        int64
}

// Newest returns, of the keys given, the newest pending delivery of each class.
func (s *Store) Newest(ctx context.Context, keys []string) ([]Newest, error) {
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	scan := func(r rows) (n Newest, err error) { err = r.Scan(&n.Key, &n.Class, &n.Seq); return n, err }
	out, err := collect(ctx, s.db.reader(), scan, `SELECT key, class, max(seq) FROM deliveries
		WHERE outcome = 'pending' AND class > '' AND key IN `+values(1, len(keys))+" GROUP BY key, class", args...)
	return out, wrap("deliveries", err)
}
