package commands

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/diff"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
)

// Identity says which repository and branch a tree is of. What is not known is empty.
type Identity struct {
	// Addresses are those under which deployers may name the repository.
	Addresses []string
	// Branch is the one that is compared, DefaultBranch that of the repository.
	Branch, DefaultBranch string
}

// layoutReader returns what reads layouts of a repository, through renders where r is
// not nil.
func layoutReader(config *layout.Config, memo layout.Memo, who Identity, r *render.Renderer) layout.Reader {
	reader := layout.Reader{
		Config: config, Memo: memo,
		Addresses: who.Addresses, Branch: who.Branch, DefaultBranch: who.DefaultBranch,
	}
	if r == nil {
		return reader
	}
	reader.Remotes = r.Remotes()
	reader.Render = func(ctx context.Context, t gitops.Tree, list []layout.Rendering, take func(int, gitops.Rendered)) error {
		trees := artifacts{}
		sources := make([]render.Source, len(list))
		for i, s := range list {
			from, err := trees.of(ctx, t, s.Artifact)
			if err != nil {
				return err
			}
			sources[i] = render.Source{Tree: from, Path: s.Path, Build: s.Build}
		}
		for done, err := range r.Sources(ctx, sources) {
			if err != nil {
				return err
			}
			take(done.Index, done.Rendered)
		}
		return nil
	}
	return reader
}

// artifacts are the trees as deployers are given them, each made once.
type artifacts map[artifact]gitops.Tree

type artifact struct {
	tree gitops.Tree
	name string
}

func (a artifacts) of(ctx context.Context, t gitops.Tree, name string) (gitops.Tree, error) {
	if name == "" {
		return t, nil
	}
	key := artifact{t, name}
	if a[key] == nil {
		made, err := layout.Artifact(ctx, t, name)
		if err != nil {
			return nil, err
		}
		a[key] = made
	}
	return a[key], nil
}

// comparison is the work of a [Diff] on the units that it selected.
type comparison struct {
	Diff
	sides
	changed    []string
	units      []layout.Pair
	considered int
	artifacts  artifacts
	// rendered has the outcome of each of units that the change reaches, nil for the others.
	rendered []*render.Pair
	// held is what is not applied because somebody suspended it.
	held []gitops.News
	// parts are those of units that do not render, with the index of the whole.
	parts []overlayPart
}

// source is what a unit is rendered of; the zero value for none.
func (c *comparison) source(ctx context.Context, t gitops.Tree, u *gitops.Unit) (render.Source, error) {
	if u == nil {
		return render.Source{}, nil
	}
	from, err := c.artifacts.of(ctx, t, u.Artifact)
	return render.Source{Tree: from, Path: u.Path, Build: u.Build}, err
}

// sources are the two sources of a pair.
func (c *comparison) sources(ctx context.Context, p layout.Pair) (render.Comparison, error) {
	base, err := c.source(ctx, c.Base, p.Base)
	if err != nil {
		return render.Comparison{}, err
	}
	head, err := c.source(ctx, c.Head, p.Head)
	return render.Comparison{Base: base, Head: head}, err
}

// render renders both sides of the units that the change reaches.
func (c *comparison) render(ctx context.Context) error {
	c.artifacts = artifacts{}
	c.rendered = make([]*render.Pair, len(c.units))
	var list []render.Comparison
	var index []int
	for i, p := range c.units {
		if c.reaches(p) {
			both, err := c.sources(ctx, p)
			if err != nil {
				return err
			}
			list, index = append(list, both), append(index, i)
		}
	}
	var done atomic.Int64
	step := func() {
		if c.Progress != nil {
			c.Progress(int(done.Add(1)), len(list))
		}
	}
	for pair, err := range c.Renderer.Compare(ctx, list, step) {
		if err != nil {
			return err
		}
		i := index[pair.Index]
		pair.Index = i
		locate(pair.Before, c.units[i].Base)
		locate(pair.After, c.units[i].Head)
		c.rendered[i] = &pair
	}
	return c.renderParts(ctx)
}

