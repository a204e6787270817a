package ghapp_test

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

// TestMergePull merges what is still the head, and says apart what another attempt may
// change and what it may not.
func TestMergePull(t *testing.T) {
	w := newWorld(t, hub.Options{EagerMerge: true})
	n := w.pull("one")
	head := w.Tip(repository, "one")
	wantCode(t, w.repo.MergePull(t.Context(), n, "one"), gitops.Invalid)
	wantCode(t, w.repo.MergePull(t.Context(), n, strings.Repeat("0", 40)), gitops.Stale)
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"ci"}}))
	wantCode(t, w.repo.MergePull(t.Context(), n, head), gitops.Invalid)
	must(t, w.dev.SetStatus(t.Context(), repository, head, "ci", "success"))
	must(t, w.repo.MergePull(t.Context(), n, head))
	p, err := w.repo.Pull(t.Context(), n)
	if must(t, err); !p.Merged {
		t.Errorf("not merged: %+v", p)
	}
	wantCode(t, w.repo.MergePull(t.Context(), n, head), gitops.Invalid)
}
