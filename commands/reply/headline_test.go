package reply

import (
	"fmt"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestTitleEnvironments names six environments and counts the others.
func TestTitleEnvironments(t *testing.T) {
	for n, want := range map[int]string{
		6: "6 of 6 overlays change (1 in e5, 1 in e4, 1 in e3, 1 in e2, 1 in e1, 1 in e0)",
		7: "7 of 7 overlays change (1 in e6, 1 in e5, 1 in e4, 1 in e3, 1 in e2, 1 in e1, 1 more environment)",
		8: "8 of 8 overlays change (1 in e7, 1 in e6, 1 in e5, 1 in e4, 1 in e3, 1 in e2, 2 more environments)",
	} {
		r := gitops.Report{Considered: n}
		for i := range n {
			env := fmt.Sprintf("e%d", i)
			r.Environments = append(r.Environments, env)
			r.Overlays = append(r.Overlays, gitops.OverlayChange{Overlay: gitops.Overlay{Path: env, Environment: env}, Status: gitops.Changed})
		}
		if got := Title(r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
