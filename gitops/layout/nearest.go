package layout

import (
	"strings"

	"github.com/sealift/sealift/gitops"
)

// nearest returns "; did you mean …?" for the name that is most like s, and ""
// when none is.
func nearest(s string, names []string) string {
	if len(s) > maxName {
		return ""
	}
	best, at := "", max(2, len(s)/3)+1
	for _, name := range names {
		if d := distance(strings.ToLower(s), name); d < at {
			best, at = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + gitops.Quote(best) + "?"
}

// distance is the number of bytes to add, remove or replace to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			left, row[j+1] = row[j+1], min(left+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
