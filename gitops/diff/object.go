package diff

import (
	"strings"

	"github.com/sealift/sealift/gitops"
)

// change is what happens to one object, with its images on both sides.
type change struct {
	gitops.ObjectChange
	before, after []string
}

// objectChange compares the two sides of an object.
func objectChange(p pair, old, now hashes) change {
	var was, is manifest
	c := change{}
	o := p.after
	if p.before != nil {
		was = mask(*p.before, nil)
	}
	if p.after != nil {
		is = mask(*p.after, was.hidden)
	} else {
		o = p.before
	}
	before, after := old.mask(was.text), now.mask(is.text)
	c.APIVersion, c.Kind, c.Namespace = o.APIVersion, o.Kind, o.Namespace
	c.Status, c.Name = gitops.Changed, now.mask(o.Name)
	c.Masked = is.changed
	c.before, c.after = was.images, is.images
	switch {
	case p.before == nil:
		c.Status = gitops.Added
	case p.after == nil:
		c.Status, c.Name = gitops.Removed, old.mask(o.Name)
	case p.renamed:
		c.Status, c.RenamedFrom = gitops.Renamed, oldName(p, old)
	}
	list := hunks([]byte(before), []byte(after), context)
	c.Diff = printed(list)
	if p.before != nil && p.after != nil {
		c.Fields = fields(list, before, after)
	}
	return c
}

// oldName returns the name that an object had, with its namespace when that is
// what changed.
func oldName(p pair, old hashes) string {
	name := old.mask(p.before.Name)
	if p.before.Namespace != p.after.Namespace {
		return strings.TrimPrefix(p.before.Namespace+"/"+name, "/")
	}
	return name
}