// locate gives a failure that has no place in the tree that of the unit's deployer: an
// option of it is wrong, or its directory is not there.
func locate(r *gitops.Rendered, u *gitops.Unit) {
	if r != nil && r.Err != nil && r.Err.File == "" && u != nil {
		err := *r.Err
		err.File, err.Line = u.File, u.Line
		r.Err = &err
	}
}

// reaches reports whether the change may change what a unit renders to: by its files, or
// because it is another unit than before. The base tells alone where the unit is the same:
// a change that is below nothing that the unit names there leaves all of its
// kustomizations as they are, and so what they name.
func (c *comparison) reaches(p layout.Pair) bool {
	return !sameUnit(p) || c.base.Reaches(*p.Base, c.changed)
}

// pairs returns what the report is about, sorted by path and deployer.
func (c *comparison) pairs(ctx context.Context) ([]diff.Pair, error) {
	var pairs []diff.Pair
	for i, p := range c.units {
		news := c.unitNews(p)
		done := c.rendered1(i)
		if done == nil && len(news) == 0 {
			continue
		}
		if done == nil {
			done = &render.Pair{Same: true}
		}
		if len(news) == 0 && (done.Same || done.Before == done.After) {
			continue
		}
		if c.Overlays == AutoOverlays && (onlyComponents(*done) || c.suspended(p)) {
			continue
		}
		pair := diff.Pair{Overlay: described(p), Before: done.Before, After: done.After}
		pair.Overlay.News = news
		pair.Fixed = p.Unit().DeployedBy != nil && (p.Base != nil && p.Head != nil)
		if c.Overlays == AutoOverlays {
			gone, err := c.gone(ctx, p, *done)
			if err != nil {
				return nil, err
			}
			pair.Overlay.Gone = gone
		}
		pairs = append(pairs, pair)
	}
	pairs = append(pairs, c.partPairs()...)
	slices.SortStableFunc(pairs, func(a, b diff.Pair) int { return cmp.Compare(a.Overlay.Path, b.Overlay.Path) })
	return pairs, nil
}

// suspended reports whether nothing of what changes in a unit is applied, because its
// deployer is suspended on both sides or at the head, and notes that. So is what appears
// or disappears below one.
func (c *comparison) suspended(p layout.Pair) bool {
	u := p.Head
	if u == nil {
		u = p.Base
	}
	is := u.Suspended
	if p.Base == nil || p.Head == nil {
		for _, l := range []*layout.Layout{c.base, c.head} {
			is = is || slices.ContainsFunc(l.Units, func(above gitops.Unit) bool { return above.Suspended && slices.Contains(u.Parents, above.ID()) })
		}
	}
	if is {
		c.held = append(c.held, gitops.News{File: u.File, Line: u.Line, Message: fullName(u) + " is suspended: what changes in " + gitops.Quote(u.Path) + " is not applied until it is resumed"})
	}
	return is
}

// rendered1 is the outcome of one unit, nil when it was not reached or is the same to the
// reader.
func (c *comparison) rendered1(i int) *render.Pair {
	if c.rendered == nil {
		return nil
	}
	return c.rendered[i]
}

// described is what a unit is for people.
func described(p layout.Pair) gitops.OverlayChange {
	u := p.Unit()
	o := gitops.OverlayChange{Overlay: u.Overlay, DeployedBy: u.DeployedBy, Engine: u.Build.Engine, Environments: u.Environments}
	if p.Base != nil && p.Head != nil && p.Base.Path != p.Head.Path {
		o.MovedFrom = p.Base.Path
	}
	return o
}

// onlyComponents reports whether no side is more than a Component, which is
// never an overlay by itself.
func onlyComponents(p render.Pair) bool {
	is := func(r *gitops.Rendered) bool {
		return r == nil || r.Err != nil && r.Err.Cause == gitops.CauseComponent
	}
	return (p.Before != nil || p.After != nil) && is(p.Before) && is(p.After)
}

// sameUnit reports whether a unit is there on both sides and built of the same in the same
// way.
func sameUnit(p layout.Pair) bool {
	return p.Base != nil && p.Head != nil && p.Base.Path == p.Head.Path && p.Base.Artifact == p.Head.Artifact && p.Base.Build.Same(p.Head.Build)
}
