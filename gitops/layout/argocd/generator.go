package argocd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"dario.cat/mergo"

	"github.com/sealift/sealift/gitops"
)

// generatorKinds are the generators in the order in which Argo CD asks those of one entry
// (the fields of ApplicationSetGenerator).
var generatorKinds = [...]string{"list", "clusters", "git", "scmProvider", "clusterDecisionResource", "pullRequest", "matrix", "merge", "plugin"}

// maxNesting is how deep generators of generators may lie: within those of a matrix or a
// merge only the plain ones count.
const maxNesting = 2

// kindsOf returns the generators of one entry, at a depth of nesting.
func kindsOf(g object, depth int) []string {
	var out []string
	for _, kind := range generatorKinds {
		if _, ok := g[kind].(object); ok && (depth < maxNesting || kind != "matrix" && kind != "merge") {
			out = append(out, kind)
		}
	}
	return out
}

// transform returns the sets of one generator, less those that its selector leaves out
// (Transform in applicationset/generators). outer is the set of the first generator of a
// matrix, which the second may use everywhere.
func (x *expansion) transform(ctx context.Context, kind string, g object, outer *set, depth int) ([]set, error) {
	pick, err := newPick(g)
	if err != nil {
		return nil, err
	}
	spec := cloneOf(mapping(g, kind))
	delete(spec, "template")
	if outer != nil && (len(outer.values) > 0 || outer.unknown != "") {
		filled, err := x.interpolate(spec, *outer, 0)
		if err != nil {
			return nil, err
		}
		spec = mapping(filled)
	}
	sets, err := x.generate(ctx, kind, spec, outer, depth)
	if err != nil {
		return nil, err
	}
	if len(sets) > maxSets {
		return nil, refuse("comes to more than %d sets of parameters: it is not read", maxSets)
	}
	if pick == nil {
		return sets, nil
	}
	var out []set
	for _, s := range sets {
		takes, certain := pick.takes(flatText(s.values), s.unknown != "")
		if s.maybe = s.maybe || !certain; takes {
			out = append(out, s)
		}
		x.spend(len(s.values))
	}
	return out, nil
}

// generate returns the sets of a generator whose own parameters are filled in.
func (x *expansion) generate(ctx context.Context, kind string, spec object, outer *set, depth int) ([]set, error) {
	switch kind {
	case "list":
		return x.list(spec, outer)
	case "git":
		return x.git(ctx, spec, outer)
	case "matrix":
		return x.matrix(ctx, spec, depth)
	case "merge":
		return x.merge(ctx, spec, depth)
	}
	s := set{values: object{}, unknown: kind}
	return []set{s}, x.addValues(s, mapping(spec, "values"))
}

// list gives the elements as they stand, and those of a YAML text (ListGenerator). Without
// goTemplate the former are texts.
func (x *expansion) list(spec object, outer *set) ([]set, error) {
	var out []set
	for i, e := range list(spec, "elements") {
		m, ok := e.(object)
		if !ok && e != nil {
			return nil, refuse("has a list generator whose element is no mapping")
		}
		s := set{values: m, line: x.elementLine(i), unknown: inherited(outer, e)}
		if !x.machine.goTemplate {
			flat, err := flatElement(m)
			if err != nil {
				return nil, err
			}
			s.values = flat
		}
		out = append(out, s)
	}
	source := text(spec, "elementsYaml")
	if source == "" {
		return out, nil
	}
	v, err := decode([]byte(source))
	elements, ok := v.([]any)
	if (err != nil || !ok && v != nil) && inherited(outer, source) != "" {
		return append(out, set{values: object{}, unknown: "list"}), nil
	}
	if err != nil || !ok && v != nil {
		return nil, refuse("has a list generator with elementsYaml that is no list")
	}
	for _, e := range elements {
		m, ok := e.(object)
		if !ok && e != nil {
			return nil, refuse("has a list generator with elementsYaml whose element is no mapping")
		}
		out = append(out, set{values: m, unknown: inherited(outer, e)})
	}
	return out, nil
}

// inherited says whose parameters a value has yet to be filled in with, "" for none.
func inherited(outer *set, v any) string {
	if outer == nil || outer.unknown == "" || !unfilled(encode(v)) {
		return ""
	}
	return outer.unknown
}

// elementLine is where an element of a list stands, 0 for one of a generator within another.
func (x *expansion) elementLine(i int) int {
	if mapping(x.raw, "list") == nil {
		return 0
	}
	return x.page.line("spec", "generators", x.at, "list", "elements", i)
}

