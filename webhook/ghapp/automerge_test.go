package ghapp_test

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub"
)

// TestAutoMerge lets GitHub merge what its branch does not let through yet, and takes
// that back.
func TestAutoMerge(t *testing.T) {
	w := newWorld(t, hub.Options{EagerMerge: true})
	n := w.pull("one")
	head := w.Tip(repository, "one")
	merged := func(want bool) {
		t.Helper()
		p, err := w.repo.Pull(t.Context(), n)
		if must(t, err); p.Merged != want {
			t.Errorf("merged: %t, want %t", p.Merged, want)
		}
	}
	wantCode(t, w.repo.AutoMerge(t.Context(), n, "one"), gitops.Invalid)
	wantCode(t, w.repo.AutoMerge(t.Context(), 99, head), gitops.NotFound)
	wantCode(t, w.repo.AutoMerge(t.Context(), n, head), gitops.Invalid) // nothing is missing
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"ci"}}))
	wantCode(t, w.repo.AutoMerge(t.Context(), n, strings.Repeat("0", 40)), gitops.Stale)
	must(t, w.AllowAutoMerge(repository, false))
	wantCode(t, w.repo.AutoMerge(t.Context(), n, head), gitops.Invalid)
	must(t, w.AllowAutoMerge(repository, true))
	wantCode(t, w.open(ghapp.RenderPermissions()).AutoMerge(t.Context(), n, head), gitops.Denied)

	must(t, w.repo.AutoMerge(t.Context(), n, head))
	must(t, w.repo.CancelAutoMerge(t.Context(), n))
	must(t, w.repo.CancelAutoMerge(t.Context(), n)) // there is nothing to take back
	must(t, w.dev.SetStatus(t.Context(), repository, head, "ci", "success"))
	merged(false)
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"ci", "more"}}))
	must(t, w.repo.AutoMerge(t.Context(), n, head))
	must(t, w.dev.SetStatus(t.Context(), repository, head, "more", "success"))
	merged(true)
	must(t, w.repo.CancelAutoMerge(t.Context(), n))
	if w.meter.calls["POST /graphql"] == nil {
		t.Errorf("operations: %v", w.meter.calls)
	}
}

// TestAutoMergeQueue uses the merge queue of a branch: at once, or when what is missing
// is there.
func TestAutoMergeQueue(t *testing.T) {
	w := newWorld(t, hub.Options{EagerMerge: true})
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"ci"}, Queue: true}))
	n := w.pull("one")
	head := w.Tip(repository, "one")
	wantCode(t, w.repo.MergePull(t.Context(), n, head), gitops.Invalid)
	group := "gh-readonly-queue/main/pr-1-" + w.Tip(repository, "main")
	queued := func() bool { return w.Tip(repository, group) != "" }
	must(t, w.repo.AutoMerge(t.Context(), n, head))
	if queued() {
		t.Error("queued without the check that the branch requires")
	}
	must(t, w.dev.SetStatus(t.Context(), repository, head, "ci", "success"))
	if !queued() {
		t.Error("not queued")
	}
	must(t, w.repo.AutoMerge(t.Context(), n, head)) // it is there already
	must(t, w.repo.CancelAutoMerge(t.Context(), n))
	if queued() {
		t.Error("queued still")
	}
	must(t, w.repo.AutoMerge(t.Context(), n, head))
	if !queued() {
		t.Error("not queued again")
	}
}

// TestGraphQLFaults tells what another attempt may change from what it may not.
func TestGraphQLFaults(t *testing.T) {
	w := newWorld(t, hub.Options{EagerMerge: true})
	n := w.pull("one")
	head := w.Tip(repository, "one")
	for body, code := range map[string]gitops.Code{
		`{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`:                     gitops.Limited,
		`{"errors":[{"message":"Field 'x' doesn't exist on type 'Mutation'"}]}`:                        gitops.Invalid,
		`{"errors":[{"type":"INTERNAL","message":"Something went wrong while executing your query"}]}`: gitops.Unavailable,
	} {
		remove := w.Fault(hub.Fault{Path: "/api/graphql", Status: 200, Body: body})
		err := w.repo.AutoMerge(t.Context(), n, head)
		remove()
		wantCode(t, err, code)
	}
	remove := w.Fault(hub.Fault{Path: "/api/graphql", Status: 502})
	defer remove()
	wantCode(t, w.repo.AutoMerge(t.Context(), n, head), gitops.Unavailable)
}
