package promote

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
)

// text merges files that are no YAML: properties by their keys, everything else by
// lines.
func (m *merger) text(base, source, target []byte) merged {
	switch {
	case bytes.Equal(base, source) && m.carry == nil || bytes.Equal(source, target):
		return m.unchanged(target)
	case cipherText(string(source)) || cipherText(string(base)) || cipherText(string(target)):
		m.withhold(spot{}, reasonSealed)
		return m.unchanged(target)
	case binary(base) || binary(source) || binary(target):
		return m.whole(base, source, target)
	}
	t := newLines(target)
	out := m.merge(spot{}, newLines(base).texts(), newLines(source).texts(), t.texts())
	if out == nil {
		return m.unchanged(target)
	}
	m.out.data = t.with(out)
	return m.out
}

func binary(data []byte) bool { return !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 }

// whole merges a file that has no lines.
func (m *merger) whole(base, source, target []byte) merged {
	m.secret = true // its bytes are nothing to show
	t := edit.Scalar(string(target))
	var b *yaml.Node
	if base != nil {
		b = edit.Scalar(string(base))
	}
	m.out.data = []byte(m.single(spot{}, b, edit.Scalar(string(source)), t).Value)
	return m.out
}

// lines is a text with the ends of its lines.
type lines struct {
	mark string // the byte order mark, or ""
	list []line
}

type line struct{ text, end string }

func newLines(data []byte) lines {
	text, marked := strings.CutPrefix(string(data), "\ufeff")
	var l lines
	if marked {
		l.mark = "\ufeff"
	}
	for s := range strings.Lines(text) {
		content := strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
		l.list = append(l.list, line{content, s[len(content):]})
	}
	return l
}

func (l lines) texts() []string {
	out := make([]string, len(l.list))
	for i, line := range l.list {
		out[i] = line.text
	}
	return out
}

// row is a line of a merged text: one of the target's, or a new one.
type row struct {
	text string
	at   int // in the target, -1 for a new one
}

// with returns the text with other rows. New ones end as the first line does, and
// only the last is without an end, if it was.
func (l lines) with(rows []row) []byte {
	end, final := "\n", ""
	if len(l.list) > 0 {
		end, final = l.list[0].end, l.list[len(l.list)-1].end
	}
	if end == "" {
		end = "\n"
	}
	out := []byte(l.mark)
	for i, r := range rows {
		own := end
		if r.at >= 0 && l.list[r.at].end != "" {
			own = l.list[r.at].end
		}
		if i == len(rows)-1 && final == "" {
			own = ""
		}
		out = append(append(out, r.text...), own...)
	}
	return out
}

func rowsOf(texts []string) []row {
	rows := make([]row, len(texts))
	for i, s := range texts {
		rows[i] = row{s, i}
	}
	return rows
}

// merge merges texts; nil is no change.
func (m *merger) merge(at spot, b, s, t []string) []row {
	var rows []row
	base, ok1 := properties(b)
	source, ok2 := properties(s)
	target, ok3 := properties(t)
	if ok1 && ok2 && ok3 && len(target) > 0 && len(source) > 0 {
		rows = m.properties(at, base, source, target, t)
	} else {
		rows = m.regions(at, b, s, t)
	}
	if slices.Equal(rows, rowsOf(t)) {
		return nil
	}
	return rows
}

// lines merges a text in a YAML file.
func (m *merger) lines(at spot, b, s, t *yaml.Node) *yaml.Node {
	target := follow(t)
	split := func(n *yaml.Node) []string { return strings.Split(n.Value, "\n") }
	rows := m.merge(at, split(b), split(s), split(target))
	if rows == nil {
		return t
	}
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = r.text
	}
	out := bare(target)
	out.Value = strings.Join(texts, "\n")
	m.origin.set(out, t)
	return out
}

// regions merges by lines. Where lines that follow each other differ on all sides
// and are as many, each is merged by itself.
func (m *merger) regions(at spot, b, s, t []string) []row {
	var rows []row
	own, pass := rowsOf(t), 0
	for _, r := range diff3(b, s, t) {
		rows = append(rows, own[pass:r.target.from]...)
		pass = r.target.to
		n := r.base.len()
		if n != r.source.len() || n != r.target.len() {
			rows = append(rows, m.region(at, r, b, s, own)...)
			continue
		}
		for i := range n {
			rows = append(rows, m.region(at, r.one(i), b, s, own)...)
		}
	}
	return append(rows, own[pass:]...)
}

