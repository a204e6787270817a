package layout

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/sealift/sealift/gitops"
)

// The limits of templates, in bytes.
const (
	maxTemplate = 4 << 10
	maxText     = 4 << 10 // what one may come to, and any value on the way
)

// pathTemplate is a template of an ApplicationSet.
type pathTemplate struct {
	plain string
	tmpl  *template.Template // nil without goTemplate
}

// compileTemplate compiles a template: of text/template with goTemplate, else of
// names between double braces. It refuses what is not a small safe subset.
func compileTemplate(s string, goTemplate bool) (*pathTemplate, error) {
	if len(s) > maxTemplate {
		return nil, errors.New("template is longer than 4 KiB")
	}
	if !goTemplate {
		return &pathTemplate{plain: s}, nil
	}
	t, err := template.New("path").Funcs(functions()).Option("missingkey=error").Parse(s)
	if err != nil {
		return nil, errors.New("template has an error, or a function that is not supported here")
	}
	if len(t.Templates()) > 1 || !safeNode(t.Root, 0) {
		return nil, errors.New("template does more than print values")
	}
	return &pathTemplate{tmpl: t}, nil
}

// safeNode reports whether a template is free of loops and of other templates.
func safeNode(n parse.Node, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch n := n.(type) {
	case nil, *parse.TextNode, *parse.ActionNode, *parse.CommentNode:
		return true
	case *parse.ListNode:
		if n == nil {
			return true
		}
		for _, c := range n.Nodes {
			if !safeNode(c, depth+1) {
				return false
			}
		}
		return true
	case *parse.IfNode:
		return safeNode(n.List, depth+1) && safeNode(n.ElseList, depth+1)
	case *parse.WithNode:
		return safeNode(n.List, depth+1) && safeNode(n.ElseList, depth+1)
	}
	return false
}

// fill puts a set of parameters in.
func (t *pathTemplate) fill(set params) (string, error) {
	if t.tmpl == nil {
		return fillNames(t.plain, set)
	}
	w := &limited{left: maxText}
	if err := t.tmpl.Execute(w, map[string]any(set)); err != nil {
		if errors.Is(err, errTooLong) {
			return "", errTooLong
		}
		return "", errors.New("template needs a parameter that is not there")
	}
	return w.String(), nil
}

// fillNames replaces every {{name}} by the parameter of that name.
func fillNames(s string, set params) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, found := strings.Cut(rest, "}}")
		if !found {
			return "", errors.New("template has no end of a name")
		}
		v, ok := set[strings.TrimSpace(name)]
		if !ok {
			return "", fmt.Errorf("there is no parameter %s", gitops.Quote(strings.TrimSpace(name)))
		}
		b.WriteString(text(v))
		if b.Len() > maxText {
			return "", errTooLong
		}
		s = after
	}
}

// interpolate fills all strings of nested values.
func (x *expansion) interpolate(v any, set params) (any, error) {
	if x.spend(1); x.budget < 0 {
		return nil, errors.New("there is too much of it")
	}
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "{{") {
			return v, nil
		}
		t, err := compileTemplate(v, x.doc.GoTemplate)
		if err != nil {
			return nil, err
		}
		filled, err := t.fill(set)
		x.spend(len(filled) / 64)
		return filled, err
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = x.interpolate(e, set); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			var err error
			if out[k], err = x.interpolate(e, set); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// functions are those of sprig and Argo CD that people use in paths. None can
