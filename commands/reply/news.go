package reply

import (
	"fmt"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// gone says what becomes of the objects that are not deployed any more, "" for none.
func gone(g *gitops.Gone) string {
	if g == nil || g.Objects == 0 {
		return ""
	}
	n := g.Objects - g.Kept
	if n == 0 && g.Outcome != gitops.PruneKeep {
		return count(g.Kept, "object") + " " + plural(g.Kept, "is", "are") + " kept by an annotation"
	}
	var b strings.Builder
	switch g.Outcome {
	case gitops.PruneDelete:
		fmt.Fprintf(&b, "%s %s deleted", count(n, "object"), plural(n, "is", "are"))
	case gitops.PruneKeep:
		n = g.Objects
		fmt.Fprintf(&b, "%s %s left behind", count(n, "object"), plural(n, "is", "are"))
	default:
		fmt.Fprintf(&b, "%s may be deleted", count(n, "object"))
	}
	var claims []string
	for _, c := range g.Claims {
		claims = append(claims, count(c.Count, visible(c.Kind, "")))
	}
	if len(claims) > 0 {
		b.WriteString(", " + strings.Join(claims, " and ") + " among them")
	}
	if g.Kept > 0 && g.Outcome != gitops.PruneKeep {
		fmt.Fprintf(&b, "; %d %s kept by an annotation", g.Kept, plural(g.Kept, "is", "are"))
	}
	return b.String()
}

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
