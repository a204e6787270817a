package check

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/node"
)

// use says how kustomize takes an entry.
type use int

const (
	asResource  use = iota // a file, else a git base, else a directory
	asDirectory            // a git base, else a directory
	asFile                 // an http address, else a file
)

// ref is one place in a kustomization that names something else.
type ref struct {
	field string     // such as "resources"
	node  *yaml.Node // where it stands
	path  string     // as written, without "key="
	use   use
	env   bool // a file of KEY=value lines
}

// maxRefs is how many entries of one kustomization are looked at.
const maxRefs = 20_000

// isKustomization knows the three names that kustomize takes, in any directory.
func isKustomization(name string) bool {
	switch path.Base(name) {
	case "kustomization.yaml", "kustomization.yml", "Kustomization":
		return true
	}
	return false
}

// eachRef calls do with what the kustomizations among the files to look at name, in the
// order of files and fields, until it fails.
func (p *pass) eachRef(do func(file string, r ref) error) error {
	for _, file := range p.files {
		if !isKustomization(file) {
			continue
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
		s, err := p.source(file)
		if err != nil {
			return err
		}
		var all []ref
		for _, k := range s.documents() {
			all = append(all, collect(k)...)
		}
		for _, r := range all[:min(len(all), maxRefs)] {
			if err := do(file, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// collect reads every field through which kustomize v5.8 loads something.
func collect(k *yaml.Node) []ref {
	var out []ref
	add := func(field string, n *yaml.Node, u use) {
		if t := node.Text(n); t != "" && !inline(t) {
			out = append(out, ref{field: field, node: n, path: t, use: u})
		}
	}
	list := func(name string, u use) {
		for e := range node.Elements(k, name) {
			add(name, e, u)
		}
	}
	list("resources", asResource)
	list("bases", asResource)
	list("components", asDirectory)
	for _, name := range []string{"generators", "transformers", "validators"} {
		list(name, asResource)
	}
	for _, name := range []string{"crds", "configurations", "patchesStrategicMerge"} {
		list(name, asFile)
	}
	for _, name := range []string{"patches", "patchesJson6902", "replacements"} {
		for e := range node.Elements(k, name) {
			add(name, node.Field(e, "path"), asFile)
		}
	}
	add("openapi", node.Field(k, "openapi", "path"), asFile)
	for _, name := range []string{"configMapGenerator", "secretGenerator"} {
		for e := range node.Elements(k, name) {
			out = append(out, generatorRefs(name, e)...)
		}
	}
	return out
}

// generatorRefs returns what one entry of a generator reads.
func generatorRefs(name string, gen *yaml.Node) []ref {
	var out []ref
	for e := range node.Elements(gen, "files") {
		file := node.Text(e)
		if key, value, ok := strings.Cut(file, "="); ok && key != "" && !strings.Contains(value, "=") {
			file = value
		}
		if file != "" {
			out = append(out, ref{field: name, node: e, path: file, use: asFile})
		}
	}
	envs := slices.Collect(node.Elements(gen, "envs"))
	for _, e := range append(envs, node.Field(gen, "env")) {
		if t := node.Text(e); t != "" {
			out = append(out, ref{field: name, node: e, path: t, use: asFile, env: true})
		}
	}
	return out
}

// inline reports whether an entry holds YAML instead of naming a file.
func inline(s string) bool {
	return strings.ContainsAny(s, "\n{") || strings.Contains(s, ": ")
}
