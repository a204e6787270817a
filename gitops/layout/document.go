package layout

import (
	"bytes"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// pointsSomewhere matches text that may hold an Argo CD or Flux document.
// Comparing bytes first is what makes reading a whole repository cheap.
var pointsSomewhere = regexp.MustCompile(`apiVersion["']?[ \t]*:[ \t]*["']?(?:argoproj\.io|kustomize\.toolkit\.fluxcd\.io)/`)

// The kinds of document that point at directories.
const (
	kindApplication    = "Application"
	kindApplicationSet = "ApplicationSet"
	kindFlux           = "Flux Kustomization"
	kindUnreadable     = "unreadable" // it should be one of those, but is not YAML
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
	Path string `json:"p"`
	Repo string `json:"r,omitempty"`
	Line int    `json:"l"`
}

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
		if kind := r.text(r.get(r.get(spec, "sourceRef"), "kind")); kind != "GitRepository" {
			d.From = kind
		}
		if p := r.get(spec, "path"); p != nil {
			d.Sources = []source{{Path: r.text(p), Line: before + p.Line}}
		}
	default:
		return nil
	}
	return []document{d}
}

// sources returns spec.source and spec.sources that have a path. A chart of a
// Helm repository has none.
func (r *reader) sources(spec *yaml.Node, before int) []source {
	var out []source
	add := func(n *yaml.Node) {
		p := r.get(n, "path")
		if p == nil || r.get(n, "chart") != nil || len(out) == 100 {
			return
		}
		out = append(out, source{Path: r.text(p), Repo: r.text(r.get(n, "repoURL")), Line: before + p.Line})
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
