package diff

import (
	"strconv"
	"strings"
)

// maxItemName is how many bytes of a name stand in a path in place of a number.
const maxItemName = 60

// maxDepth is how many mappings and lists stand in each other at most. Kubernetes has no
// type with more than thirty.
const maxDepth = 200

// scope is a mapping or a list that is open where a scanner is.
type scope struct {
	indent int  // of its keys or dashes
	list   bool // else it is a mapping
	at     *spot
	cur    *spot // its key or item that was seen last
	items  int
	names  map[string]int
}

// scanner reads a manifest by its indentation, as printers write it: no mapping or list in
// braces over several lines. It parses nothing twice and allocates little, since every
// object that changes goes through it; a test compares it with a parser.
type scanner struct {
	lines  []*spot
	scopes []scope
	last   *spot
	block  int  // the indent below which a block of text ends, -1 outside of one
	quote  byte // of a text in quotes that goes on, 0 outside of one
}

// spots says for each line of a manifest, from 1, which field stands there, nil where that
// is not known. The text is masked already, and so are the names.
func spots(text string) []*spot {
	s := scanner{lines: make([]*spot, 1, strings.Count(text, "\n")+2), scopes: []scope{{indent: -1}}, block: -1}
	for line := range strings.Lines(text) {
		if !s.line(strings.TrimRight(line, "\r\n")) {
			return make([]*spot, strings.Count(text, "\n")+2)
		}
		s.lines = append(s.lines, s.last)
	}
	return append(s.lines, nil)
}

// line reads one line. It returns false when the manifest is not written as expected.
func (s *scanner) line(line string) bool {
	rest := strings.TrimLeft(line, " ")
	indent := len(line) - len(rest)
	switch {
	case s.quote != 0:
		if closes(rest, s.quote) {
			s.quote = 0
		}
		return true
	case rest == "" || s.block >= 0 && indent > s.block || strings.HasPrefix(rest, "#"):
		return true
	}
	s.block = -1
	dash := -1
	for rest == "-" || strings.HasPrefix(rest, "- ") {
		s.item(indent)
		dash = indent
		after := strings.TrimLeft(rest[1:], " ")
		indent += len(rest) - len(after)
		rest = after
	}
	if strings.HasPrefix(rest, "? ") || len(s.scopes) > maxDepth {
		return false // a key of more than 128 characters
	}
	key, value, ok := cutKey(rest)
	switch {
	case ok:
		s.key(indent, key, value)
		s.value(indent, value)
	case dash >= 0 && rest == "": // what the item is stands on the next lines
		s.last = s.top().cur
	case dash >= 0: // a scalar in a list has no path of its own
		s.last = s.top().at
		if strings.HasPrefix(rest, "{}") || strings.HasPrefix(rest, "[]") {
			s.last = s.top().cur
		}
		s.value(dash, rest)
	}
	return true
}

func (s *scanner) top() *scope { return &s.scopes[len(s.scopes)-1] }

// item enters the next item of the list whose dashes stand at indent.
func (s *scanner) item(indent int) {
	for s.top().indent > indent {
		s.scopes = s.scopes[:len(s.scopes)-1]
	}
	if t := s.top(); !t.list || t.indent < indent {
		s.scopes = append(s.scopes, scope{indent: indent, list: true, at: t.cur, names: map[string]int{}})
	}
	t := s.top()
	t.cur = &spot{parent: t.at, index: t.items, names: t.names}
	t.items++
}

// key enters a key of the mapping whose keys stand at indent.
func (s *scanner) key(indent int, key, value string) {
	for t := s.top(); t.indent > indent || t.list && t.indent == indent; t = s.top() {
		s.scopes = s.scopes[:len(s.scopes)-1]
	}
	if t := s.top(); t.indent < indent {
		s.scopes = append(s.scopes, scope{indent: indent, at: t.cur})
	}
	t := s.top()
	t.cur = &spot{parent: t.at, key: key}
	s.last = t.cur
	if of := t.at; key == "name" && of != nil && of.names != nil && of.name == "" {
		if name := scalarOf(value); name != "" && len(name) <= maxItemName {
			of.name = name
			of.names[name]++
		}
	}
}

// value looks whether the value of a key or item at indent goes on over more lines.
func (s *scanner) value(indent int, value string) {
	for strings.HasPrefix(value, "!") || strings.HasPrefix(value, "&") { // a tag or anchor
		_, after, _ := strings.Cut(value, " ")
		value = strings.TrimLeft(after, " ")
	}
	switch {
	case value == "":
	case value[0] == '|' || value[0] == '>':
		s.block = indent
	case (value[0] == '"' || value[0] == '\'') && !closes(value[1:], value[0]):
		s.quote = value[0]
	}
}

// cutKey cuts a line at the colon behind a key.
func cutKey(line string) (key, value string, ok bool) {
	if line == "" {
		return "", "", false
	}
	if q := line[0]; q == '"' || q == '\'' {
		end := closingQuote(line[1:], q)
		if end < 0 {
			return "", "", false
		}
		rest, found := strings.CutPrefix(line[end+2:], ":")
		return scalarOf(line[:end+2]), strings.TrimLeft(rest, " "), found && (rest == "" || rest[0] == ' ')
	}
	if strings.ContainsRune("{[|>&*!%@`", rune(line[0])) {
		return "", "", false
	}
	if key, value, ok = strings.Cut(line, ": "); ok {
		return key, strings.TrimLeft(value, " "), true
	}
	key, ok = strings.CutSuffix(line, ":")
	return key, "", ok
}

// scalarOf returns the text of a scalar on one line, "" for anything else.
func scalarOf(value string) string {
	if value == "" || strings.ContainsRune("{[|>&*!", rune(value[0])) {
		return ""
	}
	switch q := value[0]; {
	case q != '"' && q != '\'':
		text, _, _ := strings.Cut(value, " #")
		return text
	case len(value) < 2 || closingQuote(value[1:], q) != len(value)-2:
		return ""
	case q == '"':
		if text, err := strconv.Unquote(value); err == nil {
			return text
		}
	}
	return strings.ReplaceAll(value[1:len(value)-1], "''", "'")
}

// closes reports whether a text in quotes ends in rest.
func closes(rest string, quote byte) bool { return closingQuote(rest, quote) >= 0 }

// closingQuote returns where the quote stands that ends a text, -1 when it goes on.
func closingQuote(rest string, quote byte) int {
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && quote == '"':
			i++
		case rest[i] != quote:
		case quote == '\'' && i+1 < len(rest) && rest[i+1] == quote:
			i++
		default:
			return i
		}
	}
	return -1
}
