package promote

import (
	"bytes"
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

// binary files are carried as a whole or not at all.
func binary(data []byte) bool { return !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 }

// whole merges a file that has no lines.
func (m *merger) whole(base, source, target []byte) merged {
	m.bytes = true
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

// newLines takes a text apart. Each line keeps its own end, so that a file with both
// kinds comes out as it was.
func newLines(data []byte) lines {
	text, marked := strings.CutPrefix(string(data), "\ufeff")
	var l lines
	if marked {
		l.mark = "\ufeff"
	}
	for s := range strings.Lines(text) {
		content, windows := strings.CutSuffix(s, "\r\n")
		if !windows {
			content = strings.TrimSuffix(s, "\n")
		}
		l.list = append(l.list, line{content, s[len(content):]})
	}
	return l
}

// texts are the lines without their ends: files that differ in those only are the same.
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

// rowsOf numbers lines, so that a merge can say which of them it took.
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

// textsOf is the reverse.
func textsOf(rows []row) []string {
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = r.text
	}
	return texts
}

// fresh are the lines of a new text that stands for others. The ends of lines stay.
func fresh(text string, others []row) (rows []row) {
	for i, line := range strings.Split(text, "\n") {
		at := -1
		if i < len(others) {
			at = others[i].at
		}
		rows = append(rows, row{line, at})
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
	out := bare(target)
	out.Value = strings.Join(textsOf(rows), "\n")
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
	target := block(textsOf(mine))
	out := m.single(at.line(r.target.from+1), block(b[r.base.from:r.base.to]), block(s[r.source.from:r.source.to]), target)
	switch out {
	case target:
		return mine
	case nil:
		return nil
	}
	return fresh(out.Value, mine)
}

// block is lines as one value, nil when there are none.
func block(lines []string) *yaml.Node {
	if len(lines) == 0 {
		return nil
	}
	return edit.Scalar(strings.Join(lines, "\n"))
}
