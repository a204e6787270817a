package argocd

import "strings"

// expand fills in variables as Env.Envsubst of Argo CD does, which is os.Expand: "$$" is a
// dollar, and a variable that is not known is nothing. One that is kept as it is written,
// such as the revision, becomes a place to be filled in.
func expand(s string, env map[string]string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if rest == "" {
			b.WriteByte('$')
			return b.String()
		}
		name, n := variable(rest)
		switch v := env[name]; {
		case name == "$", name == "" && n == 0:
			b.WriteByte('$')
		case name == "": // malformed: Go leaves it out
		case v == "$"+name:
			b.WriteString("{{" + name + "}}")
		default:
			b.WriteString(v)
		}
		s = rest[n:]
	}
}

// variable reads the name behind a dollar, and says how many bytes that takes. A name of no
// bytes is a dollar that stands for itself, and one of some is malformed.
func variable(s string) (name string, n int) {
	const special = "*#$@!?-0123456789"
	switch {
	case s[0] == '{':
		if end := strings.IndexByte(s, '}'); end >= 0 {
			return s[1:end], end + 1
		}
		return "", 1
	case strings.IndexByte(special, s[0]) >= 0:
		return s[:1], 1
	}
	for n < len(s) && (s[n] == '_' || s[n] >= '0' && s[n] <= '9' || s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
		n++
	}
	return s[:n], n
}
