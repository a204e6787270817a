package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/diff"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
)

// Which overlays a [Diff] looks at, beside a glob over their directories.
const (
	// AutoOverlays are the units of the layout: what something deploys.
	AutoOverlays = "auto"
	// AllOverlays are all directories with a kustomization.
	AllOverlays = "all"
)

// Diff compares what two trees render to.
type Diff struct {
	// Base and Head are the two sides. Configuration is read from Base.
	Base, Head gitops.Tree
	// Overlays is [AutoOverlays], [AllOverlays] or a glob over directories, in
	// which ** stands for any number of them.
	Overlays string
	// Renderer renders both sides.
	Renderer *render.Renderer
	// Memo keeps what layout found out about files; it may be nil.
	Memo layout.Memo
	// Repository says which repository and branch it is, as far as that is known.
	Repository Identity
	// Progress, if not nil, is called as overlays are done, from several
	// goroutines.
	Progress func(done, total int)
}

// DiffResult is what a [Diff] found.
type DiffResult struct {
	Report gitops.Report
	// Failed says that a check on the change fails: it breaks a render, or there
	// is a finding of the severity that fail-on names.
	Failed bool
}

// Run returns what the change does. An overlay that does not render is part of
// the report; the error is a tree that cannot be read, a selection that matches
// nothing or a context that ended.
func (d Diff) Run(ctx context.Context) (DiffResult, error) {
	changed, err := ChangedFiles(d.Base, d.Head)
	if err != nil {
		return DiffResult{}, err
	}
	l, err := d.layouts(ctx, changed)
	if err != nil {
		return DiffResult{}, err
	}
	c := &comparison{Diff: d, sides: l, changed: changed}
	if c.units, c.considered, err = l.selected(d.Overlays); err != nil {
		return DiffResult{}, err
	}
	if len(changed) > 0 {
		if err := c.render(ctx); err != nil {
			return DiffResult{}, err
		}
	}
	pairs, err := c.pairs(ctx)
	if err != nil {
		return DiffResult{}, err
	}
	report := diff.Report(pairs, diff.Options{
		Base: d.Base.Commit(), Head: d.Head.Commit(),
		Considered:   c.considered,
		Environments: l.environments(),
		Moves:        d.Overlays != AllOverlays,
	})
	if d.Overlays == AutoOverlays {
		report.News = c.news()
		if report.Ledger, err = c.ledger(ctx); err != nil {
			return DiffResult{}, err
		}
	}
	notes, err := c.unused(ctx)
	if err != nil {
		return DiffResult{}, err
	}
	report.Findings, err = d.findings(ctx, l, pairs, report, changed, notes)
	failed := breaks(report) || Fails(report.Findings, l.config.FailOn)
	if l.config.NotCompared == layout.NotComparedFail && report.Ledger != nil && !report.Ledger.Clear() {
		failed = true
	}
	return DiffResult{report, failed}, err
}

// breaks reports whether an overlay stopped rendering, or is new and does not. One
// that needs what is not here, such as a remote base that is not allowed or Helm, says
// nothing about the change.
func breaks(r gitops.Report) bool {
	return slices.ContainsFunc(r.Overlays, func(o gitops.OverlayChange) bool {
		return o.Status == gitops.RenderErrorAfter && !o.After.Err.Cause.Elsewhere()
	})
}

// findings runs the rules over what the change touches, and adds notes.
func (d Diff) findings(ctx context.Context, l sides, pairs []diff.Pair, r gitops.Report, changed []string, notes []gitops.Finding) ([]gitops.Finding, error) {
	in := check.Input{
		Tree: d.Head, Base: d.Base, Files: changed, OnlyNew: true, Allowed: l.config.Allowed,
		Environment: func(dir string) string { return l.overlay(dir).Environment },
		SameKey:     func(a, b string) bool { return sameKey(l.config, a, b) },
	}
	for _, p := range pairs {
		in.Overlays = append(in.Overlays, check.Overlay{Head: p.After, Base: p.Before})
	}
	found, err := check.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	found = slices.Concat(found, unseen(l, r), notes)
	if slices.Contains(changed, layout.ConfigFile) {
		config, problems := layout.ReadConfig(ctx, d.Head)
		found = append(found, configFindings(problems)...)
		if config != nil {
			found = append(found, unknownRules(config)...)
		}
	}
	return graded(l.config, found), nil
}

// unseen returns what the change reaches and no render shows, and the new notes of the
// layout.
func unseen(l sides, r gitops.Report) []gitops.Finding {
	notes := newNotes(l.base.Notes, l.head.Notes)
	if r.Ledger == nil {
		return notes
	}
	var found []gitops.Finding
	for _, m := range r.Unshown() {
		found = append(found, gitops.Finding{
			Rule: gitops.NotCompared, Severity: gitops.SeverityNote, File: m.File, Line: m.Line, Message: m.Message, Overlays: m.Overlays,
		})
	}
	for _, n := range notes {
		if !slices.ContainsFunc(found, func(f gitops.Finding) bool { return f.File == n.File && f.Line == n.Line }) {
			found = append(found, n)
		}
	}
	return found
}

// newNotes returns those of head that base does not have.
func newNotes(base, head []gitops.Finding) []gitops.Finding {
	type note struct{ rule, file, message string }
	seen := map[note]bool{}
	for _, f := range base {
		seen[note{f.Rule, f.File, f.Message}] = true
	}
	var list []gitops.Finding
	for _, f := range head {
		if !seen[note{f.Rule, f.File, f.Message}] {
			list = append(list, f)
		}
	}
	return list
}

