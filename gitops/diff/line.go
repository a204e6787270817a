package diff

import (
	"regexp"
	"slices"
	"strings"
)

// assignment is a key with its separator, as in properties, YAML, JSON, TOML and
// connection strings: the key, and the whole up to the value.
var assignment = regexp.MustCompile(`([A-Za-z0-9_.\-]+)["']?[ \t]*(?:=>|:=|=|:)[ \t]*`)

// flag is a command line flag whose value follows after spaces, or a directive
// of a configuration file at the start of the line.
var flag = regexp.MustCompile(`(--?[A-Za-z0-9_.\-]+|^\s*(?:requirepass|masterauth))[ \t]+`)

// block is a value that stands on the next lines: a YAML block scalar, or
// nothing at all.
var block = regexp.MustCompile(`^([|>][-+0-9]*)?\s*$`)

// lines masks the values of secret keys inside a text, line by line. The other
// lines stay as they are.
func (m *masker) lines(s string) string {
	in := strings.SplitAfter(s, "\n")
	var b strings.Builder
	for i := 0; i < len(in); i++ {
		line := strings.TrimRight(in[i], "\r\n")
		if !mayBeSecret(line) {
			b.WriteString(in[i])
			continue
		}
		masked, key, open := m.line(line)
		b.WriteString(masked)
		b.WriteString(in[i][len(line):])
		if !open {
			continue
		}
		if n := continued(line, in[i+1:]); n > 0 {
			rest := strings.Join(in[i+1:i+1+n], "")
			b.WriteString(indent(in[i+1]) + m.hideAt(key, rest, secretLabel) + "\n")
			i += n
		}
	}
	return b.String()
}

// line masks the values of one line. It returns the key of the last one when
// the value may go on in the next lines.
func (m *masker) line(line string) (out, key string, open bool) {
	var b strings.Builder
	last := 0
	for _, at := range secretKeys(line) {
		if at[0] < last {
			continue
		}
		key, open = line[at[2]:at[3]], false
		from, to := valueAt(line, at[0], at[1])
		value := line[from:to]
		b.WriteString(line[last:from])
		switch {
		case block.MatchString(line[from:]):
			open = true
			b.WriteString(value)
		case reference(value), counted(key, value), strings.HasPrefix(value, "//"), marked(line[from:]):
			b.WriteString(value)
		default:
			open = strings.HasSuffix(value, `\`)
			b.WriteString(m.hideAt(key, value, secretLabel))
		}
		last = to
	}
	b.WriteString(line[last:])
	return b.String(), key, open
}

// marked reports whether s starts with a mark that was put there before. No
// input does: see wholly.
func marked(s string) bool { return strings.HasPrefix(s, "("+secretLabel) }

// secretKeys returns where the secret keys of a line are, in order: the match and
// the key as its group.
func secretKeys(line string) [][]int {
	all := append(assignment.FindAllStringSubmatchIndex(line, -1), flag.FindAllStringSubmatchIndex(line, -1)...)
	all = slices.DeleteFunc(all, func(at []int) bool { return !secretKey(line[at[2]:at[3]]) })
	slices.SortFunc(all, func(a, b []int) int { return a[0] - b[0] })
	return all
}

// opening is what may stand before a key that has the rest of its line as value.
var opening = regexp.MustCompile(`^[\s"'-]*(?:export\s+|set\s+)?$`)

// valueAt returns where the value after a key goes: to the closing quote, to the
// end of the line for the first key of a line, else to the next separator.
func valueAt(line string, key, from int) (int, int) {
	if from < len(line) && strings.IndexByte("\"'`", line[from]) >= 0 {
		return from + 1, closing(line, from)
	}
	if opening.MatchString(line[:key]) && !strings.HasPrefix(strings.TrimLeft(line[key:], " "), "--") {
		return from, len(line)
	}
	end := strings.IndexAny(line[from:], " \t;,&\"'`)]}")
	if end < 0 {
		return from, len(line)
	}
	return from, from + end
}

// closing returns the index of the quote that closes the one at open, or the end
// of the line.
func closing(line string, open int) int {
	for i := open + 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case line[open]:
			return i
		}
	}
	return len(line)
}

// continued returns how many of the next lines belong to the value of line:
// those that are indented more, unless the first of them starts a mapping or a
// list, or, after a backslash, one and those after it.
func continued(line string, next []string) int {
	if strings.HasSuffix(line, `\`) {
		n := 0
		for n < len(next) {
			n++
			if !strings.HasSuffix(strings.TrimRight(next[n-1], "\r\n"), `\`) {
				break
			}
		}
		return n
	}
	scalar := strings.ContainsAny(line[max(0, len(line)-3):], "|>")
	n := 0
	for n < len(next) {
		text := strings.TrimSpace(next[n])
		if text != "" && len(indent(next[n])) <= len(indent(line)) {
			break
		}
		if n == 0 && !scalar && (text == "" || strings.HasPrefix(text, "- ") || mapping.MatchString(text)) {
			return 0
		}
		n++
	}
	for n > 0 && strings.TrimSpace(next[n-1]) == "" {
		n--
	}
	return n
}

// mapping is the start of a mapping entry.
var mapping = regexp.MustCompile(`^["']?[\w./-]+["']?:(\s|$)`)

// indent returns the white space that a line starts with.
func indent(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}
