package layout

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"
)

// takes returns which files of a directory a source includes, by their paths relative
// to it. A pattern that only a template fills in leaves nothing out.
func (s source) takes() func(string) bool {
	include, exclude := argoGlob(s.Include), argoGlob(s.Exclude)
	return func(rel string) bool {
		if s.Exclude != "" && !strings.Contains(s.Exclude, "{{") && exclude != nil && exclude.MatchString(rel) {
			return false
		}
		return s.Include == "" || strings.Contains(s.Include, "{{") || include != nil && include.MatchString(rel)
	}
}

// argoGlob compiles a pattern of an Argo CD directory. These are patterns of
// github.com/gobwas/glob without separators: "*" and "?" match slashes too, "{a,b}"
// are alternatives, "[abc]", "[a-z]" and "[!a-z]" one character, and a backslash
// takes the next one as it is. It returns nil for a malformed one, which to Argo CD
// matches nothing.
func argoGlob(pattern string) *regexp.Regexp {
	if pattern == "" || len(pattern) > maxGlob || !utf8.ValidString(pattern) {
		return nil
	}
	var b strings.Builder
	b.WriteString(`(?s)\A(?:`)
	open := 0
	for rest := []rune(pattern); len(rest) > 0; {
		r := rest[0]
		rest = rest[1:]
		switch {
		case r == '*':
			b.WriteString(`.*`)
		case r == '?':
			b.WriteString(`.`)
		case r == '{':
			open++
			b.WriteString(`(?:`)
		case r == ',' && open > 0:
			b.WriteString(`|`)
		case r == '}' && open > 0:
			open--
			b.WriteString(`)`)
		case r == '[':
			class, n, err := argoClass(rest)
			if err != nil {
				return nil
			}
			b.WriteString(class)
			rest = rest[n:]
		case r == '\\' && len(rest) > 0:
			b.WriteString(regexp.QuoteMeta(string(rest[0])))
			rest = rest[1:]
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString(strings.Repeat(")", open) + `)\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil
	}
	return re
}

var errClass = errors.New("malformed class")

// argoClass translates what stands after "[": one range, or a list of characters. It
// returns how many characters that are, with the closing bracket.
func argoClass(s []rune) (class string, n int, err error) {
	not := ""
	if len(s) > 0 && s[0] == '!' {
		not, n = "^", 1
	}
	if len(s) >= n+4 && s[n+1] == '-' {
		lo, hi := s[n], s[n+2]
		if s[n+3] != ']' || lo > hi {
			return "", 0, errClass
		}
		return "[" + not + classRune(lo) + "-" + classRune(hi) + "]", n + 4, nil
	}
	var list strings.Builder
	for ; n < len(s) && s[n] != ']'; n++ {
		if s[n] == '\\' && n+1 < len(s) {
			n++
		}
		list.WriteString(classRune(s[n]))
	}
	if n >= len(s) || list.Len() == 0 {
		return "", 0, errClass
	}
	return "[" + not + list.String() + "]", n + 1, nil
}

// classRune is a character in a class of a regular expression.
func classRune(r rune) string {
	if r < utf8.RuneSelf && !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
		return `\x{` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]) + `}`
	}
	return string(r)
}
