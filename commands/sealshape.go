package commands

import (
	"encoding/base64"
	"encoding/binary"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// isCiphertext reports whether a value has the form that `kubeseal --raw` prints:
// in base64 the length of the RSA part in two bytes, that part, and what AES-GCM
// makes of the value, which is no shorter than its tag.
func isCiphertext(value string) bool {
	const length, tag, least = 2, 16, 256 // RSA keys of 2048 bits and more
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(raw) < length {
		return false
	}
	n := int(binary.BigEndian.Uint16(raw))
	return n >= least && len(raw) >= length+n+tag
}

// sealedFence reports whether a text is one SealedSecret whose values are all
// ciphertext.
func sealedFence(text string) bool {
	var s struct {
		Kind string
		Spec struct {
			EncryptedData map[string]string `yaml:"encryptedData"`
			Template      struct {
				Data map[string]any
			}
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	err, end := decoder.Decode(&s), decoder.Decode(&yaml.Node{})
	values := slices.Collect(maps.Values(s.Spec.EncryptedData))
	return err == nil && end == io.EOF && s.Kind == "SealedSecret" && len(values) > 0 && len(s.Spec.Template.Data) == 0 &&
		!slices.ContainsFunc(values, func(v string) bool { return !isCiphertext(v) })
}
