package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// at is a moment without more digits than the databases keep.
var at = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

var errUndo = errors.New("undo")

func delivery(id, key, class string) store.Delivery {
	return store.Delivery{ID: id, Event: "push", Key: key, Class: class, Received: at, Payload: []byte("body of " + id)}
}

func update(t *testing.T, s *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, s *store.Store, ds ...store.Delivery) (seqs map[string]int64) {
	t.Helper()
	update(t, s, func(tx *store.Tx) (err error) { seqs, err = tx.Add(t.Context(), ds); return err })
	return seqs
}

func list(t *testing.T, s *store.Store, f store.Filter) []store.Delivery {
	t.Helper()
	out, err := s.Deliveries(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ids joins what a listing returned, with the outcome of those not pending.
func ids(ds []store.Delivery) string {
	var out []string
	for _, d := range ds {
		if d.Outcome == store.Pending {
			out = append(out, d.ID)
		} else {
			out = append(out, d.ID+":"+string(d.Outcome))
		}
	}
	return strings.Join(out, " ")
}

// end begins and ends a delivery with the outcome given.
func end(t *testing.T, s *store.Store, d store.Delivery, seq int64) (payload []byte) {
	t.Helper()
	update(t, s, func(tx *store.Tx) (err error) {
		d.Seq, d.Turn = seq, 77
		if payload, err = tx.Begin(t.Context(), seq, d.Turn); err != nil {
			return err
		}
		return tx.End(t.Context(), d, at.Add(time.Minute))
	})
	return payload
}

// TestAdd stores an id once, within a batch and across them.
func TestAdd(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		first := add(t, s, delivery("a", "k", "render"), delivery("b", "k", ""), delivery("a", "k", "render"))
		if len(first) != 2 || first["a"] >= first["b"] {
			t.Errorf("stored %v, want a before b", first)
		}
		if got := add(t, s, delivery("b", "k", ""), delivery("c", "k", "")); len(got) != 1 || got["c"] <= first["b"] {
			t.Errorf("stored again: %v", got)
		}
		got := list(t, s, store.Filter{Limit: 1, Before: first["b"]})
		want := []store.Delivery{{Seq: first["a"], ID: "a", Event: "push", Key: "k", Class: "render", Received: at, Outcome: store.Pending}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// TestAddAfterOutcome takes a known id again only when that one failed.
func TestAddAfterOutcome(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		for _, o := range []store.Outcome{store.Done, store.Superseded, store.Dropped, store.Failed} {
			id := string(o)
			seqs := add(t, s, delivery(id, id, ""))
			if got := end(t, s, store.Delivery{Outcome: o, Code: "internal", Attempt: 3}, seqs[id]); string(got) != "body of "+id {
				t.Errorf("payload %q", got)
			}
			again := add(t, s, delivery(id, id, ""))
			if redo := o == store.Failed; (len(again) == 1) != redo {
				t.Errorf("%s: stored again %v", o, again)
			}
		}
		got := list(t, s, store.Filter{Key: "failed"})
		if len(got) != 1 || got[0].Outcome != store.Pending || got[0].Attempt != 0 || got[0].Code != "" {
			t.Errorf("a failed one that came again: %+v", got)
		}
	})
}

// TestHeads offers the oldest command and the newest of each class.
func TestHeads(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		add(t, s, delivery("r1", "k", "render"), delivery("c1", "k", ""), delivery("r2", "k", "render"),
			delivery("x1", "k", "other"), delivery("c2", "k", ""), delivery("z", "elsewhere", "render"))
		var heads []store.Delivery
		update(t, s, func(tx *store.Tx) (err error) { heads, err = tx.Heads(t.Context(), "k", at); return err })
		if got := ids(heads); got != "c1 r2 x1" {
			t.Errorf("heads are %s", got)
		}
		if got := ids(list(t, s, store.Filter{})); got != "z c2 x1 r2 c1 r1:superseded" {
			t.Errorf("left are %s", got)
		}
		newest, err := s.Newest(t.Context(), []string{"k", "nothing"})
		if err != nil || len(newest) != 2 {
			t.Errorf("newest are %v, %v", newest, err)
		}
	})
}

