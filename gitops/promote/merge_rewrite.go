package promote

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
)

// origin leads from a changed node to the one of the target that it stands for,
// which may be an alias, and back.
type origin struct {
	old, changed map[*yaml.Node]*yaml.Node
}

func newOrigin() origin {
	return origin{map[*yaml.Node]*yaml.Node{}, map[*yaml.Node]*yaml.Node{}}
}

func (o origin) set(changed, old *yaml.Node) { o.old[changed], o.changed[old] = old, changed }

// of is the node of the target that n stands for, n itself when it is one.
func (o origin) of(n *yaml.Node) *yaml.Node {
	if old, ok := o.old[n]; ok {
		return old
	}
	return n
}

// rewriter turns merged nodes into edits of the target's file.
type rewriter struct {
	*edit.File
	origin origin
	roots  []*yaml.Node // of all documents as they shall be
	err    error
}

// do keeps the first error.
func (w *rewriter) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

// document writes the document with index at of the target; -1 is a new one. A nil
// root is one that goes, or does not come.
func (w *rewriter) document(at int, old, root *yaml.Node) {
	switch {
	case root == nil && old != nil:
		w.do(w.RemoveDocument(at))
		return
	case root == nil:
		return
	case old == nil:
		w.do(w.AddDocument(clone(root)))
	default:
		w.node(old, root)
		w.detach(root)
	}
	w.roots = append(w.roots, root)
}

// detach writes aliases out that stay as they are while their anchor changes.
func (w *rewriter) detach(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		if anchor := w.origin.changed[n.Alias]; anchor != nil && !equal(anchor, n) {
			w.do(w.Replace(n, clone(n)))
		}
	}
	for _, c := range n.Content {
		w.detach(c)
	}
}

// node writes what has become of a node of the file.
func (w *rewriter) node(old, now *yaml.Node) {
	switch {
	case old == now:
	case old.Kind == yaml.AliasNode:
		w.alias(old, now)
	case old.Kind == yaml.MappingNode && now.Kind == yaml.MappingNode && keyed(old):
		w.mapping(old, now)
	case old.Kind == yaml.SequenceNode && now.Kind == yaml.SequenceNode && w.origin.of(now) == old:
		w.list(old, now)
	case old.Kind == yaml.ScalarNode && now.Kind == yaml.ScalarNode && old.ShortTag() == now.ShortTag():
		w.do(w.SetValue(old, now.Value))
	default:
		w.do(w.Replace(old, clone(now)))
	}
}

// alias writes the value out, unless its anchor becomes the same.
func (w *rewriter) alias(old, now *yaml.Node) {
	if anchor := w.origin.changed[old.Alias]; anchor == nil || !equal(anchor, now) {
		w.do(w.Replace(old, clone(now)))
	}
}

// mapping removes what is gone, rewrites what is still there in its place, and adds
// what is new at the end.
func (w *rewriter) mapping(old, now *yaml.Node) {
	was, is, block := fields(old), fields(now), blocks(old)
	for i := 0; i+1 < len(old.Content); i += 2 {
		key := old.Content[i].Value
		if value := is[key]; value != nil {
			w.node(old.Content[i+1], value)
		} else {
			w.do(w.RemoveKey(old, key))
		}
	}
	for i := 0; i+1 < len(now.Content); i += 2 {
		if key := now.Content[i].Value; was[key] == nil {
			w.do(w.SetKey(old, key, styled(now.Content[i+1], block)))
		}
	}
}

// styled is a copy of a new value, as a block where its siblings in the file are.
func styled(n *yaml.Node, block bool) *yaml.Node {
	out := clone(n)
	if block {
		out.Style &^= yaml.FlowStyle
	}
	return out
}

// blocks reports whether a collection has others in it that are written as blocks.
func blocks(n *yaml.Node) bool {
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return len(c.Content) > 0 && c.Style&yaml.FlowStyle == 0 })
}

// list writes a list: items that stay are in their old order.
func (w *rewriter) list(old, now *yaml.Node) {
	index := map[*yaml.Node]int{}
	for i, c := range old.Content {
		index[c] = i
	}
	block, next := blocks(old), 0 // next is the first old item that was not passed yet
	for _, item := range now.Content {
		at, ok := index[w.origin.of(item)]
		if !ok {
			w.do(w.InsertItem(old, next, styled(item, block)))
			continue
		}
		w.drop(old, next, at)
		w.node(old.Content[at], item)
		next = at + 1
	}
	w.drop(old, next, len(old.Content))
}

// drop removes elements by their numbers in the old list: edits are made together, so
// that the numbers do not move.
func (w *rewriter) drop(list *yaml.Node, from, to int) {
	for i := from; i < to; i++ {
		w.do(w.RemoveItem(list, i))
	}
}

// finish returns the file with its edits. ok is false when its form does not allow
// them, or when anchors carry a change to where it does not belong.
func (w *rewriter) finish(name string) (data []byte, ok bool) {
	if w.err != nil {
		return nil, false
	}
	data, err := w.Bytes()
	if err != nil {
		return nil, false
	}
	f, err := edit.Parse(name, data)
	if err != nil {
		return nil, false
	}
	got := slices.DeleteFunc(f.Documents(), func(n *yaml.Node) bool { return n == nil })
	return data, slices.EqualFunc(w.roots, got, equal)
}
