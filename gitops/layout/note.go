package layout

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// RuleName is the rule of every finding in [Layout.Notes].
const RuleName = "layout"

// maxNotes is how many notes one layout has; the rest is counted.
const maxNotes = 200

// notes collects what could not be understood.
type notes struct {
	list []gitops.Finding
	seen map[string]bool
	more int
}

// add notes something about a line of a file, once.
func (n *notes) add(file string, line int, fix, format string, args ...any) {
	n.put(gitops.Finding{Severity: gitops.SeverityNote, File: file, Line: line, Message: fmt.Sprintf(format, args...), Fix: fix})
}

// put notes a finding, once.
func (n *notes) put(f gitops.Finding) {
	f.Rule = cmp.Or(f.Rule, RuleName)
	key := fmt.Sprint(f.File, "\x00", f.Line, "\x00", f.Message)
	if n.seen[key] {
		return
	}
	if len(n.list) == maxNotes {
		n.more++
		return
	}
	if n.seen == nil {
		n.seen = map[string]bool{}
	}
	n.seen[key] = true
	n.list = append(n.list, f)
}

// unread notes what the tree itself could not look at: a directory on disk may have
// others that its user may not read.
func (n *notes) unread(t gitops.Tree) {
	partial, ok := t.(interface{ Unread() []string })
	if !ok {
		return
	}
	for _, p := range partial.Unread() {
		n.add(p, 0, "make it readable, and look again", "%s cannot be read: what is deployed from there is not known", gitops.Quote(p))
	}
}

// sorted returns the notes in the order of files, and last how many were left out.
func (n *notes) sorted() []gitops.Finding {
	slices.SortStableFunc(n.list, func(a, b gitops.Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	if n.more > 0 {
		n.list = append(n.list, gitops.Finding{
			Rule: RuleName, Severity: gitops.SeverityNote, Message: fmt.Sprintf("%d more notes are left out", n.more),
		})
	}
	return n.list
}
