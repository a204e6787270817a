package edit

import (
	"go.yaml.in/yaml/v3"
)

// place is where a node is.
type place struct {
	parent *yaml.Node // nil for the root of a document
	index  int        // in parent.Content
	depth  int
	order  int // in the file
	flow   bool

	start  int // of its anchor or tag, if it has one
	body   int // of its own text
	header int // the end of the header of a block scalar, else 0
	end    int
}

// locate finds all nodes in the text; it does so once.
func (f *File) locate() error {
	if f.places != nil {
		return nil
	}
	f.src = newSource(f.text)
	l := &locator{File: f, places: map[*yaml.Node]*place{}}
	for _, d := range f.docs {
		for _, root := range d.Content {
			if !l.node(root, &place{}, -1) {
				return f.refuse(l.lost, errForm)
			}
		}
	}
	f.places, f.keys = l.places, map[*yaml.Node]map[string][]int{}
	return nil
}

// locator finds out where nodes stand. lost is the node at which it gave up: from there
// on the text is not what the library's positions say.
type locator struct {
	*File
	places map[*yaml.Node]*place
	lost   *yaml.Node
}

// node finds n; indent is that of the lines of the block collection around it.
func (l *locator) node(n *yaml.Node, p *place, indent int) bool {
	p.order = len(l.places)
	l.places[n] = p
	start, ok := l.src.offset(n.Line, n.Column)
	if !ok {
		l.lost = n
		return false
	}
	p.start = start
	p.body = l.body(n, start)
	switch n.Kind {
	case yaml.ScalarNode:
		ok = l.scalar(n, p, indent)
	case yaml.AliasNode:
		l.aliases = append(l.aliases, n)
		p.end = p.body + 1 + len(n.Value)
		ok = l.src.byteAt(p.body) == '*'
	case yaml.MappingNode, yaml.SequenceNode:
		return l.collection(n, p, indent)
	}
	if !ok {
		l.lost = n
	}
	return ok
}

// body passes the anchor and the tag of a node.
func (l *locator) body(n *yaml.Node, at int) int {
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 {
		// An anchor there may be that of its first key.
		if n.Anchor != "" {
			at = l.src.property(at)
		}
		if n.Style&yaml.TaggedStyle != 0 {
			at = l.src.property(at)
		}
		return at
	}
	for c := l.src.byteAt(at); c == '&' || c == '!'; c = l.src.byteAt(at) {
		if implied(n) {
			return l.propertiesEnd(at)
		}
		at = l.src.property(at)
	}
	return at
}

// propertiesEnd is behind the anchor and the tag of a node without text.
func (l *locator) propertiesEnd(at int) int {
	for {
		end := at
		for end < len(l.text) && !blank(l.text[end]) && breakLen(l.text[end:]) == 0 {
			end++
		}
		next := end
		for blank(l.src.byteAt(next)) {
			next++
		}
		if c := l.src.byteAt(next); c != '&' && c != '!' {
			return end
		}
		at = next
	}
}

// scalar finds the end of a scalar that begins at the body of p.
func (l *locator) scalar(n *yaml.Node, p *place, indent int) (ok bool) {
	switch {
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		p.end, ok = l.src.quotedEnd(p.body)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		p.header, p.end = l.src.blockScalar(p.body, indent)
		ok = true
	default:
		p.end, ok = l.src.plainEnd(p.body, n.Value)
	}
	return ok
}

// collection finds the places of the children and, behind the last of them, the end. A
// mapping without brackets in a list with brackets ("[a: b]") has no bracket of its
// own.
func (l *locator) collection(n *yaml.Node, p *place, indent int) bool {
	flow := n.Style&yaml.FlowStyle != 0
	bracket := flow && (l.src.byteAt(p.body) == '[' || l.src.byteAt(p.body) == '{')
	if !flow {
		indent = l.src.column(p.body)
	}
	p.end = p.body
	if bracket {
		p.end++
	}
	for i, c := range n.Content {
		child := &place{parent: n, index: i, depth: p.depth + 1, flow: flow}
		if !l.node(c, child, indent) {
			return false
		}
		p.end = max(p.end, child.end)
	}
	if !bracket {
		return true
	}
	p.end = l.src.skip(p.end, ",:?")
	if c := l.src.byteAt(p.end); c != ']' && c != '}' {
		l.lost = n
		return false
	}
	p.end++
	return true
}
