package commands

import (
	"cmp"
	"context"
	"path"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
)

// unused notes the releases of charts whose values change while nothing that is rendered
// does: no template uses what changes, which is seldom what was meant.
func (c *comparison) unused(ctx context.Context) ([]gitops.Finding, error) {
	var list []gitops.Finding
	for i, done := range c.rendered {
		p := c.units[i]
		if done == nil || !done.Same || p.Base == nil || p.Head == nil || p.Head.Build.Chart == nil || failed(done.After) || c.Overlays != AutoOverlays {
			continue
		}
		files, err := c.changedValues(ctx, p)
		if err != nil {
			return nil, err
		}
		if len(files) > 0 {
			list = append(list, gitops.Finding{
				Rule: layout.RuleName, Severity: gitops.SeverityNote, File: p.Head.File, Line: p.Head.Line, Overlays: []string{p.Head.Path},
				Message: named(p.Head) + " renders to the same as before, although its values change: no template uses what changes in " + listed(files),
			})
		}
	}
	return list, nil
}

// changedValues are the files of values and parameters of a release that say something else
// than before, quoted.
func (c *comparison) changedValues(ctx context.Context, p layout.Pair) ([]string, error) {
	b := p.Head.Build.Chart
	var names []string
	for _, v := range slices.Concat(b.Own, b.Values) {
		names = append(names, v.File)
	}
	for _, v := range b.Parameters {
		names = append(names, v.File)
	}
	var list []string
	for _, name := range names {
		_, changes := slices.BinarySearch(c.changed, name)
		if !changes || c.Base.Lookup(name).Kind != gitops.File || c.Head.Lookup(name).Kind != gitops.File {
			continue
		}
		before, err := c.Base.Read(ctx, name)
		after, bad := c.Head.Read(ctx, name)
		if err = cmp.Or(err, bad); gitops.CodeOf(err) == gitops.Invalid { // too large to be read
			continue
		} else if err != nil {
			return nil, err
		}
		if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" || len(changedFields(before, after)) > 0 {
			list = append(list, gitops.Quote(name))
		}
	}
	return list, nil
}
