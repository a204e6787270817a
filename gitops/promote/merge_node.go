package promote

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// node merges the value at a spot; a nil node is one that is not there. It
// returns t itself when nothing changes, and nil when it is to be removed.
func (m *merger) node(at spot, b, s, t *yaml.Node) *yaml.Node {
	base, source, target := follow(b), follow(s), follow(t)
	switch {
	case equal(base, source) && m.carry == nil && !m.asked || equal(source, target):
		return t
	case m.keeps(at):
		return m.single(at, base, source, t)
	case alike(yaml.MappingNode, base, source, target) && keyed(base) && keyed(source) && keyed(target):
		return m.mapping(at, base, source, t)
	case alike(yaml.SequenceNode, base, source, target):
		return m.list(at, base, source, t)
	}
	return m.leaf(at, base, source, t)
}

func (m *merger) keeps(at spot) bool   { return m.keep != nil && m.keep(at.trail) }
func (m *merger) carries(at spot) bool { return m.carry != nil && m.carry(at.trail) }

// alike reports whether source and target are of a kind, and base is too or was
// not there.
func alike(kind yaml.Kind, base, source, target *yaml.Node) bool {
	return source != nil && source.Kind == kind && target != nil && target.Kind == kind && (base == nil || base.Kind == kind)
}

// leaf merges a value that is not merged by its parts: a text as a document where it is
// one, and else by lines.
func (m *merger) leaf(at spot, b, s, t *yaml.Node) *yaml.Node {
	if out, ok := m.inner(at, b, s, t); ok {
		return out
	}
	if target := follow(t); texts(b, s, target) && !m.carries(at) && !encrypted(s) && m.taken(at.String()) == "" {
		return m.lines(at, b, s, t)
	}
	return m.single(at, b, s, t)
}

// single merges a value as a whole.
func (m *merger) single(at spot, b, s, t *yaml.Node) *yaml.Node {
	target := follow(t)
	decided := m.taken(at.String())
	switch {
	case m.keeps(at):
		if !equal(b, s) && !equal(s, target) {
			m.withhold(at, reasonKept)
		}
		return t
	case equal(s, target):
		return t
	case m.carries(at) && s != nil:
		return m.put(at, s, t)
	case equal(b, s) && decided != TakeSource || decided == TakeTarget:
		return t
	case encrypted(s) || encrypted(b):
		m.withhold(at, reasonSealed)
		return t
	case b == nil && target == nil && m.newSecret(at, s) && decided != TakeSource:
		m.withhold(at, reasonSecret)
		return t
	}
	if name := cmp.Or(m.named(s), m.namedKey(at, s, target)); name != "" && decided != TakeSource {
		m.withhold(at, reasonNames, name)
		return t
	}
	if equal(b, target) {
		return m.put(at, s, t)
	}
	switch m.decision(at) {
	case TakeSource:
		return m.put(at, s, t)
	case TakeTarget:
	default:
		m.conflict(at, b, s, target)
	}
	return t
}

// taken is what was decided for exactly this path.
func (m *merger) taken(path string) string {
	if m.take == nil || path == "" {
		return ""
	}
	return m.take(path)
}

// decision is what was decided for a conflict.
func (m *merger) decision(at spot) string {
	if d := m.taken(at.String()); d != "" || m.take == nil {
		return d
	}
	return m.take("")
}

// named is the environment that a value or one below it names.
func (m *merger) named(n *yaml.Node) (name string) {
	if m.names == nil || n == nil {
		return ""
	}
	each(n, func(n *yaml.Node) {
		if name == "" && n.Kind == yaml.ScalarNode {
			name = m.names(n.Value)
		}
	})
	return name
}

// resembling reports whether a value or one below it may name the source.
func (m *merger) resembling(n *yaml.Node) (found bool) {
	if m.resembles != nil {
		each(n, func(n *yaml.Node) { found = found || n.Kind == yaml.ScalarNode && m.resembles(n.Value) })
	}
	return found
}

// namedKey is the environment that the key of a new value names.
func (m *merger) namedKey(at spot, s, target *yaml.Node) string {
	if m.names == nil || s == nil || target != nil {
		return ""
	}
	return m.names(at.last())
}

// put lets the source's value take the place of t. What is kept or encrypted in
// it is left out.
func (m *merger) put(at spot, source, t *yaml.Node) *yaml.Node {
	if encrypted(source) {
		m.withhold(at, reasonSealed)
		return t
	}
	value := m.pruned(at, source)
	m.edited(at, t, value)
	if m.resembling(value) {
		m.out.checks = append(m.out.checks, Withheld{File: m.file, Path: at.String()})
	}
	if value != nil && t != nil {
		m.origin.set(value, t)
	}
	return value
}

