package promote

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
)

// sealReason says why an encrypted file is not carried, with the command that
// makes its like in the target; "" for a file that is not encrypted.
func (m *maker) sealReason(file string, data []byte) string {
	if !isYAML(file) {
		if cipherText(string(data)) {
			return reasonSealed
		}
		return ""
	}
	f, err := edit.Parse(file, data)
	if err != nil {
		return ""
	}
	for _, root := range f.Documents() {
		if root == nil || !sealed(root) {
			continue
		}
		if text(get(root, "kind")) == "SealedSecret" {
			return "is sealed for " + m.From + ": `" + m.sealCommand(root) + "` makes one for " + m.To
		}
		return reasonSealed
	}
	return ""
}

// sealCommand is what a person says to get a SealedSecret of the same name and
// keys.
func (m *maker) sealCommand(root *yaml.Node) string {
	words := []string{"/seal", m.app.Name, m.To}
	if name := text(get(get(root, "metadata"), "name")); name != "" {
		words = append(words, m.swap.rename(name))
	}
	var keys []string
	if data := get(get(root, "spec"), "encryptedData"); data != nil && data.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(data.Content); i += 2 {
			keys = append(keys, data.Content[i].Value)
		}
	}
	if slices.Sort(keys); len(keys) > 0 {
		words = append(words, "--keys", strings.Join(keys, ","))
	}
	return strings.Join(words, " ")
}

// plainSecret reports whether a file has a Secret with values that anybody can read.
func plainSecret(file string, data []byte) bool {
	f, err := edit.Parse(file, data)
	if !isYAML(file) || err != nil {
		return false
	}
	return slices.ContainsFunc(f.Documents(), plain)
}

// plain reports whether a document is such a Secret.
func plain(root *yaml.Node) bool {
	kind, version := text(get(root, "kind")), text(get(root, "apiVersion"))
	has := func(field string) bool { n := get(root, field); return n != nil && len(n.Content) > 0 }
	return kind == "Secret" && version == "v1" && !sealed(root) && (has("data") || has("stringData"))
}
