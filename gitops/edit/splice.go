package edit

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// splice replaces the bytes from start to end.
type splice struct {
	start, end int
	text       string
	depth      int // of the node; at one place the deeper comes first
}

// splices turns the edits into splices.
func (f *File) splices(how manner) ([]splice, error) {
	w := &writer{File: f, printer: f.layout(), parts: how.within}
	if w.quoted = how.careful; how.careful {
		w.chomp()
	}
	for _, n := range f.touched() {
		r, replaced := f.replaced[n]
		switch {
		case f.dropped(n), replaced && (f.added[n] != nil || f.survivors(n)*stride(n) < len(n.Content)):
			return nil, f.fail(gitops.Invalid, n, "value is edited and removed")
		case !replaced && f.survivors(n) > 0:
			if err := w.children(n); err != nil {
				return nil, err
			}
			continue
		case !replaced:
			r = replacement{node: f.result(n), keep: true}
		}
		if err := w.replace(n, r); err != nil {
			return nil, err
		}
	}
	return w.out, w.documents()
}

// chomp marks the block of text that ends the file, where it has no line break at its
// end: with lines behind it, it would get one.
func (w *writer) chomp() {
	for n, p := range w.places {
		_, replaced := w.replaced[n]
		if p.header > 0 && p.end == len(w.text) && !strings.HasSuffix(n.Value, "\n") && !replaced && !w.dropped(n) &&
			!bytes.ContainsAny(w.text[p.body:p.header], "-+") {
			w.add(n, p.header, p.header, "-")
		}
	}
}

// touched are the nodes that are replaced and the collections that get or lose
// children, in their order in the file.
func (f *File) touched() []*yaml.Node {
	set := map[*yaml.Node]bool{}
	for n := range f.replaced {
		set[n] = true
	}
	for n := range f.added {
		set[n] = true
	}
	for n := range f.removed {
		set[f.places[n].parent] = true
	}
	return f.inOrder(slices.Collect(maps.Keys(set)))
}

func (f *File) inOrder(nodes []*yaml.Node) []*yaml.Node {
	slices.SortFunc(nodes, func(a, b *yaml.Node) int { return f.places[a].order - f.places[b].order })
	return nodes
}

// dropped reports whether a node stands in what is removed or replaced.
func (f *File) dropped(n *yaml.Node) bool {
	for p := f.places[n]; p.parent != nil; p = f.places[p.parent] {
		children := p.parent.Content
		if f.removed[children[f.childIndex(p)]] {
			return true
		}
		if _, ok := f.replaced[p.parent]; ok {
			return true
		}
	}
	return false
}

// childIndex is the index of the item, or of the key of the pair, that a node is.
func (f *File) childIndex(p *place) int {
	if p.parent.Kind == yaml.MappingNode {
		return p.index - p.index%2
	}
	return p.index
}

// survivors is how many children of n are not removed.
func (f *File) survivors(n *yaml.Node) int {
	left := 0
	for i := 0; i < len(n.Content); i += stride(n) {
		if !f.removed[n.Content[i]] {
			left++
		}
	}
	return left
}

// stride is how many nodes a child of n has.
func stride(n *yaml.Node) int {
	if n.Kind == yaml.MappingNode {
		return 2
	}
	return 1
}

// apply makes the splices.
func (f *File) apply(splices []splice) ([]byte, error) {
	slices.SortStableFunc(splices, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(min(a.end-a.start, 1), min(b.end-b.start, 1)), cmp.Compare(b.depth, a.depth))
	})
	var out []byte
	at := 0
	for _, s := range splices {
		if s.start < at {
			return nil, &gitops.Error{
				Code: gitops.Invalid, File: f.name, Line: f.src.line(s.start) + 1, Message: "edits overlap",
			}
		}
		out = append(out, f.text[at:s.start]...)
		out = append(out, s.text...)
		at = s.end
	}
	out = append(out, f.text[at:]...)
	if !bytes.HasSuffix(f.text, []byte("\n")) { // it has no final newline, even where the last line went
		out = bytes.TrimSuffix(out, []byte(f.src.newline))
	}
	return out, nil
}

// writer makes splices.
type writer struct {
	*File
	printer
	parts bool // of texts are changed, where the rest can stay
	out   []splice
}

// add notes that text takes the place of the bytes from start to end. Of two at the
// same place the one of the deeper node comes first.
func (w *writer) add(n *yaml.Node, start, end int, text string) {
	if start != end || text != "" {
		w.out = append(w.out, splice{start: start, end: end, text: text, depth: w.places[n].depth})
	}
}

// below is the text of lines after a line.
func (w *writer) below(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(w.src.newline + line)
	}
	return b.String()
}

// above is the text of lines before a line.
func (w *writer) above(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line + w.src.newline)
	}
	return b.String()
}

// layout finds how the file indents.
func (f *File) layout() printer {
	p := printer{}
	list := -1
	for _, n := range f.inOrder(slices.Collect(maps.Keys(f.places))) {
		at := f.places[n]
		if at.parent == nil || at.parent.Kind != yaml.MappingNode || at.index%2 == 0 || n.Style&yaml.FlowStyle != 0 || !f.src.first(at.body) {
			continue
		}
		offset := f.src.column(at.body) - f.indent(at.parent)
		if n.Kind == yaml.MappingNode && p.step == 0 && offset > 0 {
			p.step = offset
		}
		if n.Kind == yaml.SequenceNode && list < 0 && offset >= 0 {
			list = offset
		}
	}
	p.step, p.list = cmp.Or(p.step, 2), max(list, 0)
	return p
}

// indent is the indentation of the children of a block collection.
func (f *File) indent(n *yaml.Node) int { return f.src.column(f.places[n].body) }
