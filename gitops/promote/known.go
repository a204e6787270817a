package promote

import (
	"cmp"
	"slices"
	"strings"
)

// known are the places of the source, to look versions up.
type known struct {
	swap   swap
	places map[group][]place
	// own are the files that are the environment's own, with the path of their
	// root in the target.
	own map[string]string
	// roots are those paths.
	roots  map[string]bool
	images map[string]bool // names that fields for images have
}

// newKnown sorts what the source has by kind. own are the files of the app in the
// source.
func newKnown(sw swap, places []place, own []string) *known {
	k := &known{swap: sw, places: map[group][]place{}, own: map[string]string{}, roots: map[string]bool{}, images: map[string]bool{}}
	for _, f := range own {
		root := sw.path(sw.source.of(f))
		k.own[f], k.roots[root] = root, true
	}
	for _, p := range places {
		k.places[p.group] = append(k.places[p.group], p)
		if p.group == groupImage && !p.weak {
			for _, key := range p.keys {
				k.images[key] = true
			}
		}
	}
	return k
}

// lookup returns the version that the source uses of what a place of the target is
// about. Several versions mean that there is none to be told from the others. A
// name that is shown counts more than another of the same thing, the file that is
// the counterpart more than others of the environment, and those more than files
// that it shares.
func (k *known) lookup(p place) (found place, several []string) {
	if p.weak && !k.isImage(p) {
		return place{}, nil
	}
	for _, same := range []func(place) bool{
		func(q place) bool { return q.keys[0] == p.keys[0] },
		func(q place) bool { return shareKey(p.keys, q.keys) },
	} {
		list := k.nearest(p, slices.DeleteFunc(slices.Clone(k.places[p.group]), func(q place) bool { return !k.same(p, q) && !same(q) }))
		if len(list) == 0 {
			continue
		}
		for _, q := range list {
			several = append(several, q.value.String())
		}
		slices.Sort(several)
		if several = slices.Compact(several); len(several) == 1 {
			return list[0], nil
		}
		return place{}, several
	}
	return place{}, nil
}

// same reports whether a pointer of the source leads where one of the target does,
// but for the environment.
func (k *known) same(p, q place) bool {
	return p.group == groupPointer && k.swap.path(q.keys[0]) == p.keys[0]
}

// isImage reports whether a scalar that looks like an image is one: its name is
// known as one, or starts with a registry.
func (k *known) isImage(p place) bool {
	return hasHost(p.keys[0]) || slices.ContainsFunc(p.keys, func(key string) bool { return k.images[key] })
}

// shareKey reports whether two places may mean the same; an empty key means nothing.
func shareKey(a, b []string) bool {
	return slices.ContainsFunc(a, func(key string) bool { return key != "" && slices.Contains(b, key) })
}

// nearest returns those of the candidates that count most for a place. Where
// the source has a counterpart of some root, the places of other roots are no
// candidates: they are about other deployments of the same thing.
func (k *known) nearest(p place, list []place) []place {
	root := k.swap.target.of(p.file)
	rank := func(q place) int {
		file := k.swap.path(q.file)
		switch {
		case k.own[q.file] == "":
			return 3
		case file != p.file:
			return 2
		case k.swap.path(q.at.String()) != p.at.String():
			return 1
		}
		return 0
	}
	paired := k.paired()
	list = slices.DeleteFunc(list, func(q place) bool {
		own := k.own[q.file]
		return q.value.String() == "" && q.value.name == "" || paired && own != root && (own != "" || !k.roots[root])
	})
	slices.SortStableFunc(list, func(a, b place) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), compareBool(b.image, a.image), strings.Compare(a.file, b.file))
	})
	end := 0
	for end < len(list) && rank(list[end]) == rank(list[0]) && list[end].image == list[0].image {
		end++
	}
	return list[:end]
}

// paired reports whether some root of the target has a counterpart.
func (k *known) paired() bool {
	return slices.ContainsFunc(k.swap.target, func(root string) bool { return k.roots[root] })
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// newVersion returns the version that a place shall have: what is carried of the
// source's, and the rest as it is.
func newVersion(p, source place) version {
	v := source.value
	switch {
	case p.group != groupImage:
		return version{tag: v.tag}
	case v.tag == "" && v.digest == "":
		v.tag, v.digest = p.value.tag, p.value.digest
	}
	if !p.image || !source.image || v.name == "" || v.name == p.keys[0] && p.value.name == "" {
		v.name = p.value.name
	}
	return v
}
