package edit

import (
	"bytes"
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

var errForm = errors.New("YAML is written in a form that cannot be edited")

// children adds and removes children of a collection that keeps some.
func (w *writer) children(n *yaml.Node) error {
	var err error
	switch p := w.places[n]; {
	case n.Style&yaml.FlowStyle == 0:
		err = w.blockChildren(n)
	case w.src.byteAt(p.body) != '[' && w.src.byteAt(p.body) != '{':
		err = errForm
	default:
		err = w.flowChildren(n)
	}
	if err != nil {
		return w.refuse(n, err)
	}
	return nil
}

// span is where a child of a collection is.
type span struct {
	start, end int
	removed    bool
}

// spans are the children of n with their dashes or question marks.
func (w *writer) spans(n *yaml.Node) ([]span, error) {
	var out []span
	for i := 0; i < len(n.Content); i += stride(n) {
		first, last := w.places[n.Content[i]], w.places[n.Content[i+stride(n)-1]]
		s := span{start: first.start, end: max(first.end, last.end), removed: w.removed[n.Content[i]]}
		switch at := w.before(n, i); {
		case n.Kind == yaml.MappingNode && w.src.byteAt(at) == '?' && at < s.start:
			s.start = at
		case n.Kind == yaml.SequenceNode && n.Style&yaml.FlowStyle == 0:
			dash, ok := w.dash(n.Content[i])
			if !ok {
				return nil, errForm
			}
			s.start, s.end = dash, max(s.end, dash+1)
		case n.Kind == yaml.MappingNode && last.start == last.end:
			if colon, ok := w.colon(n.Content[i+1]); ok {
				s.end = max(first.end, colon)
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// before is where what belongs to child i begins at the earliest.
func (w *writer) before(n *yaml.Node, i int) int {
	at := w.places[n].body
	if n.Style&yaml.FlowStyle != 0 {
		at++
	}
	if i > 0 {
		at = w.places[n.Content[i-1]].end
	}
	return w.src.skip(at, ",")
}

// flowChildren edits a collection in brackets. At least one child stays: one that loses
// all is written anew. A removed child goes with the comma behind it; those at the end
// go with the comma in front of them.
func (w *writer) flowChildren(n *yaml.Node) error {
	spans, err := w.spans(n)
	if err != nil {
		return err
	}
	last := lastKept(spans)
	for i, s := range spans {
		if s.removed && i < last {
			w.add(n, s.start, spans[i+1].start, "")
		}
	}
	end := spans[len(spans)-1].end
	if last < len(spans)-1 {
		space := "" // a bracket would belong to an anchor or a tag
		if implied(n.Content[(last+1)*stride(n)-1]) {
			space = " "
		}
		w.add(n, spans[last].end, end, space)
	}
	comma := ", "
	if kept := n.Content[(last+1)*stride(n)-1]; last == len(spans)-1 && implied(kept) {
		comma = " , " // a colon or a tag would go on with it
	}
	indent, lines := w.ownLines(n, spans)
	between := ", "
	if lines {
		between = "," + w.src.newline + indent
	}
	if lines && comma == ", " {
		comma = between
	}
	for _, a := range w.additions(n) {
		text, err := w.flowChild(a, lines, indent)
		if err != nil {
			return err
		}
		if i := a.at / stride(n); i < len(spans) {
			w.add(n, spans[i].start, spans[i].start, text+between)
		} else {
			w.add(n, end, end, comma+text)
			comma = between
		}
	}
	return nil
}

// lastKept is the last child that stays, -1 when none does.
func lastKept(spans []span) int {
	for i := len(spans) - 1; i >= 0; i-- {
		if !spans[i].removed {
			return i
		}
	}
	return -1
}

// flowChild is a new child as it stands between commas, or at the beginning of a line with
// some indentation.
func (w *writer) flowChild(a insertion, lines bool, indent string) (string, error) {
	if w.json {
		key := ""
		if a.key != nil {
			text, err := jsonText(a.key.Value)
			if err != nil {
				return "", err
			}
			key = text + ": "
		}
		text, err := w.jsonValue(a.value, lines, w.src.newline, indent, w.unit(), 0)
		return key + text, err
	}
	if a.key != nil {
		return w.flowPair(a.key, a.value, 0)
	}
	return w.flow(a.value, 0)
}

// blockChildren edits a collection of lines. What is added behind the last child that
// stays comes after the comments of its line, and before those of the line below.
func (w *writer) blockChildren(n *yaml.Node) error {
	spans, err := w.spans(n)
	if err != nil {
		return err
	}
	w.removeLines(n, spans)
	last, offset := lastKept(spans), w.itemOffset(n)
	end := w.src.lineEnd(w.keptEnd(n, spans))
	for _, a := range w.additions(n) {
		head, tail, err := w.blockChild(n, a, offset)
		if err != nil {
			return err
		}
		if i := a.at / stride(n); i <= last {
			w.insertLines(n, spans, i, head, tail)
			continue
		}
		indent := strings.Repeat(" ", w.indent(n))
		w.add(n, end, end, w.src.newline+indent+head+w.below(tail))
	}
	return nil
}

// additions are the new children of n.
func (w *writer) additions(n *yaml.Node) []insertion {
	if all := w.added[n]; all != nil {
		return all.list
	}
	return nil
}

// blockChild is a new child: its first line without indentation, and the lines below
// with theirs.
func (w *writer) blockChild(n *yaml.Node, a insertion, offset int) (head string, tail []string, err error) {
	if a.key != nil {
		return w.pair(a.key, a.value, w.indent(n), 0)
	}
	return w.item(a.value, w.indent(n), offset, 0)
}

// itemOffset is how far the items of a list are behind their dashes.
func (w *writer) itemOffset(n *yaml.Node) int {
	if n.Kind != yaml.SequenceNode {
		return 0
	}
	for _, c := range n.Content {
		if dash, ok := w.dash(c); ok && blockNode(c) && w.src.line(dash) == w.src.line(w.places[c].start) {
			return w.places[c].start - dash
		}
	}
	return 2
}

// insertLines puts a new child before child i.
func (w *writer) insertLines(n *yaml.Node, spans []span, i int, head string, tail []string) {
	indent := strings.Repeat(" ", w.indent(n))
	if at := spans[i].start; !w.src.first(at) {
		w.add(n, at, at, head+w.below(tail)+w.src.newline+indent)
		return
	}
	at := w.commentStart(n, spans, i)
	w.add(n, at, at, indent+head+w.src.newline+w.above(tail))
}

// keptEnd is the end of what is kept of n.
func (w *writer) keptEnd(n *yaml.Node, spans []span) int {
	last := lastKept(spans)
	child := n.Content[(last+1)*stride(n)-1]
	if _, replaced := w.replaced[child]; !replaced && blockNode(child) && w.survivors(child) > 0 {
		if below, err := w.spans(child); err == nil {
			return w.keptEnd(child, below)
		}
	}
	return spans[last].end
}

// removeLines removes the children that are not kept.
func (w *writer) removeLines(n *yaml.Node, spans []span) {
	for i := 0; i < len(spans); i++ {
		if !spans[i].removed {
			continue
		}
		if w.src.first(spans[i].start) {
			w.removeChild(n, spans, i)
			continue
		}
		next := i + 1 // one is kept behind the first: else there would be no collection
		for spans[next].removed {
			next++
		}
		w.pullUp(n, spans[i], spans[next])
		i = next
	}
}

// removeChild removes the lines of a child.
func (w *writer) removeChild(n *yaml.Node, spans []span, i int) {
	end := w.src.lineEnd(spans[i].end)
	w.add(n, w.commentStart(n, spans, i), end+breakLen(w.text[end:]), "")
}

// pullUp puts a child in the place of the first, which does not begin its line.
func (w *writer) pullUp(n *yaml.Node, first, kept span) {
	if bytes.IndexByte(w.text[w.src.lineEnd(first.end):kept.start], '#') < 0 {
		w.add(n, first.start, kept.start, "")
		return
	}
	w.add(n, w.trimmed(first.start), w.src.lineEnd(first.end), "")
}

// commentStart is where the comment lines right above child i start, or its
// line. Comments above the first key of a document are about the document.
func (w *writer) commentStart(n *yaml.Node, spans []span, i int) int {
	start := w.src.lineStart(spans[i].start)
	if i == 0 && w.places[n].parent == nil {
		return start
	}
	prefix := append(bytes.Clone(w.text[start:spans[i].start]), '#')
	for line := w.src.line(start) - 1; line >= 0; line-- {
		if at := w.src.lines[line]; bytes.HasPrefix(w.text[at:], prefix) {
			start = at
			continue
		}
		break
	}
	return start
}
