package edit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// replace puts r in the place of old.
func (w *writer) replace(old *yaml.Node, r replacement) error {
	p := w.places[old]
	value, start := r.node, p.start
	if r.keep {
		bare := *value
		bare.Anchor, bare.Style = "", bare.Style&^yaml.TaggedStyle
		value, start = &bare, p.body
	}
	if w.parts && r.keep && w.within(old, value) {
		return nil
	}
	var err error
	switch {
	case w.isKey(old): // a collection that is a key, and was emptied
		err = errForm
	case p.flow || w.json:
		err = w.replaceFlow(old, value, start)
	case p.parent == nil:
		err = w.replaceRoot(old, value, start)
	default:
		err = w.replaceChild(old, value, start)
	}
	if err != nil {
		return w.refuse(old, err)
	}
	return nil
}

// replaceFlow replaces a node within brackets. Where there was no text, as in "a:", the
// new one needs room on its left.
func (w *writer) replaceFlow(old, value *yaml.Node, start int) error {
	p := w.places[old]
	text, err := w.inBrackets(old, value)
	if err != nil {
		return err
	}
	if start == p.end {
		start, text = w.gap(old, start, text)
		w.add(old, start, start, text)
		return nil
	}
	w.add(old, start, p.end, text)
	return nil
}

// inBrackets writes a value within brackets. In JSON it has the lines that the one before
// had.
func (w *writer) inBrackets(old, value *yaml.Node) (string, error) {
	if !w.json {
		return w.flow(value, 0)
	}
	p := w.places[old]
	at := w.src.lineStart(p.start)
	indent := string(w.text[at : at+len(w.text[at:])-len(bytes.TrimLeft(w.text[at:], " \t"))])
	lines := w.src.line(p.start) != w.src.line(p.end) || p.parent != nil && w.src.first(w.places[p.parent.Content[0]].start) && len(value.Content) > 0
	return w.jsonValue(value, lines, w.src.newline, indent, w.unit(), 0)
}

// gap is where, and how, the text of a flow node goes that has none.
func (w *writer) gap(old *yaml.Node, start int, text string) (at int, spaced string) {
	p := w.places[old]
	if start != p.start { // behind its anchor or tag
		return start, " " + text
	}
	if colon, ok := w.colon(old); ok {
		return colon, " " + text
	}
	return w.places[p.parent.Content[p.index-1]].end, ": " + text
}

// colon is behind the colon of the pair that a value is in.
func (w *writer) colon(value *yaml.Node) (int, bool) {
	p := w.places[value]
	key := w.places[p.parent.Content[p.index-1]]
	at := w.src.skip(key.end, "")
	if w.src.byteAt(at) != ':' || at > p.start {
		return 0, false
	}
	return at + 1, true
}

// dash is where the dash of an item is.
func (w *writer) dash(item *yaml.Node) (int, bool) {
	p := w.places[item]
	at := w.places[p.parent].body
	if p.index > 0 {
		at = w.places[p.parent.Content[p.index-1]].end
	}
	at = w.src.skip(at, "")
	return at, w.src.byteAt(at) == '-'
}

// replaceRoot replaces a whole document. One that stands behind its "---" stays there,
// one that begins on a line of its own begins there again.
func (w *writer) replaceRoot(old, value *yaml.Node, start int) error {
	p := w.places[old]
	if !w.src.first(start) {
		indicator := w.src.lineStart(start) + len(bytes.TrimRight(w.text[w.src.lineStart(start):start], " \t"))
		head, tail, err := w.value(value, 2, 0, 0)
		if err == nil {
			w.inline(old, start, indicator, head, tail)
		}
		return err
	}
	indent := w.src.column(start)
	if !blockNode(value) {
		text, err := w.root(value)
		w.add(old, start, w.lastEnd(old), text)
		return err
	}
	_, tail, err := w.value(value, indent, indent, 0)
	if err == nil {
		w.add(old, start, w.src.lineEnd(p.end), strings.TrimPrefix(w.below(tail), w.src.newline+strings.Repeat(" ", indent)))
	}
	return err
}

