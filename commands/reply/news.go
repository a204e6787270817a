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

// also says what else tells an overlay apart from others of its path: the overlay that it
// is a part of, or who deploys it where several do; "" when its path is enough.
func also(r gitops.Report, o gitops.OverlayChange) string {
	if o.PartOf != "" {
		return "part of " + short(o.PartOf, maxName)
	}
	if o.DeployedBy == nil {
		return ""
	}
	n := 0
	for _, other := range r.Overlays {
		if other.Path == o.Path {
			n++
		}
	}
	if n < 2 {
		return ""
	}
	return o.DeployedBy.Kind + " " + short(o.DeployedBy.Name, 60)
}

// news lists what happens to units and deployers beside the objects.
func (w writer) news() []section {
	s := section{open: "Set up differently:\n\n", close: "\n"}
	for i, o := range w.r.Overlays {
		for _, line := range unitLines(o) {
			s.pieces = append(s.pieces, piece{text: "- " + code(o.Path) + ": <code>" + escape(line, 1000) + "</code>\n", overlays: []int{i}})
		}
	}
	for _, n := range w.r.News {
		s.pieces = append(s.pieces, piece{text: "- " + code(place(n.File, n.Line, 0)) + ": <code>" + escape(oneLine(n.Message), 1000) + "</code>\n"})
	}
	return s.list()
}

// unread lists the changed files that look deployed and that no unit reads.
func (w writer) unread() []section {
	if unreadManifests(w.r) == 0 {
		return nil
	}
	s := section{open: "Changed, and deployed by nothing known here:\n\n", close: "\n"}
	for i, p := range w.r.Ledger.UnreadManifests {
		if i == maxUnread {
			s.pieces = append(s.pieces, piece{text: fmt.Sprintf("- and %d more\n", len(w.r.Ledger.UnreadManifests)-i)})
			break
		}
		s.pieces = append(s.pieces, piece{text: "- " + code(p) + "\n"})
	}
	return s.list()
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
