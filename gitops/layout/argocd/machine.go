package argocd

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/template"

	"github.com/sealift/sealift/gitops"
)

// The limits of a template and of all that one makes on its way.
const (
	maxTemplate = 256 << 10 // bytes
	maxOutput   = 512 << 10 // bytes
	maxWeight   = 256 << 10 // what one value may weigh: its texts in bytes, and one for every part
	maxDepth    = 100       // of nested values
	maxCost     = 1_000_000 // what one template may cost: bytes that functions are given and make
	callCost    = 64        // of one call of a function, and of one turn of a loop
	nestedCost  = 1_024     // of one call of a template, which may call itself
	modest      = 20_000    // what a template costs that is no burden
)

var errLimit = errors.New("it does more than is allowed for a template")

// machine fills templates in, within bounds: of Go with goTemplate, else names between
// double braces (Render.Replace in applicationset/utils). It is not safe for concurrent
// use.
type machine struct {
	goTemplate bool
	base       *template.Template
	left       int                // of what the template that runs may cost
	spend      func(n int) bool   // takes steps off the tree's budget
	compiled   map[string]program // by text and the names that are known
}

// program is a compiled template, or why it is none.
type program struct {
	*template.Template
	err error
}

// missingKeys are the options that text/template has.
var missingKeys = [...]string{"missingkey=default", "missingkey=invalid", "missingkey=zero", "missingkey=error"}

// newMachine fails for options of templates that Go does not have.
func newMachine(goTemplate bool, options []string, spend func(int) bool) (*machine, error) {
	m := &machine{goTemplate: goTemplate, spend: spend, compiled: map[string]program{}}
	if !goTemplate {
		return m, nil
	}
	m.base = template.New("base").Funcs(m.functions())
	for _, o := range options {
		if !slices.Contains(missingKeys[:], o) {
			return nil, refuse("has an unknown option in goTemplateOptions, %s", gitops.Quote(o))
		}
		m.base.Option(o)
	}
	return m, nil
}

// render fills a template in with a set of parameters. Of a set that has more than is
// known, what hangs on the rest stays as it is written.
func (m *machine) render(text string, s set) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	if len(text) > maxTemplate {
		return "", refuse("has a template that is longer than %d bytes", maxTemplate)
	}
	if !m.goTemplate {
		return m.names(text, s.values)
	}
	p := m.compile(text, s)
	if p.err != nil {
		return "", p.err
	}
	m.left = maxCost
	out := &limited{left: maxOutput}
	err := m.execute(p.Template, out, s.values)
	if cost := maxCost - m.left; !m.spend(16 + cost/64 + max(0, cost-modest)/4) {
		err = errLimit
	}
	if err != nil {
		return "", refuse("has a template that fails, %s: %s", gitops.Quote(text), gitops.Quote(err.Error()))
	}
	return out.String(), nil
}

// execute runs a template. text/template hands on what it takes for a fault of the program.
func (m *machine) execute(t *template.Template, out *limited, values object) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return t.Execute(out, values)
}

// compile compiles a template once for all sets in which the same is known.
func (m *machine) compile(text string, s set) program {
	key := text
	var known, half []string
	if s.unknown != "" {
		for _, k := range slices.Sorted(maps.Keys(s.values)) {
			if unfilled(encode(s.values[k])) {
				half = append(half, k)
			} else {
				known = append(known, k)
			}
		}
		key = strings.Join(slices.Concat([]string{text}, known, []string{""}, half), "\x00")
	}
	if p, ok := m.compiled[key]; ok {
		return p
	}
	p := program{}
	if p.Template, p.err = m.parse(text); p.err == nil {
		if s.unknown != "" {
			keepOpen(p.Template, known, half)
		}
		m.count(p.Template)
	}
	m.compiled[key] = p
	return p
}

// parse parses a template. The error quotes it.
func (m *machine) parse(text string) (t *template.Template, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = refuse("has a template that is malformed, %s", gitops.Quote(text))
		}
	}()
	if t, err = m.base.Clone(); err == nil {
		t, err = t.Parse(text)
	}
	if err != nil {
		return nil, refuse("has a template that is malformed, %s: %s", gitops.Quote(text), gitops.Quote(err.Error()))
	}
	return t, nil
}

// names puts the parameters that are texts in the place of their names between double
// braces; any other name stays as it is. Only a text with both pairs of braces on one line
// is a template at all (github.com/valyala/fasttemplate, isTemplatedRegex).
func (m *machine) names(text string, values object) (string, error) {
	if !templated(text) {
		return text, nil
	}
	out := &limited{left: maxOutput}
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "{{")
		out.put(before)
		if !found {
			break
		}
		tag, next, found := strings.Cut(after, "}}")
		if !found {
			return "", refuse("has a template without an end, %s", gitops.Quote(text))
		}
		if v, ok := values[strings.TrimSpace(tag)].(string); ok && strings.TrimSpace(tag) != "" {
			out.put(v)
		} else {
			out.put("{{" + tag + "}}")
		}
		rest = next
	}
	if out.left < 0 || !m.spend(1+out.Len()/64) {
		return "", refuse("has a template that comes to more than %d bytes, %s", maxOutput, gitops.Quote(text))
	}
	return out.String(), nil
}

// templated reports whether a text has both pairs of braces on one line.
func templated(text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		if _, after, ok := strings.Cut(line, "{{"); ok && strings.Contains(after, "}}") {
			return true
		}
	}
	return false
}

// limited is a writer that fails after so many bytes.
type limited struct {
	strings.Builder
	left int
}

// Write implements io.Writer.
func (w *limited) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errLimit
	}
	return w.Builder.Write(p)
}

// put writes what still fits.
func (w *limited) put(s string) {
	if w.left -= len(s); w.left >= 0 {
		w.WriteString(s)
	}
}

// pay takes something off what the template may cost, and ends it when that is used up:
// text/template makes an error of a panic in a function.
func (m *machine) pay(n int) {
	if m.left -= n; m.left < 0 {
		panic(errLimit)
	}
}

// guard bounds a function: what it is given and makes is weighed, and paid for.
func (m *machine) guard(f any) any {
	v := reflect.ValueOf(f)
	return reflect.MakeFunc(v.Type(), func(args []reflect.Value) []reflect.Value {
		m.pay(callCost)
		for _, a := range args {
			m.pay(weigh(a))
		}
		var out []reflect.Value
		if v.Type().IsVariadic() {
			out = v.CallSlice(args)
		} else {
			out = v.Call(args)
		}
		m.pay(weigh(out[0]))
		return out
	}).Interface()
}

// weigh says what a value weighs with all that it is made of, each part as often as it is
// met: so much it takes to print it. It panics for one that is too heavy or too deep, as
// one that contains itself is.
func weigh(v reflect.Value) int {
	left := maxWeight
	weighInto(v, &left, 0)
	return maxWeight - left
}

// weighInto takes what a value weighs off what is left.
func weighInto(v reflect.Value, left *int, depth int) {
	if *left--; *left < 0 || depth > maxDepth {
		panic(errLimit)
	}
	switch v.Kind() {
	case reflect.String:
		if *left -= v.Len(); *left < 0 {
			panic(errLimit)
		}
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			weighInto(v.Elem(), left, depth+1)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			*left -= v.Len()
			return
		}
		for i := range v.Len() {
			weighInto(v.Index(i), left, depth+1)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			weighInto(it.Key(), left, depth+1)
			weighInto(it.Value(), left, depth+1)
		}
	}
}
