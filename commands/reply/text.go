package reply

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

// TextOptions are how to write text for a terminal.
type TextOptions struct {
	// Color turns ANSI colours on.
	Color bool
	// Width is how many columns there are, 0 when that is not known. The table
	// is cut to it; diffs are not.
	Width int
}

// The colours, as git uses them.
const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	cyan  = "\x1b[36m"
	reset = "\x1b[m"
)

// Text writes a report for a terminal. No byte of the repository reaches it that
// a terminal would obey.
func Text(w io.Writer, r gitops.Report, opts TextOptions) error {
	t := &terminal{w: bufio.NewWriter(w), r: r, opts: opts, who: ambiguous(r.Overlays)}
	t.line(t.paint(bold, headline(r, plainName)))
	t.failures(gitops.RenderErrorAfter, red)
	t.failures(gitops.RenderErrorBoth, "")
	t.allow()
	t.table()
	t.moved()
	t.news()
	if list := unsaid(r); len(list) > 0 {
		t.line("")
		t.findings(list)
	}
	for _, g := range groups(r.Overlays) {
		t.group(g)
	}
	return t.end()
}

// Findings writes what the rules say, a line each:
// "file:line:column: severity: message (rule)".
func Findings(w io.Writer, findings []gitops.Finding, opts TextOptions) error {
	t := &terminal{w: bufio.NewWriter(w), opts: opts}
	t.findings(findings)
	return t.end()
}

// terminal writes text. Its methods never fail: a bufio.Writer keeps the first
// error for the end.
type terminal struct {
	w    *bufio.Writer
	r    gitops.Report
	opts TextOptions
	// who deploys those overlays that share their path with others, by index.
	who map[int]*gitops.Deployer
}

// end writes what is buffered and returns the first error.
func (t *terminal) end() error {
	if err := t.w.Flush(); err != nil {
		return gitops.Errorf(gitops.Unavailable, "output: %w", err)
	}
	return nil
}

// line writes one line.
func (t *terminal) line(s string) {
	t.w.WriteString(s)
	t.w.WriteByte('\n')
}

// paint returns s in a colour.
func (t *terminal) paint(color, s string) string {
	if !t.opts.Color || color == "" || s == "" {
		return s
	}
	return color + s + reset
}

// failures lists what does not render and why.
func (t *terminal) failures(status gitops.Status, color string) {
	for _, f := range failures(t.r.Overlays, status) {
		verb := "does not render, before and after"
		if status == gitops.RenderErrorAfter {
			verb = brokenVerb(f.isNew, 1)
		}
		t.line("")
		for _, i := range f.overlays {
			t.line(t.paint(color, t.unitName(i)+" "+verb))
		}
		where := visible(place(f.err.File, f.err.Line, f.err.Column), "")
		if where != "" {
			where = t.paint(bold, where) + f.more() + ": "
		}
		t.line("  " + where + visible(oneLine(f.err.Message), ""))
		if h := hint(t.r, f.err); h != "" {
			t.line("  " + visible(oneLine(h), ""))
		}
	}
}

// allow tells at once how all remotes are allowed that kept something from being
// rendered, where that is more than the one that a failure tells.
func (t *terminal) allow() {
	if list := allowRemotes(t.r); len(list) > 1 {
		t.line("")
		t.line("What is not allowed yet can be fetched with " + strings.Join(list, " "))
	}
}

// table lists what changes in each overlay.
func (t *terminal) table() {
	rows := [][]string{}
	for _, o := range t.r.Overlays {
		if !tabled(o) {
			continue
		}
		rows = append(rows, []string{short(o.Path, maxName), short(o.App, 40), short(o.Environment, 40), overlayNews(o) + textPart(o), textImages(o.Images)})
	}
	if len(rows) == 0 {
		return
	}
	t.line("")
	head := []string{"OVERLAY", "APP", "ENVIRONMENT", "OBJECTS", "IMAGES"}
	widths := columnWidths(append([][]string{head}, rows...))
	t.line(t.paint(dim, t.row(head, widths)))
	for _, row := range rows {
		t.line(t.row(row, widths))
	}
}

// textPart says of what an overlay is a part, "" for a whole one.
func textPart(o gitops.OverlayChange) string {
	if o.PartOf == "" {
		return ""
	}
	return ", part of " + short(o.PartOf, 60) + ", which does not render"
}

