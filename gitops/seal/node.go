package seal

import (
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// deref returns what an alias stands for.
func deref(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// field returns the value at a path of keys, nil when there is none.
func field(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		var found *yaml.Node
		for k, v := range pairs(n) {
			if k.Value == key {
				found = v
			}
		}
		n = found
	}
	return n
}

// pairs yields the keys and values of a mapping, with aliases as what they stand for.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(k, v *yaml.Node) bool) {
		if n = deref(n); n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], deref(n.Content[i+1])) {
				return
			}
		}
	}
}

// elements yields the elements of a list.
func elements(n *yaml.Node) iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		if n = deref(n); n == nil || n.Kind != yaml.SequenceNode {
			return
		}
		for _, e := range n.Content {
			if !yield(deref(e)) {
				return
			}
		}
	}
}

// text returns the value of a scalar, "" for anything else and for null.
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// stringMap returns a mapping of scalars, nil for an empty one.
func stringMap(n *yaml.Node) map[string]string {
	var out map[string]string
	for k, v := range pairs(n) {
		if out == nil {
			out = map[string]string{}
		}
		out[k.Value] = text(v)
	}
	return out
}

// manifests yields the objects of documents, those inside a List too.
func manifests(docs []*yaml.Node) iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		for _, d := range docs {
			items := field(d, "items")
			if items == nil || !strings.HasSuffix(text(field(d, "kind")), "List") {
				if deref(d) != nil && !yield(deref(d)) {
					return
				}
				continue
			}
			for item := range elements(items) {
				if !yield(item) {
					return
				}
			}
		}
	}
}

// at is an error at a node of a file.
func at(file string, n *yaml.Node, code gitops.Code, message, hint string) error {
	return &gitops.Error{Code: code, File: file, Line: n.Line, Column: n.Column, Message: message, Hint: hint}
}
