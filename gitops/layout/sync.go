package layout

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// addSyncs adds the Kustomizations of Flux that apply what nothing in the repository
// applies, and reports whether there are any. The Kustomizations of a cluster have to get
// there somehow: where `flux bootstrap` or an operator is set up elsewhere, no file tells
// that everything in their directory is applied.
func (d *discovery) addSyncs() bool {
	refs, known := map[string]placed{}, map[string]bool{}
	for _, doc := range d.docs {
		at := place{doc.file, doc.Line}
		if doc.Kind != "Kustomization" || d.learning.replaced[at] || d.edges[at][at] || strings.Contains(doc.Text, "{{") {
			continue // a render has it, also its own
		}
		if _, ok := refs[path.Dir(doc.file)]; !ok {
			refs[path.Dir(doc.file)] = doc
		}
		known[path.Dir(doc.file)] = known[path.Dir(doc.file)] || doc.Name == syncName
	}
	for dir, doc := range refs {
		if known[dir] || above(dir, refs) || dir == "." || d.dirs[dir] != nil && d.dirs[dir].component {
			continue
		}
		d.syncs = append(d.syncs, syncOf(dir, doc))
	}
	slices.SortFunc(d.syncs, func(a, b queued) int { return strings.Compare(a.dir, b.dir) })
	return len(d.syncs) > 0
}

// above reports whether a directory above dir is among refs.
func above(dir string, refs map[string]placed) bool {
	for dir != "." {
		dir = path.Dir(dir)
		if _, ok := refs[dir]; ok {
			return true
		}
	}
	return false
}

// syncName is what the Kustomization is called that applies a cluster.
const syncName = "flux-system"

// syncOf is a Kustomization as `flux bootstrap` makes it for a directory, with the source
// of a document there.
func syncOf(dir string, doc placed) queued {
	r := &reader{left: maxNodes}
	ref := r.get(r.get(parseYAML([]byte(doc.Text)), "spec"), "sourceRef")
	text := fmt.Sprintf("apiVersion: %s\nkind: Kustomization\nmetadata: {name: flux-system, namespace: flux-system}\nspec:\n  path: %s\n  prune: true\n  sourceRef: {kind: %s, name: %s}\n",
		doc.APIVersion, edit.DoubleQuoted(dir), edit.DoubleQuoted(r.text(r.get(ref, "kind"))), edit.DoubleQuoted(r.text(r.get(ref, "name"))))
	q := queued{doc: gitops.Document{
		APIVersion: doc.APIVersion, Kind: doc.Kind, Namespace: "flux-system", Name: "flux-system", YAML: []byte(text), File: doc.file,
	}}
	q.dir = dir
	return q
}
