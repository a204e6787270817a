package flux

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

// World is what the documents of one cluster say beside those that deploy: the sources of
// Flux, ConfigMaps, and of Secrets the names of their keys. It does not depend on the
// order in which it is filled. The zero value is empty. It is not safe for concurrent use.
type World struct {
	objects map[id]*known
	told    map[string]bool // notes that concern the whole world and were given once
}

// id names an object. An empty namespace is one that is not known.
type id struct{ kind, namespace, name string }

// known is an object of a world.
type known struct {
	gitops.Document
	root value
	// data is that of a ConfigMap. Of a Secret the values are never kept.
	data map[string]string
}

// The kinds of sources, and of what variables come from.
const (
	kindGit       = "GitRepository"
	kindOCI       = "OCIRepository"
	kindBucket    = "Bucket"
	kindExternal  = "ExternalArtifact"
	kindHelmRepo  = "HelmRepository"
	kindHelmChart = "HelmChart"
	kindConfigMap = "ConfigMap"
	kindSecret    = "Secret"
	kindSealed    = "SealedSecret"
)

// Wants reports whether objects of a kind are for [World.Add].
func Wants(apiVersion, kind string) bool {
	switch groupOf(apiVersion) {
	case "":
		return apiVersion == "v1" && (kind == kindConfigMap || kind == kindSecret)
	case "bitnami.com":
		return kind == kindSealed
	case groupOperator:
		return kind == kindInstance
	case groupSource:
		switch kind {
		case kindGit, kindOCI, kindBucket, kindExternal, kindHelmRepo, kindHelmChart:
			return true
		}
	}
	return false
}

// Add adds an object; one that [Wants] does not name, or that cannot be read, is passed
// over. Of two of one name the one that a render has counts, since it is what is applied;
// else the first by its unit, file, line and text. A FluxInstance stands for the source
// that the operator makes of it.
func (w *World) Add(d gitops.Document) {
	if !Wants(d.APIVersion, d.Kind) {
		return
	}
	root, err := parse(d.YAML)
	if err != nil {
		return
	}
	if d.Kind == kindInstance {
		if m, _, ok := syncOf(d, root); ok {
			w.Add(m.source)
		}
		return
	}
	k := &known{Document: d, root: root}
	key := id{d.Kind, d.Namespace, d.Name}
	switch d.Kind {
	case kindConfigMap:
		k.data = root.strings("data")
	case kindSecret:
		k.data = keysOf(root.at("data"), root.at("stringData"))
	case kindSealed:
		key.kind = kindSecret
		key.name = cmp.Or(root.text("spec", "template", "metadata", "name"), d.Name)
		k.data = keysOf(root.at("spec", "encryptedData"), root.at("spec", "template", "data"))
	}
	if k.data != nil || d.Kind == kindConfigMap { // nothing else of it counts, and values of Secrets are not for this house
		k.root, k.YAML = value{}, nil
	}
	if w.objects == nil {
		w.objects = map[id]*known{}
	}
	if old := w.objects[key]; old == nil || before(k, old) {
		w.objects[key] = k
	}
}

// keysOf returns the keys of mappings, without their values.
func keysOf(mappings ...value) map[string]string {
	keys := map[string]string{}
	for _, m := range mappings {
		for k := range node.Pairs(m.Node) {
			keys[k.Value] = ""
		}
	}
	return keys
}

// before reports whether of two objects of one name a counts.
func before(a, b *known) bool {
	return cmp.Or(
		cmp.Compare(files(a), files(b)),
		cmp.Compare(unitID(a.From), unitID(b.From)),
		cmp.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line),
		bytes.Compare(a.YAML, b.YAML),
		cmp.Compare(a.text(), b.text()),
	) < 0
}

// text is the data as text, with sorted keys.
func (k *known) text() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(k.data)) {
		b.WriteString(strconv.Quote(key) + ":" + strconv.Quote(k.data[key]) + ",")
	}
	return b.String()
}

// files is 1 for an object that stands in a file as it is, 0 for one of a render.
func files(k *known) int {
	if k.From == nil {
		return 1
	}
	return 0
}

func unitID(u *gitops.Unit) string {
	if u == nil {
		return ""
	}
	return u.Entry + "\x00" + u.ID()
}

// Same reports whether two worlds say the same to every document, wherever the objects
// stand. When the world that a round of renders leaves behind is the same as the one that
// it began with, nothing more will change.
func (w *World) Same(o *World) bool {
	if w == nil || o == nil {
		return w.size() == o.size()
	}
	return maps.EqualFunc(w.objects, o.objects, func(a, b *known) bool {
		return files(a) == files(b) && maps.Equal(a.data, b.data) && canonical(a.root, a.YAML) == canonical(b.root, b.YAML)
	})
}

func (w *World) size() int {
	if w == nil {
		return 0
	}
	return len(w.objects)
}

// find returns an object, nil when there is none. Where an object or who asks does not
// know the namespace, any will do: the first in alphabetical order.
func (w *World) find(kind, namespace, name string) *known {
	if k := w.objects[id{kind, namespace, name}]; k != nil {
		return k
	}
	if namespace != "" {
		return w.objects[id{kind, "", name}]
	}
	var found *known
	at := ""
	for key, k := range w.objects {
		if key.kind == kind && key.name == name && (found == nil || key.namespace < at) {
			found, at = k, key.namespace
		}
	}
	return found
}

// once reports whether a message is new to this world.
func (w *World) once(message string) bool {
	if w.told[message] {
		return false
	}
	if w.told == nil {
		w.told = map[string]bool{}
	}
	w.told[message] = true
	return true
}
