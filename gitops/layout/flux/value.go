package flux

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/node"
)

// maxDocument is the largest document that is read, in bytes. The API server takes none
// over 1.5 MiB (etcd's --max-request-bytes).
const maxDocument = 1_500_000

// value is a node of a document. The zero value is nothing, and has nothing.
type value struct{ *yaml.Node }

var errNoDocument = errors.New("flux: no document")

// parse reads one document.
func parse(data []byte) (value, error) {
	if len(data) > maxDocument {
		return value{}, errNoDocument
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return value{}, err
	}
	if bytes.Contains(data, []byte("<<")) { // merge keys: only decoding resolves them, and it knows its bounds
		var flat any
		if err := doc.Decode(&flat); err != nil {
			return value{}, err
		}
		root := yaml.Node{}
		if err := root.Encode(flat); err != nil {
			return value{}, err
		}
		doc = yaml.Node{Content: []*yaml.Node{&root}}
	}
	if len(doc.Content) == 0 || node.Deref(doc.Content[0]).Kind != yaml.MappingNode {
		return value{}, errNoDocument
	}
	return value{node.Deref(doc.Content[0])}, nil
}

// at is the value at a path of keys.
func (v value) at(keys ...string) value { return value{node.Field(v.Node, keys...)} }

// text is the scalar at a path of keys as it is written, whatever its type.
func (v value) text(keys ...string) string { return node.Text(v.Node, keys...) }

// is reports whether the scalar at a path of keys is true.
func (v value) is(keys ...string) bool {
	var b bool
	n := node.Field(v.Node, keys...)
	return n != nil && n.Kind == yaml.ScalarNode && n.Decode(&b) == nil && b
}

// there reports whether there is anything but null.
func (v value) there() bool {
	return v.Node != nil && !(v.Kind == yaml.ScalarNode && v.ShortTag() == "!!null")
}

// all yields the elements of the list at a path of keys.
func (v value) all(keys ...string) iter.Seq[value] {
	return func(yield func(value) bool) {
		for n := range node.Elements(v.Node, keys...) {
			if n != nil && !yield(value{n}) {
				return
			}
		}
	}
}

// texts are the scalars of the list at a path of keys.
func (v value) texts(keys ...string) []string {
	var list []string
	for e := range v.all(keys...) {
		if e.Kind == yaml.ScalarNode {
			list = append(list, e.text())
		}
	}
	return list
}

// strings are the scalars of the mapping at a path of keys, nil when there are none.
func (v value) strings(keys ...string) map[string]string {
	var m map[string]string
	for k, e := range node.Pairs(v.Node, keys...) {
		if e != nil && e.Kind == yaml.ScalarNode {
			if m == nil {
				m = map[string]string{}
			}
			m[k.Value] = node.Text(e)
		}
	}
	return m
}

// maxCanonical is how many nodes the canonical form of a value has at most. Aliases count
// each time.
const maxCanonical = 100_000

// canonical writes a value so that two that mean the same are the same: without comments,
// style and the order of keys. What is too large is the text it was read from.
func canonical(v value, text []byte) string {
	var b strings.Builder
	left := maxCanonical
	if !writeCanonical(&b, v.Node, &left) {
		return string(text)
	}
	return b.String()
}

// writeCanonical reports whether the value was within the limit.
func writeCanonical(b *strings.Builder, n *yaml.Node, left *int) bool {
	n = node.Deref(n)
	if *left--; *left < 0 {
		return false
	}
	if n == nil {
		b.WriteString("null")
		return true
	}
	switch n.Kind {
	case yaml.MappingNode:
		return writeMapping(b, n, left)
	case yaml.SequenceNode:
		b.WriteByte('[')
		for _, e := range n.Content {
			if !writeCanonical(b, e, left) {
				return false
			}
			b.WriteByte(',')
		}
		b.WriteByte(']')
	default:
		b.WriteString(n.ShortTag() + " " + strconv.Quote(n.Value))
	}
	return true
}

func writeMapping(b *strings.Builder, n *yaml.Node, left *int) bool {
	type pair struct{ key, value *yaml.Node }
	var pairs []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, pair{n.Content[i], n.Content[i+1]})
	}
	slices.SortStableFunc(pairs, func(x, y pair) int { return strings.Compare(x.key.Value, y.key.Value) })
	b.WriteByte('{')
	for _, p := range pairs {
		if !writeCanonical(b, p.key, left) {
			return false
		}
		b.WriteByte(':')
		if !writeCanonical(b, p.value, left) {
			return false
		}
		b.WriteByte(',')
	}
	b.WriteByte('}')
	return true
}

// asYAML writes a value as YAML of its own, which cannot be done when its aliases stand for
// too much.
func asYAML(v value) (string, bool) {
	if v.Node == nil {
		return "", false
	}
	var plain any
	if err := v.Decode(&plain); err != nil {
		return "", false
	}
	text, err := yaml.Marshal(plain)
	return string(text), err == nil
}
