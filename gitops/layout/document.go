package layout

import (
	"bytes"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// pointsSomewhere matches text that may hold an Argo CD or Flux document.
// Comparing bytes first is what makes reading a whole repository cheap.
var pointsSomewhere = regexp.MustCompile(`apiVersion["']?[ \t]*:[ \t]*["']?(?:argoproj\.io|(?:kustomize|helm)\.toolkit\.fluxcd\.io)/`)

// The kinds of document that point at directories.
const (
	kindApplication    = "Application"
	kindApplicationSet = "ApplicationSet"
	kindFlux           = "Flux Kustomization"
	kindHelmRelease    = "HelmRelease" // of a chart in a git repository
	kindUnreadable     = "unreadable"  // it should be one of those, but is not YAML
)

// maxDocuments is how many documents of one file are read.
const maxDocuments = 5_000

// document is an Argo CD or Flux document that points at directories. Lines
// count from 1 within the file.
type document struct {
	Kind    string   `json:"k"`
	Name    string   `json:"n,omitempty"`
	Line    int      `json:"l"`
	Sources []source `json:"s,omitempty"`
	// Generators, GoTemplate and Patched are those of an ApplicationSet.
	Generators []any `json:"g,omitempty"`
	GoTemplate bool  `json:"t,omitempty"`
	// Patched says that the set has a templatePatch, which is not read.
	Patched bool `json:"p,omitempty"`
	// TooLarge says that the generators are beyond the limits.
	TooLarge bool `json:"x,omitempty"`
	// From is the kind of source of a Flux Kustomization when its path is not
	// relative to a git repository.
	From string `json:"f,omitempty"`
}

// source is one place an Application deploys from.
type source struct {
	// Path is "" for a chart of a Helm repository.
	Path string `json:"p"`
	Repo string `json:"r,omitempty"`
	Line int    `json:"l"`
	// Tool is the one of Argo CD's tools that the source has options of, "" when it
	// leaves the choice to Argo CD.
	Tool string `json:"t,omitempty"`
	// Recurse, Include and Exclude are those of a directory.
	Recurse bool   `json:"d,omitempty"`
	Include string `json:"i,omitempty"`
	Exclude string `json:"e,omitempty"`
	// Values are the value files of a chart as written.
	Values []string `json:"v,omitempty"`
	// From is the source that a Flux Kustomization names, as NAMESPACE/NAME.
	From string `json:"f,omitempty"`
}

// The tools that an Argo CD source may have options of.
const (
	toolKustomize = "kustomize"
	toolHelm      = "helm"
	toolDirectory = "directory"
	toolPlugin    = "plugin"
)

// documents returns the Argo CD and Flux documents of a file. Only documents
// whose text names one of the two are parsed.
func documents(data []byte) []document {
	var out []document
	line := 1
	for doc := range splitDocuments(data) {
		if pointsSomewhere.Match(doc) && len(out) < maxDocuments {
			out = append(out, readDocument(doc, line-1)...)
		}
		line += bytes.Count(doc, []byte("\n"))
	}
	return out
}

// splitDocuments yields the documents of a YAML file with their "---" lines, so
// that lines can be counted.
func splitDocuments(data []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			end := len(data)
			if i := bytes.Index(data[1:], []byte("\n---")); i >= 0 {
				end = i + 2
			}
			if !yield(data[:end]) {
				return
			}
			data = data[end:]
		}
	}
}

// readDocument reads one document that starts after so many lines of its file.
func readDocument(data []byte, before int) []document {
	root := parseYAML(data)
	if root == nil {
		if !bytes.Contains(data, []byte("kind: Application")) && !bytes.Contains(data, []byte("kind: Kustomization")) {
			return nil
		}
		line := 1 + before + bytes.Count(data[:pointsSomewhere.FindIndex(data)[0]], []byte("\n"))
		return []document{{Kind: kindUnreadable, Line: line}}
	}
	r := &reader{left: maxNodes}
	if r.text(r.get(root, "kind")) != "List" {
		return r.document(root, before)
	}
	var out []document
	for item := range r.items(r.get(root, "items")) {
		if len(out) < maxDocuments {
			out = append(out, r.document(item, before)...)
		}
	}
	return out
}

