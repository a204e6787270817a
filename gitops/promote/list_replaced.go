package promote

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// replacing says which item of a list took the place of which.
type replacing struct {
	// inSource leads from the key of an item of base to what the source has in its
	// place, fresh back from that to the item of base.
	inSource, fresh map[string]element
	// inTarget leads from the key of an item of base to what the target has in its
	// place; own has those.
	inTarget map[string]element
	own      map[string]string // by key of the target's item, the one of base
}

// replacements finds them for items that are known by all that they say: where they have
// names, another name is another item.
func (m *merger) replacements(at spot, k keying, base, source, target []element) replacing {
	r := replacing{map[string]element{}, map[string]element{}, map[string]element{}, map[string]string{}}
	if k.fields != nil || k.pairs || k.patch {
		return r
	}
	paths := isKustomization(m.file) && !m.embedded && (len(at.trail) == 1 || slices.Contains(fileKeys, at.last()))
	like := func(a, b element, certain bool) bool {
		if paths { // another path is another thing, unless it is one address at another ref
			return sameAddress(a.node, b.node)
		}
		return certain || similarity(pieces(a.node), pieces(b.node)) > likeness
	}
	for _, p := range paired(base, source, like) {
		r.inSource[p[0].key], r.fresh[p[1].key] = p[1], p[0]
	}
	has := func(list []element, key string) bool {
		return slices.ContainsFunc(list, func(e element) bool { return e.key == key })
	}
	done := func(e element) bool { by, ok := r.inSource[e.key]; return ok && has(target, by.key) }
	theirs := func(e element) bool { return has(source, e.key) && !has(base, e.key) }
	base, target = slices.DeleteFunc(slices.Clone(base), done), slices.DeleteFunc(slices.Clone(target), theirs)
	for _, p := range paired(base, target, like) {
		r.inTarget[p[0].key], r.own[p[1].key] = p[1], p[0].key
	}
	return r
}

// paired returns the items of a that are not in b with those of b that are in their place
// and not in a: at the same place of lists that are else the same, one for one; where more
// or less came, those that are alike.
func paired(a, b []element, like func(x, y element, certain bool) bool) (pairs [][2]element) {
	keys := func(list []element) (out []string, in map[string]bool) {
		in = map[string]bool{}
		for _, e := range list {
			out, in[e.key] = append(out, e.key), true
		}
		return out, in
	}
	ka, inA := keys(a)
	kb, inB := keys(b)
	without := func(list []element, in map[string]bool) (out []element) {
		for _, e := range list {
			if !in[e.key] {
				out = append(out, e)
			}
		}
		return out
	}
	for _, g := range hunks(ka, kb) {
		left, came := without(a[g.base.from:g.base.to], inB), without(b[g.source.from:g.source.to], inA)
		certain := len(left) == len(came)
		for i, x := range left {
			for j, y := range came {
				if y.node == nil || certain && i != j || !like(x, y, certain) {
					continue
				}
				pairs = append(pairs, [2]element{x, y})
				came[j].node = nil // taken
				break
			}
		}
	}
	return pairs
}

// hunks are the regions in which two lists differ; those of target are empty.
func hunks(a, b []string) []region {
	return diff3(a, b, a)
}

// sameAddress reports whether two entries are one remote thing at two versions.
func sameAddress(a, b *yaml.Node) bool {
	x, remoteA := gitops.ParseRemote(text(a))
	y, remoteB := gitops.ParseRemote(text(b))
	if !remoteA || !remoteB {
		return false
	}
	if x.File != "" || y.File != "" {
		key := pointerKey(text(a))
		return key != "" && key == pointerKey(text(b))
	}
	return repoKey(x) == repoKey(y)
}

// pieces are what an item says, piece by piece, to tell how alike two are: the words of
// a text, and the values of anything else.
func pieces(n *yaml.Node) []string {
	if n = follow(n); n.Kind != yaml.ScalarNode {
		return appendSayings(nil, n, "")
	}
	return strings.FieldsFunc(n.Value, func(c rune) bool { return strings.ContainsRune(" \n\t-_./:=,@?&\"'()", c) })
}
