package reply_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
)

// TestTableWidth checks that no table is wider than a comment at GitHub, 744 pixels, when
// each cell is broken at all of its spaces.
func TestTableWidth(t *testing.T) {
	long := strings.Repeat("w", 300)
	for _, r := range []gitops.Report{
		hostile(long), hostile(strings.Repeat("a/", 200)), hostile(long + "1"), hostile(strings.Repeat("\u202e", 90)),
		{Overlays: []gitops.OverlayChange{{Overlay: gitops.Overlay{Path: long}, PartOf: long, Status: gitops.Changed,
			Images: []gitops.ImageChange{{Name: long, Old: long + "1" + long, New: long + "2" + long}, {Name: "x/" + long, New: long}}}}},
	} {
		rows := 0
		for _, line := range strings.Split(strings.Join(reply.Markdown(r, reply.Options{}), "\n"), "\n") {
			if strings.HasPrefix(line, "| ") {
				rows++
				if w := leastWidth(line); w > 744 {
					t.Errorf("%.0f pixels: %s", w, line)
				}
			}
		}
		if rows < 2 {
			t.Errorf("no table")
		}
	}
}

var markup = regexp.MustCompile(`<[a-z/]+>|\*\*`)

// leastWidth returns how wide a row of a table is at least, in pixels, with everything in
// the font of code.
func leastWidth(row string) float64 {
	width := 0.0
	for cell := range strings.SplitSeq(strings.Trim(row, "| "), "|") {
		longest := 0
		for word := range strings.FieldsSeq(strings.ReplaceAll(cell, "<br>", " ")) {
			longest = max(longest, utf8.RuneCountInString(html.UnescapeString(markup.ReplaceAllString(word, ""))))
		}
		width += 26 + 5 + 7.15*float64(longest)
	}
	return width
}
