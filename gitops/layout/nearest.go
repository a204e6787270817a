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
		if d := gitops.Distance(strings.ToLower(s), name); d < at {
			best, at = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + gitops.Quote(best) + "?"
}
