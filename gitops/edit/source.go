package edit

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// source is the text with its lines, counted as the YAML library counts them.
type source struct {
	text  []byte
	lines []int // where each line starts
	// newline is what ends lines here.
	newline string
}

// newSource finds the lines of a text. New lines are ended as its first one is.
func newSource(text []byte) *source {
	s := &source{text: text, lines: []int{0}, newline: "\n"}
	for i := 0; i < len(text); {
		n := breakLen(text[i:])
		if n == 0 {
			i++
			continue
		}
		if len(s.lines) == 1 && n == 2 && text[i] == '\r' {
			s.newline = "\r\n"
		}
		i += n
		s.lines = append(s.lines, i)
	}
	return s
}

// breakLen is the length of the line break that b starts with, 0 for none. YAML
// 1.1, and so the library, knows NEL, LS and PS beside CR and LF.
func breakLen(b []byte) int {
	switch {
	case len(b) == 0:
		return 0
	case b[0] == '\n':
		return 1
	case b[0] == '\r':
		if len(b) > 1 && b[1] == '\n' {
			return 2
		}
		return 1
	case bytes.HasPrefix(b, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(b, []byte("\u2028")), bytes.HasPrefix(b, []byte("\u2029")):
		return 3
	}
	return 0
}

// offset is the byte at line and column, which count from 1; columns count
// runes, as the library does.
func (s *source) offset(line, column int) (int, bool) {
	if line < 1 || line > len(s.lines) || column < 1 {
		return 0, false
	}
	at := s.lines[line-1]
	for range column - 1 {
		if at >= len(s.text) {
			return 0, false
		}
		_, n := utf8.DecodeRune(s.text[at:])
		at += n
	}
	return at, true
}

// line is the number of the line that at is in, from 0.
func (s *source) line(at int) int {
	return sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > at }) - 1
}

// lineStart is where the line of at starts.
func (s *source) lineStart(at int) int { return s.lines[s.line(at)] }

// lineEnd is where the line of at ends, before its line break.
func (s *source) lineEnd(at int) int {
	for at < len(s.text) && breakLen(s.text[at:]) == 0 {
		at++
	}
	return at
}

// column is the number of runes before at in its line.
func (s *source) column(at int) int {
	return utf8.RuneCount(s.text[s.lineStart(at):at])
}

// first reports whether only spaces come before at in its line.
func (s *source) first(at int) bool {
	return len(bytes.TrimLeft(s.text[s.lineStart(at):at], " ")) == 0
}

// byteAt is 0 outside of the text, which is no byte of YAML.
func (s *source) byteAt(at int) byte {
	if at < 0 || at >= len(s.text) {
		return 0
	}
	return s.text[at]
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// skip passes white space, line breaks, comments and the bytes of also.
func (s *source) skip(at int, also string) int {
	for at < len(s.text) {
		c := s.text[at]
		switch n := breakLen(s.text[at:]); {
		case n > 0:
			at += n
		case c == '#':
			at = s.lineEnd(at)
		case blank(c) || bytes.IndexByte([]byte(also), c) >= 0:
			at++
		case bytes.HasPrefix(s.text[at:], []byte(byteOrderMark)):
			at += len(byteOrderMark)
		default:
			return at
		}
	}
	return at
}

// property passes one anchor or tag at at and the space behind it.
func (s *source) property(at int) int {
	for at < len(s.text) && !blank(s.text[at]) && breakLen(s.text[at:]) == 0 {
		at++
	}
	return s.skip(at, "")
}
