package flux

import (
	"cmp"
	"encoding/json"

	"sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops"
)

// defaultNamespace is where the operator and its one FluxInstance are, unless they say so.
const defaultNamespace = "flux-system"

// made is what the operator makes of spec.sync of a FluxInstance.
type made struct{ source, kustomization gitops.Document }

// instance reads a FluxInstance: the source and the Kustomization of spec.sync.
func (j *job) instance(root value) {
	m, patched, ok := syncOf(j.doc, root)
	if !ok {
		return
	}
	if !patched {
		j.say("", "has a patch of its spec.sync that cannot be applied: it is read without its patches")
	}
	for _, d := range []gitops.Document{m.source, m.kustomization} {
		if d.Kind != "" {
			j.out.Documents = append(j.out.Documents, d)
		}
	}
}

// syncOf returns what the operator makes of a FluxInstance (internal/builder of
// flux-operator): a source and a Kustomization of one name, which is that of the namespace
// unless spec.sync says another, and whatever spec.kustomize.patches makes of them. patched
// says that all patches could be applied; else none is. ok is false when there is no sync.
// A patch that deletes an object leaves it without a kind.
func syncOf(d gitops.Document, root value) (m made, patched, ok bool) {
	sync := root.at("spec", "sync")
	kind := sync.text("kind")
	if kind == "" {
		return made{}, true, false
	}
	namespace := cmp.Or(d.Namespace, defaultNamespace)
	meta := map[string]any{"name": cmp.Or(sync.text("name"), namespace), "namespace": namespace}
	objects := []map[string]any{
		{"apiVersion": groupSource + "/v1", "kind": kind, "metadata": meta, "spec": sourceSpec(kind, sync)},
		{"apiVersion": groupKustomize + "/v1", "kind": kindKustomization, "metadata": meta, "spec": map[string]any{
			"interval": "10m0s", "path": sync.text("path"), "prune": true,
			"sourceRef": map[string]any{"kind": kind, "name": meta["name"]},
		}},
	}
	texts, patched := applyPatches(objects, root)
	return made{documentOf(d, texts[0]), documentOf(d, texts[1])}, patched, true
}

// sourceSpec is the spec of the source of a sync.
func sourceSpec(kind string, sync value) map[string]any {
	spec := map[string]any{"interval": cmp.Or(sync.text("interval"), "1m0s")}
	switch kind {
	case kindBucket:
		spec["endpoint"], spec["bucketName"] = sync.text("url"), sync.text("ref")
	case kindOCI:
		spec["url"], spec["ref"] = sync.text("url"), map[string]any{"tag": sync.text("ref")}
	default:
		spec["url"], spec["ref"] = sync.text("url"), map[string]any{"name": sync.text("ref")}
	}
	return spec
}

// applyPatches returns objects as JSON after the patches of a FluxInstance, and whether all
// could be applied; else they are as they were. An object that a patch deletes is empty.
func applyPatches(objects []map[string]any, root value) (texts [][]byte, ok bool) {
	var plain [][]byte
	for _, o := range objects {
		text, err := json.Marshal(o)
		if err != nil {
			panic("flux: an object of strings is always JSON: " + err.Error())
		}
		plain = append(plain, text)
	}
	texts = append(texts, plain...)
	for p := range root.all("spec", "kustomize", "patches") {
		patch, target := p.text("patch"), selector(p.at("target"))
		for i := range texts {
			after, err := applyPatch(texts[i], patch, target)
			if err != nil {
				return plain, false
			}
			texts[i] = after
		}
	}
	return texts, true
}

// documentOf is the document of an object that the operator makes, at the place of the
// FluxInstance. Its metadata may be patched.
func documentOf(d gitops.Document, text []byte) gitops.Document {
	var o head
	if json.Unmarshal(text, &o) != nil || o.Kind == "" {
		return gitops.Document{}
	}
	data, err := yaml.JSONToYAML(text)
	if err != nil {
		return gitops.Document{}
	}
	return gitops.Document{
		APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name,
		YAML: data, File: d.File, Line: d.Line, From: d.From,
	}
}

// head is what tells an object from others.
type head struct {
	APIVersion string
	Kind       string
	Metadata   struct {
		Namespace, Name     string
		Labels, Annotations map[string]string
	}
}

// instanceChart is the chart of the operator's project that makes a FluxInstance.
const instanceChart = "flux-instance"

// embedded adds the FluxInstance that the chart makes of its values, where its spec is
// under the key "instance".
func (j *job) embedded(values map[string]any) {
	spec, ok := values["instance"].(map[string]any)
	if !ok {
		return
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": groupOperator + "/v1", "kind": kindInstance,
		"metadata": map[string]any{"name": "flux", "namespace": j.targetNamespace()}, "spec": spec,
	})
	if err != nil {
		return
	}
	j.out.Documents = append(j.out.Documents, gitops.Document{
		APIVersion: groupOperator + "/v1", Kind: kindInstance, Namespace: j.targetNamespace(), Name: "flux",
		YAML: text, File: j.doc.File, Line: j.doc.Line, From: j.doc.From,
	})
}
