package edit

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	strTag   = "!!str"
	nullTag  = "!!null"
	intTag   = "!!int"
	floatTag = "!!float"
)

// The places in which the text of a scalar stands, as a file to try it in. What
// is plain in one is not in another.
const (
	inBlock   = "k: %s\n"
	inKey     = "%s: v\n"
	inFlow    = "{k: [%s]}\n"
	inFlowKey = "{%s: v}\n"
	inRoot    = "%s\n"
)

// yaml11 are plain scalars that readers of YAML 1.1 take for truth values or
// numbers although they are strings here: http://yaml.org/type/bool.html, and the
// numbers to base 60 of http://yaml.org/type/int.html.
var yaml11 = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$|^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)

// scalar writes a scalar: what follows its key on the line, and the lines
// below, which have no indentation yet.
func (p printer) scalar(n *yaml.Node, where string) (head string, tail []string, err error) {
	if !utf8.ValidString(n.Value) {
		return "", nil, fmt.Errorf("value is not UTF-8")
	}
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 {
		tag = tagText(n.Tag) + " "
	}
	if where == inBlock && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		if head, tail, ok := p.blockText(n); ok {
			return tag + head, tail, nil
		}
	}
	if n.Style&yaml.SingleQuotedStyle != 0 && printable(n.Value) {
		return tag + "'" + strings.ReplaceAll(n.Value, "'", "''") + "'", nil, nil
	}
	if n.Style&^yaml.TaggedStyle == 0 {
		return p.plain(n, where, tag)
	}
	return tag + DoubleQuoted(n.Value), nil, nil
}

// plain writes a scalar without quotes where that gives the same value.
func (p printer) plain(n *yaml.Node, where, tag string) (head string, tail []string, err error) {
	if n.ShortTag() == nullTag && n.Value == "" {
		return tag + "null", nil, nil
	}
	if fits(n, tag, where) {
		return tag + n.Value, nil, nil
	}
	if n.ShortTag() != strTag && tag == "" {
		return "", nil, fmt.Errorf("value is not of type %s", n.ShortTag())
	}
	if where == inBlock && strings.Contains(n.Value, "\n") {
		if head, tail, ok := p.blockText(n); ok {
			return tag + head, tail, nil
		}
	}
	return tag + DoubleQuoted(n.Value), nil, nil
}

// fits reports whether a scalar reads the same when its value is written plain.
func fits(n *yaml.Node, tag, where string) bool {
	if !printable(n.Value) || n.ShortTag() == strTag && yaml11.MatchString(n.Value) || strings.HasSuffix(n.Value, ":") {
		return false // what ends with a colon may be a key, as the line goes on
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(fmt.Appendf(nil, where, tag+n.Value), &doc); err != nil || len(doc.Content) == 0 {
		return false
	}
	at := tried(doc.Content[0], where)
	return at != nil && at.Kind == yaml.ScalarNode && at.Value == n.Value && at.ShortTag() == n.ShortTag() && at.Style&^yaml.TaggedStyle == 0
}

// tried is the scalar in the file that it is tried in, nil when the file became
// another.
func tried(root *yaml.Node, where string) *yaml.Node {
	if where == inRoot {
		return root
	}
	if root.Kind != yaml.MappingNode || len(root.Content) != 2 {
		return nil
	}
	key, value := root.Content[0], root.Content[1]
	switch {
	case where == inKey || where == inFlowKey:
		return key
	case where == inBlock:
		return value
	case len(value.Content) == 1:
		return value.Content[0]
	}
	return nil
}

// printable reports whether s can stand on one line as it is.
func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// DoubleQuoted writes s as a double-quoted scalar of YAML on one line. Bytes that are not
// UTF-8 cannot be written there and become U+FFFD.
func DoubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// blockText writes a literal or folded scalar, when its value allows that.
func (p printer) blockText(n *yaml.Node) (header string, lines []string, ok bool) {
	body := strings.TrimRight(n.Value, "\n")
	final := len(n.Value) - len(body)
	if p.quoted || body == "" || strings.HasPrefix(body, "\n") || final > 1 && !p.keep {
		return "", nil, false
	}
	folded := n.Style&yaml.FoldedStyle != 0
	for i, line := range strings.Split(body, "\n") {
		indented := strings.HasPrefix(line, " ")
		if !printable(strings.ReplaceAll(line, "\t", " ")) {
			return "", nil, false
		}
		if i == 0 && (indented || strings.HasPrefix(line, "\t") || strings.TrimSpace(line) == "") {
			return "", nil, false
		}
		folded = folded && !indented && !strings.HasPrefix(line, "\t")
		lines = append(lines, line)
	}
	header = "|"
	if folded {
		header, lines = ">", unfold(lines)
	}
	switch {
	case final == 0:
		header += "-"
	case final > 1:
		header += "+"
		lines = append(lines, make([]string, final-1)...)
	}
	return header, lines, true
}

// unfold writes lines so that folding gives them back.
func unfold(lines []string) []string {
	var out []string
	for i, line := range lines {
		out = append(out, line)
		if line != "" && i < len(lines)-1 {
			out = append(out, "")
		}
	}
	return out
}

// tagText is a tag as it is written before a value.
func tagText(tag string) string {
	if strings.HasPrefix(tag, "!") {
		return tag
	}
	return "!<" + tag + ">"
}
