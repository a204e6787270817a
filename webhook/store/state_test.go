package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// TestAsks keeps and drops asks at random, some of them with a context that ends: what the
// database has is what a list has to which the same was done, and an ask that fails leaves
// those that were there.
func TestAsks(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		dice := rand.New(rand.NewPCG(1, 2))
		model := map[int][]gitops.Ask{}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for i := range 300 {
			pull := dice.IntN(3)
			if dice.IntN(20) == 0 {
				if err := s.DropAsks(t.Context(), 1, pull); err != nil {
					t.Fatal(err)
				}
				delete(model, pull)
				continue
			}
			a := gitops.Ask{
				Key: fmt.Sprint("key ", i), Comment: int64(i + dice.IntN(4)), Login: []string{"ada", "bob"}[dice.IntN(2)],
				Subject: []string{"> staging", "> prod", "> prod: web"}[dice.IntN(3)], Promotion: fmt.Appendf(nil, `{"n":%d}`, i),
			}
			ctx := t.Context()
			if dice.IntN(5) == 0 {
				ctx = ended
			}
			if err := s.KeepAsk(ctx, 1, pull, a); ctx == ended {
				if err == nil {
					t.Fatal("an ask was kept after its time")
				}
			} else if err != nil {
				t.Fatal(err)
			} else {
				model[pull] = kept(model[pull], a)
			}
			for p := range 3 {
				got, err := s.Asks(t.Context(), 1, p)
				if d := cmp.Diff(model[p], got); d != "" || err != nil {
					t.Fatalf("step %d, asks of %d: %v %s", i, p, err, d)
				}
			}
		}
		if got, err := s.Asks(t.Context(), 2, 1); len(got) > 0 || err != nil {
			t.Errorf("another repository has %v, %v", got, err)
		}
	})
}

// kept is a list with an ask.
func kept(list []gitops.Ask, a gitops.Ask) []gitops.Ask {
	i := slices.IndexFunc(list, func(o gitops.Ask) bool { return o.Login == a.Login && o.Subject == a.Subject })
	switch {
	case i < 0:
		return append(list, a)
	case list[i].Comment <= a.Comment:
		list = slices.Clone(list)
		list[i] = a
	}
	return list
}

// TestState keeps one of everything, and clears the action log: nothing is lost by that,
// each is there once, and what is taken back is gone.
func TestState(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		ctx := t.Context()
		must := func(errs ...error) {
			t.Helper()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // doing it twice is doing it once
			must(
				s.AddCommit(ctx, 1, "c0ffee", "sealift/promote/x"),
				s.ClosePromotion(ctx, 1, "b", "old"), s.ClosePromotion(ctx, 1, "b", "new"),
				s.Automate(ctx, 1, "staging", "web", "first"), s.Automate(ctx, 1, "staging", "web", "second"),
				s.AskMerge(ctx, 1, 7, "h1"), s.AskMerge(ctx, 1, 7, "h2"),
				s.Expose(ctx, 1, 7, "b.yaml", "dev"), s.Expose(ctx, 1, 7, "a.yaml", "dev"), s.Expose(ctx, 1, 7, "b.yaml", "prod"),
				s.KeepForm(ctx, "f", []byte(`{"a":1}`)),
			)
		}
		storetest.Exec(t, s, "DELETE FROM actions")
		for _, c := range []struct {
			what, want string
			get        func() (string, bool, error)
		}{
			{"a closed promotion", "new", func() (string, bool, error) { return s.ClosedPromotion(ctx, 1, "b") }},
			{"an automation", "first", func() (string, bool, error) { return s.Automated(ctx, 1, "staging", "web") }},
			{"a merge", "h2", func() (string, bool, error) { return s.AskedMerge(ctx, 1, 7) }},
			{"a form", `{"a":1}`, func() (string, bool, error) { f, ok, err := s.Form(ctx, "f"); return string(f), ok, err }},
		} {
			if got, ok, err := c.get(); got != c.want || !ok || err != nil {
				t.Errorf("%s is %q, %t, %v", c.what, got, ok, err)
			}
		}
		for repo, want := range map[int64]bool{1: true, 2: false} {
			if has, err := s.HasCommit(ctx, repo, "c0ffee"); has != want || err != nil {
				t.Errorf("commit of %d: %t, %v", repo, has, err)
			}
		}
		must(s.ReopenPromotion(ctx, 1, "b"), s.DropMerge(ctx, 1, 7), s.DropForm(ctx, "f"))
		_, closed, err1 := s.ClosedPromotion(ctx, 1, "b")
		_, asked, err2 := s.AskedMerge(ctx, 1, 7)
		_, form, err3 := s.Form(ctx, "f")
		if must(err1, err2, err3); closed || asked || form {
			t.Errorf("still there: %t %t %t", closed, asked, form)
		}
		exposures(t, s, []gitops.Exposure{{Path: "b.yaml", Environment: "dev"}, {Path: "a.yaml", Environment: "dev"}, {Path: "b.yaml", Environment: "prod"}})
		must(s.Unexpose(ctx, 1, 7, "b.yaml"))
		exposures(t, s, []gitops.Exposure{{Path: "b.yaml", Environment: "dev", Changed: true}, {Path: "a.yaml", Environment: "dev"}, {Path: "b.yaml", Environment: "prod", Changed: true}})
		must(s.Expose(ctx, 1, 7, "b.yaml", "dev")) // it counts anew
		exposures(t, s, []gitops.Exposure{{Path: "b.yaml", Environment: "dev"}, {Path: "a.yaml", Environment: "dev"}, {Path: "b.yaml", Environment: "prod"}})
	})
}

func exposures(t *testing.T, s *store.Store, want []gitops.Exposure) {
	t.Helper()
	got, err := s.Exposures(t.Context(), 1, 7)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("exposures: %v %s", err, d)
	}
}
