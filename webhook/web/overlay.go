package web

import (
	"fmt"
	"iter"
	"regexp"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// openLines is up to how many lines of diffs all objects are unfolded at first.
const openLines = 400

// reportView is a report as the template sees it. It has no hashes of renders:
// that of a short secret can be guessed.
type reportView struct {
	frame
	target
	PullURL, Command string
	Headline         string
	Findings         []findingView
	Overlays         []overlayView
	// Units are what happens to deployers beside their objects; Unread are changed manifests
	// that nothing is known to deploy, and MoreUnread is how many there are beside them.
	Units      []unitView
	Unread     []string
	MoreUnread int
}

// maxUnread is how many files that nothing deploys are named.
const maxUnread = 10

// unitView is one thing that happens to a deployer or to what it deploys.
type unitView struct {
	Tag         string // says shortly that something is deleted, or may be
	Where, What string
}

// units lists what happens beside the objects, what is deleted first.
func units(r gitops.Report) []unitView {
	var gone, rest []unitView
	for _, o := range r.Overlays {
		if text := o.Gone.String(); text != "" {
			switch {
			case o.Gone.Outcome == gitops.PruneKeep || o.Gone.Objects <= o.Gone.Kept:
				rest = append(rest, unitView{"", o.Path, text})
			case o.Gone.Outcome == gitops.PruneDelete:
				gone = append(gone, unitView{"deletes", o.Path, text})
			default:
				gone = append(gone, unitView{"may delete", o.Path, text})
			}
		}
		for _, n := range o.News {
			rest = append(rest, unitView{"", o.Path, n})
		}
	}
	for _, n := range r.News {
		rest = append(rest, unitView{"", place(n.File, n.Line, 0), n.Message})
	}
	return append(gone, rest...)
}

func newReportView(p *Pages, s session, t target, r gitops.Report) reportView {
	v := reportView{
		frame: frame{Title: fmt.Sprintf("%s/%s #%d", t.Owner, t.Repo, t.Number), Who: s.Login}, target: t,
		PullURL:  p.github.JoinPath(t.Owner, t.Repo, "pull", fmt.Sprint(t.Number)).String(),
		Command:  fmt.Sprintf("git fetch origin %s %s\nbot diff %[1]s..%[2]s", t.Base, t.Head),
		Headline: fmt.Sprintf("%d of %d overlays", len(r.Overlays), max(r.Considered, len(r.Overlays))),
	}
	if p.opts.Title != nil {
		v.Headline = p.opts.Title(r)
	}
	v.Units = units(r)
	if r.Ledger != nil {
		n := min(len(r.Ledger.UnreadManifests), maxUnread)
		v.Unread, v.MoreUnread = r.Ledger.UnreadManifests[:n], len(r.Ledger.UnreadManifests)-n
	}
	for _, f := range r.Findings {
		v.Findings = append(v.Findings, findingView{f})
	}
	lines := 0
	for _, o := range r.Overlays {
		for _, c := range o.Objects {
			lines += strings.Count(c.Diff, "\n")
		}
	}
	for i, o := range r.Overlays {
		v.Overlays = append(v.Overlays, overlayView{o, anchor(i, o.Path), lines <= openLines})
	}
	return v
}

// plainPath is a path that can be a fragment as it is.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9/._-]+$`)

// anchor names the place of an overlay on the page.
func anchor(i int, path string) string {
	if plainPath.MatchString(path) {
		return "at/" + path
	}
	return fmt.Sprintf("overlay-%d", i+1)
}

// findingView is a finding with its place as text.
type findingView struct{ gitops.Finding }

// Place returns "file:line:column", as far as known.
func (f findingView) Place() string { return place(f.File, f.Line, f.Column) }

func place(file string, line, column int) string {
	switch {
	case file == "" || line <= 0:
		return file
	case column <= 0:
		return fmt.Sprintf("%s:%d", file, line)
	}
	return fmt.Sprintf("%s:%d:%d", file, line, column)
}

// overlayView is what happens to one overlay.
type overlayView struct {
	gitops.OverlayChange
	Anchor string
	Open   bool
}

// Link returns the address of the overlay on the page.
func (o overlayView) Link() string { return "#" + o.Anchor }

// Bad tells whether the change breaks the overlay, or leaves it broken.
func (o overlayView) Bad() bool {
	return o.Status == gitops.RenderErrorAfter || o.Status == gitops.RenderErrorBoth
}

// News says in a few words what happens.
func (o overlayView) News() string {
	switch o.Status {
	case gitops.Added:
		return "new"
	case gitops.Removed:
		return "removed"
	case gitops.Moved:
		return "moved"
	case gitops.RenderErrorAfter:
		return "no longer renders"
	case gitops.RenderErrorBefore:
		if o.After == nil {
			return "removed, did not render"
		}
		return "renders again"
	case gitops.RenderErrorBoth:
		return "does not render, before and after"
	}
	return "changes"
}

// Who names the deployer, "" for none.
func (o overlayView) Who() string {
	if o.DeployedBy == nil {
		return ""
	}
	return o.DeployedBy.Kind + " " + o.DeployedBy.Name
}

// Counts says how many objects and lines there are, "" for none.
func (o overlayView) Counts() string {
	if len(o.Objects) == 0 {
		return ""
	}
	noun := "objects"
	if len(o.Objects) == 1 {
		noun = "object"
	}
	return fmt.Sprintf("%d %s, +%d −%d lines", len(o.Objects), noun, o.AddedLines, o.RemovedLines)
}

// Problem is why the overlay does not render, after the change if there is
// something; nil when it does.
func (o overlayView) Problem() *problemView {
	for _, side := range []*gitops.Side{o.After, o.Before} {
		if side != nil && side.Err != nil {
			return &problemView{side.Err}
		}
	}
	return nil
}

// problemView is an error with its place as text.
type problemView struct{ *gitops.Error }

// Place returns "file:line:column", as far as known.
func (e problemView) Place() string { return place(e.File, e.Line, e.Column) }

// Changes are the objects.
func (o overlayView) Changes() iter.Seq[objectView] {
	return func(yield func(objectView) bool) {
		for _, c := range o.Objects {
			if !yield(objectView{c}) {
				return
			}
		}
	}
}

// objectView is what happens to one object.
type objectView struct{ gitops.ObjectChange }

// FullName returns kind, namespace and name.
func (o objectView) FullName() string {
	return o.Kind + " " + strings.TrimPrefix(o.Namespace+"/"+o.Name, "/")
}

// Note says what the diff does not show.
func (o objectView) Note() string {
	switch {
	case o.Masked:
		return "A secret value changes. It is not shown."
	case o.Diff != "":
		return ""
	case o.Status == gitops.Renamed:
		return "Nothing else changes."
	}
	return "Only the form of the YAML changes."
}

// run is neighbouring lines of a diff of one kind: '+', '-', '@' or ' '.
type run struct{ Kind, Text string }

// maxRun is how many bytes a run has, more or less: it is sent as one.
const maxRun = 16 << 10

// Runs cuts the diff into runs.
func (o objectView) Runs() iter.Seq[run] {
	return func(yield func(run) bool) {
		kind, text := "", strings.Builder{}
		for line := range strings.Lines(o.Diff) {
			k := kindOf(line)
			if (k != kind || text.Len() > maxRun) && kind != "" {
				if !yield(run{kind, text.String()}) {
					return
				}
				text.Reset()
			}
			kind = k
			text.WriteString(visible(strings.TrimSuffix(line, "\n")) + "\n")
		}
		if kind != "" {
			yield(run{kind, text.String()})
		}
	}
}

func kindOf(line string) string {
	switch line[0] {
	case '+', '-', '@':
		return line[:1]
	}
	return " "
}