// flatElement returns an element of a list without goTemplate: texts, and values that are.
func flatElement(m object) (object, error) {
	if len(m) == 0 {
		return nil, nil
	}
	out := object{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v := m[k]
		values, isMap := v.(object)
		_, isText := v.(string)
		switch {
		case k == "values" && isMap:
			for _, name := range slices.Sorted(maps.Keys(values)) {
				e := values[name]
				if _, ok := e.(string); !ok {
					return nil, refuse("has a list generator with a value that is no text, which Argo CD refuses without goTemplate: %s", gitops.Quote(name))
				}
				out["values."+name] = e
			}
		case k == "values" || !isText:
			return nil, refuse("has a list generator with an element that is no text, which Argo CD refuses without goTemplate: %s", gitops.Quote(k))
		default:
			out[k] = v
		}
	}
	return out, nil
}

// child returns the sets of a generator within another, of which there must be one.
func (x *expansion) child(ctx context.Context, g any, outer *set, depth int) ([]set, error) {
	kinds := kindsOf(mapping(g), depth)
	switch len(kinds) {
	case 0:
		return nil, refuse("has a generator within another that is none of Argo CD's, or nested too deep")
	case 1:
		return x.transform(ctx, kinds[0], mapping(g), outer, depth)
	}
	return nil, refuse("has several generators in one place within another")
}