// pruned is a copy of a value without the fields that are kept.
func (m *merger) pruned(at spot, n *yaml.Node) *yaml.Node {
	if n == nil || m.keep == nil || n.Kind == yaml.ScalarNode {
		return clone(n)
	}
	n = follow(n)
	out := bare(n)
	for i, c := range n.Content {
		below, added := at.item(i, c, ""), []*yaml.Node{c}
		if n.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			below, added = at.key(n.Content[i-1].Value), []*yaml.Node{clone(n.Content[i-1]), c}
		}
		if m.keeps(below) {
			m.withhold(below, reasonKept)
			continue
		}
		added[len(added)-1] = m.pruned(below, c)
		out.Content = append(out.Content, added...)
	}
	return out
}

// mapping merges key by key. Keys that only the target has stay.
func (m *merger) mapping(at spot, b, s, t *yaml.Node) *yaml.Node {
	target := follow(t)
	inBase, inSource, inTarget := fields(b), fields(s), fields(target)
	out, changed := bare(target), false
	for i := 0; i+1 < len(target.Content); i += 2 {
		key, old := target.Content[i], target.Content[i+1]
		value := m.node(at.key(key.Value), inBase[key.Value], inSource[key.Value], old)
		changed = changed || value != old
		if value != nil {
			out.Content = append(out.Content, key, value)
		}
	}
	for i := 0; i+1 < len(s.Content); i += 2 {
		key := s.Content[i].Value
		if inTarget[key] != nil {
			continue
		}
		if value := m.node(at.key(key), inBase[key], s.Content[i+1], nil); value != nil {
			out.Content, changed = append(out.Content, clone(s.Content[i]), value), true
		}
	}
	if !changed {
		return t
	}
	m.origin.set(out, t)
	return out
}

// fields are the values of a mapping by their keys, with aliases as they are.
func fields(n *yaml.Node) map[string]*yaml.Node {
	if n == nil {
		return nil
	}
	by := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		by[n.Content[i].Value] = n.Content[i+1]
	}
	return by
}

// keyed reports whether the keys of a mapping are scalars, each there once.
func keyed(n *yaml.Node) bool {
	if n == nil {
		return true
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Kind != yaml.ScalarNode {
			return false
		}
	}
	return len(fields(n)) == len(n.Content)/2
}

// texts reports whether all are strings of several lines.
func texts(nodes ...*yaml.Node) bool {
	for _, n := range nodes {
		if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || !strings.Contains(strings.TrimRight(n.Value, "\n"), "\n") {
			return false
		}
	}
	return true
}

// maxExpanded is how many nodes the documents of a file may have with their
// aliases written out.
const maxExpanded = 200_000

// bounded reports whether aliases neither go round in circles nor explode.
func bounded(roots []*yaml.Node) bool {
	left := maxExpanded
	var count func(n *yaml.Node, depth int) bool
	count = func(n *yaml.Node, depth int) bool {
		left--
		if left < 0 || depth > 500 {
			return false
		}
		if n.Kind == yaml.AliasNode {
			return count(n.Alias, depth+1)
		}
		for _, c := range n.Content {
			if !count(c, depth+1) {
				return false
			}
		}
		return true
	}
	for _, root := range roots {
		if root != nil && !count(root, 0) {
			return false
		}
	}
	return true
}

// equal reports whether two values mean the same: aliases written out, the order
// of keys and styles do not count.
func equal(a, b *yaml.Node) bool {
	a, b = follow(a), follow(b)
	if a == nil || b == nil || a == b {
		return a == b
	}
	if a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || len(a.Content) != len(b.Content) {
		return false
	}
	switch {
	case a.Kind == yaml.ScalarNode:
		return a.Value == b.Value || a.ShortTag() == "!!null"
	case a.Kind == yaml.MappingNode && keyed(a) && keyed(b):
		other := fields(b)
		for i := 0; i+1 < len(a.Content); i += 2 {
			if !equal(a.Content[i+1], other[a.Content[i].Value]) {
				return false
			}
		}
		return true
	}
	for i := range a.Content {
		if !equal(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// each visits a value and all below it, with aliases followed.
func each(n *yaml.Node, visit func(*yaml.Node)) {
	if n = follow(n); n == nil {
		return
	}
	visit(n)
	for _, c := range n.Content {
		each(c, visit)
	}
}

// bare is a collection without its children, anchor and comments.
func bare(n *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: n.Kind, Tag: n.Tag, Style: n.Style}
}

// clone copies a value with its aliases written out, without comments.
func clone(n *yaml.Node) *yaml.Node {
	if n = follow(n); n == nil {
		return nil
	}
	out := bare(n)
	out.Value = n.Value
	for _, c := range n.Content {
		out.Content = append(out.Content, clone(c))
	}
	return out
}
