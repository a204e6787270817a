package diff

import (
	"regexp"

	"github.com/sealift/sealift/gitops"
)

// suffixLength is that of "-" and the hash that kustomize appends to the name of
// a generated object.
const suffixLength = 11

// suffix is the hash that kustomize appends: ten characters of an alphabet
// without vowels and look-alikes.
var suffix = regexp.MustCompile(`-[2456789bcdfghkmt]{10}$`)

// suffixes finds the same inside a text; only known hashes are replaced.
var suffixes = regexp.MustCompile(`-[2456789bcdfghkmt]{10}`)

// baseName returns a name without kustomize's hash suffix.
func baseName(name string) string {
	if suffix.MatchString(name) {
		return name[:len(name)-suffixLength]
	}
	return name
}

// hashes are the hash suffixes that must not be shown, with what to print
// instead.
type hashes map[string]string

// secretHashes returns what to print for the hash suffixes of objects that hold
// secrets, on either side.
func secretHashes(before, after []gitops.Object) (old, now hashes) {
	old, now = hashes{}, hashes{}
	was := map[string]string{}
	for _, o := range before {
		if hash, ok := secretHash(o); ok {
			old[hash] = "-(hash)"
			was[id(o, baseName)] = hash
		}
	}
	for _, o := range after {
		if hash, ok := secretHash(o); ok {
			now[hash] = "-(hash)"
			if h, ok := was[id(o, baseName)]; ok && h != hash {
				now[hash] = "-(hash, changed)"
			}
		}
	}
	for hash := range old {
		if now[hash] == "" {
			now[hash] = "-(hash)"
		}
	}
	for hash := range now {
		old[hash] = "-(hash)"
	}
	return old, now
}

// secretHash returns the hash suffix of an object whose content holds a secret.
func secretHash(o gitops.Object) (string, bool) {
	if !suffix.MatchString(o.Name) {
		return "", false
	}
	if o.Kind != "Secret" && len(mask(o, nil).hidden) == 0 {
		return "", false
	}
	return o.Name[len(o.Name)-suffixLength:], true
}

// mask prints text with the hashes replaced.
func (h hashes) mask(text string) string {
	if len(h) == 0 {
		return text
	}
	return suffixes.ReplaceAllStringFunc(text, func(hash string) string {
		if mark, ok := h[hash]; ok {
			return mark
		}
		return hash
	})
}
