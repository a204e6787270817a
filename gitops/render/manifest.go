package render

import (
	"maps"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigs "sigs.k8s.io/yaml"
)

// manifest is an object on its way to the output, whatever made it.
type manifest interface {
	GetApiVersion() string
	GetKind() string
	GetNamespace() string
	GetName() string
	// AsYAML prints it as kustomize does: keys in order, two spaces a level.
	AsYAML() ([]byte, error)

	generateName() string
	// setNamespace sets metadata.namespace, or takes it away when it is "".
	setNamespace(string)
	// addMetadata sets labels or annotations, whatever the object has for their keys.
	addMetadata(field string, values map[string]string) error
	// value returns what is at a path of keys, nil when nothing is.
	value(path ...string) any
}

// built is an object that kustomize made.
type built struct{ *resource.Resource }

// manifestsOf returns the objects that kustomize made, in its order.
func manifestsOf(m resmap.ResMap) []manifest {
	list := make([]manifest, 0, m.Size())
	for _, r := range m.Resources() {
		list = append(list, built{r})
	}
	return list
}

// generateName is the beginning of a name that the API server completes.
func (b built) generateName() string {
	s, _ := b.value("metadata", "generateName").(string)
	return s
}

// setNamespace leaves an object alone that has none and shall have none: clearing what is
// not there fails.
func (b built) setNamespace(ns string) {
	if ns == "" && b.value("metadata", "namespace") == nil {
		return
	}
	_ = b.RNode.SetNamespace(ns) // what cannot be set has no metadata, and stays without
}

// addMetadata goes through kustomize's own setters, which quote what is not a string by
// its looks.
func (b built) addMetadata(field string, values map[string]string) error {
	have, set := b.GetLabels(), b.SetLabels
	if field == "annotations" {
		have, set = b.GetAnnotations(), b.SetAnnotations
	}
	all := maps.Clone(values)
	for k, v := range have {
		if _, ok := all[k]; !ok {
			all[k] = v
		}
	}
	return set(all)
}

// value decodes as little as it is asked for: an object may be megabytes.
func (b built) value(path ...string) any {
	n, err := b.Pipe(yaml.Lookup(path...))
	if err != nil || n == nil {
		return nil
	}
	var v any
	if n.YNode().Decode(&v) != nil {
		return nil
	}
	return v
}

// plain is an object that was read from a file as it is.
type plain map[string]any

// GetApiVersion and its neighbours return "" for what is no string, as the client
// library of Kubernetes does.
func (p plain) GetApiVersion() string { return p.text("apiVersion") }

// GetKind returns its kind.
func (p plain) GetKind() string { return p.text("kind") }

// GetNamespace returns metadata.namespace.
func (p plain) GetNamespace() string { return p.text("metadata", "namespace") }

// GetName returns metadata.name.
func (p plain) GetName() string { return p.text("metadata", "name") }

// AsYAML goes the way that kustomize's own objects go, so that an object which moves
// from one engine to another does not change in print.
func (p plain) AsYAML() ([]byte, error) { return sigs.Marshal(map[string]any(p)) }

// generateName is that of built.
func (p plain) generateName() string { return p.text("metadata", "generateName") }

// text returns a value that is a string, else "".
func (p plain) text(path ...string) string {
	s, _ := p.value(path...).(string)
	return s
}

// value looks down maps only: no index of a list is a key.
func (p plain) value(path ...string) any {
	var at any = map[string]any(p)
	for _, key := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[key]
	}
	return at
}

// setNamespace does nothing to metadata that is no map, which nothing could deploy.
func (p plain) setNamespace(ns string) {
	meta, ok := p["metadata"].(map[string]any)
	switch {
	case ok && ns == "":
		delete(meta, "namespace")
	case ok:
		meta["namespace"] = ns
	case ns != "" && p["metadata"] == nil:
		if _, there := p["metadata"]; !there {
			p["metadata"] = map[string]any{"namespace": ns}
		}
	}
}

// addMetadata drops what there was when a value of it is no string, as the client library
// of Kubernetes does.
func (p plain) addMetadata(field string, values map[string]string) error {
	meta, ok := p["metadata"].(map[string]any)
	if !ok {
		meta = map[string]any{}
		p["metadata"] = meta
	}
	all := map[string]any{}
	have, _ := meta[field].(map[string]any)
	for k, v := range have {
		if _, ok := v.(string); !ok {
			all = map[string]any{}
			break
		}
		all[k] = v
	}
	for k, v := range values {
		all[k] = v
	}
	meta[field] = all
	return nil
}