// document returns what one object of Argo CD or Flux deploys; none for any other
// object. before is how many lines stand in front of the document in its file.
func (r *reader) document(n *yaml.Node, before int) []document {
	group, _, _ := bytes.Cut([]byte(r.text(r.get(n, "apiVersion"))), []byte("/"))
	spec := r.get(n, "spec")
	d := document{Name: r.text(r.get(r.get(n, "metadata"), "name")), Line: before + n.Line}
	switch string(group) + " " + r.text(r.get(n, "kind")) {
	case "argoproj.io Application":
		d.Kind = kindApplication
		d.Sources = r.sources(spec, before)
	case "argoproj.io ApplicationSet":
		d.Kind = kindApplicationSet
		r.applicationSet(&d, spec, before)
	case "kustomize.toolkit.fluxcd.io Kustomization":
		d.Kind = kindFlux
		ref := r.get(spec, "sourceRef")
		if kind := r.text(r.get(ref, "kind")); kind != "GitRepository" {
			d.From = kind
		}
		to := source{Path: ".", Line: d.Line, From: r.text(r.get(ref, "namespace")) + "/" + r.text(r.get(ref, "name"))}
		if p := r.get(spec, "path"); p != nil && r.text(p) != "" { // without one it is the root
			to.Path, to.Line = r.text(p), before+p.Line
		}
		d.Sources = []source{to}
	case "helm.toolkit.fluxcd.io HelmRelease":
		chart := r.get(r.get(spec, "chart"), "spec")
		if r.text(r.get(r.get(chart, "sourceRef"), "kind")) != "GitRepository" {
			return nil
		}
		d.Kind = kindHelmRelease
		to := source{Path: r.text(r.get(chart, "chart")), Line: d.Line}
		for _, v := range r.paths(r.get(chart, "valuesFiles")) { // relative to the root of the repository
			to.Values = append(to.Values, "/"+v)
		}
		to.Values = to.Values[:min(len(to.Values), maxSources)]
		d.Sources = []source{to}
	default:
		return nil
	}
	return []document{d}
}

// maxSources is how many sources of one Application are read.
const maxSources = 100

// sources returns spec.source and spec.sources that have a path, and the charts of
// Helm repositories that have value files.
func (r *reader) sources(spec *yaml.Node, before int) []source {
	var out []source
	add := func(n *yaml.Node) {
		if s := r.source(n, before); len(out) < maxSources && (s.Path != "" || len(s.Values) > 0) {
			out = append(out, s)
		}
	}
	if s := r.get(spec, "source"); s != nil {
		add(s)
	}
	if s := r.get(spec, "sources"); s != nil {
		for item := range r.items(s) {
			add(item)
		}
	}
	return out
}

// source reads one source. As Argo CD does (NormalizeSource in util/argo), options of
// a tool that are all empty do not count as a choice, except for a plugin.
func (r *reader) source(n *yaml.Node, before int) source {
	s := source{Repo: r.text(r.get(n, "repoURL")), Values: r.paths(r.get(r.get(n, "helm"), "valueFiles"))}
	s.Values = s.Values[:min(len(s.Values), maxSources)]
	if p := r.get(n, "path"); p != nil && r.get(n, "chart") == nil {
		s.Path, s.Line = r.text(p), before+p.Line
	} else if n != nil {
		s.Line = before + n.Line
	}
	dir := r.get(n, toolDirectory)
	s.Recurse = r.text(r.get(dir, "recurse")) == "true"
	s.Include, s.Exclude = r.text(r.get(dir, "include")), r.text(r.get(dir, "exclude"))
	switch {
	case r.chosen(r.get(n, toolKustomize)):
		s.Tool = toolKustomize
	case r.chosen(r.get(n, toolHelm)):
		s.Tool = toolHelm
	case s.Recurse || s.Include != "" || s.Exclude != "" || r.chosen(r.get(dir, "jsonnet")):
		s.Tool = toolDirectory
	case r.isMapping(r.get(n, toolPlugin)):
		s.Tool = toolPlugin
	}
	return s
}

func (r *reader) isMapping(n *yaml.Node) bool {
	n = r.follow(n)
	return n != nil && n.Kind == yaml.MappingNode
}

// chosen reports whether a mapping says anything.
func (r *reader) chosen(n *yaml.Node) bool {
	for _, v := range r.pairs(n) {
		if len(v.Content) > 0 || r.text(v) != "" && r.text(v) != "false" {
			return true
		}
	}
	return false
}

// applicationSet keeps the generators as values: they are expanded later, with the tree
// at hand. TooLarge says that they are beyond the limit of the reader.
func (r *reader) applicationSet(d *document, spec *yaml.Node, before int) {
	d.GoTemplate = r.text(r.get(spec, "goTemplate")) == "true"
	d.Patched = r.get(spec, "templatePatch") != nil
	d.Sources = r.sources(r.get(r.get(spec, "template"), "spec"), before)
	if g := r.get(spec, "generators"); g != nil && g.Kind == yaml.SequenceNode {
		v, ok := r.value(g, 0)
		d.TooLarge = !ok
		d.Generators, _ = v.([]any)
	}
}

// value turns a node into nil, bool, string, []any and map[string]any. Numbers
// stay as written, as strings. It reports whether the node is within the limits.
func (r *reader) value(n *yaml.Node, depth int) (any, bool) {
	if n = r.follow(n); n == nil || depth > maxDepth {
		return nil, false
	}
	switch n.Kind {
	case yaml.MappingNode:
		return r.mapping(n, depth)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, ok := r.value(c, depth+1)
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	case yaml.ScalarNode:
		return scalar(n), true
	}
	return nil, false
}

// mapping returns a mapping as Go has it; of a key that stands twice the last counts.
func (r *reader) mapping(n *yaml.Node, depth int) (any, bool) {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		v, ok := r.value(n.Content[i+1], depth+1)
		if !ok {
			return nil, false
		}
		m[n.Content[i].Value] = v
	}
	return m, true
}

// scalar keeps numbers as they are written: as text they go into paths unchanged.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	}
	return n.Value
}
