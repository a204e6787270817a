package promote

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// patchTarget is what a kustomization says a patch is for; the zero value is nothing.
type patchTarget struct{ kind, name string }

// newPatchTarget reads the field target of a patch.
func newPatchTarget(n *yaml.Node) patchTarget {
	return patchTarget{text(get(n, "kind")), text(get(n, "name"))}
}

// object is the object that a patch is for, "" when it is for several or unknown. A name
// in a target is a regular expression; one that is more than a name fits no object.
func (t patchTarget) object() string { return objectID(t.kind, t.name) }

// objectID names an object by kind and name. Groups and namespaces are left out: the
// first change with the version of the API, the second with the environment.
func objectID(kind, name string) string {
	if kind == "" || name == "" {
		return ""
	}
	return kind + " " + name
}

// objectOf is the object that a document describes, or patches.
func objectOf(root *yaml.Node) string {
	return objectID(text(get(root, "kind")), text(get(get(root, "metadata"), "name")))
}

// placeID tells a place by its object and by the names of the items on the way: a list
// in another order has the same places. An operation of a JSON patch is told by what it
// is about, whatever its own number is.
func (s *scanner) placeID(at trail) string {
	if s.object != "" || s.operation != "" {
		at = at[s.before:]
	}
	if s.operation != "" {
		at = at[2:] // behind the item and its value
	}
	return s.object + "|" + s.operation + at.names()
}

// names is the trail with the names of items in the place of their indexes.
func (t trail) names() string {
	var b strings.Builder
	for _, s := range t {
		if !s.Item {
			b.WriteString("." + s.Key)
			continue
		}
		name := strconv.Itoa(s.Index)
		if s.Value != nil {
			if called, ok := s.Value("name"); ok {
				name = called
			}
		}
		b.WriteString("[" + name + "]")
	}
	return b.String()
}

// bare is a name without the words of either environment: dev-web and staging-web are
// both web.
func (s swap) bare(name string) string {
	for _, w := range s.words {
		for _, word := range w {
			name = replaceWord(name, word, "")
		}
		for _, word := range append(synonymsOf(w[0]), synonymsOf(w[1])...) {
			name = replaceWord(name, word, "")
		}
	}
	return name
}

// sameName reports whether a name of the source stands for one of the target.
func (s swap) sameName(source, target string) bool {
	return source == target || s.rename(source) == target || s.bare(source) == s.bare(target)
}
