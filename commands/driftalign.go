package commands

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops/diff"
	"github.com/sealift/sealift/gitops/promote"
)

// driftLine is a field of an object with its path in pieces, one for each step.
type driftLine struct {
	pieces []string
	value  string
}

// path puts the pieces together again.
func (l *driftLine) path() string { return strings.Join(l.pieces, "") }

// newDriftLine cuts the path of a field.
func newDriftLine(f diff.Field) *driftLine {
	l := &driftLine{value: f.Value}
	rest := f.Path
	for _, step := range f.Steps {
		piece := rest
		switch index := "[" + strconv.Itoa(step.Index) + "]"; {
		case step.Item && strings.HasPrefix(rest, index):
			piece = index
		case strings.HasPrefix(rest, "["):
			piece = rest[:bracketEnd(rest)]
		default:
			piece = rest[:strings.Index(rest, step.Key)+len(step.Key)]
		}
		l.pieces, rest = append(l.pieces, piece), rest[len(piece):]
	}
	return l
}

// bracketEnd returns how long the bracket is that a path begins with. A quoted text
// in it may have brackets of its own.
func bracketEnd(path string) int {
	at := strings.IndexAny(path, `"]`)
	if quoted, err := strconv.QuotedPrefix(path[max(at, 0):]); err == nil {
		at += len(quoted)
	}
	return at + 1
}

// alignLists gives the items of a's lists that are told apart by their place alone the
// places that b has equal items at; those that are left are lined up in their order.
// So a list in another order is no difference, unless its order counts. The paths of
// both begin with the same depth pieces, or with what the words make of them.
func alignLists(a, b []*driftLine, depth int, words [][2]string) {
	if depth > 0 && !orderCounts(b[0].pieces[depth-1]) {
		alignItems(a, b, depth, words)
	}
	inB := byPiece(b, depth)
	for piece, lines := range byPiece(a, depth) {
		other := inB[piece]
		if other == nil {
			other = inB[promote.Rename(piece, words)]
		}
		if other != nil {
			alignLists(lines, other, depth+1, words)
		}
	}
}

// byPiece groups lines by one piece of their paths.
func byPiece(lines []*driftLine, depth int) map[string][]*driftLine {
	by := map[string][]*driftLine{}
	for _, l := range lines {
		if depth < len(l.pieces) {
			by[l.pieces[depth]] = append(by[l.pieces[depth]], l)
		}
	}
	return by
}

// orderCounts reports whether the items of a list under some key are in an order that
// means something.
func orderCounts(key string) bool { return key == ".args" || key == ".command" }

// driftItem is an item of a list that is known by its place.
type driftItem struct {
	place int
	lines []*driftLine
}

// itemsAt returns the items that are known by their place, in order.
func itemsAt(lines []*driftLine, depth int) (list []driftItem) {
	for piece, of := range byPiece(lines, depth) {
		if n, err := strconv.Atoi(strings.Trim(piece, "[]")); err == nil && piece[0] == '[' {
			list = append(list, driftItem{n, of})
		}
	}
	slices.SortFunc(list, func(x, y driftItem) int { return cmp.Compare(x.place, y.place) })
	return list
}

// content is all that an item says, with words replaced.
func (i driftItem) content(depth int, words [][2]string) string {
	var b strings.Builder
	for _, l := range i.lines {
		b.WriteString(promote.Rename(strings.Join(l.pieces[depth+1:], ""), words) + "\x00" + promote.Rename(l.value, words) + "\x00")
	}
	return b.String()
}

// alignItems moves the items of one list of a.
func alignItems(a, b []*driftLine, depth int, words [][2]string) {
	left, theirs := itemsAt(a, depth), itemsAt(b, depth)
	if len(left) == 0 || len(theirs) == 0 {
		return
	}
	end := max(left[len(left)-1].place, theirs[len(theirs)-1].place) + 1
	for _, w := range [][][2]string{nil, words} {
		at := map[string][]driftItem{}
		for _, item := range theirs {
			c := item.content(depth, nil)
			at[c] = append(at[c], item)
		}
		left = slices.DeleteFunc(left, func(item driftItem) bool {
			c := item.content(depth, w)
			if len(at[c]) == 0 {
				return false
			}
			found := at[c][0]
			at[c] = at[c][1:]
			theirs = slices.DeleteFunc(theirs, func(o driftItem) bool { return o.place == found.place })
			item.move(depth, found.place)
			return true
		})
	}
	for i, item := range left {
		if i < len(theirs) {
			item.move(depth, theirs[i].place)
		} else {
			item.move(depth, end+i)
		}
	}
}

// move gives an item another place.
func (i driftItem) move(depth, place int) {
	for _, l := range i.lines {
		l.pieces[depth] = "[" + strconv.Itoa(place) + "]"
	}
}
