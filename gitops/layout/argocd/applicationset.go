package argocd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// The limits of what one ApplicationSet comes to.
const (
	maxSets         = 10_000 // sets of parameters of one generator
	maxApplications = 5_000
)

// set is one set of parameters, of which an Application is made.
type set struct {
	// values are as a template sees them: nested with goTemplate, else flat, so that
	// "path.basename" is a key.
	values object
	// unknown names the generator that has further parameters, which only a cluster or
	// another system knows; "" when values are all.
	unknown string
	// maybe says that the set may not come about.
	maybe bool
	// line is that of the element of a list, 0 for none.
	line int
}

// refusal says why Argo CD makes nothing of a generator or a set of parameters.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

// refuse makes a refusal. It goes on after the name of the set.
func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// expansion is the work on one ApplicationSet.
type expansion struct {
	*work
	spec    object
	machine *machine
	// named are the Applications that are there already, by name.
	named map[string]made
	// parsed are the files of parameters that were read.
	parsed map[string]parameters
	// raw is the generator that is worked on, as written.
	raw object
	// at is its number.
	at int
}

// made is an Application that is there already.
type made struct {
	yaml string
	// certain says that it comes about.
	certain bool
}

// applicationSet takes an ApplicationSet: its Applications are further documents
// (GenerateApplications in applicationset/controllers/template).
func (w *work) applicationSet(ctx context.Context) error {
	spec := mapping(w.page.object, "spec")
	x := &expansion{work: w, spec: spec, named: map[string]made{}, parsed: map[string]parameters{}}
	m, err := newMachine(truth(spec, "goTemplate"), texts(spec, "goTemplateOptions"), w.spend)
	if err != nil {
		w.say(gitops.SeverityError, w.page.line("spec", "goTemplateOptions"), "%s: nothing is deployed", err)
		w.opaque(gitops.ReasonPointer, w.doc.Line, nil, encode(spec), "has options of its templates that Argo CD refuses")
		return nil
	}
	x.machine = m
	generators := list(spec, "generators")
	if len(generators) == 0 {
		w.say(gitops.SeverityWarning, w.page.line("spec"), "has no generators: nothing is deployed")
	}
	for i, g := range generators {
		if err := x.generator(ctx, i, g); err != nil {
			return err
		}
	}
	return nil
}

// generator takes one generator of the set. What Argo CD refuses keeps all Applications of
// the set as they are, whatever the repository says from then on.
func (x *expansion) generator(ctx context.Context, i int, g any) error {
	x.at, x.raw = i, mapping(g)
	line := x.page.line("spec", "generators", i)
	kinds := kindsOf(x.raw, 0)
	if len(kinds) == 0 {
		x.say(gitops.SeverityError, line, "has a generator that is none of Argo CD's")
	}
	x.unknowns(line, x.raw, 0)
	for _, kind := range kinds {
		template := fill(mapping(x.raw, kind, "template"), mapping(x.spec, "template"))
		sets, err := x.transform(ctx, kind, x.raw, nil, 0)
		if err := x.refused(err, line, template); err != nil {
			return err
		}
		for _, s := range sets {
			if err := ctx.Err(); err != nil {
				return gitops.Errorf(gitops.Unavailable, "argocd: %w", err)
			}
			if !x.spend(8 + len(s.values)) {
				return x.refused(refuse("comes to more than is looked at"), line, template)
			}
			if err := x.refused(x.make(template, s), cmp.Or(s.line, line), template); err != nil {
				return err
			}
		}
	}
	return nil
}

// refused says why nothing is made, and hands on any other error.
func (x *expansion) refused(err error, line int, template object) error {
	why, ok := errors.AsType[refusal](err)
	if err == nil || !ok {
		return err
	}
	var reads []string
	for _, s := range templateSources(template) {
		reads = append(reads, dirPatterns(s)...)
	}
	slices.Sort(reads)
	x.say(gitops.SeverityError, line, "%s", why)
	x.opaqueOnce(gitops.ReasonPointer, line, slices.Compact(reads), encode(x.spec), "%s", why)
	return nil
}

// opaqueOnce is opaque for what may be found once for each of many sets.
func (w *work) opaqueOnce(reason gitops.Reason, line int, reads []string, key, format string, args ...any) {
	before := len(w.out.Opaque)
	w.opaque(reason, line, reads, key, format, args...)
	o := w.out.Opaque[before]
	same := func(p gitops.Opaque) bool { return p.Message == o.Message && slices.Equal(p.Reads, o.Reads) }
	if before >= maxNotes || slices.ContainsFunc(w.out.Opaque[:before], same) {
		w.out.Opaque = w.out.Opaque[:before]
	}
}

// templateSources returns the paths of the sources of a template.
func templateSources(template object) []string {
	spec := mapping(template, "spec")
	sources := append([]any{at(spec, "source"), at(spec, "sourceHydrator", "drySource")}, list(spec, "sources")...)
	var out []string
	for _, s := range sources {
		if p := text(s, "path"); p != "" && text(s, "chart") == "" {
			out = append(out, p)
		}
	}
	return out
}

