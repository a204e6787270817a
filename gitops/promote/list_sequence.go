package promote

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// sequence merges a list of scalars that may repeat, or whose order counts, region by
// region: what only the source changed is carried, and what both changed is a conflict of
// these items alone. Where the order does not count, items that both added stand side by
// side.
func (m *merger) sequence(at spot, b, s, t *yaml.Node) *yaml.Node {
	target := follow(t)
	var out []element
	own, pass := target.Content, 0
	keep := func(from, to int) {
		for _, n := range own[from:to] {
			out = append(out, element{node: n})
		}
	}
	for _, r := range diff3(textsIn(b), textsIn(s), textsIn(t)) {
		keep(pass, r.target.from)
		pass = r.target.to
		one := r.base.len() == r.source.len() && r.base.len() == r.target.len()
		switch {
		case r.base.len() == 0 && r.target.len() > 0 && !ordered(at.last()) && !equal(part(s, r.source), part(t, r.target)):
			keep(r.target.from, r.target.to)
			added := r.source
			r = region{base: stretch{r.base.to, r.base.to}, source: added, target: stretch{r.target.to, r.target.to}}
			out = append(out, m.span(at, r, b, s, t)...)
		case one:
			for i := range r.base.len() {
				out = append(out, m.span(at, r.one(i), b, s, t)...)
			}
		default:
			out = append(out, m.span(at, r, b, s, t)...)
		}
	}
	keep(pass, len(own))
	return m.relist(t, out)
}

// span merges some items that follow each other as one value.
func (m *merger) span(at spot, r region, b, s, t *yaml.Node) []element {
	base, source, target := part(b, r.base), part(s, r.source), part(t, r.target)
	here := at.item(r.target.from, nil, "")
	if base != nil && source != nil && target == nil && !equal(base, source) {
		m.only(here)
		return nil
	}
	value := m.single(here, base, source, target)
	var out []element
	if value == target {
		if target != nil {
			for _, n := range follow(t).Content[r.target.from:r.target.to] {
				out = append(out, element{node: n})
			}
		}
		return out
	}
	for i, n := range partItems(value) {
		n = clone(n)
		if value != nil && i < r.target.len() && r.source.len() == r.target.len() {
			m.origin.set(n, follow(t).Content[r.target.from+i]) // it takes that one's place
		}
		out = append(out, element{node: n})
	}
	return out
}

// part is some items of a list as one value: nil for none, the item itself for one.
func part(list *yaml.Node, s stretch) *yaml.Node {
	switch all := items(list); s.len() {
	case 0:
		return nil
	case 1:
		return all[s.from]
	default:
		return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: slices.Clone(all[s.from:s.to])}
	}
}

// partItems are the items of such a value.
func partItems(value *yaml.Node) []*yaml.Node {
	if value != nil && value.Kind == yaml.SequenceNode {
		return value.Content
	}
	if value == nil {
		return nil
	}
	return []*yaml.Node{value}
}

// textsIn are the elements as lines of a merge; 1 and "1" are different ones.
func textsIn(list *yaml.Node) (texts []string) {
	for _, item := range items(list) {
		texts = append(texts, item.ShortTag()+item.Value)
	}
	return texts
}