// ChangedFiles returns the paths that differ between two trees, sorted.
func ChangedFiles(base, head gitops.Tree) ([]string, error) {
	before := map[string]gitops.Entry{}
	for e := range base.Entries() {
		before[e.Path] = identified(base, e)
	}
	var changed []string
	for e := range head.Entries() {
		old, ok := before[e.Path]
		e = identified(head, e)
		if !ok || old.Kind != e.Kind || old.ID != e.ID {
			changed = append(changed, e.Path)
		}
		delete(before, e.Path)
	}
	for p := range before {
		changed = append(changed, p)
	}
	slices.Sort(changed)
	return changed, nil
}

// identified fills in an id that the source of a tree left empty.
func identified(t gitops.Tree, e gitops.Entry) gitops.Entry {
	if e.ID == "" {
		return t.Lookup(e.Path)
	}
	return e
}

// sides are the layouts of both trees, read with the configuration of the base.
type sides struct {
	config     *layout.Config
	base, head *layout.Layout
}

// layouts reads the configuration and the layout of the base, and the head by what
// changed. The configuration of the head is not used: a pull request does not say how
// it is judged.
func (d Diff) layouts(ctx context.Context, changed []string) (sides, error) {
	config, err := configOf(ctx, d.Base)
	s := sides{config: config}
	if e, ok := errors.AsType[*gitops.Error](err); ok && e.Code == gitops.Invalid { // the change may be what mends it
		said := *e
		said.Message += " (in the base, whose configuration counts until the change is merged)"
		return s, &said
	}
	if err != nil {
		return s, err
	}
	r := layoutReader(config, d.Memo, d.Repository, d.Renderer)
	if d.Overlays == AllOverlays { // directories are compared, whatever deploys them
		r.Render = nil
	}
	if s.base, err = r.Read(ctx, d.Base); err != nil {
		return s, err
	}
	s.head, err = s.base.Next(ctx, d.Base, d.Head, changed)
	return s, err
}

// overlay says what a directory is: at the head, or where it was.
func (s sides) overlay(dir string) gitops.Overlay {
	if s.head.Has(dir) {
		return s.head.Overlay(dir)
	}
	return s.base.Overlay(dir)
}

// environments returns the chain of the head, with those that are gone behind.
func (s sides) environments() []string {
	list := slices.Clone(s.head.Environments)
	for _, e := range s.base.Environments {
		if !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return list
}

// quoted lists paths for a message.
func quoted(paths []string) string {
	var list []string
	for _, p := range paths {
		list = append(list, gitops.Quote(p))
	}
	return strings.Join(list, ", ")
}

// selected returns the units to compare, sorted, and how many there are on either side.
func (s sides) selected(which string) ([]layout.Pair, int, error) {
	switch which {
	case AutoOverlays:
		list := s.completed(layout.Pairs(s.base, s.head))
		return list, len(list), nil
	case AllOverlays:
		list := s.bare(slices.Concat(s.base.Kustomizations, s.head.Kustomizations))
		return list, len(list), nil
	}
	if !doublestar.ValidatePattern(which) {
		return nil, 0, gitops.Errorf(gitops.Invalid, "overlays: not a glob: %s", gitops.Quote(which))
	}
	all := s.bare(slices.Concat(s.base.Directories(), s.head.Directories()))
	takes := func(p layout.Pair) bool {
		return doublestar.MatchUnvalidated(which, p.Unit().Path) || p.Base != nil && doublestar.MatchUnvalidated(which, p.Base.Path)
	}
	matched := slices.DeleteFunc(s.completed(layout.Pairs(s.base, s.head)), func(p layout.Pair) bool { return !takes(p) })
	for _, p := range all {
		if takes(p) && !slices.ContainsFunc(matched, func(m layout.Pair) bool { return m.Unit().Path == p.Unit().Path }) {
			matched = append(matched, p)
		}
	}
	if len(matched) == 0 {
		e := gitops.Errorf(gitops.NotFound, "overlays: no kustomization directory matches %s", gitops.Quote(which))
		var names []string
		for _, p := range all[:min(len(all), 3)] {
			names = append(names, p.Unit().Path)
		}
		e.Hint = fmt.Sprintf("there are %d, such as %s", len(all), quoted(names))
		return nil, 0, e
	}
	slices.SortStableFunc(matched, func(a, b layout.Pair) int { return cmp.Compare(a.Unit().Path, b.Unit().Path) })
	return matched, len(matched), nil
}

// bare returns directories as nobody deploys them, on both sides.
func (s sides) bare(dirs []string) []layout.Pair {
	slices.Sort(dirs)
	var list []layout.Pair
	for _, dir := range slices.Compact(dirs) {
		list = append(list, layout.Pair{Base: s.base.Bare(dir), Head: s.head.Bare(dir)})
	}
	return list
}

// completed gives a root that is one on one side only its directory on the other side:
// that something else reads or deploys it there does not change what it renders to.
func (s sides) completed(list []layout.Pair) []layout.Pair {
	for i, p := range list {
		switch {
		case p.Base == nil && p.Head.DeployedBy == nil && s.base.Has(p.Head.Path):
			list[i].Base = s.base.Bare(p.Head.Path)
		case p.Head == nil && p.Base.DeployedBy == nil && s.head.Has(p.Base.Path):
			list[i].Head = s.head.Bare(p.Base.Path)
		}
	}
	return list
}
