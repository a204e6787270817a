package reply

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/sealift/sealift/gitops/promote"
)

// PromotionText writes a plan for a terminal. No byte of the repository reaches it
// that a terminal would obey.
func PromotionText(w io.Writer, p *promote.Plan, opts TextOptions) error {
	t := &terminal{w: bufio.NewWriter(w), opts: opts}
	t.line(t.paint(bold, planHeadline(p)))
	for _, r := range p.Refused {
		t.line(t.paint(red, "refused by "+visible(r.Rule, "")+": ") + visible(oneLine(r.Message), ""))
	}
	t.planTable(p)
	t.planEdits(p)
	for _, part := range []struct {
		title string
		list  func(promote.AppPlan) []promote.Withheld
	}{{"withheld", func(a promote.AppPlan) []promote.Withheld { return a.Withheld }}, {"to check", func(a promote.AppPlan) []promote.Withheld { return a.Checks }}} {
		t.planNotes(p, part.title, part.list)
	}
	t.planConflicts(p)
	return t.end()
}

// planHeadline says what moves from where to where, in numbers.
func planHeadline(p *promote.Plan) string {
	edits, files := 0, map[string]bool{}
	for _, a := range p.Apps {
		edits += len(a.Edits)
		for f := range a.Files {
			files[f] = true
		}
	}
	s := fmt.Sprintf("promote %s -> %s", short(p.From, 40), short(p.To, 40))
	if p.At != "" {
		s += " at " + visible(p.At[:min(len(p.At), 12)], "")
	}
	if edits == 0 && len(files) == 0 {
		return s + ": nothing to promote"
	}
	return s + ": " + count(edits, "edit") + " in " + count(len(files), "file")
}

// planTable lists what moves of each app.
func (t *terminal) planTable(p *promote.Plan) {
	rows := [][]string{{"APP", "FROM", "TO", "MOVES"}}
	for _, a := range p.Apps {
		rows = append(rows, []string{short(a.App, 60), short(p.From, 40), short(p.To, 40), planMoves(p, a)})
	}
	if len(rows) == 1 {
		return
	}
	widths := columnWidths(rows)
	t.line("")
	for i, row := range rows {
		line := t.row(row, widths)
		if i == 0 {
			line = t.paint(dim, line)
		}
		t.line(line)
	}
}

// planMoves says in a few words what moves of an app.
func planMoves(p *promote.Plan, a promote.AppPlan) string {
	version := short(shortDigest(a.NewVersion), 60)
	switch {
	case a.Removed:
		return "nothing: " + short(p.From, 40) + " does not have it any more"
	case a.Missing:
		return "nothing: " + short(p.To, 40) + " does not have it; --create copies it"
	case len(a.Edits) == 0 && len(a.Withheld)+len(a.Conflicts) > 0:
		return "nothing, see below"
	case len(a.Edits) == 0 && versionsOnly(a) && version != "":
		return "nothing: same version, " + version
	case len(a.Edits) == 0 && versionsOnly(a):
		return "nothing: no version to carry"
	case len(a.Edits) == 0 && version != "":
		return "nothing: equal already, at " + version
	case len(a.Edits) == 0:
		return "nothing: equal already"
	}
	before, edits := short(shortDigest(a.Version), 60), count(len(a.Edits), "edit")
	switch {
	case version == "" || before == version: // the first of several may be the same
		return edits
	case before == "":
		return version + " (" + edits + ")"
	}
	return before + " -> " + version + " (" + edits + ")"
}

// versionsOnly reports whether versions are all that was looked at: what else differs
// cannot be told from what is meant to, without a promotion to go by.
func versionsOnly(a promote.AppPlan) bool {
	return a.LastPromoted == "" && !a.Missing && !a.Removed && !a.Created
}

// planEdits lists every value that moves, by file.
func (t *terminal) planEdits(p *promote.Plan) {
	var first []string
	for _, a := range p.Apps {
		file := ""
		for _, e := range a.Edits {
			if e.File != file {
				file = e.File
				t.line("")
				t.line(t.paint(cyan, short(file, maxName)))
			}
			t.line("  " + planEdit(e))
		}
		if versionsOnly(a) {
			first = append(first, short(a.App, 60))
		}
	}
	if len(first) > 0 {
		t.line("")
		t.line(t.paint(dim, fmt.Sprintf("only versions are carried, because no promotion from %s to %s is recorded: %s", short(p.From, 40), short(p.To, 40), strings.Join(first, ", "))))
	}
}

// planEdit is one edit on one line. The key is shown where the path does not say it.
func planEdit(e promote.Edit) string {
	switch e.Kind {
	case promote.FileAdded:
		return "added"
	case promote.FileRemoved:
		return "removed"
	case promote.FileCopied:
		return "copied whole"
	}
	change := planValue(e.Old) + " -> " + planValue(e.New)
	switch {
	case e.Old == "":
		change = planValue(e.New) + " (new)"
	case e.New == "":
		change = planValue(e.Old) + " (gone)"
	}
	if e.Key != "" && e.Key != e.Path {
		return short(e.Path, maxName) + "  " + change + "  " + short(e.Key, maxName)
	}
	return short(e.Path, maxName) + "  " + change
}

// planValue shows a value on one line.
func planValue(s string) string { return short(oneLine(strings.TrimSpace(s)), 120) }

// planNotes prints a list under a title; an empty one prints neither.
func (t *terminal) planNotes(p *promote.Plan, title string, list func(promote.AppPlan) []promote.Withheld) {
	first := true
	for _, a := range p.Apps {
		for _, w := range list(a) {
			if a.Missing {
				continue // the table says so
			}
			if first {
				t.line("")
				t.line(t.paint(bold, title))
				first = false
			}
			t.line("  " + planPlace(w.File, w.Path) + ": " + visible(oneLine(w.Reason), ""))
		}
	}
}

// planPlace is a file, with the path in it where there is one.
func planPlace(file, path string) string {
	if path == "" {
		return short(file, maxName)
	}
	return short(file, maxName) + " " + short(path, maxName)
}

// planConflicts prints the three values of each conflict, and once how to decide them.
func (t *terminal) planConflicts(p *promote.Plan) {
	first := true
	for _, a := range p.Apps {
		for _, c := range a.Conflicts {
			if first {
				t.line("")
				t.line(t.paint(red, "conflicts") + ": both sides changed these; --take source or --take target decides, --take FILE:PATH=source one of them")
				first = false
			}
			t.line("  " + planPlace(c.File, c.Path))
			t.line(fmt.Sprintf("    was %s, %s has %s, %s has %s", planOr(c.Base), short(p.From, 40), planOr(c.Source), short(p.To, 40), planOr(c.Target)))
		}
	}
}

// planOr is a value of a conflict; a side may have none.
func planOr(s string) string {
	if s = planValue(s); s == "" {
		return "nothing"
	}
	return s
}
