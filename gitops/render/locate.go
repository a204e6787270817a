package render

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// named finds the entry of a kustomization that names a virtual path. Kustomizations
// are gone through in order, so that the same overlay always gives the same place.
func (f *files) named(virtual string) (place, bool) {
	kustomizations := make([]string, 0, len(f.read))
	for k := range f.read {
		kustomizations = append(kustomizations, k)
	}
	slices.Sort(kustomizations)
	for _, k := range kustomizations {
		var doc yaml.Node
		if yaml.Unmarshal(f.read[k], &doc) != nil || doc.Kind != yaml.DocumentNode {
			continue
		}
		r := rewriter{files: f, kustomization: k, dir: path.Dir(k)}
		if n := r.find(doc.Content[0], virtual); n != nil {
			return place{relative(k), n.Line, n.Column}, true
		}
	}
	return place{}, false
}

// find returns the first scalar below n that names a virtual path.
func (r *rewriter) find(n *yaml.Node, virtual string) *yaml.Node {
	if n.Kind == yaml.ScalarNode {
		_, value, keyed := cutKey(n.Value)
		if filepath.Join(r.dir, n.Value) == virtual || keyed && filepath.Join(r.dir, value) == virtual {
			return n
		}
	}
	for _, c := range n.Content {
		if at := r.find(c, virtual); at != nil {
			return at
		}
	}
	return nil
}

// keyTwice returns the file and the line that have a key a second time, and says it.
// kustomize names neither the file nor, of a file with several documents, the right
// line. Without such a file it is the kustomization, with no line.
func (f *files) keyTwice(key, kustomization, message string) (file string, line int, said string) {
	want := fmt.Sprintf("mapping key %q already defined", key)
	for _, p := range slices.Sorted(maps.Keys(f.seen)) {
		d := yaml.NewDecoder(bytes.NewReader(f.seen[p].content))
		for {
			var doc any
			err := d.Decode(&doc)
			if err == nil {
				continue
			}
			if strings.Contains(err.Error(), want) {
				text := strings.Join(strings.Fields(err.Error()), " ")
				return relative(p), firstNumber(text), text
			}
			if _, ok := errors.AsType[*yaml.TypeError](err); !ok {
				break // the end, or nothing that can be read on
			}
		}
	}
	return kustomization, 0, message
}

// findKey returns the place of the first mapping key of that name.
func findKey(text []byte, name string) (line, column int) {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil {
		return 0, 0
	}
	if n := keyIn(&doc, name); n != nil {
		return n.Line, n.Column
	}
	return 0, 0
}

// keyIn looks in the order of the text. Aliases are not followed: the key stands where
// its anchor does.
func keyIn(n *yaml.Node, name string) *yaml.Node {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == name {
			return c
		}
		if at := keyIn(c, name); at != nil {
			return at
		}
	}
	return nil
}
