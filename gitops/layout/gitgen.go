package layout

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxFiles is how many files the git generators of one set read.
const maxFiles = 2_000

// paths are all directories and files of a tree, sorted.
type paths struct{ dirs, files []string }

// all returns the paths of the tree, listed once.
func (p *pointers) all() *paths {
	if p.paths != nil {
		return p.paths
	}
	p.paths = &paths{}
	seen := map[string]bool{".": true}
	for e := range p.tree.Entries() {
		if e.Kind != gitops.File {
			continue
		}
		p.paths.files = append(p.paths.files, e.Path)
		for dir := path.Dir(e.Path); !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			p.paths.dirs = append(p.paths.dirs, dir)
		}
	}
	slices.Sort(p.paths.dirs)
	return p.paths
}

// git is the generator over directories or files of a repository, taken for this
// one. outer is the set of the first generator of a matrix.
func (x *expansion) git(ctx context.Context, spec map[string]any, outer params) []params {
	dirs, files := asList(spec["directories"]), asList(spec["files"])
	prefix, _ := spec["pathParamPrefix"].(string)
	var out []params
	for _, dir := range x.pick(dirs, x.all().dirs, false) {
		if hidden(dir) {
			continue
		}
		out = append(out, x.gitParams(nil, dir, "", prefix, spec, outer))
	}
	x.layout.readsFiles = x.layout.readsFiles || len(files) > 0
	found := x.pick(files, x.all().files, true)
	if len(found) > maxFiles {
		x.say("has a git generator of more than %d files: the rest is not read", maxFiles)
		found = found[:maxFiles]
	}
	for _, file := range found {
		for _, m := range x.fileParams(ctx, file) {
			out = append(out, x.gitParams(m, path.Dir(file), path.Base(file), prefix, spec, outer))
		}
	}
	return out
}

// hidden reports whether Argo CD leaves a directory out: those with an element
// that starts with a dot.
func hidden(dir string) bool { return strings.HasPrefix(dir, ".") || strings.Contains(dir, "/.") }

// pick returns the paths that match a pattern and none of the excluding ones.
func (x *expansion) pick(patterns []any, from []string, files bool) []string {
	var in, out []func(string) bool
	for _, e := range patterns {
		m := asMap(e)
		p, _ := m["path"].(string)
		matches, err := gitPattern(p, files)
		if err != nil {
			x.say("has a git generator with a malformed pattern: %s", gitops.Quote(p))
			return nil
		}
		if truth(m["exclude"]) {
			out = append(out, matches)
		} else {
			in = append(in, matches)
		}
	}
	if len(in) == 0 {
		return nil
	}
	var found []string
	for _, p := range from {
		if x.spend(len(in) + len(out)); x.budget < 0 {
			break
		}
		takes := func(matches func(string) bool) bool { return matches(p) }
		if slices.ContainsFunc(in, takes) && !slices.ContainsFunc(out, takes) {
			found = append(found, p)
		}
	}
	return found
}

// gitPattern compiles a pattern of a git generator. In those of directories "*" stays
// within a name. In those of files it crosses slashes or not, as Argo CD is set up: what
// either way takes is taken.
func gitPattern(p string, files bool) (func(string) bool, error) {
	p = strings.TrimSuffix(strings.TrimPrefix(p, "./"), "/")
	g, err := compileGlob(p, false)
	if err != nil || !files {
		return g.match, err
	}
	across := argoGlob(p)
	if across == nil {
		return nil, errGlobClass
	}
	return func(file string) bool { return g.match(file) || across.MatchString(file) }, nil
}

// fileParams reads the parameters in a YAML or JSON file: one set, or a list.
func (x *expansion) fileParams(ctx context.Context, file string) []map[string]any {
	data, err := x.content(ctx, file)
	if err != nil || len(data) > maxFile {
		return nil
	}
	root := parseYAML(data)
	r := &reader{left: maxNodes}
	v, ok := r.value(root, 0)
	if !ok {
		x.say("has a git generator whose file is not read: %s", gitops.Quote(file))
		return nil
	}
	list, isList := v.([]any)
	if !isList {
		return []map[string]any{asMap(v)}
	}
	var out []map[string]any
	for _, e := range list {
		out = append(out, asMap(e))
	}
	return out
}

// gitParams returns the set for one directory or file, as Argo CD documents it.
func (x *expansion) gitParams(m map[string]any, dir, file, prefix string, spec map[string]any, outer params) params {
	var segments []any
	for s := range strings.SplitSeq(dir, "/") {
		segments = append(segments, s)
	}
	at := map[string]any{
		"path": dir, "basename": path.Base(dir), "basenameNormalized": normalize(path.Base(dir)), "segments": segments,
	}
	if file != "" {
		at["filename"] = file
		at["filenameNormalized"] = normalize(file)
	}
	nested := map[string]any{}
	for k, v := range m {
		nested[k] = v
	}
	if prefix != "" {
		nested[prefix] = map[string]any{"path": at}
	} else {
		nested["path"] = at
	}
	set := x.params(nested)
	if !x.doc.GoTemplate {
		flatPath(set, prefix)
	}
	x.addValues(set, spec["values"], outer)
	return set
}

// flatPath renames the parameters of a path to their flat names: "path" itself,
// and "path[0]" for the first segment.
func flatPath(set params, prefix string) {
	name := "path"
	if prefix != "" {
		name = prefix + ".path"
	}
	set[name] = set[name+".path"]
	delete(set, name+".path")
	for k, v := range set {
		if n, ok := strings.CutPrefix(k, name+".segments."); ok {
			delete(set, k)
			set[name+"["+n+"]"] = v
		}
	}
}

// addValues adds the values of a generator, which may use its parameters.
func (x *expansion) addValues(set params, values any, outer params) {
	if values == nil {
		return
	}
	filled, err := x.interpolate(values, overlay(outer, set))
	if err != nil {
		x.say("has a generator with values that are not understood: %v", err)
		return
	}
	for k, v := range x.params(map[string]any{"values": filled}) {
		set[k] = v
	}
}
