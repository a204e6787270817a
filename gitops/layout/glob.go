package layout

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// maxGlob is the longest pattern in bytes; longer ones are a mistake.
const maxGlob = 512

// glob is a compiled pattern of .sealift.yaml over slash-separated paths. "*" and "?"
// stay within one name, "[a-z]" and "[!a-z]" are one character of a name, a backslash
// takes the next character as it is, and "**" as a name of its own is any number of
// directories; at the end it is everything below. With captures, "{app}" and "{env}"
// each take at least one character of a name.
type glob struct {
	pattern string         // in the words of doublestar, which decides what matches
	names   *regexp.Regexp // what the captures took; nil without captures
}

var errGlobClass = errors.New("pattern has a malformed class")

// compileGlob compiles a pattern. It fails for patterns that are empty, too
// long, absolute, not clean, malformed, or with an unknown capture.
func compileGlob(pattern string, captures bool) (glob, error) {
	switch {
	case pattern == "":
		return glob{}, errors.New("pattern is empty")
	case len(pattern) > maxGlob:
		return glob{}, errors.New("pattern is longer than 512 bytes")
	case strings.HasPrefix(pattern, "/"):
		return glob{}, errors.New("pattern starts with a slash: paths are relative to the root of the repository")
	case !captures && strings.ContainsAny(pattern, "{}"):
		return glob{}, errors.New("pattern has braces: {app} and {env} are for overlays only")
	case strings.Count(pattern, "{app}") > 1 || strings.Count(pattern, "{env}") > 1:
		return glob{}, errors.New("pattern names a capture twice")
	}
	elems := strings.Split(pattern, "/")
	var w globWriter
	for i, e := range elems {
		if e == "" || e == ".." || e == "." && len(elems) > 1 {
			return glob{}, errors.New(`pattern has an empty, "." or ".." element`)
		}
		if err := w.element(e, i == len(elems)-1); err != nil {
			return glob{}, err
		}
	}
	if !w.captures {
		return glob{pattern: w.pattern.String()}, nil
	}
	re, err := regexp.Compile(`(?s)\A` + w.names.String() + `\z`)
	return glob{w.pattern.String(), re}, err
}

// globWriter writes a pattern for doublestar and, because that has no captures, once
// more as a regular expression.
type globWriter struct {
	pattern, names strings.Builder
	captures       bool
}

// element writes one name of a path. To doublestar "a/**" matches "a" too.
func (w *globWriter) element(e string, last bool) error {
	switch {
	case e == "**" && last:
		w.write(`**/*`, `.+`)
		return nil
	case e == "**":
		w.write(`**/`, `(?:.+/)?`)
		return nil
	}
	for e != "" {
		n, err := w.piece(e)
		if err != nil {
			return err
		}
		e = e[n:]
	}
	if !last {
		w.write("/", "/")
	}
	return nil
}

// piece writes the first piece of a name and returns its length.
func (w *globWriter) piece(e string) (int, error) {
	switch e[0] {
	case '*':
		w.write(`*`, `[^/]*`)
		return len(e) - len(strings.TrimLeft(e, "*")), nil
	case '?':
		w.write(`?`, `[^/]`)
		return 1, nil
	case '[':
		return w.class(e)
	case '{', '}':
		return w.capture(e)
	case '\\':
		if len(e) == 1 {
			return 0, errors.New("pattern ends a name with a backslash")
		}
		_, n := utf8.DecodeRuneInString(e[1:])
		w.write(e[:1+n], regexp.QuoteMeta(e[1:1+n]))
		return 1 + n, nil
	}
	n := strings.IndexAny(e+"*", `*?[{}\`)
	w.write(e[:n], regexp.QuoteMeta(e[:n]))
	return n, nil
}

// capture writes {app} or {env}.
func (w *globWriter) capture(e string) (int, error) {
	for _, name := range [...]string{"app", "env"} {
		if strings.HasPrefix(e, "{"+name+"}") {
			w.captures = true
			w.write(`?*`, `(?P<`+name+`>[^/]+)`)
			return len(name) + 2, nil
		}
	}
	return 0, errors.New("pattern has an unknown capture: there are {app} and {env}")
}

func (w *globWriter) write(pattern, names string) {
	w.pattern.WriteString(pattern)
	w.names.WriteString(names)
}

// class writes the class that e begins with and returns its length. It never takes a
// slash, which to doublestar is a character like others.
func (w *globWriter) class(e string) (int, error) {
	rest, not := []rune(e[1:]), false
	if len(rest) > 0 && (rest[0] == '!' || rest[0] == '^') {
		rest, not = rest[1:], true
	}
	if len(rest) == 0 || rest[0] == ']' {
		return 0, errGlobClass
	}
	var pattern, names strings.Builder
	for len(rest) > 0 && rest[0] != ']' {
		lo, hi, n := globRange(rest)
		if lo > hi || lo <= '/' && '/' <= hi {
			return 0, errGlobClass
		}
		pattern.WriteString(`\` + string(lo) + `-\` + string(hi))
		names.WriteString(classRune(lo) + "-" + classRune(hi))
		rest = rest[n:]
	}
	if len(rest) == 0 {
		return 0, errGlobClass
	}
	if not {
		w.write("[!/"+pattern.String()+"]", "[^/"+names.String()+"]")
	} else {
		w.write("["+pattern.String()+"]", "["+names.String()+"]")
	}
	return len(e) - len(string(rest[1:])), nil
}

// globRange reads the first character or range of a class, and says how long it is.
func globRange(s []rune) (lo, hi rune, n int) {
	next := func() rune {
		if s[n] == '\\' && n+1 < len(s) {
			n++
		}
		n++
		return s[n-1]
	}
	lo = next()
	hi = lo
	if n+1 < len(s) && s[n] == '-' && s[n+1] != ']' {
		n++
		hi = next()
	}
	return lo, hi, n
}

func (g glob) match(p string) bool { return doublestar.MatchUnvalidated(g.pattern, p) }

// capture returns what {app} and {env} took of a path that matches; "" for one that is
// not in the pattern.
func (g glob) capture(p string) (app, env string) {
	if g.names == nil {
		return "", ""
	}
	m := g.names.FindStringSubmatch(p)
	if m == nil {
		return "", ""
	}
	for i, name := range g.names.SubexpNames() {
		switch name {
		case "app":
			app = m[i]
		case "env":
			env = m[i]
		}
	}
	return app, env
}

// matchAny reports whether one of the globs matches.
func matchAny(globs []glob, p string) bool {
	return slices.ContainsFunc(globs, func(g glob) bool { return g.match(p) })
}

// classRune is a character in a class of a regular expression.
func classRune(r rune) string {
	if r < utf8.RuneSelf && !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
		return `\x{` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]) + `}`
	}
	return string(r)
}