// replaceChild replaces the value of a key or an item of a block collection.
func (w *writer) replaceChild(old, value *yaml.Node, start int) error {
	p := w.places[old]
	at, indent, list, err := w.slot(old)
	if err != nil {
		return err
	}
	if start != p.start { // the anchor stays, and what follows must not stand on its line
		at = w.trimmed(start)
	}
	sameLine := w.src.line(at) == w.src.line(start)
	if !sameLine && blockNode(value) && old.Kind == value.Kind && old.Style&yaml.FlowStyle == 0 {
		indent = w.src.column(start)
		list = indent
	} else if p.header > 0 && value.Kind == yaml.ScalarNode {
		indent = w.blockIndent(p, indent)
	}
	layout := w.printer
	layout.keep = bytes.IndexByte(w.text[p.body:max(p.body, p.header)], '+') >= 0
	head, tail, err := layout.value(value, indent, list, 0)
	if err != nil {
		return err
	}
	if p.parent.Kind == yaml.SequenceNode && head == "" && start == p.start && sameLine {
		head, tail = strings.TrimLeft(tail[0], " "), tail[1:]
	}
	switch {
	case sameLine:
		w.inline(old, start, at, head, tail)
	case head == "" && old.Kind == value.Kind:
		w.add(old, start, w.src.lineEnd(p.end), strings.TrimPrefix(w.below(tail), w.src.newline+strings.Repeat(" ", indent)))
	default:
		if head != "" {
			w.add(old, at, at, " "+head)
		}
		w.add(old, w.src.lineEnd(at), w.src.lineEnd(p.end), w.below(tail))
	}
	return nil
}

// slot is where a child of a block collection may stand: behind its indicator,
// and with which indentation below.
func (w *writer) slot(n *yaml.Node) (at, indent, list int, err error) {
	p := w.places[n]
	if p.parent.Kind == yaml.MappingNode {
		at, ok := w.colon(n)
		if !ok {
			return 0, 0, 0, errForm
		}
		indent = w.indent(p.parent)
		return at, indent + w.step, indent + w.list, nil
	}
	at, ok := w.dash(n)
	if !ok {
		return 0, 0, 0, errForm
	}
	indent = w.src.column(at) + 2
	if p.start > at+1 && w.src.line(p.start) == w.src.line(at) {
		indent = w.src.column(p.start)
	}
	return at + 1, indent, indent, nil
}

// inline replaces a node that starts on the line of its indicator, which ends at
// at.
func (w *writer) inline(old *yaml.Node, start, at int, head string, tail []string) {
	p := w.places[old]
	switch {
	case head == "":
		start = at
	case start == at:
		head = " " + head
	}
	if p.header > 0 {
		w.add(old, start, p.header, head)
		w.add(old, w.src.lineEnd(p.header), p.end, w.below(tail))
		return
	}
	w.add(old, start, w.lastEnd(old), head)
	end := w.src.lineEnd(p.end)
	w.add(old, end, end, w.below(tail))
}

// lastEnd is where a node ends, with the comment behind it when that is about
// the last of several lines.
func (w *writer) lastEnd(n *yaml.Node) int {
	p := w.places[n]
	if n.Kind != yaml.ScalarNode && w.src.line(p.start) != w.src.line(p.end) {
		return w.src.lineEnd(p.end)
	}
	return p.end
}

// trimmed is where the blanks and line breaks before at begin.
func (w *writer) trimmed(at int) int {
	return len(bytes.TrimRight(w.text[:at], " \t\r\n"))
}

// blockIndent is the indentation of the lines of a block scalar.
func (w *writer) blockIndent(p *place, indent int) int {
	for i := w.src.line(p.header) + 1; i < len(w.src.lines) && w.src.lines[i] < p.end; i++ {
		line := w.text[w.src.lines[i]:w.src.lineEnd(w.src.lines[i])]
		if content := bytes.TrimLeft(line, " "); len(content) > 0 {
			return len(line) - len(content)
		}
	}
	return indent
}
