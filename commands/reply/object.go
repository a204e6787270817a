package reply

import (
	"fmt"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// diffs are the changed objects, those of the same overlays in one fold.
func (w writer) diffs() []section {
	all := groups(w.r.Overlays)
	lines := 0
	for _, g := range all {
		for _, o := range g.objects {
			lines += strings.Count(o.Diff, "\n")
		}
	}
	attr := ""
	if lines <= openLines {
		attr = " open"
	}
	var out []section
	for _, g := range all {
		const fold = "<details%s><summary>%s</summary>\n\n%s"
		title := w.groupTitle(g)
		s := section{
			open:   fmt.Sprintf(fold, attr, title, w.groupNames(g)),
			reopen: fmt.Sprintf(fold, attr, title+", continued", ""),
			close:  "</details>\n\n",
		}
		for _, o := range g.objects {
			s.pieces = append(s.pieces, w.object(o, g.overlays))
		}
		if len(g.overlays) > maxNamed {
			s.pieces = append(s.pieces, piece{text: "It is the same in " + w.namesIn(g.overlays, w.opts.MaxBytes/8) + ".\n\n", overlays: g.overlays})
		}
		out = append(out, s.list()...)
	}
	return out
}

// groupTitle names the overlay of a group, or how many they are and the first.
func (w writer) groupTitle(g group) string {
	title := w.unitName(g.overlays[0])
	if n := len(g.overlays) - 1; n > 0 {
		title += " and " + count(n, "more overlay")
	}
	return title + ": " + objectCounts(g.objects)
}

// groupNames lists the overlays of a group that has several.
func (w writer) groupNames(g group) string {
	if len(g.overlays) == 1 {
		return ""
	}
	text := "The same in " + count(len(g.overlays), "overlay") + ", which are listed below."
	if len(g.overlays) <= maxNamed {
		text = "The same in " + w.names(g.overlays) + "."
	}
	if g.differs {
		text += " The lines around are those of the first."
	}
	return text + "\n\n"
}

// object is one object with its diff. It can be cut at a line.
func (w writer) object(o gitops.ObjectChange, overlays []int) piece {
	lines := diffLines(named(o))
	title := objectTitle(o)
	if len(lines) == 0 {
		return piece{text: title + "\n\n", overlays: overlays}
	}
	if w.brief && len(lines) > briefOver && (o.Status == gitops.Added || o.Status == gitops.Removed) {
		return piece{text: w.firstLines(title, lines, briefLines), overlays: overlays}
	}
	whole := title + "\n\n" + fence(strings.Join(lines, "\n")) + "\n"
	return piece{text: whole, overlays: overlays, cut: func(limit int) string {
		return w.cutObject(title, lines, limit)
	}}
}

// named returns the diff of an object with the fields in place of the line numbers, which
// are those of a file that nobody has.
func named(o gitops.ObjectChange) string {
	var b strings.Builder
	n := 0
	for line := range strings.Lines(o.Diff) {
		if strings.HasPrefix(line, "@@ ") {
			if n < len(o.Fields) && o.Fields[n] != "" {
				line = "@@ " + oneLine(o.Fields[n]) + " @@\n"
			}
			n++
		}
		b.WriteString(line)
	}
	return b.String()
}

// cutObject writes the first lines of a diff, as many as fit in limit bytes, and
// says how many are left out. It returns "" when not even a few fit.
func (w writer) cutObject(title string, lines []string, limit int) string {
	ticks := 0
	for _, l := range lines {
		ticks = max(ticks, longestRun(l))
	}
	room := limit - len(title) - 2*ticks - 400 - len(w.opts.FullURL)
	n := 0
	for n < len(lines) && room >= len(lines[n])+1 {
		room -= len(lines[n]) + 1
		n++
	}
	if n < min(len(lines), 10) {
		return ""
	}
	return w.firstLines(title, lines, n)
}

// Of a brief object: how many lines it may have, and how many of more are shown.
const (
	briefOver  = 40
	briefLines = 15
)

// firstLines writes the first n lines of a diff and says how many are left out.
func (w writer) firstLines(title string, lines []string, n int) string {
	return fmt.Sprintf("%s\n\n%s\n%d of %d lines are left out. %s\n\n", title, fence(strings.Join(lines[:n], "\n")),
		len(lines)-n, len(lines), w.whole())
}

// whole says where the whole report is.
func (w writer) whole() string {
	text := ""
	if w.opts.FullURL != "" {
		text = "See the " + link("full report", w.opts.FullURL) + ". "
	}
	if w.r.Base == "" || w.r.Head == "" {
		return text
	}
	return fmt.Sprintf("%s<code>bot diff %s..%s</code> prints everything.", text, escape(shortID(w.r.Base), 40), escape(shortID(w.r.Head), 40))
}

// objectTitle names an object and says what happens to it.
func objectTitle(o gitops.ObjectChange) string {
	title := code(o.Kind + " " + objectName(o))
	switch o.Status {
	case gitops.Renamed:
		title += " renamed from " + code(o.RenamedFrom)
	case gitops.Changed:
	default:
		title += " " + string(o.Status)
	}
	if o.Diff == "" {
		title += unseen(o)
	}
	return title
}

// unseen says why an object that changes has no diff.
func unseen(o gitops.ObjectChange) string {
	switch {
	case o.Masked:
		return ": a secret value changes"
	case o.Status == gitops.Renamed:
		return ": nothing else changes"
	}
	return ": only the form of the YAML changes"
}

// objectName returns an object's namespace and name.
func objectName(o gitops.ObjectChange) string {
	return strings.TrimPrefix(o.Namespace+"/"+o.Name, "/")
}
