package argocd

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/sealift/sealift/gitops"
)

// maxNotes is how many notes one document has.
const maxNotes = 100

// who names the document at the head of a message.
func (w *work) who() string { return w.doc.Kind + " " + gitops.Quote(w.doc.Name) }

// say notes something about the document, once.
func (w *work) say(severity gitops.Severity, line int, format string, args ...any) {
	w.sayIn(w.doc.File, severity, line, format, args...)
}

// sayIn is say for a place in another file.
func (w *work) sayIn(file string, severity gitops.Severity, line int, format string, args ...any) {
	f := gitops.Finding{
		Rule: RuleName, Severity: severity, File: file, Line: line,
		Message: w.who() + " " + fmt.Sprintf(format, args...),
	}
	if len(w.out.Notes) < maxNotes && !slices.ContainsFunc(w.out.Notes, func(o gitops.Finding) bool {
		return o.Message == f.Message && o.File == f.File && o.Line == f.Line
	}) {
		w.out.Notes = append(w.out.Notes, f)
	}
}

// opaque adds something that is deployed and cannot be rendered.
func (w *work) opaque(reason gitops.Reason, line int, reads []string, key, format string, args ...any) {
	w.out.Opaque = append(w.out.Opaque, gitops.Opaque{
		Reason: reason, Message: w.who() + " " + fmt.Sprintf(format, args...),
		File: w.doc.File, Line: line, Reads: reads, Key: key,
	})
}

// maxSteps is how much all documents of a tree may take: a step is a match of a pattern,
// a set of parameters, or a few dozen bytes that a template writes.
const maxSteps = 20_000_000

// steps counts them.
type steps struct{ n atomic.Int64 }

// spend takes n steps and reports whether there are any left.
func (w *work) spend(n int) bool { return w.room.spent.n.Add(int64(n)) <= maxSteps }
