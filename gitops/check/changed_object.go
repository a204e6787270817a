package check

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

// bothRendered yields the overlays that render on both sides.
func (p *pass) bothRendered(yield func(Overlay) bool) {
	for _, o := range p.overlays {
		if o.Head != nil && o.Base != nil && o.Head.Err == nil && o.Base.Err == nil && !yield(o) {
			return
		}
	}
}

// decoded is a manifest as values, nil for one that is no mapping.
func decoded(text []byte) map[string]any {
	var m map[string]any
	if yaml.Unmarshal(text, &m) != nil {
		return nil
	}
	return m
}

// at returns what stands under some keys, nil for nothing.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// annotation returns an annotation of an object, "" for none.
func annotation(o map[string]any, key string) string {
	s, _ := at(o, "metadata", "annotations", key).(string)
	return s
}

// syncOption reports whether an object asks Argo CD for something, such as "Prune=false".
func syncOption(o map[string]any, option string) bool {
	options := strings.FieldsFunc(annotation(o, "argocd.argoproj.io/sync-options"), func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Contains(options, option)
}

// whereabouts are the places of the manifests that a render read, by kind and name.
type whereabouts map[[2]string]gitops.Finding

// whereabouts looks for the manifests of a render, first in the files that are looked at.
func (p *pass) whereabouts(r *gitops.Rendered) (whereabouts, error) {
	var first, others []string
	for _, read := range r.Reads {
		if read.Kind != gitops.File || !isYAML(read.Path) {
			continue
		}
		if _, ok := slices.BinarySearch(p.files, read.Path); ok {
			first = append(first, read.Path)
		} else {
			others = append(others, read.Path)
		}
	}
	places := whereabouts{}
	for _, file := range append(first, others...) {
		s, err := p.source(file)
		if err != nil {
			return nil, err
		}
		for m := range node.Manifests(s.documents()) {
			key := [2]string{node.Text(m, "kind"), node.Text(m, "metadata", "name")}
			if _, ok := places[key]; !ok {
				places[key] = gitops.Finding{File: file, Line: m.Line, Column: m.Column}
			}
		}
	}
	return places, nil
}

// put gives a finding of an overlay the place of an object, or of the overlay where that is
// not known.
func (w whereabouts) put(f gitops.Finding, i id, overlay string) gitops.Finding {
	f.File, f.Overlays = overlay, []string{overlay}
	if at, ok := w[[2]string{i.kind, i.name}]; ok {
		f.File, f.Line, f.Column = at.File, at.Line, at.Column
	}
	return f
}