// columnWidths returns the width of each column, 0 for one that is empty below
// its head.
func columnWidths(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows[1:] {
		for i, cell := range row {
			if cell != "" {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell), utf8.RuneCountInString(rows[0][i]))
			}
		}
	}
	return widths
}

// row aligns one row, cut to the width of the terminal.
func (t *terminal) row(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		if widths[i] > 0 {
			fmt.Fprintf(&b, "%-*s  ", widths[i], cell)
		}
	}
	s := []rune(strings.TrimRight(b.String(), " "))
	if t.opts.Width > 0 && len(s) > t.opts.Width {
		return string(s[:t.opts.Width-1]) + "…"
	}
	return string(s)
}

// textImages lists image changes.
func textImages(all []gitops.ImageChange) string {
	var parts []string
	for _, c := range all[:min(len(all), maxImages)] {
		text := short(imageName(c.Name, all), 100) + " "
		from, to := short(shortDigest(c.Old), 60), short(shortDigest(c.New), 60)
		switch {
		case c.Old == "":
			text += to + " (new)"
		case c.New == "":
			text += from + " (gone)"
		default:
			text += from + " -> " + to
		}
		parts = append(parts, text)
	}
	if n := len(all) - maxImages; n > 0 {
		parts = append(parts, fmt.Sprintf("%d more", n))
	}
	return strings.Join(parts, ", ")
}

// moved lists the directories that moved.
func (t *terminal) moved() {
	first := true
	for _, o := range t.r.Overlays {
		if o.Status != gitops.Moved {
			continue
		}
		if first {
			t.line("")
			first = false
		}
		what := "same output"
		if len(o.Objects) > 0 {
			what = objectCounts(o.Objects)
		}
		t.line(fmt.Sprintf("moved %s -> %s: %s", short(o.MovedFrom, maxName), short(o.Path, maxName), what))
	}
}

// findings lists what the rules say.
func (t *terminal) findings(list []gitops.Finding) {
	for _, f := range list {
		where := visible(place(f.File, f.Line, f.Column), "")
		if where != "" {
			where = t.paint(bold, where) + ": "
		}
		color := ""
		if f.Severity == gitops.SeverityError {
			color = red
		}
		t.line(fmt.Sprintf("%s%s: %s (%s)", where, t.paint(color, visible(string(f.Severity), "")), visible(oneLine(f.Message), ""), visible(f.Rule, "")))
		if f.Fix != "" {
			t.line("  " + visible(oneLine(f.Fix), ""))
		}
	}
}

// unitName names an overlay, with who deploys it where others have the same path.
func (t *terminal) unitName(i int) string {
	name := t.r.Overlays[i].Path
	if d := t.who[i]; d != nil {
		name += " (" + d.Kind + " " + d.Name
		if d.Cluster != "" {
			name += " to " + d.Cluster
		}
		name += ")"
	}
	return visible(name, "")
}

// group writes the objects that the same overlays change.
func (t *terminal) group(g group) {
	t.line("")
	for n, i := range g.overlays {
		if n == maxNamed && len(g.overlays) > maxNamed+1 {
			t.line(t.paint(bold, fmt.Sprintf("=== and %d more", len(g.overlays)-n)))
			break
		}
		t.line(t.paint(bold, "=== "+t.unitName(i)))
	}
	if g.differs {
		t.line(t.paint(dim, "(the lines around what changes are those of the first)"))
	}
	for _, o := range g.objects {
		t.object(o)
	}
}

// object writes one object with its diff.
func (t *terminal) object(o gitops.ObjectChange) {
	title := short(o.Kind, 100) + " " + short(objectName(o), maxName)
	note := string(o.Status)
	if o.Status == gitops.Renamed {
		note += " from " + short(o.RenamedFrom, maxName)
	}
	if o.Diff == "" {
		note += unseen(o)
	}
	t.line("")
	t.line(t.paint(bold, title) + " " + t.paint(dim, "("+note+")"))
	for _, l := range diffLines(o.Diff) {
		t.line(t.paint(lineColor(l), l))
	}
}

// lineColor returns the colour of a line of a unified diff.
func lineColor(line string) string {
	switch {
	case strings.HasPrefix(line, "+"):
		return green
	case strings.HasPrefix(line, "-"):
		return red
	case strings.HasPrefix(line, "@@ "):
		return cyan
	}
	return ""
}
