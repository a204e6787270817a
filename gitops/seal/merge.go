package seal

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
	"github.com/sealift/sealift/gitops/node"
)

// Merge puts the items of s into the SealedSecret of its name and namespace that
// stands in a file. Other keys, comments and other documents stay byte for byte. The
// scope, and the type if s has one, must be those that the SealedSecret has: its other
// keys could no longer be decrypted otherwise. Labels, annotations and Immutable of s
// are not looked at. Code not_found when the file has no such SealedSecret.
func Merge(file string, data []byte, s Secret) ([]byte, error) {
	f, err := edit.Parse(file, data)
	if err != nil {
		return nil, err
	}
	before := readSealed(file, f)
	old, err := find(before, file, s.Namespace, s.Name)
	if err != nil {
		return nil, err
	}
	if err := old.takes(s); err != nil {
		return nil, err
	}
	if err := setItems(f, old, s.Items); err != nil {
		return nil, err
	}
	out, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	old.Items = union(old.Items, s.Items)
	after, err := Read(file, out)
	if err != nil || !slices.EqualFunc(before, after, func(a, b Sealed) bool { return maps.Equal(a.Items, b.Items) }) {
		return nil, at(file, old.node, gitops.Invalid, "SealedSecret "+gitops.Quote(s.Name)+" shares text with another key through an anchor", "write its keys out")
	}
	return out, nil
}

// takes says why items of another secret cannot be put into this one.
func (s *Sealed) takes(other Secret) error {
	if err := s.consistent(); err != nil {
		return err
	}
	fail := func(message, hint string) error {
		return at(s.File, s.node, gitops.Invalid, "SealedSecret "+gitops.Quote(s.Name)+" "+message, hint)
	}
	if s.Scope != other.Scope {
		return fail("is "+string(s.Scope)+", not "+string(other.Scope), "keep the scope, or seal all keys again")
	}
	if !sameType(s.Type, other.Type) {
		return fail("has type "+gitops.Quote(s.Type)+", not "+gitops.Quote(other.Type), "keep the type, or make a new SealedSecret")
	}
	size := 0
	for _, item := range union(s.Items, other.Items) {
		n, _, _ := measure(item) // what was there may be broken: it is not ours
		size += n
	}
	if size > MaxData {
		return tooLarge(size)
	}
	for key := range other.Items {
		if err := CheckKey(key); err != nil {
			return err
		}
	}
	return nil
}

// union is the first map with the second over it.
func union(a, b map[string]string) map[string]string {
	out := make(map[string]string, len(a)+len(b))
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

// sameType reports whether a type may be asked for where another is; "" asks for
// none, and Opaque is what a Secret without type has.
func sameType(have, want string) bool {
	opaque := Types()[0].Name
	return want == "" || have == want || have == "" && want == opaque
}

// setItems edits the ciphertext of keys, in their order.
func setItems(f *edit.File, s *Sealed, items map[string]string) error {
	spec := node.Field(s.node, "spec")
	if spec == nil {
		return at(s.File, s.node, gitops.Invalid, "SealedSecret has no spec", "")
	}
	data := node.Field(spec, "encryptedData")
	if data == nil || data.Kind != yaml.MappingNode {
		return f.SetKey(spec, "encryptedData", mapNode(items))
	}
	for _, key := range slices.Sorted(maps.Keys(items)) {
		if err := setItem(f, data, key, items[key]); err != nil {
			return err
		}
	}
	return nil
}

// setItem edits one key; a scalar that is there keeps its quotes.
func setItem(f *edit.File, data *yaml.Node, key, item string) error {
	for i := 0; i+1 < len(data.Content); i += 2 {
		if old := data.Content[i+1]; data.Content[i].Value == key && old.Kind == yaml.ScalarNode {
			return f.SetValue(old, item)
		}
	}
	return f.SetKey(data, key, edit.Scalar(item))
}

// mapNode is a mapping of strings, sorted by keys.
func mapNode(m map[string]string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		n.Content = append(n.Content, edit.Scalar(key), edit.Scalar(m[key]))
	}
	return n
}
