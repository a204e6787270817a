package commands

import (
	"context"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/diff"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
)

// The limits of the parts of units that do not render.
const (
	maxParts     = 100 // of one unit
	maxPartDepth = 5
)

// overlayPart is something that a unit which does not render names, and that is rendered by
// itself.
type overlayPart struct {
	whole int // index of the unit
	path  string
	done  render.Pair
}

// renderParts renders what the units name that render on no side, where the change reaches it: one entry
// that cannot be rendered must not hide the others.
func (c *comparison) renderParts(ctx context.Context) error {
	if c.Overlays != AutoOverlays {
		return nil
	}
	for i, done := range c.rendered {
		if done == nil || !neverRenders(done) {
			continue
		}
		if err := c.partsOf(ctx, i, c.entries(c.units[i]), 0, map[string]bool{}); err != nil {
			return err
		}
	}
	return nil
}

// neverRenders reports whether a unit renders on no side on which it is there.
func neverRenders(p *render.Pair) bool {
	return (p.Before == nil || failed(p.Before)) && (p.After == nil || failed(p.After)) && (failed(p.Before) || failed(p.After))
}

func failed(r *gitops.Rendered) bool {
	return r != nil && r.Err != nil && r.Err.Cause != gitops.CauseComponent
}

// entries are what the kustomization of a unit names on either side, in its order.
func (c *comparison) entries(p layout.Pair) []string {
	var list []string
	seen := map[string]bool{}
	add := func(l *layout.Layout, u *gitops.Unit) {
		if u == nil {
			return
		}
		for _, e := range l.Entries(*u) {
			if !seen[e] {
				seen[e] = true
				list = append(list, e)
			}
		}
	}
	add(c.base, p.Base)
	add(c.head, p.Head)
	return list
}

// partsOf renders entries, and what those name that do not render themselves.
func (c *comparison) partsOf(ctx context.Context, whole int, entries []string, depth int, seen map[string]bool) error {
	var list []render.Comparison
	var pairs []layout.Pair
	for _, e := range entries {
		p := layout.Pair{Base: c.base.Part(e), Head: c.head.Part(e)}
		if seen[e] || len(seen) >= maxParts || p.Base == nil && p.Head == nil || !c.partReached(p) {
			continue
		}
		seen[e] = true
		both, err := c.sources(ctx, p)
		if err != nil {
			return err
		}
		list, pairs = append(list, both), append(pairs, p)
	}
	var deeper []string
	for done, err := range c.Renderer.Compare(ctx, list, nil) {
		if err != nil {
			return err
		}
		p := pairs[done.Index]
		if failed(done.Before) || failed(done.After) {
			deeper = append(deeper, c.entries(p)...)
			continue
		}
		c.parts = append(c.parts, overlayPart{whole, p.Unit().Path, done})
	}
	if len(deeper) == 0 || depth >= maxPartDepth {
		return nil
	}
	return c.partsOf(ctx, whole, deeper, depth+1, seen)
}

// partReached reports whether the change may change a part.
func (c *comparison) partReached(p layout.Pair) bool {
	return p.Base == nil || p.Head == nil || c.base.Reaches(*p.Base, c.changed)
}

// partPairs returns the parts that change, for the report. One that several units share is
// told once.
func (c *comparison) partPairs() []diff.Pair {
	var pairs []diff.Pair
	seen := map[string]bool{}
	for i, done := range c.rendered { // what is compared as a whole is shown as that
		if done != nil && !failed(done.Before) && !failed(done.After) {
			seen[c.units[i].Unit().Path] = true
		}
	}
	for _, p := range c.parts {
		if seen[p.path] || p.done.Same || onlyComponents(p.done) {
			continue
		}
		seen[p.path] = true
		o := described(c.units[p.whole])
		o.PartOf, o.Path, o.MovedFrom = o.Path, p.path, ""
		pairs = append(pairs, diff.Pair{Overlay: o, Fixed: true, Before: p.done.Before, After: p.done.After})
	}
	return pairs
}
