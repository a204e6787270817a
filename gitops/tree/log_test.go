package tree

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestLog follows first parents, between two commits and for some paths.
func TestLog(t *testing.T) {
	f := newFixture(t)
	first := f.commitWith("One", map[string]string{"web/a": "1"})
	f.commitWith("Elsewhere", map[string]string{"other/a": "1"})
	f.git("checkout", "-q", "-b", "topic")
	f.commitWith("Two", map[string]string{"web/a": "2"})
	f.commitWith("Three", map[string]string{"web/a": "3"})
	f.git("checkout", "-q", "main")
	f.commitWith("Elsewhere again", map[string]string{"other/a": "2"})
	f.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7 from x", "topic")
	tip := f.git("rev-parse", "HEAD")
	r := f.open(Options{})
	for name, c := range map[string]struct {
		since string
		paths []string
		limit int
		want  string
	}{
		"of the app":    {"", []string{"web"}, 9, "Merge pull request #7 from x, One"},
		"since":         {first, []string{"web"}, 9, "Merge pull request #7 from x"},
		"of all":        {first, nil, 9, "Merge pull request #7 from x, Elsewhere again, Elsewhere"},
		"no more than":  {"", nil, 1, "Merge pull request #7 from x"},
		"of nothing":    {"", []string{"none", "*"}, 9, ""},
		"since the tip": {tip, nil, 9, ""},
	} {
		got, err := r.Log(t.Context(), tip, c.since, c.paths, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var subjects []string
		for _, x := range got {
			subjects = append(subjects, x.Subject)
		}
		if s := strings.Join(subjects, ", "); s != c.want {
			t.Errorf("%s: %q, want %q", name, s, c.want)
		}
	}
	for _, bad := range [][2]string{{"main", ""}, {tip, "--all"}, {"", ""}} {
		_, err := r.Log(t.Context(), bad[0], bad[1], nil, 1)
		wantError(t, err, gitops.Invalid)
	}
}
