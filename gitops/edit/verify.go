package edit

import (
	"encoding/json"
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"
)

// errMeaning is the result of edits that does not mean what was asked for. It is
// never shown.
var errMeaning = errors.New("edited file does not mean what was asked for")

// verify fails with errMeaning when text does not mean what was asked for.
func (f *File) verify(text []byte) error {
	docs, err := parse(text)
	if err != nil || f.json && len(f.removedDocs) == 0 && !json.Valid(text) {
		return errMeaning
	}
	want := f.addedDocs
	for i, d := range slices.Backward(f.docs) {
		if !f.removedDocs[i] {
			want = slices.Concat([]*yaml.Node{f.result(d.Content[0])}, want)
		}
	}
	got := make([]*yaml.Node, len(docs))
	for i, d := range docs {
		got[i] = d.Content[0]
	}
	if !slices.EqualFunc(want, got, same) {
		return errMeaning
	}
	return nil
}

// result is the node with the edits.
func (f *File) result(n *yaml.Node) *yaml.Node {
	if r, ok := f.replaced[n]; ok {
		return r.node
	}
	if len(n.Content) == 0 && f.added[n] == nil {
		return n
	}
	out := *n
	out.Content = nil
	for i := 0; i < len(n.Content); i += stride(n) {
		out.Content = append(out.Content, f.addedAt(n, i)...)
		if f.removed[n.Content[i]] {
			continue
		}
		for _, c := range n.Content[i : i+stride(n)] {
			out.Content = append(out.Content, f.result(c))
		}
	}
	out.Content = append(out.Content, f.addedAt(n, len(n.Content))...)
	if len(n.Content) == 0 {
		out.Style &^= yaml.FlowStyle
	}
	return &out
}

// addedAt are the nodes added to n before the one with index i.
func (f *File) addedAt(n *yaml.Node, i int) (nodes []*yaml.Node) {
	all := f.added[n]
	if all == nil {
		return nil
	}
	for _, at := range all.places[i] {
		a := all.list[at]
		if a.key != nil {
			nodes = append(nodes, a.key)
		}
		nodes = append(nodes, a.value)
	}
	return nodes
}