// TestEndOfAnother ends a delivery that another turn has begun meanwhile.
func TestEndOfAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		seq := add(t, s, delivery("a", "k", ""))["a"]
		update(t, s, func(tx *store.Tx) error {
			if _, err := tx.Begin(t.Context(), seq, 1); err != nil {
				return err
			}
			if _, err := tx.Begin(t.Context(), seq, 2); err != nil {
				return err
			}
			return tx.End(t.Context(), store.Delivery{Seq: seq, Turn: 1, Outcome: store.Done}, at)
		})
		got := list(t, s, store.Filter{})[0]
		if got.Outcome != store.Pending || got.Turn != 2 || got.Crashes != 2 {
			t.Errorf("got %+v", got)
		}
	})
}

// TestDepth counts what is ready, waits and runs, and how old the oldest is.
func TestDepth(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		if d, err := s.Depth(t.Context(), at); err != nil || d != (store.Depth{}) {
			t.Errorf("empty: %+v, %v", d, err)
		}
		seqs := add(t, s, delivery("ready", "1", ""), delivery("waits", "2", ""), delivery("runs", "3", ""),
			delivery("failed", "4", ""), delivery("done", "5", ""))
		end(t, s, store.Delivery{Outcome: store.Pending, NotBefore: at.Add(time.Hour)}, seqs["waits"])
		end(t, s, store.Delivery{Outcome: store.Failed}, seqs["failed"])
		end(t, s, store.Delivery{Outcome: store.Done}, seqs["done"])
		update(t, s, func(tx *store.Tx) error { _, err := tx.Begin(t.Context(), seqs["runs"], 5); return err })
		got, err := s.Depth(t.Context(), at)
		want := store.Depth{Ready: 1, Waiting: 1, Running: 1, Failed: 1, Oldest: at}
		if err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if got := ids(list(t, s, store.Filter{Outcome: store.Failed})); got != "failed:failed" {
			t.Errorf("listed %s", got)
		}
	})
}

// What was told to wait, by GitHub or a rule, is no work that is late until it may run.
func TestDepthOfWhatWasToldToWait(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		seq := add(t, s, delivery("frozen", "1", ""))["frozen"]
		end(t, s, store.Delivery{Outcome: store.Pending, Code: "limited", NotBefore: at.Add(time.Hour)}, seq)
		if got, err := s.Depth(t.Context(), at); err != nil || got != (store.Depth{Waiting: 1}) {
			t.Errorf("while it waits: %+v, %v", got, err)
		}
		if got, err := s.Depth(t.Context(), at.Add(time.Hour)); err != nil || got != (store.Depth{Ready: 1, Oldest: at}) {
			t.Errorf("then: %+v, %v", got, err)
		}
	})
}

// TestMendAndDrop repeats and drops what failed or waits, and leaves what runs or is
// done.
func TestMendAndDrop(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		seqs := add(t, s, delivery("failed", "1", ""), delivery("waits", "2", ""), delivery("runs", "3", ""), delivery("done", "4", ""))
		end(t, s, store.Delivery{Outcome: store.Failed, Attempt: 8}, seqs["failed"])
		end(t, s, store.Delivery{Outcome: store.Pending, Attempt: 2, NotBefore: at.Add(time.Hour)}, seqs["waits"])
		end(t, s, store.Delivery{Outcome: store.Done}, seqs["done"])
		update(t, s, func(tx *store.Tx) error { _, err := tx.Begin(t.Context(), seqs["runs"], 5); return err })
		for _, c := range []struct{ id, mended, dropped string }{
			{"failed", "1", "1"}, {"waits", "2", "2"}, {"runs", "", ""}, {"done", "", ""}, {"nothing", "", ""},
		} {
			update(t, s, func(tx *store.Tx) error {
				mended, err := tx.Mend(t.Context(), c.id)
				if err != nil {
					return err
				}
				if mended != "" {
					d := list(t, s, store.Filter{Key: mended}) // as committed: unchanged so far
					if d[0].Attempt == 0 {
						t.Errorf("%s: seen before the commit", c.id)
					}
				}
				dropped, err := tx.Drop(t.Context(), c.id, at)
				if mended != c.mended || dropped != c.dropped {
					t.Errorf("%s: mended %q, dropped %q", c.id, mended, dropped)
				}
				return err
			})
		}
		if got := ids(list(t, s, store.Filter{})); got != "done:done runs waits:dropped failed:dropped" {
			t.Errorf("left are %s", got)
		}
	})
}

