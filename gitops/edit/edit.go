package edit

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// SetValue gives a scalar a new text. Its quotes, anchor and tag stay. What was
// a string stays one: "1.10" is quoted where it would be read as a number. A
// number stays one when the text is a number, and becomes a string otherwise. An
// alias is refused with code invalid: the value is that of its anchor.
func (f *File) SetValue(scalar *yaml.Node, value string) error {
	if err := f.known(scalar); err != nil {
		return err
	}
	switch {
	case scalar.Kind == yaml.AliasNode:
		return f.fail(gitops.Invalid, scalar, "value is an alias of "+gitops.Quote(scalar.Value)+": edit the anchor")
	case scalar.Kind != yaml.ScalarNode:
		return f.fail(gitops.Invalid, scalar, "value is not a scalar")
	case f.isKey(scalar):
		return f.fail(gitops.Invalid, scalar, "key cannot be changed")
	}
	if scalar.Value == value && !implied(scalar) {
		delete(f.replaced, scalar)
		return nil
	}
	f.replace(scalar, replacement{node: retyped(scalar, value), keep: true})
	return nil
}

// retyped is the scalar with another value, of the same type if it can be.
func retyped(old *yaml.Node, value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: old.Tag, Style: old.Style, Anchor: old.Anchor, Value: value}
	if old.Style&yaml.TaggedStyle != 0 {
		return n
	}
	natural := (&yaml.Node{Kind: yaml.ScalarNode, Value: value}).ShortTag()
	switch tag := old.ShortTag(); {
	case tag == strTag || tag == nullTag:
		n.Tag = strTag
	case natural == tag, number(natural) && number(tag):
		n.Tag = natural
	default:
		n.Tag = strTag
	}
	return n
}

func number(tag string) bool { return tag == intTag || tag == floatTag }

// Replace puts any node in the place of another, laid out by the indentation
// there. The value has neither anchors nor aliases; its comments are not
// written. A node with an anchor that is used elsewhere is refused with code
// invalid, and so is the key of a mapping.
func (f *File) Replace(old, value *yaml.Node) error {
	if err := f.known(old); err != nil {
		return err
	}
	if same(old, value) {
		delete(f.replaced, old)
		return nil
	}
	if f.isKey(old) {
		return f.fail(gitops.Invalid, old, "key cannot be changed")
	}
	if err := f.unused(old); err != nil {
		return err
	}
	f.replace(old, replacement{node: value})
	return nil
}

// replace notes what takes the place of a node. The last of several counts.
func (f *File) replace(old *yaml.Node, r replacement) {
	if f.replaced == nil {
		f.replaced = map[*yaml.Node]replacement{}
	}
	f.replaced[old] = r
}

// SetKey replaces the value of a key, or adds the key at the end of the mapping.
func (f *File) SetKey(mapping *yaml.Node, key string, value *yaml.Node) error {
	i, err := f.key(mapping, key)
	if err != nil {
		return err
	}
	if i >= 0 {
		delete(f.removed, mapping.Content[i])
		return f.Replace(mapping.Content[i+1], value)
	}
	f.insert(mapping, insertion{at: len(mapping.Content), key: Scalar(key), value: value})
	return nil
}

// RemoveKey removes a key and its value with the comment lines right above. A
// mapping without keys is left as {}. A key that is not there is an error with
// code not_found.
func (f *File) RemoveKey(mapping *yaml.Node, key string) error {
	i, err := f.key(mapping, key)
	if err != nil {
		return err
	}
	if i < 0 {
		return f.fail(gitops.NotFound, mapping, "key "+gitops.Quote(key)+" is not there")
	}
	return f.remove(mapping.Content[i], mapping.Content[i+1])
}

// InsertItem adds an item to a list, before the one with index at; at the end
// when at is their number. Indexes are those of the file as it was parsed. Items
// inserted at the same place stay in the order of the calls.
func (f *File) InsertItem(seq *yaml.Node, at int, value *yaml.Node) error {
	if err := f.listItem(seq, at, len(seq.Content)); err != nil {
		return err
	}
	f.insert(seq, insertion{at: at, value: value})
	return nil
}

// RemoveItem removes the item with index at, of the file as it was parsed, with
// the comment lines right above. A list without items is left as [].
func (f *File) RemoveItem(seq *yaml.Node, at int) error {
	if err := f.listItem(seq, at, len(seq.Content)-1); err != nil {
		return err
	}
	return f.remove(seq.Content[at])
}

