package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
)

// maxOwners is how many units are rendered to find out who else deploys an object.
const maxOwners = 300

// gone says what becomes of the objects that a deployer does not deploy any more; nil
// when there are none, or when nobody deployed them.
func (c *comparison) gone(ctx context.Context, p layout.Pair, done render.Pair) (*gitops.Gone, error) {
	u := p.Base
	if u == nil || u.DeployedBy == nil || done.Before == nil || done.Before.Err != nil || done.After != nil && done.After.Err != nil {
		return nil, nil
	}
	g := &gitops.Gone{Outcome: u.Dropped}
	renamed := p.Head != nil && p.Head.DeployedBy != nil && p.Head.DeployedBy.Name != u.DeployedBy.Name
	if p.Head == nil || renamed {
		g.Outcome = u.Removed
	}
	has := map[string]bool{}
	if done.After != nil && !renamed {
		owned(has, done.After)
	}
	lost := slices.DeleteFunc(slices.Clone(done.Before.Objects), func(o gitops.Object) bool { return has[objectID(o)] })
	if len(lost) == 0 || p.Head != nil && !renamed && p.Base.Path == p.Head.Path {
		return nil, nil // an object that is removed from a unit is shown as removed
	}
	whole, err := c.owners(ctx, u, p.Head, has)
	if err != nil {
		return nil, err
	}
	if !whole {
		g.Outcome = gitops.PruneUnknown
	}
	claims := map[string]int{}
	for _, o := range lost {
		switch {
		case has[objectID(o)]:
			continue
		case check.Kept(o):
			g.Kept++
		case o.Kind == "PersistentVolumeClaim" || o.Kind == "Namespace" || o.Kind == "CustomResourceDefinition":
			claims[o.Kind]++
		}
		g.Objects++
	}
	for _, kind := range slices.Sorted(maps.Keys(claims)) {
		g.Claims = append(g.Claims, gitops.KindCount{Kind: kind, Count: claims[kind]})
	}
	if g.Objects == 0 {
		return nil, nil
	}
	return g, nil
}

// owners adds to has what the other units of a unit's cluster render to at the head. It
// reports whether that is known of all of them.
func (c *comparison) owners(ctx context.Context, u, not *gitops.Unit, has map[string]bool) (bool, error) {
	var list []render.Source
	for i := range c.head.Units {
		other := &c.head.Units[i]
		if other != not && other.DeployedBy != nil && other.DeployedBy.Cluster == u.DeployedBy.Cluster {
			s, err := c.source(ctx, c.Head, other)
			if err != nil {
				return false, err
			}
			list = append(list, s)
		}
	}
	if len(list) > maxOwners {
		return false, nil
	}
	whole := true
	for done, err := range c.Renderer.Sources(ctx, list) {
		if err != nil {
			return false, err
		}
		if done.Rendered.Err != nil {
			whole = false
			continue
		}
		owned(has, &done.Rendered)
	}
	return whole, nil
}

// owned adds the objects of a render.
func owned(has map[string]bool, r *gitops.Rendered) {
	for _, o := range r.Objects {
		has[objectID(o)] = true
	}
}

// objectID names an object in its cluster, whatever the version of its API.
func objectID(o gitops.Object) string {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	return group + " " + o.Kind + " " + o.Namespace + "/" + o.Name
}
