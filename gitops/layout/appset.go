package layout

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// The limits of what ApplicationSets expand to.
const (
	maxSets = 10_000    // sets of parameters of one generator
	maxWork = 5_000_000 // steps over all generators of a tree: matches and merges
)

// params is one set of parameters. Without goTemplate it is flat, as Argo CD has
// it: "path.basename" is a key. The key unknownKey says that the set is of a
// generator whose other parameters only a cluster or another system knows.
type params map[string]any

const unknownKey = "\x00unknown"

// maybeKey marks a set that may not come about.
const maybeKey = "\x00maybe"

// expansion is the work on one ApplicationSet.
type expansion struct {
	*pointers
	doc placed
}

// expand returns the paths that an ApplicationSet points at.
func (p *pointers) expand(ctx context.Context, d placed) []pointing {
	x := &expansion{p, d}
	if d.Patched {
		x.say("has a templatePatch, which is not read")
	}
	if d.TooLarge {
		x.say("has generators beyond the limits, they are not read")
	}
	var sets []params
	var out []pointing
	for _, s := range d.Sources {
		if !strings.Contains(s.Path, "{{") {
			out = append(out, pointing{source: s})
			continue
		}
		if sets == nil {
			sets = x.generators(ctx, d.Generators, nil, 0)
		}
		out = append(out, x.fill(s, sets)...)
	}
	return out
}

// say notes something about the whole set.
func (x *expansion) say(format string, args ...any) {
	args = append([]any{gitops.Quote(x.doc.Name)}, args...)
	x.notes.add(x.doc.file, x.doc.Line, "list the directories it deploys under overlays in .sealift.yaml",
		"ApplicationSet %s "+format, args...)
}

// fill puts every set of parameters into the path of a source.
func (x *expansion) fill(s source, sets []params) []pointing {
	t, err := compileTemplate(s.Path, x.doc.GoTemplate)
	if err != nil {
		x.say("has a path that is not understood: %s: %v", gitops.Quote(s.Path), err)
		return nil
	}
	var out []pointing
	for _, set := range sets {
		if x.spend(1); x.budget < 0 {
			return out
		}
		text, err := t.fill(set)
		if err != nil {
			if kind, ok := set[unknownKey]; ok {
				x.say("takes its path from the %s generator, which is not known here: %s", gitops.Printable(kind.(string)), gitops.Quote(s.Path))
			} else {
				x.say("has a path that is not understood: %s: %v", gitops.Quote(s.Path), err)
			}
			continue
		}
		_, maybe := set[maybeKey]
		_, unknown := set[unknownKey]
		to := s
		to.Path = text
		out = append(out, pointing{source: to, maybe: maybe || unknown})
	}
	return out
}

// spend takes n steps off the budget of the tree, and says so when it runs out.
func (x *expansion) spend(n int) {
	was := x.budget
	if x.budget -= n; was >= 0 && x.budget < 0 {
		x.say("is where the generators of the tree come to more than %d steps: the rest is not read", maxWork)
	}
}

// generators returns the sets of several generators, one after the other. outer
// is the set of the first generator of a matrix, for the second.
func (x *expansion) generators(ctx context.Context, list []any, outer params, depth int) []params {
	var out []params
	for _, g := range list {
		out = append(out, x.generator(ctx, asMap(g), outer, depth)...)
		if len(out) > maxSets {
			x.say("comes to more than %d sets of parameters: the rest is not read", maxSets)
			return out[:maxSets]
		}
	}
	return out
}

// maxGenerators is how deep matrix and merge may nest; Argo CD allows two.
const maxGenerators = 4

// generator returns what one generator gives: for each Application its parameters. A
// generator that cannot be read gives what is known of it and says so; one too deep, or
// beyond the budget, gives nothing.
func (x *expansion) generator(ctx context.Context, g map[string]any, outer params, depth int) []params {
	if depth > maxGenerators || x.budget < 0 {
		return nil
	}
	if g["selector"] != nil {
		x.say("has a generator with a selector, which is not read: what it leaves out counts too")
	}
	for _, kind := range slices.Sorted(maps.Keys(g)) {
		spec := asMap(g[kind])
		if spec["template"] != nil {
			x.say("has a generator with a template of its own, which is not read")
		}
		switch kind {
		case "selector":
		case "list":
			return x.list(spec)
		case "git":
			return x.git(ctx, spec, outer)
		case "matrix":
			return x.matrix(ctx, spec, outer, depth)
		case "merge":
			return x.merge(ctx, spec, outer, depth)
		default:
			return x.unknown(kind, spec)
		}
	}
	return nil
}

