// Package node reads the nodes of the YAML library.
//
// All of it takes what it is given: a node that is nil, or of another kind than is
// asked for, has no fields, no elements and no text, so that a caller goes down a
// manifest by a path of keys without asking at every step whether it is well-formed. No
// keys are the node itself. What is returned is never an alias but what it stands for,
// so an anchor that contains itself can be met again: who walks a whole document must
// bound that.
package node

import (
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Deref returns what an alias stands for, and anything else as it is.
func Deref(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// Field returns the value at a path of keys, nil when there is none. Of a key that
// stands twice it is the last, as for decoders that let that pass.
func Field(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		var found *yaml.Node
		for k, v := range Pairs(n) {
			if k.Value == key {
				found = v
			}
		}
		n = found
	}
	return Deref(n)
}

// Pairs yields the keys and values of the mapping at a path of keys, in the order of
// the file. Merge keys ("<<") are keys like others.
func Pairs(n *yaml.Node, keys ...string) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(k, v *yaml.Node) bool) {
		m := Field(n, keys...)
		if m == nil || m.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(m.Content); i += 2 {
			if !yield(m.Content[i], Deref(m.Content[i+1])) {
				return
			}
		}
	}
}

// Elements yields the elements of the list at a path of keys.
func Elements(n *yaml.Node, keys ...string) iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		list := Field(n, keys...)
		if list == nil || list.Kind != yaml.SequenceNode {
			return
		}
		for _, e := range list.Content {
			if !yield(Deref(e)) {
				return
			}
		}
	}
}

// Text returns the value of the scalar at a path of keys as it is written, whatever its
// type; "" for anything else and for null.
func Text(n *yaml.Node, keys ...string) string {
	if n = Field(n, keys...); n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// Manifests yields the objects of documents, those inside a List too.
func Manifests(docs []*yaml.Node) iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		for _, d := range docs {
			items := Field(d, "items")
			if items == nil || !strings.HasSuffix(Text(d, "kind"), "List") {
				if d = Deref(d); d != nil && !yield(d) {
					return
				}
				continue
			}
			for item := range Elements(items) {
				if !yield(item) {
					return
				}
			}
		}
	}
}
