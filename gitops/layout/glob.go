package layout

import (
	"errors"
	"regexp"
	"strings"
)

// maxGlob is the longest pattern in bytes; longer ones are a mistake.
const maxGlob = 512

// glob is a compiled pattern over slash-separated paths. "*" and "?" stay
// within one element, "**" as an element of its own crosses any number of them,
// and "[a-z]" is a class. With captures, "{app}" and "{env}" each take at least
// one character within an element. Matching takes linear time.
type glob struct{ re *regexp.Regexp }

// compileGlob compiles a pattern. It fails for patterns that are empty, too
// long, absolute, not clean, or with an unknown capture.
func compileGlob(pattern string, captures bool) (glob, error) {
	switch {
	case pattern == "":
		return glob{}, errors.New("pattern is empty")
	case len(pattern) > maxGlob:
		return glob{}, errors.New("pattern is longer than 512 bytes")
	case strings.HasPrefix(pattern, "/"):
		return glob{}, errors.New("pattern starts with a slash: paths are relative to the root of the repository")
	case strings.Count(pattern, "{app}") > 1 || strings.Count(pattern, "{env}") > 1:
		return glob{}, errors.New("pattern names a capture twice")
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	elems := strings.Split(pattern, "/")
	for i, e := range elems {
		if e == "" || e == ".." || e == "." && len(elems) > 1 {
			return glob{}, errors.New(`pattern has an empty, "." or ".." element`)
		}
		if err := globElem(&b, e, i == len(elems)-1, captures); err != nil {
			return glob{}, err
		}
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return glob{}, errors.New("pattern has a malformed class")
	}
	return glob{re}, nil
}

// globElem writes the expression for one element of a path. "**" is any number of
// elements, and at the end at least one.
func globElem(b *strings.Builder, e string, last, captures bool) error {
	if e == "**" {
		if last {
			b.WriteString(`.+`)
		} else {
			b.WriteString(`(?:.+/)?`)
		}
		return nil
	}
	for e != "" {
		n, err := globPiece(b, e, captures)
		if err != nil {
			return err
		}
		e = e[n:]
	}
	if !last {
		b.WriteByte('/')
	}
	return nil
}

// globPiece translates the first piece of e and returns its length.
func globPiece(b *strings.Builder, e string, captures bool) (int, error) {
	switch e[0] {
	case '*':
		b.WriteString(`[^/]*`)
	case '?':
		b.WriteString(`[^/]`)
	case '[':
		end := strings.IndexByte(e, ']')
		if end < 2 {
			return 0, errors.New("pattern has a malformed class")
		}
		class := strings.ReplaceAll(e[1:end], `\`, `\\`)
		class = strings.ReplaceAll(class, `[`, `\[`)
		if class[0] == '!' {
			class = "^" + class[1:]
		}
		b.WriteString("[" + class + "]")
		return end + 1, nil
	case '{':
		if !captures {
			return 0, errors.New("pattern has braces: {app} and {env} are for overlays only")
		}
		for _, name := range [...]string{"app", "env"} {
			if strings.HasPrefix(e, "{"+name+"}") {
				b.WriteString(`(?P<` + name + `>[^/]+)`)
				return len(name) + 2, nil
			}
		}
		return 0, errors.New("pattern has an unknown capture: there are {app} and {env}")
	default:
		n := strings.IndexAny(e, "*?[{")
		if n < 0 {
			n = len(e)
		}
		b.WriteString(regexp.QuoteMeta(e[:n]))
		return n, nil
	}
	return 1, nil
}

func (g glob) match(p string) bool { return g.re.MatchString(p) }

// capture matches p and returns what {app} and {env} took.
func (g glob) capture(p string) (app, env string, ok bool) {
	m := g.re.FindStringSubmatch(p)
	if m == nil {
		return "", "", false
	}
	for i, name := range g.re.SubexpNames() {
		switch name {
		case "app":
			app = m[i]
		case "env":
			env = m[i]
		}
	}
	return app, env, true
}

// matchAny reports whether one of the globs matches.
func matchAny(globs []glob, p string) bool {
	for _, g := range globs {
		if g.match(p) {
			return true
		}
	}
	return false
}
