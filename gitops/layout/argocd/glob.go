package argocd

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/gobwas/glob"
)

// maxGlob is the longest pattern in bytes; longer ones are a mistake.
const maxGlob = 512

// maxStars is how many stars and alternatives a pattern may have before it is matched in
// linear time: the library's time may double with each.
const maxStars = 10

var errGlob = errors.New("malformed pattern")

// compileGlob compiles a pattern of a directory source or a project, without separators:
// those of github.com/gobwas/glob, in which "*" and "?" match slashes too (util/glob of
// Argo CD). With separators "*" stops at them, and "**" does not.
func compileGlob(pattern string, separators ...rune) (match func(string) bool, err error) {
	if len(pattern) > maxGlob {
		return nil, errGlob
	}
	if strings.Count(pattern, "*")+strings.Count(pattern, "{")+strings.Count(pattern, ",") > maxStars {
		re := linearGlob(pattern, separators)
		if re == nil {
			return nil, errGlob
		}
		return re.MatchString, nil
	}
	defer func() { // what the library panics on, Argo CD cannot read either
		if recover() != nil {
			match, err = nil, errGlob
		}
	}()
	g, err := glob.Compile(pattern, separators...)
	if err != nil {
		return nil, errGlob
	}
	return g.Match, nil
}

// linearGlob translates a pattern into a regular expression, nil for a malformed one:
// "{a,b}" are alternatives, "[abc]", "[a-z]" and "[!a-z]" one character, and a backslash
// takes the next one as it is.
func linearGlob(pattern string, separators []rune) *regexp.Regexp {
	if !utf8.ValidString(pattern) {
		return nil
	}
	one := `.`
	if len(separators) > 0 {
		one = `[^` + regexp.QuoteMeta(string(separators)) + `]`
	}
	var b strings.Builder
	b.WriteString(`(?s)\A(?:`)
	open := 0
	for rest := []rune(pattern); len(rest) > 0; {
		r := rest[0]
		rest = rest[1:]
		switch {
		case r == '*':
			star := one
			for len(rest) > 0 && rest[0] == '*' {
				star, rest = `.`, rest[1:]
			}
			b.WriteString(star + `*`)
		case r == '?':
			b.WriteString(one)
		case r == '{':
			open++
			b.WriteString(`(?:`)
		case r == ',' && open > 0:
			b.WriteString(`|`)
		case r == '}' && open > 0:
			open--
			b.WriteString(`)`)
		case r == '[':
			class, n := globClass(rest)
			if n == 0 {
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

// globClass translates what stands behind "[": one range, or a list of characters. It
// returns how many characters that are, with the closing bracket; none for a malformed one.
func globClass(s []rune) (class string, n int) {
	not := ""
	if len(s) > 0 && s[0] == '!' {
		not, n = "^", 1
	}
	if len(s) >= n+4 && s[n+1] == '-' {
		lo, hi := s[n], s[n+2]
		if s[n+3] != ']' || lo > hi {
			return "", 0
		}
		return "[" + not + classRune(lo) + "-" + classRune(hi) + "]", n + 4
	}
	var list strings.Builder
	for ; n < len(s) && s[n] != ']'; n++ {
		if s[n] == '\\' && n+1 < len(s) {
			n++
		}
		list.WriteString(classRune(s[n]))
	}
	if n >= len(s) || list.Len() == 0 {
		return "", 0
	}
	return "[" + not + list.String() + "]", n + 1
}

// classRune is a character in a class of a regular expression.
func classRune(r rune) string {
	if r < utf8.RuneSelf && !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
		return `\x{` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]) + `}`
	}
	return string(r)
}

// validPattern reports whether doublestar takes a pattern.
func validPattern(p string) bool { return len(p) <= maxGlob && doublestar.ValidatePattern(p) }
