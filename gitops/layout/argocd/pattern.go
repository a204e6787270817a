package argocd

import (
	"iter"
	"maps"
	"path"
	"regexp"
	"strings"
)

// placeholder matches what a template has yet to fill in, the most between two braces.
var placeholder = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// unfilled reports whether a text has such a place.
func unfilled(s string) bool { return strings.Contains(s, "{{") }

// literal is a pattern of doublestar that matches p alone.
func literal(p string) string {
	if !strings.ContainsAny(p, `*?[]{}\`) {
		return p
	}
	return metaCharacters.Replace(p)
}

var metaCharacters = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)

// patterns returns what a path of the tree with places to be filled in may be. What fills
// one in may have slashes itself: it is anything that starts and ends as its name does.
func patterns(p string) []string {
	if !unfilled(p) {
		return []string{literal(path.Clean(strings.TrimLeft(p, "/")))}
	}
	// A slash within a placeholder is none of the path.
	const mark = "\x00"
	elems := strings.Split(placeholder.ReplaceAllString(p, mark), "/")
	out := []string{""}
	for _, e := range elems {
		var alternatives []string
		switch {
		case e == "" || e == ".":
			continue
		case e == "..":
			return []string{"**"} // from somewhere that is not known
		case e == mark:
			alternatives = []string{"**"}
		case strings.Contains(e, mark):
			before, _, _ := strings.Cut(e, mark)
			after := e[strings.LastIndex(e, mark)+1:]
			one := ""
			for i, part := range strings.Split(e, mark) {
				if i > 0 {
					one += "*"
				}
				one += literal(part)
			}
			alternatives = []string{one, literal(before) + "*/**/*" + literal(after)}
		default:
			alternatives = []string{literal(e)}
		}
		out = times(out, alternatives)
	}
	return out
}

// maxPatterns is how many patterns one path may come to; beyond, it may be anything.
const maxPatterns = 16

// times joins every pattern with every further element.
func times(heads, elems []string) []string {
	if len(heads)*len(elems) > maxPatterns {
		return []string{"**"}
	}
	var out []string
	for _, h := range heads {
		for _, e := range elems {
			if e == "**" && (h == "**" || strings.HasSuffix(h, "/**")) {
				e = ""
			}
			out = append(out, path.Join(h, e))
		}
	}
	return out
}

// dirPatterns returns the patterns of a directory with all that is in it.
func dirPatterns(dir string) []string {
	var out []string
	for _, p := range patterns(dir) {
		switch {
		case p == "." || p == "" || p == "**":
			out = append(out, "**")
		case strings.HasSuffix(p, "/**"):
			out = append(out, p)
		default:
			out = append(out, p, p+"/**")
		}
	}
	return out
}

// keysOf yields the keys of a map, in no order.
func keysOf[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
