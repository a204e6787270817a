package diff

import (
	"bytes"
	"fmt"
	"strings"

	"znkr.io/diff"
	"znkr.io/diff/textdiff"
)

// context is how many unchanged lines stand around a change, as in diff -u.
const context = 3

// Bounds of the exact diff, in lines of both sides together. Its cost grows with
// lines times changes, so above exactLines the changes are first counted by a
// linear diff, and the exact one is made only while the product is below
// exactCost. Up to nearLines one that is nearly minimal takes its place, above
// that the linear one. Measured on lines in random order, the worst there is,
// each of them takes below two seconds of processor time.
const (
	exactLines = 20_000
	exactCost  = 500_000_000
	nearLines  = 100_000
)

// countLines returns how many lines a minimal diff of the two texts adds and
// removes. Beyond the bounds above it may count more than the minimum.
func countLines(before, after []byte) (added, removed int) {
	return count(hunks(before, after, 0))
}

// unified returns the unified diff without file headers, "" when the texts are
// equal.
func unified(before, after string) string {
	return printed(hunks([]byte(before), []byte(after), context))
}

// printed returns hunks as a unified diff without file headers.
func printed(hunks []textdiff.Hunk[[]byte]) string {
	var b strings.Builder
	for _, h := range hunks {
		fmt.Fprintf(&b, "@@ -%s +%s @@\n", span(h.LineNoX, h.EndLineNoX), span(h.LineNoY, h.EndLineNoY))
		for _, e := range h.Edits {
			b.WriteByte(" -+"[e.Op])
			b.Write(e.Line)
			if !bytes.HasSuffix(e.Line, []byte("\n")) {
				b.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	return b.String()
}

// span prints a range of lines as diff -u does: an empty one starts after the
// line before it.
func span(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

// hunks compares two texts by lines.
func hunks(before, after []byte, context int) []textdiff.Hunk[[]byte] {
	lines := bytes.Count(before, []byte("\n")) + bytes.Count(after, []byte("\n"))
	around := diff.Context(context)
	if lines <= exactLines {
		return textdiff.Hunks(before, after, diff.Minimal(), around)
	}
	fast := textdiff.Hunks(before, after, diff.Fast(), around)
	added, removed := count(fast)
	switch {
	case lines*(added+removed) <= exactCost:
		return textdiff.Hunks(before, after, diff.Minimal(), around)
	case lines <= nearLines:
		return textdiff.Hunks(before, after, around)
	}
	return fast
}

// count counts the lines that hunks add and remove.
func count(hunks []textdiff.Hunk[[]byte]) (added, removed int) {
	for _, h := range hunks {
		for _, e := range h.Edits {
			switch e.Op {
			case diff.Insert:
				added++
			case diff.Delete:
				removed++
			}
		}
	}
	return added, removed
}
