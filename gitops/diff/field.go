package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"znkr.io/diff"
	"znkr.io/diff/textdiff"
)

// spot is a field of a manifest: a key or an item below another one. The root is nil.
type spot struct {
	parent *spot
	key    string // of a mapping
	// of a list: which item, its name, and how many items have which name.
	index int
	name  string
	names map[string]int // nil for a key
}

// step is how a path goes on to s: an item is named by its name when it is the only one of
// that name.
func (s *spot) step() string {
	switch {
	case s.names == nil:
		return keyStep(s.key, s.parent == nil)
	case s.name == "" || s.names[s.name] != 1:
		return "[" + strconv.Itoa(s.index) + "]"
	case plainName.MatchString(s.name):
		return "[" + s.name + "]"
	}
	return "[" + strconv.Quote(s.name) + "]"
}

// String returns the path of a field as people write it, such as
// "spec.containers[web].image".
func (s *spot) String() string {
	var b strings.Builder
	for _, step := range s.chain() {
		b.WriteString(step.step())
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

// maxTogether is how many changed lines of a hunk are named at most: nobody reads a name
// over more.
const maxTogether = 500

// together names fields in few words: two by their paths, and more by what they are all
// below. A field that is below another one of them is not named.
func together(changed []*spot) string {
	if len(changed) > maxTogether {
		return ""
	}
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
			if chain[i].step() != first[i].step() {
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
