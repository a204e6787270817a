package seal

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
	"github.com/sealift/sealift/gitops/node"
)

// plain is a Secret that is not encrypted, as it stands in a file.
type plain struct {
	Secret
	values map[string][]byte
	node   *yaml.Node
}

// clear overwrites the values. Copies that the YAML parser made of them stay.
func (p *plain) clear() {
	for _, v := range p.values {
		clear(v)
	}
}

// maxValues is how many values of one file are sealed.
const maxValues = 1000

// readPlain returns the plain Secrets of a file, in its order; with an error those
// before it, to be zeroed.
func readPlain(file string, f *edit.File) ([]plain, error) {
	var out []plain
	count := 0
	for m := range node.Manifests(f.Documents()) {
		if node.Text(m, "kind") != "Secret" || node.Text(m, "apiVersion") != "v1" {
			continue
		}
		p, err := plainAt(file, m)
		if err != nil {
			return out, err
		}
		out = append(out, p)
		if count += len(p.values); count > maxValues {
			return out, at(file, m, gitops.Invalid, fmt.Sprintf("more than %d values in the file", maxValues), "split the file")
		}
	}
	return out, nil
}

// notCopied are the annotations that hold a copy of the whole object.
var notCopied = []string{"kubectl.kubernetes.io/last-applied-configuration", "kubecfg.ksonnet.io/last-applied-configuration"}

// plainAt reads one plain Secret. Annotations that say how it was applied before, or a
// scope, are not part of what it becomes.
func plainAt(file string, m *yaml.Node) (plain, error) {
	if n := node.Field(m, "sops"); n != nil {
		return plain{}, at(file, n, gitops.Invalid, "Secret is encrypted with SOPS", "decrypt it first, outside of the repository")
	}
	meta := node.Field(m, "metadata")
	p := plain{
		Secret: Secret{
			Name: node.Text(meta, "name"), Namespace: node.Text(meta, "namespace"), Type: node.Text(m, "type"),
			Labels: stringMap(node.Field(meta, "labels")), Annotations: stringMap(node.Field(meta, "annotations")),
			Immutable: node.Text(m, "immutable") == "true",
		},
		node: m,
	}
	p.Scope = scopeOf(p.Annotations)
	for _, key := range slices.Concat(notCopied, []string{ClusterWideAnnotation, NamespaceWideAnnotation}) {
		delete(p.Annotations, key)
	}
	var err error
	p.values, err = plainValues(file, m)
	return p, err
}

// plainValues returns the values of a Secret; stringData wins over data, as in
// Kubernetes.
func plainValues(file string, m *yaml.Node) (map[string][]byte, error) {
	out := map[string][]byte{}
	for k, v := range node.Pairs(m, "data") {
		value, err := base64.StdEncoding.DecodeString(node.Text(v))
		if err != nil || !isString(v) {
			return nil, at(file, v, gitops.Invalid, "value of "+gitops.Quote(k.Value)+" is not base64", "values under stringData are taken as they are")
		}
		out[k.Value] = value
	}
	for k, v := range node.Pairs(m, "stringData") {
		if !isString(v) {
			return nil, at(file, v, gitops.Invalid, "value of "+gitops.Quote(k.Value)+" is not a string", "put it in quotes")
		}
		out[k.Value] = []byte(node.Text(v))
	}
	return out, nil
}

// words are what Kubernetes' YAML reads as true or false when it has no quotes.
var words = []string{"y", "yes", "on", "n", "no", "off"}

// isString reports whether Kubernetes reads a node as a string, or as null.
func isString(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	switch n.ShortTag() {
	case "!!null":
		return true
	case "!!str":
		return n.Style != 0 || !slices.Contains(words, strings.ToLower(n.Value))
	}
	return false
}
