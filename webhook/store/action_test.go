package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// TestOnce does an action once, and again when it failed.
func TestOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		a := store.Action{Key: "comment/o/r#1", Job: "d1", Target: "o/r#1", Actor: "ada", What: "comment", Planned: at}
		broken := errors.New("network")
		if _, err := s.Once(t.Context(), a, func(context.Context) (string, error) { return "", broken }); err != broken {
			t.Errorf("got %v", err)
		}
		got, err := s.Actions(t.Context(), store.ActionFilter{Target: "o/r#1"})
		want := a
		want.Seq = 1
		if d := cmp.Diff([]store.Action{want}, got); d != "" || err != nil {
			t.Errorf("planned: %v %s", err, d)
		}
		for i := range 3 {
			b := a
			b.Actor = "somebody else"
			result, err := s.Once(t.Context(), b, func(context.Context) (string, error) {
				if i > 0 {
					t.Error("done twice")
				}
				return "42", nil
			})
			if err != nil || result != "42" {
				t.Errorf("got %q, %v", result, err)
			}
		}
		got, err = s.Actions(t.Context(), store.ActionFilter{Job: "d1"})
		if err != nil || len(got) != 1 || got[0].Actor != "ada" || got[0].Result != "42" || got[0].Done.IsZero() {
			t.Errorf("done: %+v, %v", got, err)
		}
	})
}

// TestOnceRecordsAfterCancel cancels the context once the change is made.
func TestOnceRecordsAfterCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		a := store.Action{Key: "k"}
		_, err := s.Once(ctx, a, func(context.Context) (string, error) { cancel(); return "made", nil })
		if err != nil {
			t.Error(err)
		}
		got, err := s.Once(t.Context(), a, func(context.Context) (string, error) { t.Error("done twice"); return "", nil })
		if err != nil || got != "made" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestActionsList lists the log newest first, by target and by page, and cleans the
// oldest.
func TestActionsList(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		for i, target := range []string{"a", "b", "a"} {
			a := store.Action{Key: string(rune('x' + i)), Target: target, Planned: at.Add(time.Duration(i) * time.Hour)}
			if _, err := s.Once(t.Context(), a, func(context.Context) (string, error) { return "", nil }); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Actions(t.Context(), store.ActionFilter{Target: "a"})
		if err != nil || len(got) != 2 || got[0].Key != "z" || got[1].Key != "x" {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got, err = s.Actions(t.Context(), store.ActionFilter{Before: got[0].Seq, Limit: 1}); err != nil || len(got) != 1 || got[0].Key != "y" {
			t.Errorf("next page: %+v, %v", got, err)
		}
		if err := s.Clean(t.Context(), at, at, at.Add(90*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got, err = s.Actions(t.Context(), store.ActionFilter{}); err != nil || len(got) != 1 || got[0].Key != "z" {
			t.Errorf("after cleaning: %+v, %v", got, err)
		}
		_, err = s.Once(t.Context(), store.Action{}, nil)
		if gitops.CodeOf(err) != gitops.Internal {
			t.Errorf("without a key: %v", err)
		}
	})
}

// TestForget does an action again once its record was put aside.
func TestForget(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		a := store.Action{Key: "slot 1", What: "comment"}
		if _, ok, err := s.Result(t.Context(), a.Key); ok || err != nil {
			t.Errorf("before: %v %v", ok, err)
		}
		for i, id := range []string{"1", "2", "3"} {
			got, err := s.Once(t.Context(), a, func(context.Context) (string, error) { return id, nil })
			if err != nil || got != id {
				t.Fatalf("round %d: %q %v", i, got, err)
			}
			if got, ok, err := s.Result(t.Context(), a.Key); got != id || !ok || err != nil {
				t.Errorf("result: %q %v %v", got, ok, err)
			}
			if err := s.Forget(t.Context(), a.Key); err != nil {
				t.Fatal(err)
			}
			if _, ok, _ := s.Result(t.Context(), a.Key); ok {
				t.Error("still there")
			}
		}
		log, err := s.Actions(t.Context(), store.ActionFilter{})
		if err != nil || len(log) != 3 {
			t.Errorf("%d records, want all 3: %v", len(log), err)
		}
	})
}
