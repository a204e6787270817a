package argocd_test

import (
	"math/rand/v2"
	"strings"
)

// dice makes random trees and ApplicationSets.
type dice struct {
	*rand.Rand
	goTemplate bool
}

type m = map[string]any

// one returns one of some values.
func one[T any](d *dice, values ...T) T { return values[d.IntN(len(values))] }

// some returns up to most results of f.
func some[T any](d *dice, most int, f func() T) []T {
	out := []T{}
	for range d.IntN(most + 1) {
		out = append(out, f())
	}
	return out
}

// files are directories of applications and files of parameters.
func (d *dice) files() map[string]string {
	out := map[string]string{"README.md": ""}
	for range 6 + d.IntN(8) {
		dir := strings.Join(append([]string{one(d, "apps", "apps", "apps", "infra", ".hidden")}, some(d, 2, func() string { return one(d, "web", "db", "old", "x.Y_z", ".dot") })...), "/")
		out[dir+"/"+one(d, "kustomization.yaml", "config.json", "env.yaml", "env.yaml")] = d.parameters()
	}
	return out
}

// parameters are the text of a file of parameters.
func (d *dice) parameters() string {
	if d.IntN(60) == 0 {
		return one(d, "env: [", "text", "[1]")
	}
	return one(d, "", "env: dev", `{"env": "prod", "port": 80, "at": {"dir": "apps", "list": ["a", {"b": null}]}}`, "- env: dev\n- env: prod\n  big: 1000000\n",
		"env: dev\n---\nenv: two\n", "at: {dir: infra}\nflag: yes\n", "path: own\nvalues: {a: b}\n", "empty: {}\nlist: []\nnone:\n")
}

