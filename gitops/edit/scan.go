package edit

import (
	"bytes"
	"strings"
)

// quotedEnd is behind the closing quote of the scalar that starts at at.
func (s *source) quotedEnd(at int) (int, bool) {
	quote := s.byteAt(at)
	if quote != '"' && quote != '\'' {
		return 0, false
	}
	for at++; at < len(s.text); at++ {
		switch {
		case s.text[at] == '\\' && quote == '"':
			at++
		case s.text[at] == quote && quote == '\'' && s.byteAt(at+1) == quote:
			at++
		case s.text[at] == quote:
			return at + 1, true
		}
	}
	return 0, false
}

// plainEnd is behind the plain scalar with the given value that starts at at. A
// plain scalar has no escapes, so its value says where it ends; only its line
// breaks are folded.
func (s *source) plainEnd(at int, value string) (int, bool) {
	for value != "" {
		n := 1
		switch next, breaks := s.breaks(at); {
		case breaks == 1 && value[0] == ' ':
			at = next
		case breaks > 1 && strings.HasPrefix(value, strings.Repeat("\n", breaks-1)):
			at, n = next, breaks-1
		case breaks == 0 && s.byteAt(at) == value[0]:
			at++
		default:
			return 0, false
		}
		value = value[n:]
	}
	return at, true
}

// breaks passes blanks and line breaks, and counts the breaks. Without one it
// passes nothing.
func (s *source) breaks(at int) (next, breaks int) {
	next = at
	for next < len(s.text) {
		if n := breakLen(s.text[next:]); n > 0 {
			next += n
			breaks++
		} else if blank(s.text[next]) {
			next++
		} else {
			break
		}
	}
	if breaks == 0 {
		return at, 0
	}
	return next, breaks
}

// blockScalar finds the parts of a literal or folded scalar at at, in a
// collection whose lines are indented by parent: the end of its header ("|-"),
// and the end of its last line.
func (s *source) blockScalar(at, parent int) (header, end int) {
	header = at
	for header < len(s.text) && strings.IndexByte("|>+-0123456789", s.text[header]) >= 0 {
		header++
	}
	keep := bytes.IndexByte(s.text[at:header], '+') >= 0
	end = s.lineEnd(header)
	indent := s.contentIndent(s.text[at:header], s.line(at)+1, parent)
	for i := s.line(at) + 1; i < len(s.lines); i++ {
		line := s.text[s.lines[i]:s.lineEnd(s.lines[i])]
		content := bytes.TrimLeft(line, " ")
		switch {
		case len(content) > 0 && len(line)-len(content) < indent:
			return header, end
		case len(line) > indent, keep && s.lines[i] < len(s.text):
			end = s.lines[i] + len(line)
		}
	}
	return header, end
}

// contentIndent is the indentation of the lines of a block scalar, whose first
// is line first.
func (s *source) contentIndent(header []byte, first, parent int) int {
	if i := bytes.IndexAny(header, "123456789"); i >= 0 {
		return max(parent, 0) + int(header[i]-'0')
	}
	least, deepest := max(parent+1, 1), 0
	for i := first; i < len(s.lines); i++ {
		line := s.text[s.lines[i]:s.lineEnd(s.lines[i])]
		content := bytes.TrimLeft(line, " ")
		deepest = max(deepest, len(line)-len(content))
		if len(content) > 0 {
			break
		}
	}
	return max(least, deepest)
}