// make its result longer than maxText.
func functions() template.FuncMap {
	return template.FuncMap{
		"lower":      strings.ToLower,
		"upper":      strings.ToUpper,
		"trim":       strings.TrimSpace,
		"trimPrefix": func(cut, s string) string { return strings.TrimPrefix(s, cut) },
		"trimSuffix": func(cut, s string) string { return strings.TrimSuffix(s, cut) },
		"trimAll":    func(cut, s string) string { return strings.Trim(s, cut) },
		"hasPrefix":  func(cut, s string) bool { return strings.HasPrefix(s, cut) },
		"hasSuffix":  func(cut, s string) bool { return strings.HasSuffix(s, cut) },
		"contains":   func(part, s string) bool { return strings.Contains(s, part) },
		"replace":    replace,
		"default":    func(or, v any) any { return first(v != nil && v != "", v, or) },
		"ternary":    func(yes, no any, cond bool) any { return first(cond, yes, no) },
		"splitList":  func(sep, s string) []string { return strings.Split(s, sep) },
		"join":       join,
		"toString":   text,
		"base":       path.Base,
		"dir":        path.Dir,
		"clean":      path.Clean,
		"normalize":  normalize,
		"print":      func(args ...any) (string, error) { return join("", args) },
		"printf":     printf,
		"println":    refuse,
		"call":       refuse,
		"html":       refuse,
		"js":         refuse,
		"urlquery":   refuse,
	}
}

var errTooLong = errors.New("value is longer than 4 KiB")

func refuse(...any) (string, error) { return "", errors.New("function is not supported here") }

// first is a, or b when the condition does not hold.
func first(cond bool, a, b any) any {
	if cond {
		return a
	}
	return b
}

// replace checks the length before it makes the text.
func replace(old, new, s string) (string, error) {
	if len(s)+strings.Count(s, old)*len(new) > maxText {
		return "", errTooLong
	}
	return strings.ReplaceAll(s, old, new), nil
}

// join is that of sprig: a list of anything, or one thing. It checks the length first.
func join(sep string, list any) (string, error) {
	var elems []string
	switch list := list.(type) {
	case []string:
		elems = list
	case []any:
		for _, e := range list {
			elems = append(elems, text(e))
		}
	default:
		elems = []string{text(list)}
	}
	n := 0
	for _, e := range elems {
		if n += len(e) + len(sep); n > maxText {
			return "", errTooLong
		}
	}
	return strings.Join(elems, sep), nil
}

// printf knows the verbs %s, %v and %q without flags and widths.
func printf(format string, args ...any) (string, error) {
	n := len(format)
	for i, a := range args {
		args[i] = text(a)
		n += len(text(a))
	}
	if n > maxText {
		return "", errTooLong
	}
	for rest := format; ; {
		i := strings.IndexByte(rest, '%')
		if i < 0 {
			return fmt.Sprintf(format, args...), nil
		}
		if i+1 == len(rest) || !strings.ContainsRune("svq%", rune(rest[i+1])) {
			return refuse()
		}
		rest = rest[i+2:]
	}
}

// normalize makes a name of letters, digits, "-" and "." as Argo CD does.
func normalize(s string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '-':
			b.WriteRune(c)
		default:
			b.WriteByte('-')
		}
		if b.Len() == 253 {
			break
		}
	}
	return strings.Trim(b.String(), "-.")
}

// limited is a writer that fails after so many bytes.
type limited struct {
	strings.Builder
	left int
}

// Write fails once more was written than the limit.
func (w *limited) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errTooLong
	}
	return w.Builder.Write(p)
}

// text returns a scalar as it is printed.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	}
	return ""
}

// flatten puts nested values under dotted names.
func flatten(out params, prefix string, v any) {
	at := func(key string) string {
		if prefix == "" {
			return key
		}
		return prefix + "." + key
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(out, at(k), e)
		}
	case []any:
		for i, e := range v {
			flatten(out, at(strconv.Itoa(i)), e)
		}
	default:
		if prefix != "" && v != nil {
			out[prefix] = text(v)
		}
	}
}

// asMap, and asList, are empty for anything else: what Argo CD would refuse gives
// nothing.
func asMap(v any) map[string]any { m, _ := v.(map[string]any); return m }

func asList(v any) []any { l, _ := v.([]any); return l }

func truth(v any) bool { return v == true || v == "true" }
