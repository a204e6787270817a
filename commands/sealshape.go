package commands

import (
	"encoding/base64"
	"encoding/binary"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/seal"
)

// isCiphertext reports whether a value has the form that `kubeseal --raw` prints:
// in base64 the length of the RSA part in two bytes, that part, and what AES-GCM
// makes of the value, which is no shorter than its tag. No text is taken for it: the
// length is that of a key of 2048 to 16384 bits, which no text begins with.
func isCiphertext(value string) bool {
	const length, tag, least, most = 2, 16, 2048 / 8, 16384 / 8
	raw, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil || len(raw) < length || strings.ContainsAny(value, "\r\n") { // which the decoder skips
		return false
	}
	n := int(binary.BigEndian.Uint16(raw))
	return n >= least && n <= most && len(raw) >= length+n+tag
}

// fence is a SealedSecret as a person writes it into a comment: what there is of it
// here and nothing else, so that nothing in plain comes along.
type fence struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   fenceMetadata
	Spec       struct {
		EncryptedData map[string]string `yaml:"encryptedData"`
		Template      struct {
			Metadata  fenceMetadata
			Type      string
			Immutable bool
			Data      any // null, as kubeseal of old wrote it
		}
	}
}

// fenceMetadata is what the metadata of a SealedSecret in a comment may have. kubeseal
// writes a creationTimestamp of null.
type fenceMetadata struct {
	Name, Namespace     string
	Labels, Annotations map[string]string
	CreationTimestamp   any `yaml:"creationTimestamp"`
}

// maxFenceText is how long a label or an annotation may be, in bytes: longer ones
// hold copies of manifests.
const maxFenceText = 256

// parseFence reads a fence; ok is false when it is anything but one SealedSecret whose
// values are all ciphertext.
func parseFence(text string) (f fence, ok bool) {
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err, end := d.Decode(&f), d.Decode(&yaml.Node{}); err != nil || end != io.EOF {
		return f, false
	}
	plain := func(v string) bool { return !isCiphertext(v) }
	long := func(v string) bool { return len(v) > maxFenceText }
	data := slices.Collect(maps.Values(f.Spec.EncryptedData))
	inner := f.Spec.Template.Metadata
	texts := slices.Concat(slices.Collect(maps.Values(inner.Labels)), slices.Collect(maps.Values(inner.Annotations)))
	return f, f.Kind == "SealedSecret" && len(data) > 0 && f.Spec.Template.Data == nil && !slices.ContainsFunc(data, plain) && !slices.ContainsFunc(texts, long)
}

// sealedFence reports whether a text is one SealedSecret whose values are all
// ciphertext.
func sealedFence(text string) bool {
	_, ok := parseFence(text)
	return ok
}

// readFence returns the secret of a fence. A SealedSecret whose metadata and template
// disagree is an error of code invalid.
func readFence(text string) (seal.Secret, error) {
	f, ok := parseFence(text)
	list, err := seal.Read("", []byte(text))
	if !ok || err != nil || len(list) != 1 {
		return seal.Secret{}, sealProblem("the fence is not a SealedSecret")
	}
	s, inner := list[0], f.Spec.Template.Metadata
	if inner.Name != "" && inner.Name != s.Name || inner.Namespace != "" && inner.Namespace != s.Namespace {
		return seal.Secret{}, sealProblem("name and namespace of the SealedSecret are not those of its template")
	}
	for _, name := range []string{seal.ClusterWideAnnotation, seal.NamespaceWideAnnotation} {
		delete(inner.Annotations, name)
	}
	return seal.Secret{
		Name: s.Name, Namespace: s.Namespace, Type: s.Type, Scope: s.Scope, Items: s.Items,
		Labels: inner.Labels, Annotations: inner.Annotations, Immutable: f.Spec.Template.Immutable,
	}, nil
}