// matrix combines every set of the first generator with every set of the second.
func (x *expansion) matrix(ctx context.Context, spec object, depth int) ([]set, error) {
	generators := list(spec, "generators")
	if len(generators) != 2 {
		return nil, refuse("has a matrix of %d generators, there must be 2", len(generators))
	}
	first, err := x.child(ctx, generators[0], nil, depth+1)
	if err != nil {
		return nil, err
	}
	var out []set
	for _, a := range first {
		second, err := x.child(ctx, generators[1], &a, depth+1)
		if err != nil {
			return nil, err
		}
		for _, b := range second {
			if !x.spend(1+len(a.values)+len(b.values)) || len(out) > maxSets {
				return nil, refuse("has a matrix of more sets of parameters than are looked at")
			}
			s, err := x.combine(a, b)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// combine makes one set of two: with goTemplate the first wins, without it none may
// (MatrixGenerator, CombineStringMaps).
func (x *expansion) combine(a, b set) (set, error) {
	s := set{unknown: cmp.Or(a.unknown, b.unknown), maybe: a.maybe || b.maybe, line: cmp.Or(a.line, b.line)}
	if x.machine.goTemplate {
		var err error
		s.values, err = merged(b.values, a.values)
		return s, err
	}
	s.values = object{}
	for k, v := range a.values {
		s.values[k] = printed(v)
	}
	for _, k := range slices.Sorted(maps.Keys(b.values)) {
		v := b.values[k]
		if old, ok := s.values[k]; ok && old != printed(v) {
			return s, refuse("has a matrix whose generators differ in a parameter, which Argo CD refuses without goTemplate: %s", gitops.Quote(k))
		}
		s.values[k] = printed(v)
	}
	return s, nil
}

// merged lays values over others, by the library that Argo CD has: its own notion of what
// is empty decides.
func merged(under, over object) (out object, err error) {
	defer func() { // of values that do not go together
		if recover() != nil {
			out, err = nil, refuse("has generators whose parameters cannot be merged")
		}
	}()
	out = object{}
	for _, m := range []object{under, over} {
		if err := mergo.Merge(&out, cloneValue(m), mergo.WithOverride); err != nil {
			return nil, refuse("has generators whose parameters cannot be merged")
		}
	}
	return out, nil
}

// cloneValue copies parameters, of the types that generators give.
func cloneValue[T any](v T) T {
	switch v := any(v).(type) {
	case object:
		out := make(object, len(v))
		for k, e := range v {
			out[k] = cloneValue(e)
		}
		return any(out).(T)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cloneValue(e)
		}
		return any(out).(T)
	case map[string]string:
		return any(maps.Clone(v)).(T)
	}
	return v
}

// merge lays the sets of the other generators over those of the first that have the same
// values for the merge keys (MergeGenerator). Where a key is not known they may: both
// outcomes count.
func (x *expansion) merge(ctx context.Context, spec object, depth int) ([]set, error) {
	generators, keys := list(spec, "generators"), texts(spec, "mergeKeys")
	if len(generators) < 2 || len(keys) == 0 {
		return nil, refuse("has a merge of %d generators by %d keys, there must be 2 and 1 at least", len(generators), len(keys))
	}
	var base []set
	for i, g := range generators {
		sets, err := x.child(ctx, g, nil, depth+1)
		if err != nil {
			return nil, err
		}
		if err := x.distinct(sets, keys); err != nil {
			return nil, err
		}
		if i == 0 {
			base = sets
			continue
		}
		if base, err = x.override(base, sets, keys); err != nil {
			return nil, err
		}
	}
	return base, nil
}

// distinct fails for sets that share the values of all merge keys.
func (x *expansion) distinct(sets []set, keys []string) error {
	seen := map[string]bool{}
	for _, s := range sets {
		key, known := mergeKey(s, keys)
		if seen[key] && known {
			return refuse("has a merge with a generator whose sets do not differ in the merge keys, which Argo CD refuses")
		}
		seen[key] = seen[key] || known
	}
	return nil
}

// mergeKey is what sets are compared by; known says that none of it may differ.
func mergeKey(s set, keys []string) (key string, known bool) {
	values := object{}
	known = true
	for _, k := range keys {
		v, ok := s.values[k]
		values[k] = v
		known = known && (s.unknown == "" || ok && !unfilled(encode(v)))
	}
	return encode(values), known
}

// override lays sets over a base.
func (x *expansion) override(base, over []set, keys []string) ([]set, error) {
	byKey := map[string]set{}
	var open []set // those that may lie over any
	for _, o := range over {
		if key, known := mergeKey(o, keys); known {
			byKey[key] = o
		} else {
			open = append(open, o)
		}
	}
	var out, perhaps []set
	for _, b := range base {
		key, known := mergeKey(b, keys)
		if o, ok := byKey[key]; ok && known {
			s, err := x.laid(b, o)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
			continue
		}
		out = append(out, b)
		candidates := open
		if !known {
			candidates = over
		}
		for _, o := range candidates {
			if !x.spend(1+len(b.values)+len(o.values)) || len(perhaps) > maxSets {
				return nil, refuse("has a merge of more sets of parameters than are looked at")
			}
			if !agree(b, o, keys) {
				continue
			}
			s, err := x.laid(b, o)
			if err != nil {
				return nil, err
			}
			s.maybe = true
			perhaps = append(perhaps, s)
		}
	}
	return append(out, perhaps...), nil
}

// agree reports whether two sets may have the same values for the merge keys.
func agree(a, b set, keys []string) bool {
	for _, k := range keys {
		va, okA := a.values[k]
		vb, okB := b.values[k]
		openA := a.unknown != "" && (!okA || unfilled(encode(va)))
		openB := b.unknown != "" && (!okB || unfilled(encode(vb)))
		if !openA && !openB && encode(va) != encode(vb) {
			return false
		}
	}
	return true
}

// laid lays one set over another.
func (x *expansion) laid(b, o set) (set, error) {
	s := set{unknown: cmp.Or(b.unknown, o.unknown), maybe: b.maybe || o.maybe, line: cmp.Or(o.line, b.line)}
	var err error
	if x.machine.goTemplate {
		s.values, err = merged(b.values, o.values)
		return s, err
	}
	s.values = cloneOf(b.values)
	maps.Copy(s.values, o.values)
	return s, nil
}

// printed is how Go prints a value: so Argo CD makes texts of parameters.
func printed(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

// flatText puts nested values under dotted names, as texts (flattenParameters). What is
// empty gives nothing.
func flatText(values object) map[string]string {
	out := map[string]string{}
	flatten(out, "", values, 0)
	return out
}

// flatten is github.com/jeremywohl/flatten with dots. It knows the mappings and lists of
// decoded JSON only: values of a generator with goTemplate are of another type, and stay
// whole, so that no selector can choose by them.
func flatten(out map[string]string, prefix string, v any, depth int) {
	at := func(key string) string {
		if depth == 0 {
			return key
		}
		return prefix + "." + key
	}
	switch v := v.(type) {
	case object:
		for k, e := range v {
			flatten(out, at(k), e, depth+1)
		}
	case []any:
		for i, e := range v {
			flatten(out, at(strconv.Itoa(i)), e, depth+1)
		}
	default:
		out[prefix] = printed(v)
	}
}

// addValues adds the values of a generator to a set, which may use its parameters but not
// each other (appendTemplatedValues).
func (x *expansion) addValues(s set, values object) error {
	if len(values) == 0 {
		return nil
	}
	filled := make(map[string]string, len(values))
	for _, k := range slices.Sorted(maps.Keys(values)) {
		v, err := x.machine.render(text(values[k]), s)
		if err != nil {
			return err
		}
		filled[k] = v
	}
	if x.machine.goTemplate {
		s.values["values"] = filled
		return nil
	}
	for k, v := range filled {
		s.values["values."+k] = v
	}
	return nil
}