// set is an ApplicationSet.
func (d *dice) set() m {
	d.goTemplate = d.IntN(3) > 0
	spec := m{"goTemplate": d.goTemplate, "template": d.template(), "generators": append(some(d, 1, func() m { return d.generator(0) }), d.generator(0))}
	if d.IntN(4) == 0 {
		spec["goTemplateOptions"] = []string{"missingkey=" + one(d, "error", "zero", "default")}
	}
	if d.IntN(5) == 0 {
		spec["syncPolicy"] = m{"preserveResourcesOnDeletion": d.IntN(2) == 0}
	}
	if d.IntN(4) == 0 {
		spec["templatePatch"] = d.patch()
	}
	meta := m{"name": "set"}
	if d.IntN(3) == 0 {
		meta["namespace"] = "team"
	}
	return m{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": meta, "spec": spec}
}

// text is a template, for the one or the other way to fill in.
func (d *dice) text() string {
	if d.IntN(30) == 0 {
		return one(d, "{{", "}}", `{{ fail "x" }}`, "{{ .none.none }}", "{{ env \"HOME\" }}", "{{ nope }}")
	}
	if !d.goTemplate {
		return strings.Join(some(d, 3, func() string {
			return one(d, "a", "-", "/", "{{path}}", "{{path.basename}}", "{{env}}", "{{values.x}}", "{{path[0]}}", "{{port}}", "{{at.dir}}", "{{at.list.0}}", "{{ pre.path.basename }}",
				"{{path.basenameNormalized}}", "{{path.filename}}", "{{ none }}", "{{ flag }}", "{{big}}", "{{.env}}")
		}), "")
	}
	return strings.Join(some(d, 3, func() string {
		return one(d, "a", "-", "/", "{{ .path.basename }}", "{{.env}}", "{{ .env | toString | upper }}", "{{.values}}", "{{ with .path }}{{ with .segments }}{{index . 0}}{{end}}{{end}}", "{{.port}}", "{{.big}}",
			`{{ default "d" .env }}`, "{{ with .at }}{{.dir}}{{end}}", "{{ toJson .at }}", "{{if .env}}E{{else}}N{{end}}", "{{ normalize (toString .path.basename) }}", "{{ slugify 5 (toString .path.basename) }}",
			"{{ .path.filename }}", "{{ toYaml .values }}", "{{ .flag }}", "{{ range $k, $v := .at }}{{ $k }}={{ $v }},{{ end }}", "{{ printf \"%v\" .pre }}")
	}), "")
}

// safe is a template that seldom fails.
func (d *dice) safe() string {
	if d.goTemplate {
		return one(d, "{{ .path.basename }}", "{{.env}}-{{ .path.basename }}", "{{ .env }}", "a", "{{ .path }}")
	}
	return one(d, "{{path.basename}}", "{{env}}-{{path.basename}}", "{{env}}", "a", "{{path}}")
}

func (d *dice) template() m {
	meta := m{"name": d.safe() + one(d, "", "", d.text())}
	if d.IntN(4) == 0 {
		meta["labels"] = m{d.safe(): d.text(), "l": "x"}
		meta["finalizers"] = some(d, 1, func() string { return "f-" + d.safe() })
	}
	spec := m{"project": one(d, "default", d.safe()), "destination": m{"name": d.safe(), "namespace": one(d, "", d.text())}}
	if d.IntN(4) == 0 {
		spec["sources"] = some(d, 2, d.source)
	} else {
		spec["source"] = d.source()
	}
	if d.IntN(4) == 0 {
		spec["syncPolicy"] = m{"automated": m{"prune": d.IntN(2) == 0}, "syncOptions": some(d, 2, d.safe)}
	}
	return m{"metadata": meta, "spec": spec}
}

func (d *dice) source() m {
	s := m{"repoURL": "r", "path": d.safe(), "targetRevision": one(d, "HEAD", "", d.safe())}
	switch d.IntN(6) {
	case 0:
		s["kustomize"] = m{"namePrefix": d.safe(), "commonLabels": m{"k" + d.safe(): d.text()}, "images": some(d, 2, d.safe)}
	case 1:
		s["helm"] = m{"valueFiles": some(d, 2, d.safe), "valuesObject": m{"a": m{d.safe(): []any{d.safe(), 1, true, nil}}}, "values": d.text()}
	case 2:
		s["directory"] = m{"recurse": d.IntN(2) == 0, "include": d.safe()}
	}
	return s
}

// partial is a template of a generator, which the one of the set fills up.
func (d *dice) partial() m {
	t := d.template()
	meta, spec := t["metadata"].(m), t["spec"].(m)
	for _, k := range []string{"name", "labels", "finalizers"} {
		if d.IntN(2) == 0 {
			delete(meta, k)
		}
	}
	for _, k := range []string{"project", "destination", "source", "sources", "syncPolicy"} {
		if d.IntN(2) == 0 {
			delete(spec, k)
		}
	}
	return t
}

func (d *dice) generator(depth int) m {
	g := m{}
	kind := d.IntN(6)
	if depth == 2 {
		kind = d.IntN(4)
	}
	var spec m
	switch kind {
	case 0:
		spec = d.list()
		g["list"] = spec
	case 1, 2, 3:
		spec = d.git()
		g["git"] = spec
	case 4:
		spec = m{"generators": []m{d.generator(depth + 1), d.generator(depth + 1)}}
		g["matrix"] = spec
	case 5:
		spec = m{"generators": append(some(d, 1, func() m { return d.generator(depth + 1) }), d.generator(depth+1), d.generator(depth+1)), "mergeKeys": []string{one(d, "path", "path", "path.basename", "env", "values.x")}}
		g["merge"] = spec
	}
	if d.IntN(8) == 0 {
		g["selector"] = m{"matchExpressions": []m{{"key": one(d, "env", "path.basename", "at.dir", "values.x"), "operator": one(d, "In", "NotIn"), "values": []string{"dev", "web", "apps"}}}}
	}
	if d.IntN(6) == 0 && depth == 0 {
		spec["template"] = d.partial()
	}
	return g
}

func (d *dice) list() m {
	element := func() m {
		e := m{"env": one(d, "dev", "prod", "qa")}
		switch d.IntN(6) {
		case 0:
			e["values"] = m{"x": d.safe()}
		case 1:
			if d.goTemplate || d.IntN(8) == 0 {
				e["port"] = 8080
			}
		case 2:
			e["path"] = one(d, "apps/web", "apps/db")
		case 3:
			if !d.goTemplate {
				break
			}
			e["at"] = m{"dir": "apps", "list": []any{"p"}}
		case 4:
			e["path.basename"] = one(d, "web", "db")
		}
		return e
	}
	l := m{"elements": some(d, 3, element)}
	if d.IntN(4) == 0 {
		l["elementsYaml"] = one(d, "- env: dev\n  at: {dir: apps}\n- {env: prod}", "{}", "[]", "env: [", "- text", "{{ .at.list | toJson }}", `[{"env": "{{ .path.basename }}"}]`, "[{env: '{{path.basename}}'}]")
	}
	return l
}

func (d *dice) git() m {
	g := m{"repoURL": "r", "revision": "HEAD"}
	item := func(patterns ...string) func() m {
		return func() m {
			i := m{"path": one(d, patterns...)}
			if d.IntN(6) == 0 {
				i["exclude"] = true
			}
			return i
		}
	}
	if d.IntN(2) == 0 {
		g["directories"] = append(some(d, 2, item("apps/*", "*", "*/*", "apps/old", "apps/web/", "**", "apps/[wd]*", "[", "infra/*/*", "{{path}}/*", "{{.path.path}}/*")), m{"path": one(d, "apps/*", "*/*")})
	} else {
		g["files"] = append(some(d, 2, item("apps/*", "**/config.json", "*.yaml", "apps/old", "apps/web/", "[", "*env.yaml", "{{path}}/env.yaml", "{{ .path.path }}/config.json")), m{"path": one(d, "*/env.yaml", "*config.json")})
	}
	if d.IntN(3) == 0 {
		g["values"] = m{"x": d.text(), "y": d.safe()}
	}
	if d.IntN(5) == 0 {
		g["pathParamPrefix"] = "pre"
	}
	return g
}

func (d *dice) patch() string {
	return one(d,
		"metadata: {labels: {p: '{{ .env }}'}}\nspec: {project: other, source: {path: patched}}",
		"{{ if eq .path.basename \"web\" }}\nspec: {source: {kustomize: {namePrefix: p-}, targetRevision: null}}\n{{ end }}",
		"metadata: {finalizers: [f-a, g]}", "metadata: {name: '{{path.basename}}-patched'}", `{"spec": {"syncPolicy": {"syncOptions": ["A=b"]}}}`, "spec: [", "text", "",
		"spec: {sources: [{repoURL: x, path: p}]}", "spec: {source: {$patch: replace, repoURL: z}}", "spec: {destination: {$patch: replace, name: other}, source: {kustomize: {$patch: delete}}}", "spec: {source: {helm: {valueFiles: [a]}}, ignoreDifferences: [{$patch: delete}, {kind: K, group: null}]}", "metadata: {$deleteFromPrimitiveList/finalizers: [f-a]}",
	)
}
