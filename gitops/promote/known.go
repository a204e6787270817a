package promote

import (
	"cmp"
	"path"
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
	roots map[string]bool
	// target has the places of the target, each of which stands for one of the source.
	target []place
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

// answer is what the source has for a place of the target.
type answer struct {
	// from is the place of the source, when ok says that there is one for certain.
	from place
	ok   bool
	// several are the versions of the places that may be meant and do not agree.
	several []string
	// elsewhere are places of the same name in objects that the target does not have.
	elsewhere []place
}

// lookup returns the version that the source uses of what a place of the target is
// about: that of the same container of the same object, the same release, the same entry.
// Where none is the same, it is what else has the name, but never a place that stands
// for another one of the target, nor one in another object. Several versions mean
// that there is none to be told from the others. A name that is shown counts more than
// another of the same thing.
func (k *known) lookup(p place) answer {
	if p.weak && !k.isImage(p) {
		return answer{}
	}
	var a answer
	for _, same := range []func(place) bool{
		func(q place) bool { return q.keys[0] == p.keys[0] },
		func(q place) bool { return shareKey(p.keys, q.keys) },
	} {
		list := k.about(p, slices.DeleteFunc(slices.Clone(k.places[p.group]), func(q place) bool { return !k.same(p, q) && !same(q) }))
		if list = k.within(p, list); len(list) == 0 {
			continue
		}
		list, a.elsewhere = k.identical(p, list)
		if len(list) == 0 {
			continue
		}
		for _, q := range list {
			a.several = append(a.several, q.value.String())
		}
		slices.Sort(a.several)
		if a.several = slices.Compact(a.several); len(a.several) == 1 {
			return answer{from: list[0], ok: true}
		}
		return a
	}
	return a
}

// about leaves out what a field images of the source overrides, for a place that no such
// field of the target does.
func (k *known) about(p place, list []place) []place {
	covers := func(q place) bool {
		return p.group == groupImage && !p.image && slices.ContainsFunc(list, func(i place) bool {
			return i.image && k.own[i.file] != "" && (k.own[q.file] == "" || below(q.file, i.file)) && i.value.String() != ""
		})
	}
	if slices.ContainsFunc(k.target, func(t place) bool { return t.image && shareKey(t.keys, p.keys) }) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(q place) bool { return !q.image && covers(q) })
}

// below reports whether a file is in the directory of another one, or deeper.
func below(file, of string) bool {
	dir := path.Dir(of)
	return dir == "." || strings.HasPrefix(file, dir+"/")
}

// identical returns the places that stand for one of the target: the nearest of those
// that are the same thing, or else of those that may be it. elsewhere are others.
func (k *known) identical(p place, list []place) (same, elsewhere []place) {
	for _, alike := range []func(a, b string) bool{
		func(a, b string) bool { return a == b || k.swap.rename(a) == b },
		k.swap.sameName,
	} {
		for _, q := range list {
			if p.id != "" && alike(q.id, p.id) {
				same = append(same, q)
			}
		}
		if len(same) > 0 {
			return k.nearest(p, same), nil
		}
	}
	var entries, values, things []place
	for _, q := range list {
		switch {
		case k.claimed(q) || !k.mayBe(p, q, list):
			elsewhere = append(elsewhere, q)
		case q.image:
			entries = append(entries, q)
		case q.object == "":
			values = append(values, q)
		default:
			things = append(things, q)
		}
	}
	for _, some := range [][]place{entries, values} { // entries are for all that has the name
		if len(some) > 0 {
			return k.nearest(p, some), elsewhere
		}
	}
	return k.heads(things), elsewhere
}

// claimed reports whether a place of the source stands for some place of the target by
// what it is.
func (k *known) claimed(q place) bool {
	return !q.image && slices.ContainsFunc(k.target, func(t place) bool {
		return t.group == q.group && shareKey(t.keys, q.keys) && k.swap.sameName(q.id, t.id)
	})
}

// mayBe reports whether a place of the source may be about what one of the target is
// about although they are not called the same. In one object that is so where nothing
// else has the name; places of different objects are never one. Two releases of a chart
// are two things.
func (k *known) mayBe(p, q place, list []place) bool {
	switch {
	case p.image || q.image:
		return true
	case p.release != "" && q.release != "" && !k.swap.sameName(q.release, p.release):
		return false
	case p.object == "" || q.object == "":
		return true
	case !k.swap.sameName(q.object, p.object):
		return false
	}
	return k.alone(p, q, list)
}

// alone reports whether both places are the only ones of their name in their object.
func (k *known) alone(p, q place, list []place) bool {
	ids := map[string]bool{}
	for _, o := range list {
		if o.object == q.object && !o.image {
			ids[o.id] = true
		}
	}
	for _, t := range k.target {
		if t.group == p.group && t.object == p.object && !t.image && t.id != p.id && shareKey(t.keys, p.keys) {
			return false
		}
	}
	return len(ids) == 1
}

// heads leaves one place of each thing that the source has, that of an overlay rather
// than that of the base it overrides.
func (k *known) heads(list []place) []place {
	return slices.DeleteFunc(slices.Clone(list), func(q place) bool {
		return k.own[q.file] == "" && slices.ContainsFunc(list, func(o place) bool { return o.id == q.id && k.own[o.file] != "" })
	})
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

// within leaves out the places without a version. Where the source has a counterpart of
// some root, the places of other roots are no candidates: they are about other
// deployments of the same thing.
func (k *known) within(p place, list []place) []place {
	root, paired := k.swap.target.of(p.file), k.paired()
	return slices.DeleteFunc(list, func(q place) bool {
		own := k.own[q.file]
		return q.value.String() == "" && q.value.name == "" || paired && own != root && (own != "" || !k.roots[root])
	})
}

// nearest returns those of the candidates that count most for a place.
func (k *known) nearest(p place, list []place) []place {
	rank := func(q place) int {
		switch {
		case k.own[q.file] == "":
			return 3
		case k.swap.path(q.file) != p.file && k.swap.rename(k.swap.path(q.file)) != p.file:
			return 2
		case !k.swap.sameName(q.id, p.id):
			return 1
		}
		return 0
	}
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

// newVersion returns the version that a place shall have: the tag and the digest of the
// source, which are one, at the name that the target pulls by.
func newVersion(p, source place) version {
	v := source.value
	switch {
	case p.group != groupImage:
		return version{tag: v.tag}
	case v.tag == "" && v.digest == "":
		v.tag, v.digest = p.value.tag, p.value.digest
	}
	v.name = p.value.name
	return v
}
