package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// TestHolds holds an environment and an app of it, holds again with another reason, and
// releases one.
func TestHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		holds := func(repo int64, want ...gitops.Hold) {
			t.Helper()
			got, err := s.Holds(t.Context(), repo)
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("holds: %v %s", err, d)
			}
		}
		whole := gitops.Hold{Repo: 1, Environment: "staging", Reason: "load 'test'; --", Login: "ada", Since: at}
		app := gitops.Hold{Repo: 1, Environment: "staging", App: "web", Login: "bob", Since: at, Automatic: true}
		other := gitops.Hold{Repo: 1, Environment: "prod", Login: "ada", Since: at}
		foreign := gitops.Hold{Repo: 2, Environment: "staging", Login: "eve", Since: at}
		holds(1)
		for _, h := range []gitops.Hold{app, whole, other, foreign} {
			if err := s.Hold(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
		holds(1, other, whole, app)
		app.Reason, app.Automatic, app.Since = "again", false, at.Add(time.Hour)
		if err := s.Hold(t.Context(), app); err != nil {
			t.Fatal(err)
		}
		holds(1, other, whole, app)
		for i, want := range []bool{true, false} {
			if was, err := s.Unhold(t.Context(), 1, "staging", ""); was != want || err != nil {
				t.Errorf("unhold %d: %t, %v", i, was, err)
			}
		}
		holds(1, other, app)
		holds(2, foreign)
	})
}
