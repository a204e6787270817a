package seal

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
	"github.com/sealift/sealift/gitops/node"
)

// Sealed is a SealedSecret as it stands in a file.
type Sealed struct {
	Existing
	// Items are its keys with base64 ciphertext.
	Items map[string]string
	// Line is where it begins.
	Line int

	node *yaml.Node
}

// Read returns the SealedSecrets of a file, in its order. A name or namespace that
// the metadata leaves out is that of the template. Code invalid when the file is not
// YAML.
func Read(file string, data []byte) ([]Sealed, error) {
	f, err := edit.Parse(file, data)
	if err != nil {
		return nil, err
	}
	return readSealed(file, f), nil
}

// readSealed finds the SealedSecrets of a file, in a List too.
func readSealed(file string, f *edit.File) []Sealed {
	var out []Sealed
	for m := range node.Manifests(f.Documents()) {
		if node.Text(m, "kind") == kind && strings.HasPrefix(node.Text(m, "apiVersion"), "bitnami.com/") {
			out = append(out, sealedAt(file, m))
		}
	}
	return out
}

// sealedAt reads one. Its scope is what the controller goes by, whatever the template
// says.
func sealedAt(file string, m *yaml.Node) Sealed {
	outer, inner := node.Field(m, "metadata"), node.Field(m, "spec", "template", "metadata")
	s := Sealed{
		Existing: Existing{
			File: file, Type: node.Text(m, "spec", "template", "type"),
			Name:      cmp.Or(node.Text(outer, "name"), node.Text(inner, "name")),
			Namespace: cmp.Or(node.Text(outer, "namespace"), node.Text(inner, "namespace")),
			Scope:     scopeOf(stringMap(node.Field(outer, "annotations"))),
		},
		Items: stringMap(node.Field(m, "spec", "encryptedData")),
		Line:  m.Line, node: m,
	}
	s.Keys = slices.Sorted(maps.Keys(s.Items))
	return s
}

// consistent says why a SealedSecret cannot be decrypted as it stands: what the
// controller reads, the metadata, and what it was made for, the template, disagree.
func (s *Sealed) consistent() error {
	outer, inner := node.Field(s.node, "metadata"), node.Field(s.node, "spec", "template", "metadata")
	fail := func(message string) error {
		return at(s.File, s.node, gitops.Invalid, "SealedSecret "+gitops.Quote(s.Name)+": "+message, "seal it again for where it is")
	}
	if node.Field(s.node, "spec", "data") != nil {
		return fail("it has the deprecated spec.data, which controllers no longer decrypt")
	}
	if t := scopeOf(stringMap(node.Field(inner, "annotations"))); t != s.Scope {
		return fail("the annotations say " + string(s.Scope) + ", those of the template " + string(t))
	}
	for _, key := range []string{"name", "namespace"} {
		a, b := node.Text(outer, key), node.Text(inner, key)
		if a != "" && b != "" && a != b && s.Scope.binds(key) {
			return fail(key + " is " + gitops.Quote(a) + ", that of the template " + gitops.Quote(b))
		}
	}
	return nil
}

// binds reports whether a value is bound to the "name" or "namespace".
func (s Scope) binds(what string) bool {
	return s == Strict || s == NamespaceWide && what == "namespace"
}

// find returns the SealedSecret of a file with a name and namespace. One that says no
// namespace gets it from its kustomization, and has any.
func find(list []Sealed, file, namespace, name string) (*Sealed, error) {
	for i := range list {
		if list[i].Name == name && (list[i].Namespace == namespace || list[i].Namespace == "") {
			return &list[i], nil
		}
	}
	var there []string
	for _, s := range list {
		there = append(there, s.Namespace+"/"+s.Name)
	}
	e := &gitops.Error{Code: gitops.NotFound, File: file, Message: "no SealedSecret " + gitops.Quote(namespace+"/"+name)}
	if len(there) > 0 {
		e.Hint = "the file has " + gitops.Printable(strings.Join(there, ", "))
	}
	return nil, e
}
