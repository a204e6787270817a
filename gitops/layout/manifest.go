package layout

import (
	"bytes"
	"context"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// manifest returns what a file of a directory of manifests is to Argo CD, from what is
// known of its blob when it is.
func (p *pointers) manifest(ctx context.Context, e gitops.Entry) (facts, error) {
	key := "m" + e.ID
	if e.ID != "" {
		p.used = append(p.used, key)
		if f, ok := p.known.get(key); ok {
			return f, nil
		}
	}
	if e.Size > maxFile {
		return facts{}, nil
	}
	p.budget -= 20 // what reading a file costs, against steps
	data, err := p.content(ctx, e.Path)
	if err != nil {
		return facts{}, err
	}
	f := manifestFacts(data)
	if e.ID != "" {
		p.known.put(key, f)
	}
	return f, nil
}

var (
	// topKind matches the kind of an object in the usual form.
	topKind = regexp.MustCompile(`(?m)^["']?kind["']?[ \t]*:`)
	// skipMarker in a file makes Argo CD leave it out (skipFileRenderingMarker).
	skipMarker = []byte("+argocd:skip-file-rendering")
	// localConfig marks objects that kustomize drops without a word.
	localConfig = []byte("config.kubernetes.io/local-config")
)

// manifestFacts reads a file of a directory of manifests. Argo CD ignores one that says
// so itself, or does not look like an object (getObjsFromYAMLOrJSON); what looks like
// one and is none fails, there as here.
func manifestFacts(data []byte) facts {
	if bytes.Contains(data, skipMarker) || !looksLikeObject(data) {
		return facts{Skip: true}
	}
	return facts{Foreign: bytes.Contains(data, localConfig) || bytes.Contains(data, []byte("generateName")) && nameless(data)}
}

// looksLikeObject reports whether a file is worth giving to kustomize as a resource. It
// says yes when in doubt: a manifest that is left out is a change that nobody sees.
func looksLikeObject(data []byte) bool {
	if topKind.Match(data) || len(data) > maxFile {
		return true
	}
	words := 0
	for _, word := range []string{"apiVersion:", "kind:", "metadata:"} {
		if bytes.Contains(data, []byte(word)) {
			words++
		}
	}
	if words == 3 {
		return true
	}
	for root := range documentsOf(data) {
		return (&reader{left: maxNodes}).get(root, "kind") != nil
	}
	return false
}

// nameless reports whether an object has a generateName and no name.
func nameless(data []byte) bool {
	r := &reader{left: maxNodes}
	for root := range documentsOf(data) {
		if meta := r.get(root, "metadata"); r.get(meta, "generateName") != nil && r.text(r.get(meta, "name")) == "" {
			return true
		}
	}
	return false
}

// documentsOf yields the mappings of a YAML file.
func documentsOf(data []byte) func(func(*yaml.Node) bool) {
	return func(yield func(*yaml.Node) bool) {
		for doc := range splitDocuments(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) {
			if root := parseYAML(doc); root != nil && root.Kind == yaml.MappingNode && !yield(root) {
				return
			}
		}
	}
}
