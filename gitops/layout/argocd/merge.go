package argocd

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// cloneOf returns a copy of a mapping whose own entries can be changed; never nil.
func cloneOf(m object) object {
	out := make(object, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// fill puts what a template leaves open from another into it, as mergeGeneratorTemplate
// does with the template of a generator: mappings are filled, and anything else that says
// something stays.
func fill(template, from object) object {
	out := cloneOf(template)
	for k, v := range from {
		old, ok := out[k].(object)
		more, isMap := v.(object)
		switch {
		case ok && isMap && k != "valuesObject": // that one is text to Argo CD
			out[k] = fill(old, more)
		case empty(out[k]):
			out[k] = v
		}
	}
	return out
}

// patched lays spec.templatePatch over an Application (applyTemplatePatch). The project
// cannot be patched.
func (x *expansion) patched(app object, patch string, s set) (object, error) {
	filled, err := x.machine.render(patch, s)
	if err != nil {
		return nil, err
	}
	v, err := decode([]byte(filled))
	over, ok := v.(object)
	switch {
	case (err != nil || !ok && v != nil) && s.unknown != "" && unfilled(filled):
		x.say(gitops.SeverityNote, x.page.line("spec", "templatePatch"), "has a templatePatch that depends on what is not known here, it is not read")
		x.opaqueOnce(gitops.ReasonPointer, x.page.line("spec", "templatePatch"), patchReads(filled), filled,
			"has a templatePatch that depends on what is not known here")
		return app, nil
	case err != nil, !ok && v != nil:
		return nil, refuse("has a templatePatch that comes to no mapping, which Argo CD refuses")
	}
	project, named := mapping(app, "spec")["project"]
	if spec := cloneOf(mapping(app, "spec")); spec["destination"] == nil {
		spec["destination"] = object{} // it is there always
		app["spec"] = spec
	}
	out, err := strategic(app, over, "")
	if err != nil {
		return nil, err
	}
	spec := cloneOf(mapping(out, "spec"))
	if delete(spec, "project"); named {
		spec["project"] = project
	}
	out["spec"] = spec
	if mapping(out, "metadata") != nil {
		out["metadata"] = cloneOf(mapping(out, "metadata"))
	}
	return out, nil
}

// patchPath matches the paths in a patch that is not read.
var patchPath = regexp.MustCompile(`(?:^|[\s{,"'-])path["']?\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s,"'][^\n,]*))`)

// patchReads returns patterns of the paths that a patch may set, which is not read.
func patchReads(patch string) []string {
	reads := &reads{}
	for _, m := range patchPath.FindAllStringSubmatch(patch, maxReads) {
		reads.add(dirPatterns(strings.TrimSpace(strings.Join(m[1:], "")))...)
	}
	return reads.list()
}

// The directives of a strategic merge patch (k8s.io/apimachinery, strategicpatch).
const (
	directivePatch  = "$patch"
	directiveRetain = "$retainKeys"
	directiveDelete = "$deleteFromPrimitiveList/"
	directiveOrder  = "$setElementOrder/"
)

// strategic lays a patch over the mapping at a field of an Application. Of its lists only
// the finalizers are merged, all others take the place of what was there.
func strategic(target, patch object, field string) (object, error) {
	switch patch[directivePatch] {
	case nil:
	case "replace":
		target, patch = nil, cloneOf(patch)
		delete(patch, directivePatch)
	case "delete":
		return object{}, nil
	default:
		return nil, refuse("has a templatePatch with an unknown directive")
	}
	out := cloneOf(target)
	if keep, ok := patch[directiveRetain].([]any); ok {
		for k := range out {
			if !slices.Contains(keep, any(k)) {
				delete(out, k)
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(patch)) {
		v := patch[k]
		if k == directivePatch || k == directiveRetain || strings.HasPrefix(k, directiveOrder) {
			continue
		}
		if from, ok := strings.CutPrefix(k, directiveDelete); ok {
			gone, _ := v.([]any)
			out[from] = slices.DeleteFunc(slices.Clone(list(out, from)), func(e any) bool { return slices.Contains(gone, e) })
			continue
		}
		old, both := out[k].(object)
		over, isMap := v.(object)
		switch {
		case v == nil:
			delete(out, k)
		case both && isMap:
			merged, err := strategic(old, over, k)
			if err != nil {
				return nil, err
			}
			out[k] = merged
		case field == "metadata" && k == "finalizers":
			out[k] = union(list(v), list(target, k))
		default:
			if delete(out, k); !marked(v) {
				out[k] = bare(v)
			}
		}
	}
	return out, nil
}

// marked reports whether a value of a patch has a directive, which means something only
// where there is something to patch.
func marked(v any) bool {
	m, _ := v.(object)
	_, ok := m[directivePatch]
	return ok
}

// bare is what a patch puts where nothing was: without directives and what is null.
func bare(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for k, e := range v {
			if e != nil && !marked(e) {
				out[k] = bare(e)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			if !marked(e) {
				out = append(out, bare(e))
			}
		}
		return out
	}
	return v
}

// union adds what is new to a list.
func union(a, b []any) []any {
	out := slices.Clone(a)
	for _, e := range b {
		if s, ok := e.(string); ok && !slices.Contains(out, any(s)) {
			out = append(out, e)
		}
	}
	return out
}
