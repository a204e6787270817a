package diff

import (
	"bytes"
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sealift/sealift/gitops"
)

// Pair is one overlay on both sides of a change.
type Pair struct {
	// Overlay is the change without what the two sides tell: what it is and who deploys it.
	Overlay gitops.OverlayChange
	// Fixed says that it is not matched with others as moved.
	Fixed bool
	// Before and After are nil when the overlay does not exist on that side.
	Before, After *gitops.Rendered
}

// Options are what a report says beside the overlays.
type Options struct {
	// Base and Head are full commit ids.
	Base, Head string
	// Considered is how many overlays there are on either side.
	Considered int
	// Environments are the names in the order of the chain, dev first.
	Environments []string
	// Moves matches overlays that are gone with new ones of the same output.
	// It is off where every directory is compared for itself.
	Moves bool
}

// Report compares overlays. Pairs whose two sides render the same are left out;
// those that render on neither side are listed, so pass only pairs whose inputs
// changed. Findings are left to the caller.
func Report(pairs []Pair, opts Options) gitops.Report {
	r := gitops.Report{Base: opts.Base, Head: opts.Head, Considered: opts.Considered, Environments: opts.Environments}
	var open []Pair
	for _, p := range pairs {
		if !same(p) || len(p.Overlay.News) > 0 {
			open = append(open, p)
		}
	}
	from := make([]string, len(open))
	if opts.Moves {
		open, from = moves(open)
	}
	r.Overlays = overlayChanges(open, from)
	sortOverlays(r.Overlays, opts.Environments)
	return r
}

// overlayChanges compares overlays on all processors; from has the old paths of
// those that moved.
func overlayChanges(pairs []Pair, from []string) []gitops.OverlayChange {
	changes := make([]gitops.OverlayChange, len(pairs))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(pairs)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(pairs)); i = next.Add(1) - 1 {
				changes[i] = overlayChange(pairs[i], from[i])
			}
		})
	}
	wg.Wait()
	return changes
}

// same reports whether nothing changes.
func same(p Pair) bool {
	if p.Before == nil || p.After == nil {
		return p.Before == p.After
	}
	return p.Before.Err == nil && p.After.Err == nil && equalObjects(p.Before.Objects, p.After.Objects)
}

// equalObjects reports whether two renders have the same bytes.
func equalObjects(a, b []gitops.Object) bool {
	return slices.EqualFunc(a, b, func(x, y gitops.Object) bool { return bytes.Equal(x.YAML, y.YAML) })
}

// overlayChange compares the two sides of an overlay; from is its old path when
// it moved.
func overlayChange(p Pair, from string) gitops.OverlayChange {
	c := p.Overlay
	c.Status, c.Before, c.After = status(p), side(p.Before), side(p.After)
	if from != "" {
		c.Status, c.MovedFrom = gitops.Moved, from
	}
	before, after := objects(p.Before), objects(p.After)
	if !equalObjects(before, after) {
		c.AddedLines, c.RemovedLines = countLines(output(p.Before), output(p.After))
	}
	old, now := secretHashes(before, after)
	if c.Before != nil {
		c.Before.Err = maskError(c.Before.Err, old)
	}
	if c.After != nil {
		c.After.Err = maskError(c.After.Err, now)
	}
	if c.Status == gitops.RenderErrorAfter || c.Status == gitops.RenderErrorBefore {
		return c // every object would be listed as gone, or as new
	}
	var imagesBefore, imagesAfter []string
	for _, m := range matchObjects(before, after) {
		o := objectChange(m, old, now)
		c.Objects = append(c.Objects, o.ObjectChange)
		imagesBefore = append(imagesBefore, o.before...)
		imagesAfter = append(imagesAfter, o.after...)
	}
	c.Images = imageChanges(imagesBefore, imagesAfter)
	return c
}

// status says what happens to an overlay that did not move.
func status(p Pair) gitops.Status {
	failed := func(r *gitops.Rendered) bool { return r != nil && r.Err != nil }
	switch {
	case failed(p.Before) && failed(p.After):
		return gitops.RenderErrorBoth
	case failed(p.After):
		return gitops.RenderErrorAfter
	case failed(p.Before):
		return gitops.RenderErrorBefore
	case p.Before == nil && p.After == nil: // it renders to the same, and is set up differently
		return gitops.Changed
	case p.Before == nil:
		return gitops.Added
	case p.After == nil:
		return gitops.Removed
	}
	return gitops.Changed
}

// side describes one side, nil when the overlay is not there.
func side(r *gitops.Rendered) *gitops.Side {
	switch {
	case r == nil:
		return nil
	case r.Err != nil:
		return &gitops.Side{Err: r.Err}
	}
	return &gitops.Side{SHA256: r.SHA256()}
}

// objects returns what a side renders to; nothing when it does not.
func objects(r *gitops.Rendered) []gitops.Object {
	if r == nil || r.Err != nil {
		return nil
	}
	return r.Objects
}

// output returns the bytes of a side; none when it does not render.
func output(r *gitops.Rendered) []byte {
	if r == nil || r.Err != nil {
		return nil
	}
	return r.YAML()
}

// maskError masks what an error message may repeat of a manifest.
func maskError(err *gitops.Error, h hashes) *gitops.Error {
	if err == nil {
		return nil
	}
	masked := *err
	masked.Message = h.mask((&masker{hidden: places{}}).scalar("", err.Message))
	masked.Hint = h.mask((&masker{hidden: places{}}).scalar("", err.Hint))
	return &masked
}

// Masked returns an error of a render without what may be secret of the manifest that its
// message repeats.
func Masked(err *gitops.Error) *gitops.Error { return maskError(err, nil) }

// deployer names who deploys an overlay, for sorting.
func deployer(c gitops.OverlayChange) string {
	d := c.DeployedBy
	if d == nil {
		return ""
	}
	return d.Kind + " " + d.Namespace + "/" + d.Name + " " + d.Cluster
}

// sortOverlays puts the worst news first: what the change breaks, then by
// environment, furthest along the chain first, then those of no environment.
func sortOverlays(all []gitops.OverlayChange, environments []string) {
	rank := map[string]int{}
	for i, name := range environments {
		rank[name] = i + 1
	}
	news := func(c gitops.OverlayChange) int {
		if c.Status == gitops.RenderErrorAfter {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(a, b gitops.OverlayChange) int {
		return cmp.Or(cmp.Compare(news(a), news(b)), cmp.Compare(rank[b.Environment], rank[a.Environment]),
			cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.App, b.App), cmp.Compare(a.Path, b.Path), strings.Compare(deployer(a), deployer(b)))
	})
}