// TestOutcomes answers for more ids than one statement takes.
func TestOutcomes(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		seqs := add(t, s, delivery("done", "1", ""), delivery("pending", "2", ""), delivery("not asked", "3", ""))
		end(t, s, store.Delivery{Outcome: store.Done}, seqs["done"])
		ask := []string{"done"}
		for i := range 2500 {
			ask = append(ask, fmt.Sprint("unknown", i))
		}
		got, err := s.Outcomes(t.Context(), append(ask, "pending"))
		want := map[string]store.Outcome{"done": store.Done, "pending": store.Pending}
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Error(err, d)
		}
		if got, err := s.Outcomes(t.Context(), nil); len(got) != 0 || err != nil {
			t.Errorf("nothing asked: %v, %v", got, err)
		}
	})
}

// TestClean forgets the payloads of what failed and the deliveries that ended, each
// after a time of its own, and nothing that waits.
func TestClean(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		seqs := add(t, s, delivery("failed", "1", ""), delivery("done", "2", ""), delivery("pending", "3", ""))
		end(t, s, store.Delivery{Outcome: store.Failed}, seqs["failed"])
		end(t, s, store.Delivery{Outcome: store.Done}, seqs["done"])
		ended, early := at.Add(time.Minute), at.Add(-time.Hour) // end takes a minute
		for _, c := range []struct {
			ended, failed time.Time
			left, mended  string
		}{
			{ended, ended, "pending done:done failed:failed", "1"},
			{early, ended.Add(1000), "pending done:done failed:failed", ""},
			{ended.Add(1000), early, "pending", ""},
		} {
			if err := s.Clean(t.Context(), c.ended, c.failed, early); err != nil {
				t.Fatal(err)
			}
			if got := ids(list(t, s, store.Filter{})); got != c.left {
				t.Errorf("left are %s, want %s", got, c.left)
			}
			mended := ""
			_ = s.Update(t.Context(), func(tx *store.Tx) (err error) { // undone
				mended, err = tx.Mend(t.Context(), "failed")
				return errors.Join(err, errUndo)
			})
			if mended != c.mended {
				t.Errorf("payload of the failed one: mended %q, want %q", mended, c.mended)
			}
		}
	})
}

// TestLargePayload keeps 25 MiB of any bytes.
func TestLargePayload(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		d := delivery("large", "k", "")
		d.Payload = bytes.Repeat([]byte{0, 0xff, '\'', 'x'}, 25<<20/4)
		seq := add(t, s, d)["large"]
		if got := end(t, s, store.Delivery{Outcome: store.Done}, seq); !bytes.Equal(got, d.Payload) {
			t.Errorf("read back %d bytes that differ", len(got))
		}
	})
}

// TestBeat forgets a replica that was silent for too long.
func TestBeat(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		beat := func(id string, ttl time.Duration) (alive []string) {
			update(t, s, func(tx *store.Tx) (err error) {
				alive, _, err = tx.Beat(t.Context(), id, ttl, "turn", "tick")
				return err
			})
			return alive
		}
		beat("a", time.Hour)
		if got := beat("b", time.Hour); len(got) != 2 {
			t.Errorf("alive are %v", got)
		}
		storetest.Exec(t, s, "UPDATE replicas SET seen = seen - 3600000000 WHERE id = 'a'")
		if got := beat("b", time.Minute); len(got) != 1 || got[0] != "b" {
			t.Errorf("alive are %v, want b", got)
		}
		update(t, s, func(tx *store.Tx) error { return tx.Leave(t.Context(), "b") })
		if got := beat("c", time.Hour); len(got) != 1 {
			t.Errorf("alive are %v, want c", got)
		}
	})
}