// unknown returns the one set of a generator that asks somebody else, such as
// clusters: its values are known, and that nothing else is.
func (x *expansion) unknown(kind string, spec map[string]any) []params {
	set := x.params(map[string]any{"values": spec["values"]})
	set[unknownKey] = kind
	return []params{set}
}

// list gives the elements as they stand.
func (x *expansion) list(spec map[string]any) []params {
	if spec["elementsYaml"] != nil {
		x.say("has a list generator with elementsYaml, which is not read")
	}
	var out []params
	for _, e := range asList(spec["elements"]) {
		out = append(out, x.params(asMap(e)))
	}
	return out
}

// params makes a set of nested values.
func (x *expansion) params(m map[string]any) params {
	if x.doc.GoTemplate {
		return params(maps.Clone(m))
	}
	out := params{}
	flatten(out, "", m)
	return out
}

// matrix combines every set of the first generator with every set of the second,
// which may use the parameters of the first.
func (x *expansion) matrix(ctx context.Context, spec map[string]any, outer params, depth int) []params {
	list := asList(spec["generators"])
	if len(list) != 2 {
		x.say("has a matrix of %d generators, there must be 2", len(list))
		return nil
	}
	var out []params
	for _, a := range x.generator(ctx, asMap(list[0]), outer, depth+1) {
		second, err := x.interpolate(list[1], a)
		if err != nil {
			x.say("has a matrix whose second generator is not understood: %v", err)
			return nil
		}
		for _, b := range x.generator(ctx, asMap(second), a, depth+1) {
			x.spend(1 + len(a) + len(b))
			if x.budget < 0 {
				return out
			}
			if len(out) == maxSets {
				x.say("comes to more than %d sets of parameters: the rest is not read", maxSets)
				return out
			}
			out = append(out, overlay(a, b))
		}
	}
	return out
}

// merge lays the sets of the other generators over those of the first that have
// the same values for the merge keys. When one of the keys is not known, both
// outcomes count.
func (x *expansion) merge(ctx context.Context, spec map[string]any, outer params, depth int) []params {
	list := asList(spec["generators"])
	if len(list) == 0 {
		return nil
	}
	out := x.generator(ctx, asMap(list[0]), outer, depth+1)
	over := x.generators(ctx, list[1:], outer, depth+1)
	keys := asList(spec["mergeKeys"])
	for i := range out {
		for _, o := range over {
			x.spend(1 + len(keys))
			if x.budget < 0 || len(out) > maxSets {
				return out
			}
			same, certain := sameKeys(out[i], o, keys)
			switch {
			case same && certain:
				out[i] = overlay(out[i], o)
			case same:
				maybe := overlay(out[i], o)
				maybe[maybeKey] = true
				out = append(out, maybe)
			}
		}
	}
	return out
}

// sameKeys reports whether two sets agree on the keys, and whether that is
// certain. A set whose generator is not known may agree.
func sameKeys(a, b params, keys []any) (same, certain bool) {
	certain = true
	for _, key := range keys {
		name, _ := key.(string)
		va, okA := a.lookup(name)
		vb, okB := b.lookup(name)
		switch {
		case okA && okB:
			if text(va) != text(vb) {
				return false, true
			}
		case !okA && a[unknownKey] != nil || !okB && b[unknownKey] != nil:
			certain = false
		default:
			return false, true
		}
	}
	return true, certain
}

// lookup returns a parameter by its dotted name.
func (p params) lookup(name string) (any, bool) {
	if v, ok := p[name]; ok {
		return v, true
	}
	var at any = map[string]any(p)
	for elem := range strings.SplitSeq(name, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = m[elem]; !ok {
			return nil, false
		}
	}
	return at, true
}

// overlay returns a copy of a with the values of b over it, maps merged.
func overlay(a, b params) params {
	out := make(params, len(a)+len(b))
	maps.Copy(out, a)
	for k, v := range b {
		ma, okA := out[k].(map[string]any)
		mb, okB := v.(map[string]any)
		if okA && okB {
			v = map[string]any(overlay(ma, mb))
		}
		out[k] = v
	}
	return out
}
