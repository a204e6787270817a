package seal

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// Rotation asks a controller to encrypt one SealedSecret again with its newest key.
//
// The controller's /v1/rotate answers with a manifest of its own making. Releases
// before 0.36.0 took the scope of the answer from the template of the question
// (CVE-2026-22728), and every release runs the template's data and returns the
// result as further keys. So the question has nothing but names, scope and
// ciphertext, the same in the metadata and the template, and of the answer only the
// ciphertext is used, once everything else is as it was asked for.
type Rotation struct {
	Existing
	items map[string]string
	why   error // it cannot be asked for
}

// Rotations returns a rotation for each SealedSecret that an overlay reads.
func (x *Index) Rotations(ctx context.Context, overlay string) ([]Rotation, error) {
	list, err := x.find(ctx, overlay)
	if err != nil {
		return nil, err
	}
	var out []Rotation
	for _, f := range list {
		r := Rotation{Existing: f.Existing, items: f.items, why: f.broken}
		if ns := f.site.finalNamespace(); r.Namespace == "" {
			r.Namespace = ns
		}
		if r.why == nil {
			r.why = f.site.keeps(Secret{Name: r.Name, Namespace: r.Namespace, Scope: r.Scope})
		}
		out = append(out, r)
	}
	return out, nil
}

func (r *Rotation) secret() Secret {
	return Secret{Name: r.Name, Namespace: r.Namespace, Scope: r.Scope, Items: r.items}
}

// Request returns the body for /v1/rotate. A SealedSecret that cannot be decrypted as
// it stands is an error with code invalid.
func (r *Rotation) Request() ([]byte, error) {
	if r.why != nil {
		return nil, r.why
	}
	s := r.secret()
	if err := s.checkNames(); err != nil {
		return nil, err
	}
	if err := checkKeys("", s.Items); err != nil {
		return nil, err
	}
	body, err := json.Marshal(s.manifest())
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "SealedSecret: %w", err)
	}
	return body, nil
}

// Accept reads the controller's answer and returns the secret with new ciphertext, for
// [Merge]. An answer with another name, namespace, scope, annotation or set of keys, or
// with a value of another length, is refused with code unavailable.
func (r *Rotation) Accept(answer []byte) (Secret, error) {
	var got manifest
	if json.Unmarshal(answer, &got) != nil {
		return Secret{}, r.refused("it is not a SealedSecret")
	}
	s := r.secret()
	want := s.manifest()
	switch {
	case got.APIVersion != "" && got.APIVersion != want.APIVersion || got.Kind != "" && got.Kind != want.Kind:
		return Secret{}, r.refused("it is not a SealedSecret")
	case !got.Metadata.equal(want.Metadata):
		return Secret{}, r.refused("its name, namespace or scope is another")
	case !got.Spec.Template.Metadata.equal(want.Spec.Template.Metadata):
		return Secret{}, r.refused("its template is another")
	case !slices.Equal(slices.Sorted(maps.Keys(got.Spec.EncryptedData)), slices.Sorted(maps.Keys(s.Items))):
		return Secret{}, r.refused("its keys are not those that were asked for")
	}
	for key, item := range got.Spec.EncryptedData {
		before, _, err := measure(s.Items[key])
		after, _, err2 := measure(item)
		if err != nil || err2 != nil || before != after {
			return Secret{}, r.refused("the ciphertext of " + gitops.Quote(key) + " does not fit")
		}
	}
	s.Items = got.Spec.EncryptedData
	return s, nil
}

func (r *Rotation) refused(why string) error {
	return &gitops.Error{Code: gitops.Unavailable, File: r.File, Message: "the controller's answer for SealedSecret " + gitops.Quote(r.Name) + " is refused: " + why}
}

func (m metadata) equal(other metadata) bool {
	return m.Name == other.Name && m.Namespace == other.Namespace && maps.Equal(m.Annotations, other.Annotations) && maps.Equal(m.Labels, other.Labels)
}
