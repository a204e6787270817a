package argocd

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/gobwas/glob"
)

// random returns a text of some letters.
func random(r *rand.Rand, letters []string, most int) string {
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteString(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// TestGlob compares what is matched in linear time with what the library that Argo CD has
// matches, over random patterns and paths. The library takes more than its documentation
// says, such as "a" for "a*a" and nothing at all for "[!a]", which is why it decides for
// all patterns that it can be trusted with; it never takes less.
func TestGlob(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "b", ".", "/", "*", "?", "[a-b]", "[!a]", "[ab]", `\*`, "{a,b}", "{ab,/}"}
	for range 20_000 {
		pattern := random(r, parts, 6)
		g, err := glob.Compile(pattern)
		re := linearGlob(pattern, nil)
		if err != nil || re == nil {
			t.Fatalf("%q: %v, %v", pattern, err, re)
		}
		for range 10 {
			p := random(r, []string{"a", "b", ".", "/", "*"}, 6)
			if !g.Match(p) && re.MatchString(p) {
				t.Fatalf("%q matches %q: %v, and in linear time %v", pattern, p, g.Match(p), re.MatchString(p))
			}
		}
	}
}

// TestExpand compares variables with Go's, which Argo CD uses.
func TestExpand(t *testing.T) {
	env := map[string]string{"A": "x", "AB": "", "ARGOCD_APP_REVISION": "$ARGOCD_APP_REVISION"}
	r := rand.New(rand.NewPCG(3, 4))
	for range 50_000 {
		s := random(r, []string{"$", "{", "}", "A", "B", "/", "ARGOCD_APP_REVISION", "*", "1"}, 8)
		want := os.Expand(s, func(name string) string {
			switch name {
			case "$":
				return "$"
			case "ARGOCD_APP_REVISION":
				return "{{ARGOCD_APP_REVISION}}"
			}
			return env[name]
		})
		if got := expand(s, env); got != want {
			t.Fatalf("%q: %q, want %q", s, got, want)
		}
	}
}
