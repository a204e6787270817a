package promote

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// sequence merges a list of scalars whose order counts. It is a whole where both
// sides changed the same part.
func (m *merger) sequence(at spot, b, s, t *yaml.Node) *yaml.Node {
	regions, ok := fromSource(textsIn(b), textsIn(s), textsIn(t))
	if !ok {
		return m.leaf(at, b, s, t)
	}
	var out []element
	own, pass := follow(t).Content, 0
	for _, r := range regions {
		for _, n := range own[pass:r.target.from] {
			out = append(out, element{node: n})
		}
		for _, n := range items(s)[r.source.from:r.source.to] {
			if m.named(n) != "" || encrypted(n) {
				return m.leaf(at, b, s, t)
			}
			out = append(out, element{node: clone(n)})
		}
		pass = r.target.to
	}
	for _, n := range own[pass:] {
		out = append(out, element{node: n})
	}
	list := m.relist(t, out)
	if list != t {
		m.edited(at, t, list)
	}
	return list
}

// fromSource returns the regions that only the source changed; ok is false when
// both changed one.
func fromSource(base, source, target []string) (list []region, ok bool) {
	for _, r := range diff3(base, source, target) {
		mine, theirs, ours := base[r.base.from:r.base.to], source[r.source.from:r.source.to], target[r.target.from:r.target.to]
		switch {
		case slices.Equal(mine, theirs) || slices.Equal(theirs, ours):
		case slices.Equal(mine, ours):
			list = append(list, r)
		default:
			return nil, false
		}
	}
	return list, true
}

// textsIn are the elements as lines of a merge; 1 and "1" are different ones.
func textsIn(list *yaml.Node) (texts []string) {
	for _, item := range items(list) {
		texts = append(texts, item.ShortTag()+item.Value)
	}
	return texts
}
