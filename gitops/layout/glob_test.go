package layout

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"a/*", "a/b", true},
		{"a/*", "a/b/c", false},
		{"a/**", "a/b/c", true},
		{"a/**", "a", false},
		{"**", "a/b", true},
		{"**/b", "b", true},
		{"**/b", "a/x/b", true},
		{"a/**/b", "a/b", true},
		{"a/**/b", "ab", false},
		{"a?c", "abc", true},
		{"a?c", "a/c", false},
		{"[!a]x", "bx", true},
		{"[!a]x", "ax", false},
		{"[^a]x", "bx", true},
		{"[^a]x", "ax", false},
		{"[!a-c]x", "bx", false},
		{"[!-z]x", "0x", true},
		{"[!-z]x", "-x", false},
		{"[a-]x", "-x", true},
		{`[\]]x`, "]x", true},
		{"a[!b]c", "a/c", false},
		{`a\*`, "a*", true},
		{`a\*`, "ab", false},
		{"a***", "a", true},
		{"a**b", "axxb", true},
		{"a**b", "a/b", false},
		{"[a-z]*", "a", true},
		{"a/**/**", "a/b", true},
		{"*", ".", true},
		{"a.c", "abc", false},
		{"-n", "-n", true},
		{"a*", "a\nb", true},
	} {
		g, err := compileGlob(tt.pattern, false)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		if got := g.match(tt.path); got != tt.want {
			t.Errorf("%q matches %q: %v", tt.pattern, tt.path, got)
		}
	}
}

// TestGlobWitness compares random patterns and paths with a matcher that tries
// everything, and what captures took with the pattern that has it in their places.
func TestGlobWitness(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(words string) string {
		list := strings.Fields(words)
		return list[rnd.IntN(len(list))]
	}
	text := func(words string, most int) string {
		var b strings.Builder
		for range 1 + rnd.IntN(most) {
			b.WriteString(pick(words))
		}
		return b.String()
	}
	matched := 0
	for range 50_000 {
		pattern := strings.Trim(text(`a b - ! * ** ? / / /**/ **/ [ab] [!a] [^b] [!-b] [a-] [\-] \* \! {app} {env}`, 6), "/")
		path := strings.Trim(text("a b - ! * / /", 8), "/")
		g, err := compileGlob(pattern, true)
		if err != nil || path == "" || strings.Contains(path, "//") {
			continue
		}
		got := g.match(path)
		if want := witness(strings.Split(pattern, "/"), strings.Split(path, "/")); got != want {
			t.Fatalf("%q matches %q: %v", pattern, path, got)
		}
		if g.names != nil && g.names.MatchString(path) != got {
			t.Fatalf("%q captures of %q, which matches: %v", pattern, path, got)
		}
		if !got {
			continue
		}
		matched++
		app, env := g.capture(path)
		filled := strings.NewReplacer("{app}", quote(app), "{env}", quote(env)).Replace(pattern)
		if !witness(strings.Split(filled, "/"), strings.Split(path, "/")) {
			t.Fatalf("%q takes %q and %q of %q", pattern, app, env, path)
		}
	}
	if matched < 1_000 {
		t.Errorf("only %d of the patterns match", matched)
	}
}

// quote writes a name as a pattern.
func quote(name string) string { return regexp.MustCompile(`[*!]`).ReplaceAllString(name, `\$0`) }

// witness matches the names of a path by trying everything.
func witness(pattern, path []string) bool {
	switch {
	case len(pattern) == 0:
		return len(path) == 0
	case pattern[0] == "**" && len(pattern) == 1:
		return len(path) > 0
	case pattern[0] == "**":
		return witness(pattern[1:], path) || len(path) > 0 && witness(pattern, path[1:])
	}
	return len(path) > 0 && witnessName(pattern[0], path[0]) && witness(pattern[1:], path[1:])
}

var witnessPiece = regexp.MustCompile(`^(\{...\}|\\.|\[[!^]?(?:\\.|[^\]])+\]|.)`)

// witnessName matches one name.
func witnessName(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	piece := witnessPiece.FindString(pattern)
	rest := pattern[len(piece):]
	switch {
	case piece == "*":
		return witnessName(rest, name) || name != "" && witnessName(pattern, name[1:])
	case piece[0] == '{':
		return name != "" && witnessName("*"+rest, name[1:])
	}
	return name != "" && witnessOne(piece, name[:1]) && witnessName(rest, name[1:])
}

// witnessOne matches one character with the piece of a pattern that takes one.
func witnessOne(piece, c string) bool {
	switch piece {
	case "?":
		return true
	case "[ab]":
		return c == "a" || c == "b"
	case "[!a]":
		return c != "a"
	case "[^b]":
		return c != "b"
	case "[!-b]":
		return c != "-" && c != "b"
	case "[a-]":
		return c == "a" || c == "-"
	case `[\-]`:
		return c == "-"
	}
	return strings.TrimPrefix(piece, `\`) == c
}