// insert adds a child; a key that was added before gets another value.
func (f *File) insert(n *yaml.Node, i insertion) {
	if f.added == nil {
		f.added = map[*yaml.Node]*insertions{}
	}
	all := f.added[n]
	if all == nil {
		all = &insertions{keys: map[string]int{}, places: map[int][]int{}}
		f.added[n] = all
	}
	if i.key != nil {
		if at, ok := all.keys[i.key.Value]; ok {
			all.list[at] = i
			return
		}
		all.keys[i.key.Value] = len(all.list)
	}
	all.places[i.at] = append(all.places[i.at], len(all.list))
	all.list = append(all.list, i)
}

// remove removes the child that consists of nodes.
func (f *File) remove(nodes ...*yaml.Node) error {
	if err := f.unused(nodes...); err != nil {
		return err
	}
	if f.removed == nil {
		f.removed = map[*yaml.Node]bool{}
	}
	f.removed[nodes[0]] = true
	return nil
}

// known fails for nodes that are not of this file.
func (f *File) known(n *yaml.Node) error {
	if err := f.locate(); err != nil {
		return err
	}
	if f.places[n] == nil {
		return gitops.Errorf(gitops.Internal, "node is not one of %s", gitops.Quote(f.name))
	}
	if f.places[n].parent == nil && implied(n) {
		return f.fail(gitops.Invalid, n, "document is empty")
	}
	return nil
}

func (f *File) isKey(n *yaml.Node) bool {
	p := f.places[n]
	return p.parent != nil && p.parent.Kind == yaml.MappingNode && p.index%2 == 0
}

// key is the index of a key in the mapping, -1 when it is not there.
func (f *File) key(mapping *yaml.Node, key string) (int, error) {
	if err := f.known(mapping); err != nil {
		return 0, err
	}
	if mapping.Kind != yaml.MappingNode {
		return 0, f.fail(gitops.Invalid, mapping, "value is not a mapping")
	}
	switch at := f.keysOf(mapping)[key]; len(at) {
	case 0:
		return -1, nil
	case 1:
		return at[0], nil
	default:
		return 0, f.fail(gitops.Invalid, mapping.Content[at[1]], "key "+gitops.Quote(key)+" is there twice")
	}
}

// keysOf are the indexes of each key of a mapping.
func (f *File) keysOf(mapping *yaml.Node) map[string][]int {
	if keys, ok := f.keys[mapping]; ok {
		return keys
	}
	keys := map[string][]int{}
	for i := 0; i < len(mapping.Content); i += 2 {
		if k := mapping.Content[i]; k.Kind == yaml.ScalarNode {
			keys[k.Value] = append(keys[k.Value], i)
		}
	}
	f.keys[mapping] = keys
	return keys
}

// listItem fails unless seq is a list of the file that has a place at; last is the
// largest there may be.
func (f *File) listItem(seq *yaml.Node, at, last int) error {
	if err := f.known(seq); err != nil {
		return err
	}
	if seq.Kind != yaml.SequenceNode {
		return f.fail(gitops.Invalid, seq, "value is not a list")
	}
	if at < 0 || at > last {
		return f.fail(gitops.NotFound, seq, "item is not there")
	}
	return nil
}

// unused fails when an anchor inside of nodes is used outside of them.
func (f *File) unused(nodes ...*yaml.Node) error {
	if len(f.aliases) == 0 {
		return nil
	}
	inside := map[*yaml.Node]bool{}
	for _, n := range nodes {
		walk(n, func(n *yaml.Node) { inside[n] = true })
	}
	for _, n := range f.aliases {
		if inside[n.Alias] && !inside[n] {
			return f.fail(gitops.Invalid, n.Alias, "anchor "+gitops.Quote(n.Value)+" is used elsewhere")
		}
	}
	return nil
}

// walk visits a node and all below it, parents first. Aliases are not followed.
func walk(n *yaml.Node, visit func(*yaml.Node)) {
	visit(n)
	for _, c := range n.Content {
		walk(c, visit)
	}
}

// same reports whether two nodes have the same structure: kinds, types, values,
// the order of keys, anchors and aliases. Styles and comments do not count.
func same(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind != yaml.AliasNode && a.ShortTag() != b.ShortTag() {
		return false
	}
	if a.Value != b.Value && a.ShortTag() != nullTag {
		return false
	}
	return slices.EqualFunc(a.Content, b.Content, same)
}
