package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"znkr.io/diff"
	"znkr.io/diff/textdiff"
)

// maxNamedText is how many bytes a manifest has at most for its lines to be named: it is
// parsed a second time for that.
const maxNamedText = 256 << 10

// spot is a field of a manifest, as a step below another. The root is nil.
type spot struct {
	parent *spot
	step   string
}

// String returns the path of a field as people write it, such as
// "spec.containers[web].image".
func (s *spot) String() string {
	var b strings.Builder
	for _, step := range s.chain() {
		b.WriteString(step.step)
	}
	return b.String()
}

// chain returns the fields from the root down to s.
func (s *spot) chain() []*spot {
	var list []*spot
	for ; s != nil; s = s.parent {
		list = append(list, s)
	}
	slices.Reverse(list)
	return list
}

// above returns the fields from the root down to the one that s is in.
func (s *spot) above() []*spot { return s.parent.chain() }

// spots says for each line of a manifest which field stands there, nil where that is not
// known. The text is masked already, and so are the names.
func spots(text string) (lines []*spot) {
	lines = make([]*spot, strings.Count(text, "\n")+2)
	if len(text) > maxNamedText {
		return lines
	}
	defer func() {
		if r := recover(); r != nil { // the parser has panicked on hostile input before
			clear(lines)
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		return lines
	}
	walkSpots(lines, doc.Content[0], nil)
	for i := 1; i < len(lines); i++ { // a scalar may take many lines
		if lines[i] == nil {
			lines[i] = lines[i-1]
		}
	}
	return lines
}

// walkSpots enters the fields below a node. A scalar in a list has no path of its own: what
// comes before it would change that.
func walkSpots(lines []*spot, n *yaml.Node, at *spot) {
	enter := func(n *yaml.Node, s *spot) {
		if n.Line < len(lines) {
			lines[n.Line] = s
		}
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			s := &spot{at, keyStep(n.Content[i].Value, at == nil)}
			enter(n.Content[i], s)
			walkSpots(lines, n.Content[i+1], s)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			s := at
			if item.Kind == yaml.MappingNode || item.Kind == yaml.SequenceNode {
				s = &spot{at, "[" + spotName(n.Content, i) + "]"}
			}
			enter(item, s)
			walkSpots(lines, item, s)
		}
	}
}

// spotName names an item of a list by its name, where it is the only one of that name.
func spotName(list []*yaml.Node, i int) string {
	name := nameOf(list[i])
	same := 0
	for _, other := range list {
		if name != "" && nameOf(other) == name {
			same++
		}
	}
	switch {
	case same != 1:
		return strconv.Itoa(i)
	case plainName.MatchString(name):
		return name
	}
	return strconv.Quote(name)
}

// nameOf returns the name that an item of a list gives itself.
func nameOf(n *yaml.Node) string {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "name" && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// fields says for each hunk which fields it changes.
func fields(hunks []textdiff.Hunk[[]byte], before, after string) []string {
	if len(hunks) == 0 {
		return nil
	}
	was, is := spots(before), spots(after)
	var out []string
	for _, h := range hunks {
		var changed []*spot
		x, y := h.LineNoX, h.LineNoY // from 0
		for _, e := range h.Edits {
			switch e.Op {
			case diff.Delete:
				x++
				changed = append(changed, was[x])
			case diff.Insert:
				y++
				changed = append(changed, is[y])
			default:
				x++
				y++
			}
		}
		out = append(out, together(changed))
	}
	return out
}

// together names fields in few words: two by their paths, and more by what they are all
// below. A field that is below another one of them is not named.
func together(changed []*spot) string {
	names := map[string]bool{}
	var list []*spot
	for _, s := range changed {
		name := s.String()
		if name == "" {
			return ""
		}
		if !names[name] {
			names[name] = true
			list = append(list, s)
		}
	}
	list = slices.DeleteFunc(list, func(s *spot) bool {
		return slices.ContainsFunc(s.above(), func(p *spot) bool { return names[p.String()] })
	})
	switch len(list) {
	case 0:
		return ""
	case 1:
		return list[0].String()
	case 2:
		return list[0].String() + ", " + list[1].String()
	}
	if above := commonField(list); above != "" {
		return above
	}
	return fmt.Sprintf("%s and %d more", list[0], len(list)-1)
}

// commonField returns the path of what all fields are below, "" for the whole manifest.
func commonField(list []*spot) string {
	first := list[0].chain()
	n := len(first)
	for _, s := range list[1:] {
		chain := s.chain()
		n = min(n, len(chain))
		for i := range n {
			if chain[i].step != first[i].step {
				n = i
				break
			}
		}
	}
	if n == 0 {
		return ""
	}
	return first[n-1].String()
}
