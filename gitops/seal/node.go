package seal

import (
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

// stringMap returns a mapping of scalars, nil for an empty one.
func stringMap(n *yaml.Node) map[string]string {
	var out map[string]string
	for k, v := range node.Pairs(n) {
		if out == nil {
			out = map[string]string{}
		}
		out[k.Value] = node.Text(v)
	}
	return out
}

// at is an error at a node of a file.
func at(file string, n *yaml.Node, code gitops.Code, message, hint string) error {
	return &gitops.Error{Code: code, File: file, Line: n.Line, Column: n.Column, Message: message, Hint: hint}
}
