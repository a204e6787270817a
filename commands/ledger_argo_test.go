package commands

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// argo follows Applications and ApplicationSets, and those that they deploy.
func (s *witness) argo(out map[string]deployed, docs []map[string]any) {
	type step struct {
		doc   map[string]any
		above []string
	}
	var todo []step
	for _, doc := range docs {
		todo = append(todo, step{doc: doc})
	}
	for len(todo) > 0 && len(out) < 500 {
		doc, above := todo[0].doc, todo[0].above
		todo = todo[1:]
		if group(doc) != "argoproj.io" {
			continue
		}
		id := field(doc, "kind") + " " + field(doc, "metadata", "name")
		switch field(doc, "kind") {
		case "ApplicationSet":
			for _, app := range s.expanded(doc) {
				todo = append(todo, step{app, above})
			}
		case "Application":
			var children []map[string]any
			for i, source := range sourcesOf(doc) {
				d, docs := s.application(doc, source)
				if d == nil {
					continue
				}
				d.several = i > 0 || below(doc, "spec", "sources") != nil
				out[fmt.Sprint(id, " ", i)] = *d
				children = append(children, docs...)
			}
			for _, doc := range children {
				child := field(doc, "kind") + " " + field(doc, "metadata", "name")
				if n := count(above, child) + count([]string{id}, child); n < 3 { // one that deploys itself is as it has itself
					todo = append(todo, step{doc, append(slices.Clip(above), id)})
				}
			}
		}
	}
}

func count(list []string, s string) (n int) {
	for _, e := range list {
		if e == s {
			n++
		}
	}
	return n
}

// sourcesOf are the sources of an Application.
func sourcesOf(doc map[string]any) []any {
	if list, _ := below(doc, "spec", "sources").([]any); len(list) > 0 {
		return list
	}
	return []any{below(doc, "spec", "source")}
}

// merged is a source with what files beside it say about its kustomization.
func (s *witness) merged(source any, dir, app string) (any, error) {
	for _, name := range []string{".argocd-source.yaml", ".argocd-source-" + app + ".yaml"} {
		data, err := os.ReadFile(filepath.Join(s.all, dir, name))
		if err != nil {
			continue
		}
		var more map[string]any
		if err := yaml.Unmarshal(data, &more); err != nil {
			return nil, err
		}
		options, _ := more["kustomize"].(map[string]any)
		m, _ := source.(map[string]any)
		was, _ := m["kustomize"].(map[string]any)
		all := map[string]any{}
		maps.Copy(all, was)
		maps.Copy(all, options)
		if len(options) > 0 {
			source = with(m, "kustomize", all)
		}
	}
	return source, nil
}

// application renders a source of an Application, nil when it does not deploy from here.
func (s *witness) application(doc map[string]any, source any) (*deployed, []map[string]any) {
	if field(source, "repoURL") != worldURL || !slices.Contains([]string{"", "HEAD", worldBranch}, field(source, "targetRevision")) {
		return nil, nil
	}
	dir := path.Clean(field(source, "path"))
	d := &deployed{kind: "Application", name: field(doc, "metadata", "name"), path: dir}
	namespace := field(doc, "spec", "destination", "namespace")
	var docs []map[string]any
	source, err := s.merged(source, dir, field(doc, "metadata", "name"))
	options, directory := below(source, "kustomize"), below(source, "directory")
	linked, at := false, filepath.Join(s.all, dir)
	if i, err := os.Lstat(at); err == nil && i.Mode()&os.ModeSymlink != 0 {
		linked = true
	}
	d.unsure = below(options, "patches") != nil && emptyPatches(at) // Argo CD refuses it, but not after some other options
	switch {
	case err != nil || !isDir(at) || filled(options) && directory != nil:
		d.text = "fails"
	case directory == nil && (filled(options) || !linked && kustomizationIn(at) != ""):
		docs = s.built(d, s.all, dir, false, argoOptions(options))
	case linked:
		d.show(nil, namespace)
	default:
		d.unsure = false
		if docs, err = s.manifests(dir, directory); err != nil {
			d.text = "fails"
			break
		}
	}
	if d.text == "" || d.objects != nil {
		d.show(docs, namespace)
	}
	prune, _ := below(doc, "spec", "syncPolicy", "automated", "prune").(bool)
	d.text += fmt.Sprint("\nprune ", prune, " namespace ", namespace, " to ", canonical(below(doc, "spec", "destination")))
	for _, doc := range docs { // a child without a namespace has that of the destination
		if meta, ok := doc["metadata"].(map[string]any); ok && field(doc, "metadata", "namespace") == "" {
			doc["metadata"] = with(meta, "namespace", namespace)
		}
	}
	return d, docs
}

// emptyPatches reports whether the kustomization of a directory has patches that are null.
func emptyPatches(dir string) bool {
	data, err := os.ReadFile(kustomizationIn(dir))
	var m map[string]any
	if err != nil || yaml.Unmarshal(data, &m) != nil {
		return false
	}
	v, has := m["patches"]
	return has && v == nil
}

