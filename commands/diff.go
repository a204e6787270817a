package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

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
	paths, err := l.selected(d.Overlays)
	if err != nil {
		return DiffResult{}, err
	}
	pairs, err := d.pairs(ctx, l, paths, changed)
	if err != nil {
		return DiffResult{}, err
	}
	report := diff.Report(pairs, diff.Options{
		Base: d.Base.Commit(), Head: d.Head.Commit(),
		Considered:   len(paths),
		Environments: l.environments(),
		Moves:        d.Overlays != AllOverlays,
	})
	report.Findings, err = d.findings(ctx, l, pairs, changed)
	return DiffResult{report, breaks(report) || Fails(report.Findings, l.config.FailOn)}, err
}

// breaks reports whether an overlay stopped rendering, or is new and does not. One
// that needs what is not here, such as a remote base that is not allowed or Helm, says
// nothing about the change.
func breaks(r gitops.Report) bool {
	return slices.ContainsFunc(r.Overlays, func(o gitops.OverlayChange) bool {
		return o.Status == gitops.RenderErrorAfter && !o.After.Err.Cause.Elsewhere()
	})
}

// pairs renders both sides of the overlays that the change reaches.
func (d Diff) pairs(ctx context.Context, l sides, paths, changed []string) ([]diff.Pair, error) {
	if len(changed) == 0 {
		return nil, nil
	}
	reached := l.reached(paths, changed)
	var done atomic.Int64
	step := func() {
		if d.Progress != nil {
			d.Progress(int(done.Add(1)), len(reached))
		}
	}
	var pairs []diff.Pair
	base, head := d.Base, d.Head
	if d.Overlays != AllOverlays {
		base, head = l.base.Tree(base), l.head.Tree(head)
	}
	list := make([]render.Comparison, len(reached))
	for i, p := range reached {
		list[i] = render.Comparison{Base: render.Source{Tree: base, Path: p}, Head: render.Source{Tree: head, Path: p}}
	}
	for pair, err := range d.Renderer.Compare(ctx, list, step) {
		if err != nil {
			return nil, err
		}
		if pair.Same || pair.Before == pair.After || d.Overlays == AutoOverlays && onlyComponents(pair) {
			continue
		}
		pairs = append(pairs, diff.Pair{Overlay: l.overlay(reached[pair.Index]), Before: pair.Before, After: pair.After})
	}
	slices.SortFunc(pairs, func(a, b diff.Pair) int { return cmp.Compare(a.Overlay.Path, b.Overlay.Path) })
	return pairs, nil
}

// onlyComponents reports whether no side is more than a Component, which is
// never an overlay by itself.
func onlyComponents(p render.Pair) bool {
	is := func(r *gitops.Rendered) bool {
		return r == nil || r.Err != nil && r.Err.Cause == gitops.CauseComponent
	}
	return is(p.Before) && is(p.After)
}

// findings runs the rules over what the change touches.
func (d Diff) findings(ctx context.Context, l sides, pairs []diff.Pair, changed []string) ([]gitops.Finding, error) {
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
	found = append(found, d.unseen(l, changed)...)
	if slices.Contains(changed, layout.ConfigFile) {
		config, problems := layout.ReadConfig(ctx, d.Head)
		found = append(found, configFindings(problems)...)
		if config != nil {
			found = append(found, unknownRules(config)...)
		}
	}
	return graded(l.config, found), nil
}

// unseen returns what the change touches and no render shows, and the new notes of the
// layout.
func (d Diff) unseen(l sides, changed []string) []gitops.Finding {
	notes := newNotes(l.base.Notes, l.head.Notes)
	if d.Overlays == AllOverlays {
		return notes
	}
	found := l.head.NotCompared(l.base, changed)
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
	if s.base, err = layout.Read(ctx, d.Base, config, d.Memo); err != nil {
		return s, err
	}
	s.head, err = s.base.Next(ctx, d.Base, d.Head, changed, d.Memo)
	return s, err
}

// reached returns those of paths that a change of files may reach, so that a
// cold cache does not mean to render everything. The base tells alone: a change
// that is below nothing that a directory names there leaves all of its
// kustomizations as they are, and so what they name.
func (s sides) reached(paths, changed []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		return !s.base.Reached(p, changed)
	})
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

// selected returns the directories to compare, sorted.
func (s sides) selected(which string) ([]string, error) {
	var list []string
	for _, l := range []*layout.Layout{s.base, s.head} {
		if which == AutoOverlays {
			for _, o := range l.Overlays {
				list = append(list, o.Path)
			}
			continue
		}
		if which == AllOverlays {
			list = append(list, l.Kustomizations...)
			continue
		}
		list = append(list, l.Units()...)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if which == AutoOverlays || which == AllOverlays {
		return list, nil
	}
	if !doublestar.ValidatePattern(which) {
		return nil, gitops.Errorf(gitops.Invalid, "overlays: not a glob: %s", gitops.Quote(which))
	}
	matched := slices.DeleteFunc(slices.Clone(list), func(p string) bool { return !doublestar.MatchUnvalidated(which, p) })
	if len(matched) == 0 {
		e := gitops.Errorf(gitops.NotFound, "overlays: no kustomization directory matches %s", gitops.Quote(which))
		e.Hint = fmt.Sprintf("there are %d, such as %s", len(list), quoted(list[:min(len(list), 3)]))
		return nil, e
	}
	return matched, nil
}
