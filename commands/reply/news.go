package reply

import (
	"fmt"

	"github.com/sealift/sealift/gitops"
)

// gone says what becomes of the objects that are not deployed any more, "" for none.
func gone(g *gitops.Gone) string { return visible(g.String(), "") }

// unitLines are what happens to the unit of an overlay beside its objects, a sentence each.
func unitLines(o gitops.OverlayChange) []string {
	var list []string
	for _, n := range o.News {
		list = append(list, visible(oneLine(n), ""))
	}
	if s := gone(o.Gone); s != "" {
		list = append(list, s)
	}
	return list
}

// news writes what happens to units and deployers beside the objects.
func (t *terminal) news() {
	for _, o := range t.r.Overlays {
		for i, line := range unitLines(o) {
			if i == 0 {
				t.line("")
				t.line(t.paint(bold, visible(o.Path, "")))
			}
			t.line("  " + line)
		}
	}
	if len(t.r.News) > 0 {
		t.line("")
	}
	for _, n := range t.r.News {
		t.line(t.paint(bold, visible(place(n.File, n.Line, 0), "")) + ": " + visible(oneLine(n.Message), ""))
	}
	if t.r.Ledger != nil && len(t.r.Ledger.UnreadManifests) > 0 {
		t.line("")
		t.line(t.paint(bold, "deployed by nothing known here:"))
		for i, p := range t.r.Ledger.UnreadManifests {
			if i == maxUnread {
				t.line(fmt.Sprintf("  and %d more", len(t.r.Ledger.UnreadManifests)-i))
				break
			}
			t.line("  " + visible(p, ""))
		}
	}
}

// maxUnread is how many files that nothing deploys are named.
const maxUnread = 10
