package argocd

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/sealift/sealift/gitops"
)

// filePattern compiles a pattern of a git generator over files, of paths relative to the
// root (LsFiles in util/git). Argo CD hands it to `git ls-files`, or takes it for one of
// doublestar when it is told to.
func (r *Room) filePattern(pattern string) (func(string) bool, error) {
	if len(pattern) > maxGlob {
		return nil, refuse("has a git generator with a pattern that is longer than %d bytes", maxGlob)
	}
	if pattern == "" {
		pattern = "."
	}
	if r.Options.NewGitFileGlobbing {
		pattern = path.Join("/", pattern)[1:]
		if !doublestar.ValidatePattern(pattern) {
			return nil, refuse("has a git generator with a malformed pattern: %s", gitops.Quote(pattern))
		}
		r.entries()
		for _, dir := range r.dirs { // it is read as a file too
			if doublestar.MatchUnvalidated(pattern, dir) {
				return nil, refuse("has a git generator over files with a pattern that matches directories too, which Argo CD refuses: %s", gitops.Quote(pattern))
			}
		}
		return func(p string) bool { return doublestar.MatchUnvalidated(pattern, p) }, nil
	}
	spec, ok := pathspec(pattern)
	if !ok {
		return nil, refuse("has a git generator with a pattern that git takes for something else, or that leads out of the repository: %s", gitops.Quote(pattern))
	}
	return func(p string) bool { return spec == "" || under(spec, p) || wildmatch(spec, p) }, nil
}

// pathspec cleans a pattern as git does, and is false for what git refuses and for the
// magic that begins with a colon (prefix_path in setup.c).
func pathspec(pattern string) (string, bool) {
	if strings.HasPrefix(pattern, ":") || strings.HasPrefix(pattern, "/") || strings.Contains(pattern, "\x00") {
		return "", false
	}
	var out []string
	elems := strings.Split(pattern, "/")
	slash := false
	for i, e := range elems {
		slash = i == len(elems)-1 && (e == "" || e == "." || e == "..")
		switch e {
		case "", ".":
		case "..":
			if len(out) == 0 {
				return "", false
			}
			out = out[:len(out)-1]
		default:
			out = append(out, e)
		}
	}
	spec := strings.Join(out, "/")
	if slash && spec != "" {
		spec += "/"
	}
	return spec, true
}

// under reports whether a path is a pattern to the letter, or in a directory that is
// (match_pathspec_item in dir.c).
func under(spec, p string) bool {
	rest, ok := strings.CutPrefix(p, spec)
	return ok && (rest == "" || strings.HasSuffix(spec, "/") || strings.HasPrefix(rest, "/"))
}

// wildmatch is git's (wildmatch.c) without WM_PATHNAME: "*" and "?" match slashes, and
// "**" is no more than "*". All stars being alike, only the last one is ever taken back.
func wildmatch(pattern, s string) bool {
	p, i := 0, 0
	starP, starI := -1, 0
	for i < len(s) || p < len(pattern) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				starP, starI = p, i
				p++
				continue
			}
			if i < len(s) {
				if n, ok, abort := one(pattern[p:], s[i]); abort {
					return false
				} else if ok {
					p, i = p+n, i+1
					continue
				}
			}
		}
		if starP < 0 || starI >= len(s) {
			return false
		}
		starI++
		p, i = starP+1, starI
	}
	return true
}

// one matches the first piece of a pattern, which is no star, with one byte, and says how
// long the piece is. abort is for a class without an end: nothing matches.
func one(pattern string, c byte) (n int, ok, abort bool) {
	switch pattern[0] {
	case '?':
		return 1, true, false
	case '\\':
		if len(pattern) == 1 {
			return 1, false, false
		}
		return 2, pattern[1] == c, false
	case '[':
		return class(pattern, c)
	}
	return 1, pattern[0] == c, false
}

// class matches a class.
func class(pattern string, c byte) (n int, ok, abort bool) {
	p := 1
	at := func(i int) byte {
		if i < len(pattern) {
			return pattern[i]
		}
		return 0
	}
	negated := at(p) == '!' || at(p) == '^'
	if negated {
		p++
	}
	var prev byte
	for first := true; first || at(p) != ']'; first = false {
		ch := at(p)
		if ch == 0 {
			return 0, false, true
		}
		switch {
		case ch == '\\':
			p++
			if ch = at(p); ch == 0 {
				return 0, false, true
			}
			ok = ok || ch == c
		case ch == '-' && prev != 0 && at(p+1) != 0 && at(p+1) != ']':
			p++
			if ch = at(p); ch == '\\' {
				p++
				if ch = at(p); ch == 0 {
					return 0, false, true
				}
			}
			ok = ok || c >= prev && c <= ch
			ch = 0 // no range begins where one ends
		case ch == '[' && at(p+1) == ':':
			end := strings.Index(pattern[p+2:], "]")
			if end < 0 {
				return 0, false, true
			}
			name, posix := strings.CutSuffix(pattern[p+2:p+2+end], ":")
			if !posix { // it did not begin a class after all
				ok = ok || c == '['
				break
			}
			member, known := posixClass(name, c)
			if !known {
				return 0, false, true
			}
			ok = ok || member
			p += 2 + end
			ch = 0
		default:
			ok = ok || ch == c
		}
		prev = ch
		p++
	}
	return p + 1, ok != negated, false
}

// posixClass reports whether a byte is of a class by name.
func posixClass(name string, c byte) (member, known bool) {
	lower, upper, digit := c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
	switch name {
	case "alnum":
		return lower || upper || digit, true
	case "alpha":
		return lower || upper, true
	case "blank":
		return c == ' ' || c == '\t', true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "digit":
		return digit, true
	case "graph":
		return c > ' ' && c < 0x7f, true
	case "lower":
		return lower, true
	case "print":
		return c >= ' ' && c < 0x7f, true
	case "punct":
		return c > ' ' && c < 0x7f && !lower && !upper && !digit, true
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r', true
	case "upper":
		return upper, true
	case "xdigit":
		return digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F', true
	}
	return false, false
}
