package edit

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// piece is a part of the text of a scalar and what it stands for in the value.
type piece struct {
	start, end int
	value      string
}

// within changes only the part of a scalar that differs, where it goes over several lines
// that are folded: the others stay as somebody laid them out. ok is false when that cannot
// be; whether the result means what was asked is checked later.
func (w *writer) within(old, value *yaml.Node) (ok bool) {
	p := w.places[old]
	if old.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode || old.Style&yaml.LiteralStyle != 0 || w.src.line(p.body) == w.src.line(p.end) {
		return false
	}
	pieces := w.pieces(old)
	var whole strings.Builder
	for _, q := range pieces {
		whole.WriteString(q.value)
	}
	rest, ok := strings.CutPrefix(old.Value, whole.String())
	if !ok || strings.Trim(rest, "\n") != "" || !strings.HasSuffix(value.Value, rest) || len(pieces) == 0 {
		return false
	}
	now := strings.TrimSuffix(value.Value, rest)
	head, tail := 0, 0
	at := 0 // behind the pieces of head in the value
	for head < len(pieces) && strings.HasPrefix(now[at:], pieces[head].value) {
		at += len(pieces[head].value)
		head++
	}
	end := len(now)
	for tail < len(pieces)-head && end-len(pieces[len(pieces)-1-tail].value) >= at && strings.HasSuffix(now[:end], pieces[len(pieces)-1-tail].value) {
		tail++
		end -= len(pieces[len(pieces)-tail].value)
	}
	text, ok := pieceText(old, now[at:end])
	if !ok {
		return false
	}
	from := pieces[len(pieces)-1].end
	if head < len(pieces) {
		from = pieces[head].start
	}
	to := from
	if last := len(pieces) - 1 - tail; last >= head {
		to = pieces[last].end
	}
	w.add(old, from, to, text)
	return true
}

// pieceText writes a part of a value as it stands within its scalar.
func pieceText(old *yaml.Node, s string) (string, bool) {
	switch {
	case old.Style&yaml.DoubleQuotedStyle != 0:
		quoted := DoubleQuoted(s)
		return quoted[1 : len(quoted)-1], utf8.ValidString(s)
	case !printable(s):
		return "", false
	case old.Style&yaml.SingleQuotedStyle != 0:
		return strings.ReplaceAll(s, "'", "''"), true
	}
	return s, true
}

// pieces takes the text of a scalar apart; nil where its form is another one.
func (w *writer) pieces(n *yaml.Node) []piece {
	p := w.places[n]
	switch {
	case n.Style&yaml.FoldedStyle != 0:
		return w.foldedPieces(p)
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return w.flowPieces(p.body+1, p.end-1, w.text[p.body])
	}
	return w.flowPieces(p.body, p.end, 0)
}

// flowPieces are those of plain and quoted text: a line break is a space, and more of them
// one less (https://yaml.org/spec/1.2.2/#65-line-folding).
func (w *writer) flowPieces(at, end int, quote byte) (list []piece) {
	for at < end {
		start := at
		if next, breaks := w.fold(at, end); breaks > 0 {
			at = next
			list = append(list, piece{start, at, folded(breaks)})
			continue
		}
		c := w.text[at]
		switch {
		case quote == '"' && c == '\\':
			size, value, ok := unescape(w.text[at:end])
			if !ok {
				return nil
			}
			at += size
			list = append(list, piece{start, at, value})
		case quote == '\'' && c == '\'':
			at += 2
			list = append(list, piece{start, at, "'"})
		default:
			_, size := utf8.DecodeRune(w.text[at:end])
			at += size
			list = append(list, piece{start, at, string(w.text[start:at])})
		}
	}
	return list
}

// fold passes blanks and line breaks; breaks is how many of those there are.
func (w *writer) fold(at, end int) (next, breaks int) {
	for at < end {
		n := breakLen(w.text[at:])
		switch {
		case n > 0:
			breaks++
			at += n
		case blank(w.text[at]):
			at++
		default:
			return at, breaks
		}
	}
	return at, breaks
}

// folded is what some line breaks stand for.
func folded(breaks int) string {
	if breaks == 1 {
		return " "
	}
	return strings.Repeat("\n", breaks-1)
}

// unescape reads the escapes that stand for one printable character, and leaves the others.
func unescape(text []byte) (size int, value string, ok bool) {
	if len(text) < 2 {
		return 0, "", false
	}
	switch c := text[1]; c {
	case '"', '\\', '/':
		return 2, string(c), true
	case 'n':
		return 2, "\n", true
	case 't':
		return 2, "\t", true
	}
	return 0, "", false
}

// foldedPieces are those of a folded block without lines that are indented further.
func (w *writer) foldedPieces(p *place) (list []piece) {
	indent := w.blockIndent(p, 0)
	first := w.src.line(p.header) + 1
	breaks := 0
	for i := first; i < len(w.src.lines) && w.src.lines[i] < p.end; i++ {
		start, end := w.src.lines[i], w.src.lineEnd(w.src.lines[i])
		line := w.text[start:end]
		if len(bytes.TrimSpace(line)) == 0 {
			breaks++
			continue
		}
		if len(line) <= indent || blank(line[indent]) || len(list) == 0 && breaks > 0 {
			return nil
		}
		if len(list) > 0 {
			list = append(list, piece{list[len(list)-1].end, start + indent, folded(breaks + 1)})
		}
		breaks = 0
		for at := start + indent; at < end; {
			_, size := utf8.DecodeRune(w.text[at:end])
			list = append(list, piece{at, at + size, string(w.text[at : at+size])})
			at += size
		}
	}
	return list
}
