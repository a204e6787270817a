package argocd

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
	sigs "sigs.k8s.io/yaml"
)

// functions are those of the templates of an ApplicationSet: sprig's but for the
// environment and the network, and Argo CD's own (applicationset/utils), each within
// bounds. What gives another result each time gives its name between double braces, which
// never differs and is no path.
func (m *machine) functions() template.FuncMap {
	out := sprig.GenericFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(out, name)
	}
	maps.Copy(out, template.FuncMap{
		"normalize": normalize, "slugify": slugify, "toYaml": toYAML, "fromYaml": fromYAML, "fromYamlArray": fromYAMLArray,
		"print": fmt.Sprint, "println": fmt.Sprintln, "printf": printf,
		"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	})
	m.bounded(out)
	changing(out)
	ordered(out)
	for name, f := range out {
		out[name] = m.guard(f)
	}
	out[tick] = func(cost int) string { m.pay(max(0, cost)); return "" }
	return out
}

// changing replaces what gives another result each time.
func changing(out template.FuncMap) {
	for _, name := range []string{
		"now", "ago", "uuidv4", "randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randInt", "randBytes", "shuffle",
		"bcrypt", "htpasswd", "genPrivateKey", "encryptAES",
	} {
		out[name] = func(...any) string { return "{{" + name + "}}" }
	}
	for _, name := range []string{"genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey"} {
		out[name] = func(...any) map[string]string {
			return map[string]string{"Cert": "{{" + name + "}}", "Key": "{{" + name + "}}"}
		}
	}
	for _, name := range []string{"date", "htmlDate", "dateInZone", "date_in_zone", "htmlDateInZone"} {
		out[name] = func(args ...any) string { return date(name, args) }
	}
}

// ordered replaces what gives the keys and values of mappings in no order.
func ordered(out template.FuncMap) {
	out["keys"] = func(dicts ...map[string]any) []string {
		keys := []string{}
		for _, d := range dicts {
			keys = append(keys, slices.Sorted(maps.Keys(d))...)
		}
		return keys
	}
	out["values"] = func(d map[string]any) []any {
		values := []any{}
		for _, k := range slices.Sorted(maps.Keys(d)) {
			values = append(values, d[k])
		}
		return values
	}
}

// date formats a time, in UTC unless a zone is named. What is none, such as the name that
// stands for now, is now to sprig.
func date(name string, args []any) string {
	layout, zone := "2006-01-02", "UTC"
	if len(args) > 0 && !strings.HasPrefix(name, "html") {
		layout, args = fmt.Sprint(args[0]), args[1:]
	}
	if len(args) == 2 {
		zone, args = fmt.Sprint(args[1]), args[:1]
	}
	var at time.Time
	if len(args) == 1 {
		switch v := args[0].(type) {
		case time.Time:
			at = v
		case *time.Time:
			if v != nil {
				at = *v
			}
		case int64:
			at = time.Unix(v, 0)
		case int:
			at = time.Unix(int64(v), 0)
		case int32:
			at = time.Unix(int64(v), 0)
		}
	}
	if at.IsZero() {
		return "{{" + name + "}}"
	}
	in, err := time.LoadLocation(zone)
	if err != nil {
		in = time.UTC
	}
	return at.In(in).Format(layout)
}

// bounded puts checks before what makes much of little.
func (m *machine) bounded(out template.FuncMap) {
	repeat := out["repeat"].(func(int, string) string)
	out["repeat"] = func(count int, s string) string { m.pay(product(count, len(s))); return repeat(count, s) }
	replace := out["replace"].(func(string, string, string) string)
	out["replace"] = func(old, with, s string) string {
		m.pay(product(strings.Count(s, old), len(with)))
		return replace(old, with, s)
	}
	for _, name := range []string{"indent", "nindent"} {
		f := out[name].(func(int, string) string)
		out[name] = func(spaces int, s string) string {
			m.pay(product(spaces, 1+strings.Count(s, "\n")))
			return f(spaces, s)
		}
	}
	wrapWith := out["wrapWith"].(func(int, string, string) string)
	out["wrapWith"] = func(length int, sep, s string) string {
		m.pay(product(len(s)+1, len(sep)))
		return wrapWith(length, sep, s)
	}
	join := out["join"].(func(string, any) string)
	out["join"] = func(sep string, list any) string {
		if v := reflect.ValueOf(list); v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
			m.pay(product(v.Len(), len(sep)))
		}
		return join(sep, list)
	}
	until, untilStep := out["until"].(func(int) []int), out["untilStep"].(func(int, int, int) []int)
	out["until"] = func(count int) []int { m.pay(8 * max(count, -count)); return until(count) }
	out["untilStep"] = func(start, stop, step int) []int {
		m.pay(8 * turns(start, stop, step))
		return untilStep(start, stop, step)
	}
	seq := out["seq"].(func(...int) string)
	out["seq"] = func(args ...int) string { m.pay(seqCost(args)); return seq(args...) }
	out["derivePassword"] = func(...any) (string, error) { return "", errors.New("it is not supported here") }
	m.patterns(out)
	m.changed(out)
}

// product is how much so many of a size come to, at least the limit when that is more than
// fits.
func product(count, size int) int {
	if count > maxCost || size > maxCost {
		return maxCost + 1
	}
	return max(count, 0) * size
}

