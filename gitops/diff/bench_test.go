package diff_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/diff"
)

// BenchmarkLarge compares two outputs of 41,000 lines in 41 objects, 2 % of the
// lines changed.
func BenchmarkLarge(b *testing.B) {
	make := func(mark string) string {
		var s strings.Builder
		for o := range 41 {
			fmt.Fprintf(&s, "---\nkind: A\nmetadata:\n  name: a%d\nspec:\n", o)
			for i := range 1000 {
				v := "same"
				if i%50 == 0 {
					v = mark
				}
				fmt.Fprintf(&s, "  key%d: the %s\n", i, v)
			}
		}
		return s.String()
	}
	before, after := rendered("a", make("old")), rendered("a", make("new"))
	for b.Loop() {
		r := diff.Report([]diff.Pair{{Before: before, After: after}}, diff.Options{})
		if c := r.Overlays[0]; c.AddedLines != 820 || c.RemovedLines != 820 {
			b.Fatalf("+%d -%d", c.AddedLines, c.RemovedLines)
		}
	}
}

// BenchmarkMany compares 800 overlays of 8 objects, one line of one changed.
func BenchmarkMany(b *testing.B) {
	var pairs []diff.Pair
	for i := range 800 {
		text := func(v string) string {
			var s strings.Builder
			for o := range 8 {
				fmt.Fprintf(&s, "---\nkind: A\nmetadata:\n  name: a%d-%d\nspec:\n%s", i, o, strings.Repeat("  - x: y\n", 20))
			}
			return s.String() + "  - x: " + v + "\n"
		}
		p := fmt.Sprintf("a/%d", i)
		pairs = append(pairs, diff.Pair{Overlay: gitops.OverlayChange{Overlay: gitops.Overlay{Path: p}}, Before: rendered(p, text("old")), After: rendered(p, text("new"))})
	}
	for b.Loop() {
		if r := diff.Report(pairs, diff.Options{Moves: true}); len(r.Overlays) != 800 {
			b.Fatal(len(r.Overlays))
		}
	}
}

// BenchmarkHostile compares texts made to be slow: few different lines in any
// order, which is the worst case of an exact diff.
func BenchmarkHostile(b *testing.B) {
	for _, lines := range []int{10_000, 100_000} {
		make := func(seed uint32) string {
			s := strings.Builder{}
			s.WriteString("kind: A\nmetadata:\n  name: a\nspec:\n")
			for range lines {
				seed = seed*1664525 + 1013904223
				fmt.Fprintf(&s, "  - %d\n", seed>>30)
			}
			return s.String()
		}
		before, after := rendered("a", make(1)), rendered("a", make(2))
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			for b.Loop() {
				diff.Report([]diff.Pair{{Before: before, After: after}}, diff.Options{})
			}
		})
	}
}