// region merges the lines of one region.
func (m *merger) region(at spot, r region, b, s []string, own []row) []row {
	mine := own[r.target.from:r.target.to]
	texts := make([]string, len(mine))
	for i, line := range mine {
		texts[i] = line.text
	}
	target := block(texts)
	out := m.single(at.line(r.target.from+1), block(b[r.base.from:r.base.to]), block(s[r.source.from:r.source.to]), target)
	switch {
	case out == target:
		return mine
	case out == nil:
		return nil
	}
	var rows []row
	for i, text := range strings.Split(out.Value, "\n") {
		at := -1
		if i < len(mine) { // the ends of lines stay
			at = mine[i].at
		}
		rows = append(rows, row{text, at})
	}
	return rows
}

// block is lines as one value, nil when there are none.
func block(lines []string) *yaml.Node {
	if len(lines) == 0 {
		return nil
	}
	return edit.Scalar(strings.Join(lines, "\n"))
}

// propertyLine is "key=value" or "key: value" of a properties or an env file.
var propertyLine = regexp.MustCompile(`^(\s*(?:export\s+)?([A-Za-z0-9_.\-/]+)\s*[=:]\s*)(.*)$`)

// property is a line of a properties file.
type property struct {
	key, head, value string
	at               int
}

// properties reads a text as properties; ok is false when it has other lines, or a
// key twice.
func properties(texts []string) (list []property, ok bool) {
	seen := map[string]bool{}
	for i, s := range texts {
		if s := strings.TrimSpace(s); s == "" || s[0] == '#' || s[0] == '!' {
			continue
		}
		p := propertyLine.FindStringSubmatch(s)
		if p == nil || seen[p[2]] || strings.HasSuffix(s, `\`) {
			return nil, false
		}
		seen[p[2]] = true
		list = append(list, property{p[2], p[1], p[3], i})
	}
	return list, true
}

// properties merges by keys.
func (m *merger) properties(at spot, b, s, t []property, texts []string) []row {
	values := func(list []property) map[string]*yaml.Node {
		by := map[string]*yaml.Node{}
		for _, p := range list {
			by[p.key] = edit.Scalar(p.value)
		}
		return by
	}
	base, source, target := values(b), values(s), values(t)
	rows := rowsOf(texts)
	keys, gone := map[int]string{}, map[int]bool{}
	for _, p := range t {
		keys[p.at] = p.key
		switch v := m.single(at.key(p.key), base[p.key], source[p.key], target[p.key]); v {
		case target[p.key]:
		case nil:
			gone[p.at] = true
		default:
			rows[p.at].text = p.head + v.Value
		}
	}
	added, order := map[string]row{}, make([]string, len(s))
	for i, p := range s {
		order[i] = p.key
		if target[p.key] != nil {
			continue
		}
		if v := m.single(at.key(p.key), base[p.key], source[p.key], nil); v != nil {
			added[p.key] = row{p.head + v.Value, -1}
		}
	}
	kept := slices.DeleteFunc(rows, func(r row) bool { return gone[r.at] })
	return weave(kept, added, order, func(r row) string { return keys[r.at] })
}

// sequence merges a list of scalars whose order counts.
func (m *merger) sequence(at spot, b, s, t *yaml.Node) *yaml.Node {
	key := func(n *yaml.Node) (texts []string) {
		for _, item := range items(n) {
			texts = append(texts, item.ShortTag()+item.Value)
		}
		return texts
	}
	base, source, target := key(b), key(s), key(t)
	var out []element
	pass := 0
	for _, r := range diff3(base, source, target) {
		mine, theirs, ours := base[r.base.from:r.base.to], source[r.source.from:r.source.to], target[r.target.from:r.target.to]
		switch {
		case slices.Equal(mine, theirs) || slices.Equal(theirs, ours):
			continue
		case !slices.Equal(mine, ours):
			return m.leaf(at, b, s, t)
		}
		for i := pass; i < r.target.from; i++ {
			out = append(out, element{node: follow(t).Content[i]})
		}
		pass = r.target.to
		for i := r.source.from; i < r.source.to; i++ {
			if m.named(items(s)[i]) != "" {
				return m.leaf(at, b, s, t)
			}
			out = append(out, element{node: clone(items(s)[i])})
		}
	}
	for _, n := range follow(t).Content[pass:] {
		out = append(out, element{node: n})
	}
	list := m.relist(t, out)
	if list != t {
		m.edited(at, t, list)
	}
	return list
}