func with(m map[string]any, key string, v any) map[string]any {
	m = maps.Clone(m)
	m[key] = v
	return m
}

// filled reports whether options say anything.
func filled(options any) bool {
	m, _ := options.(map[string]any)
	for _, v := range m {
		if v != nil && v != "" {
			return true
		}
	}
	return false
}

// argoOptions is what Argo CD edits with `kustomize edit` before it builds.
func argoOptions(options any) func(*types.Kustomization) {
	if !filled(options) {
		return nil
	}
	return func(k *types.Kustomization) {
		set := func(at *string, name string) {
			if v := field(options, name); v != "" {
				*at = v
			}
		}
		set(&k.NamePrefix, "namePrefix")
		set(&k.NameSuffix, "nameSuffix")
		set(&k.Namespace, "namespace")
		for _, image := range texts(below(options, "images")) {
			name, tag, _ := strings.Cut(image, ":")
			k.Images = slices.DeleteFunc(k.Images, func(i types.Image) bool { return i.Name == name })
			k.Images = append(k.Images, types.Image{Name: name, NewTag: tag})
		}
		k.Patches = append(k.Patches, patchesOf(below(options, "patches"))...)
		k.Components = append(k.Components, texts(below(options, "components"))...)
	}
}

func patchesOf(v any) (list []types.Patch) {
	text, err := yaml.Marshal(v)
	if err != nil || yaml.Unmarshal(text, &list) != nil {
		return nil
	}
	return list
}

// glob is a pattern in which * is anything.
func glob(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
}

// manifests are those of a directory without a kustomization.
func (s *witness) manifests(dir string, options any) ([]map[string]any, error) {
	recurse, _ := below(options, "recurse").(bool)
	include, exclude := field(options, "include"), field(options, "exclude")
	var docs []map[string]any
	top := filepath.Join(s.all, dir)
	err := filepath.WalkDir(top, func(p string, e os.DirEntry, err error) error {
		rel, _ := filepath.Rel(top, p)
		switch {
		case err != nil:
			return err
		case e.IsDir() && p != top && !recurse:
			return filepath.SkipDir
		case e.IsDir() || !isYAML(p) || include != "" && !glob(include).MatchString(rel) || exclude != "" && glob(exclude).MatchString(rel):
			return nil
		}
		if i, err := os.Stat(p); err != nil || i.IsDir() {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		list, err := documentsIn(data)
		if filepath.Ext(p) == ".json" && err == nil && !json.Valid(data) {
			err = fmt.Errorf("no JSON")
		}
		text := string(data)
		if err != nil && filepath.Ext(p) != ".json" && len(list) == 0 && !(strings.Contains(text, "apiVersion:") && strings.Contains(text, "kind:") && strings.Contains(text, "metadata:")) {
			return nil
		}
		docs = append(docs, list...)
		return err
	})
	return docs, err
}

// expanded are the Applications of an ApplicationSet.
func (s *witness) expanded(set map[string]any) (apps []map[string]any) {
	template := canonical(below(set, "spec", "template"))
	generators, _ := below(set, "spec", "generators").([]any)
	for _, g := range generators {
		var sets []map[string]string
		elements, _ := below(g, "list", "elements").([]any)
		for _, e := range elements {
			values := map[string]string{}
			m, _ := e.(map[string]any)
			for k, v := range m {
				values[k] = fmt.Sprint(v)
			}
			sets = append(sets, values)
		}
		git := below(g, "git")
		if field(git, "repoURL") == worldURL && slices.Contains([]string{"HEAD", worldBranch}, field(git, "revision")) {
			sets = append(sets, s.directories(below(git, "directories"))...)
		}
		for _, values := range sets {
			text := template
			for k, v := range values {
				text = strings.ReplaceAll(text, "{{"+k+"}}", v)
			}
			var app map[string]any
			if json.Unmarshal([]byte(text), &app) != nil || app == nil {
				continue
			}
			app["apiVersion"], app["kind"] = "argoproj.io/v1alpha1", "Application"
			apps = append(apps, app)
		}
	}
	return apps
}

// directories are those that patterns take.
func (s *witness) directories(patterns any) (sets []map[string]string) {
	list, _ := patterns.([]any)
	seen := map[string]bool{}
	for p := range s.files {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			seen[dir] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(seen)) {
		in, out := false, strings.Contains("/"+dir, "/.")
		for _, p := range list {
			if ok, err := path.Match(field(p, "path"), dir); err == nil && ok {
				exclude, _ := below(p, "exclude").(bool)
				in, out = in || !exclude, out || exclude
			}
		}
		if in && !out {
			sets = append(sets, map[string]string{"path": dir, "path.basename": path.Base(dir)})
		}
	}
	return sets
}