// turns is how many numbers untilStep makes.
func turns(start, stop, step int) int {
	if step == 0 {
		return 0
	}
	return int(min(max(0, (float64(stop)-float64(start))/float64(step)+1), maxCost))
}

// seqCost is turns for seq, whose arguments are the last, the first and the last, or the
// step between them.
func seqCost(args []int) int {
	switch len(args) {
	case 1:
		return 8 * (turns(1, args[0], 1) + turns(1, args[0], -1))
	case 2:
		return 8 * (turns(args[0], args[1], 1) + turns(args[0], args[1], -1))
	case 3:
		return 8 * turns(args[0], args[2], args[1])
	}
	return 0
}

// patterns makes functions of regular expressions cost what they take: the length of the
// text times that of the compiled expression.
func (m *machine) patterns(out template.FuncMap) {
	for name, f := range out {
		v := reflect.ValueOf(f)
		if !strings.Contains(strings.ToLower(name), "regex") || name == "regexQuoteMeta" {
			continue
		}
		out[name] = reflect.MakeFunc(v.Type(), func(args []reflect.Value) []reflect.Value {
			size, length := programSize(args[0].String()), 1
			for _, a := range args[1:] {
				if a.Kind() == reflect.String {
					length *= 1 + a.Len()/2
				}
			}
			m.pay(product(size, length))
			return v.Call(args)
		}).Interface()
	}
}

// programSize is how many instructions an expression comes to, one for a malformed one.
func programSize(pattern string) int {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 1
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return 1
	}
	return len(prog.Inst)
}

// changed makes functions that change a mapping take copies, so that none can contain
// itself.
func (m *machine) changed(out template.FuncMap) {
	set := out["set"].(func(map[string]any, string, any) map[string]any)
	out["set"] = func(d map[string]any, key string, v any) map[string]any { return set(d, key, m.copied(v)) }
	for _, name := range []string{"merge", "mergeOverwrite"} {
		f := out[name].(func(map[string]any, ...map[string]any) any)
		out[name] = func(d map[string]any, more ...map[string]any) any { return f(d, m.copies(more)...) }
	}
	for _, name := range []string{"mustMerge", "mustMergeOverwrite"} {
		f := out[name].(func(map[string]any, ...map[string]any) (any, error))
		out[name] = func(d map[string]any, more ...map[string]any) (any, error) { return f(d, m.copies(more)...) }
	}
}

// copied is a copy, which is paid for once more: what changes what lies deep in something
// else makes that heavier, and nothing weighs it.
func (m *machine) copied(v any) any {
	if v != nil {
		m.pay(8 * weigh(reflect.ValueOf(v)))
	}
	return cloneValue(v)
}

// copies is copied for several mappings.
func (m *machine) copies(list []map[string]any) []map[string]any {
	out := make([]map[string]any, len(list))
	for i, d := range list {
		out[i], _ = m.copied(d).(map[string]any)
	}
	return out
}

// wide matches a verb with a width or a precision of many digits, or one that is given.
var wide = regexp.MustCompile(`%[^a-zA-Z%]*(?:[0-9]{4}|\*)`)

// printf is Go's without widths that make much of little.
func printf(format string, args ...any) (string, error) {
	if wide.MatchString(format) {
		return "", errors.New("a width is too large")
	}
	return fmt.Sprintf(format, args...), nil
}

// slugify makes a short name, cut at a word unless told otherwise (SlugifyName, with
// github.com/gosimple/slug). Its arguments are how long it may be, whether to cut at a
// word, and last the text.
func slugify(args ...any) (string, error) {
	length, smart, name := 50, true, ""
	for i, a := range args {
		ok := true
		switch {
		case i == len(args)-1:
			name, ok = a.(string)
		case i == 0:
			length, ok = a.(int)
		case i == 1:
			smart, ok = a.(bool)
		}
		if !ok {
			return "", errors.New("slugify has an argument of another type")
		}
	}
	slug := normalize(name)
	if !smart && len(slug) >= length {
		if length < 0 {
			return "", errors.New("slugify has a negative length")
		}
		slug = slug[:length]
	}
	slug = strings.Trim(dashes.ReplaceAllString(strings.ReplaceAll(slug, ".", "-"), "-"), "-")
	if length <= 0 || !smart || len(slug) <= length {
		return slug, nil
	}
	if i := strings.LastIndexByte(slug[:length+1], '-'); i >= 0 {
		return slug[:i], nil
	}
	return slug[:length], nil
}

var dashes = regexp.MustCompile(`-+`)

// toYAML writes a value as YAML, without the newline at its end.
func toYAML(v any) (string, error) {
	data, err := sigs.Marshal(v)
	return strings.TrimSuffix(string(data), "\n"), err
}

// fromYAML reads a mapping. No text at all is an empty one.
func fromYAML(s string) (map[string]any, error) {
	v, err := decode([]byte(s))
	m, ok := v.(map[string]any)
	if err == nil && !ok && v != nil {
		err = errors.New("it is no mapping")
	}
	if m == nil {
		m = map[string]any{}
	}
	return m, err
}

// fromYAMLArray reads a list.
func fromYAMLArray(s string) ([]any, error) {
	v, err := decode([]byte(s))
	l, ok := v.([]any)
	if err == nil && !ok && v != nil {
		err = errors.New("it is no list")
	}
	return slices.Concat([]any{}, l), err
}