// unknowns says which generators, also within others, ask somebody who is not here.
func (x *expansion) unknowns(line int, g object, depth int) {
	for _, kind := range kindsOf(g, depth) {
		switch kind {
		case "matrix", "merge":
			for _, e := range list(g, kind, "generators") {
				x.unknowns(line, mapping(e), depth+1)
			}
		case "list", "git":
		default:
			x.say(gitops.SeverityNote, line, "has a %s generator: which Applications there are is not known here", kind)
			x.opaqueOnce(gitops.ReasonPointer, line, nil, encode(x.raw), "has a %s generator: which Applications there are is not known here", kind)
		}
	}
}

// make makes the Application of a set of parameters.
func (x *expansion) make(template object, s set) error {
	app, err := x.instance(template, s)
	if err != nil {
		return err
	}
	name := text(app, "metadata", "name")
	data := singleLine(encode(app))
	old, twice := x.named[name]
	switch {
	case twice && old.yaml == data:
		return nil
	case twice && (s.maybe || !old.certain && s.unknown == ""):
		var reads []string
		for _, p := range templateSources(app) {
			reads = append(reads, dirPatterns(p)...)
		}
		x.opaqueOnce(gitops.ReasonPointer, x.line(s), reads, data, "may deploy Application %s in another way, which is not known here", gitops.Quote(name))
		return nil
	case twice && s.unknown != "" && unfilled(name):
		if name = x.rename(app, name); name == "" {
			return nil
		}
		data = singleLine(encode(app))
	case twice:
		return refuse("comes to two Applications with the name %s, of which Argo CD takes the first", gitops.Quote(name))
	}
	if len(x.out.Documents) >= maxApplications {
		return refuse("comes to more than %d Applications: the rest is not read", maxApplications)
	}
	x.named[name] = made{yaml: data, certain: !s.maybe}
	x.out.Documents = append(x.out.Documents, gitops.Document{
		APIVersion: group + "/v1alpha1", Kind: kindApplication, Namespace: text(app, "metadata", "namespace"), Name: name,
		YAML: []byte(data + "\n"), File: x.doc.File, Line: x.line(s), From: x.doc.From,
	})
	return nil
}

// rename gives an Application of another cluster a name of its own: what fills the name in
// will differ. It returns "" for one that is there already.
func (x *expansion) rename(app object, name string) string {
	meta := mapping(app, "metadata")
	for n := 2; ; n++ {
		meta["name"] = fmt.Sprintf("%s (%d)", name, n)
		old, twice := x.named[text(meta, "name")]
		switch {
		case !twice:
			return text(meta, "name")
		case old.yaml == singleLine(encode(app)):
			return ""
		}
	}
}

// line is where an Application comes from: the element of a list, or the path of the
// template.
func (x *expansion) line(s set) int {
	if s.line > 0 {
		return s.line
	}
	for _, template := range [][]any{{"spec", "template", "spec", "source", "path"}, {"spec", "template", "spec"}} {
		if line := x.page.line(template...); line > x.doc.Line {
			return line
		}
	}
	return x.doc.Line
}

// The finalizer by which the objects of an Application are deleted with it.
const finalizer = "resources-finalizer.argocd.argoproj.io"

// instance fills a template (RenderTemplateParams in applicationset/utils) and patches it.
func (x *expansion) instance(template object, s set) (object, error) {
	app := object{"metadata": cloneOf(mapping(template, "metadata")), "spec": cloneOf(mapping(template, "spec"))}
	bare := len(s.values) == 0 && s.unknown == "" // such a template is taken as it is
	if !bare {
		filled, err := x.interpolate(app, s, 0)
		if err != nil {
			return nil, err
		}
		app = mapping(filled)
		if meta := mapping(app, "metadata"); len(list(meta, "finalizers")) == 0 && !truth(x.spec, "syncPolicy", "preserveResourcesOnDeletion") {
			meta["finalizers"] = []any{finalizer}
		}
	}
	x.literals(app, s)
	if patch, ok := x.spec["templatePatch"].(string); ok {
		var err error
		if app, err = x.patched(app, patch, s); err != nil {
			return nil, err
		}
	}
	app["apiVersion"], app["kind"] = group+"/v1alpha1", kindApplication
	meta := mapping(app, "metadata")
	if meta == nil {
		meta = object{}
		app["metadata"] = meta
	}
	delete(meta, "namespace")
	if ns := cmp.Or(text(x.page.object, "metadata", "namespace"), x.doc.Namespace); ns != "" {
		meta["namespace"] = ns
	}
	return app, nil
}

// literals says which names in a path no generator fills in: without goTemplate they stay
// as they are.
func (x *expansion) literals(app object, s set) {
	if s.unknown != "" {
		return
	}
	for _, p := range templateSources(app) {
		if unfilled(p) {
			x.say(gitops.SeverityError, x.line(s), "has a path with a parameter that no generator gives, which stays as it is: %s", gitops.Quote(p))
		}
	}
}

// interpolate fills the strings and the keys of nested values (deeplyReplace).
func (x *expansion) interpolate(v any, s set, depth int) (any, error) {
	if depth > maxDepth || !x.spend(1) {
		return nil, refuse("comes to more than is looked at")
	}
	switch v := v.(type) {
	case string:
		return x.machine.render(v, s)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = x.interpolate(e, s, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case object:
		out := make(object, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			key, err := x.machine.render(k, s)
			if err != nil {
				return nil, err
			}
			if out[key], err = x.interpolate(v[k], s, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// singleLine keeps JSON on one line in the eyes of YAML too, and within the characters
// that YAML takes, so that every place in it is the line of its document.
func singleLine(data string) string {
	var b strings.Builder
	for _, r := range data {
		if r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
