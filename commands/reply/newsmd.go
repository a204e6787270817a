package reply

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// gone lists the units that do not deploy objects any more, where those are deleted or
// may be.
func (w writer) gone() []section {
	const open = "> [!WARNING]\n"
	s := section{open: open, reopen: open, close: "\n"}
	for i, o := range w.r.Overlays {
		if deletes(o) {
			s.pieces = append(s.pieces, piece{text: "> - " + w.unitNews(i) + "\n", overlays: []int{i}})
		}
	}
	return s.list()
}

// deletes reports whether objects of an overlay go with the change, or may go.
func deletes(o gitops.OverlayChange) bool {
	return o.Gone != nil && o.Gone.Outcome != gitops.PruneKeep && o.Gone.Objects > o.Gone.Kept
}

// unitNews says what happens to a unit beside its objects.
func (w writer) unitNews(i int) string {
	var parts []string
	if s := gone(w.r.Overlays[i].Gone); s != "" {
		parts = append(parts, sentence(s))
	}
	for _, n := range w.r.Overlays[i].News {
		parts = append(parts, sentence(n))
	}
	name := w.unitName(i)
	if len(w.r.Overlays[i].News) > 0 { // which says by whom
		name = code(w.r.Overlays[i].Path)
	}
	return name + ": " + strings.Join(parts, "; ")
}

// deployment lists what changes about units and deployers beside the objects.
func (w writer) deployment() []section {
	s := section{open: "How it is deployed changes:\n\n", reopen: "How it is deployed changes, continued:\n\n", close: "\n"}
	for i, o := range w.r.Overlays {
		if !deletes(o) && len(unitLines(o)) > 0 {
			s.pieces = append(s.pieces, piece{text: "- " + w.unitNews(i) + "\n", overlays: []int{i}})
		}
	}
	for _, n := range w.r.News {
		s.pieces = append(s.pieces, piece{text: "- " + sentence(n.Message) + w.in(n.File, n.Line) + "\n"})
	}
	return s.list()
}

// in says where something is, behind a sentence; "" when that is not known.
func (w writer) in(file string, line int) string {
	if file == "" {
		return ""
	}
	return " (" + w.place(file, line) + ")"
}

// unseen lists what the change reaches and no comparison shows, and what would help.
func (w writer) unseen() []section {
	s := section{open: "Not compared:\n\n", reopen: "Not compared, continued:\n\n", close: "\n"}
	for _, f := range failures(w.r.Overlays, gitops.RenderErrorBoth) {
		verb := plural(len(f.overlays), "does not render, before and after", "do not render, before and after")
		s.pieces = append(s.pieces, piece{text: "- " + w.failure(f, verb) + "\n", overlays: f.overlays})
	}
	for _, m := range w.r.Unshown() {
		s.pieces = append(s.pieces, piece{text: "- " + sentence(howToAllow.ReplaceAllString(m.Message, "")) + w.in(m.File, m.Line) + "\n"})
	}
	return s.list()
}

// allow tells how all remotes are allowed that kept something from being rendered.
func (w writer) allow() []section {
	list := allowRemotes(w.r)
	if len(list) == 0 {
		return nil
	}
	return []section{{pieces: []piece{{text: "What is not allowed yet can be fetched with <code>" + escape(strings.Join(list, " "), 2000) + "</code>.\n\n"}}}}
}

// How a message names a remote that is not allowed. What follows the flag is foreign, and
// somebody may paste it.
var (
	howToAllow  = regexp.MustCompile(` \(allow it with --allow-remote [A-Za-z0-9._:/-]+\)`)
	allowRemote = regexp.MustCompile(`--allow-remote [A-Za-z0-9._:/-]+`)
)

// allowRemotes returns the flags that would help, each once.
func allowRemotes(r gitops.Report) []string {
	var list []string
	add := func(texts ...string) {
		for _, t := range texts {
			list = append(list, allowRemote.FindAllString(t, -1)...)
		}
	}
	for _, o := range r.Overlays {
		if o.Status == gitops.RenderErrorAfter || o.Status == gitops.RenderErrorBoth {
			err := errorOf(o)
			add(err.Message, err.Hint)
		}
	}
	for _, m := range r.Unshown() {
		add(m.Message)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// unread says which changed files nothing is known to deploy.
func (w writer) unread() []section {
	if w.r.Ledger == nil {
		return nil
	}
	var out []section
	list := w.r.Ledger.UnreadManifests
	if len(list) > 0 {
		var names []string
		for _, p := range list[:min(len(list), maxUnread)] {
			names = append(names, code(p))
		}
		text := "Deployed by nothing known here: " + strings.Join(names, ", ")
		if n := len(list) - maxUnread; n > 0 {
			text += fmt.Sprintf(" and %d more", n)
		}
		out = append(out, section{pieces: []piece{{text: text + ".\n\n"}}})
	}
	if n := len(w.r.Ledger.Unread); n > 0 && !Nothing(w.r) { // else the first line says it
		out = append(out, section{pieces: []piece{{text: fmt.Sprintf("%s %s read by no overlay.\n\n", count(n, "other changed file"), plural(n, "is", "are"))}}})
	}
	return out
}
