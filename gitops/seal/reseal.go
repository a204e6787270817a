package seal

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// Resealed is one SealedSecret that was to be encrypted again.
type Resealed struct {
	Existing
	// Content is the file with this one and those before it encrypted again, nil
	// with Err.
	Content []byte
	// Executable says that the file may be run.
	Executable bool
	// Err says why it stays as it is.
	Err error
}

// Reseal has the controller of an environment encrypt again, with its newest key, every
// SealedSecret that one of overlays reads. rotate carries a question to the
// controller's /v1/rotate and brings back the answer. SealedSecrets that an overlay of
// others reads as well are left: another controller may have to decrypt them. An error
// of rotate with a code other than invalid ends it all.
//
// The controller answers with a manifest of its own making. Releases before 0.36.0 took
// the scope of the answer from the template of the question (CVE-2026-22728), and
// every release runs the template's data and returns the result as further keys. So
// the question has nothing but names, scope and ciphertext, the same in the metadata and
// the template, and of the answer only the ciphertext is used, once all the rest is as
// it was asked for.
func (x *Index) Reseal(ctx context.Context, overlays, others []string, rotate func(ctx context.Context, body []byte) ([]byte, error)) ([]Resealed, error) {
	foreign := map[string]bool{}
	for _, o := range others {
		for _, s := range x.sites(o) {
			for _, file := range s.files {
				foreign[file] = true
			}
		}
	}
	var out []Resealed
	contents, seen := map[string][]byte{}, map[string]bool{}
	for _, o := range overlays {
		list, err := x.find(ctx, o)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			r := newRotation(f)
			id := r.File + "\x00" + r.Namespace + "/" + r.Name
			if seen[id] {
				continue
			}
			seen[id] = true
			if foreign[r.File] {
				r.why = gitops.Errorf(gitops.Invalid, "overlays of other environments read it too")
			}
			done, err := x.reseal(ctx, r, contents, rotate)
			if err != nil {
				return nil, err
			}
			out = append(out, done)
		}
	}
	return out, nil
}

// reseal does one SealedSecret; contents are the files as they are by now.
func (x *Index) reseal(ctx context.Context, r rotation, contents map[string][]byte, rotate func(context.Context, []byte) ([]byte, error)) (Resealed, error) {
	left := func(err error) (Resealed, error) { return Resealed{Existing: r.Existing, Err: err}, nil }
	body, err := r.request()
	if err != nil {
		return left(err)
	}
	answer, err := rotate(ctx, body)
	if gitops.CodeOf(err) == gitops.Invalid {
		return left(err)
	}
	if err != nil {
		return Resealed{}, err
	}
	s, err := r.accept(answer)
	if err != nil {
		return left(err)
	}
	data, ok := contents[r.File]
	if !ok {
		if data, err = x.tree.Read(ctx, r.File); err != nil {
			return Resealed{}, err
		}
	}
	if data, err = Merge(r.File, data, s); err != nil {
		return left(err)
	}
	contents[r.File] = data
	return Resealed{Existing: r.Existing, Content: data, Executable: x.tree.Lookup(r.File).Executable}, nil
}

// rotation is a question to the controller about one SealedSecret.
type rotation struct {
	Existing
	items map[string]string
	why   error // it cannot be asked
}

// newRotation says what the controller is asked with, or why it is not asked.
func newRotation(f found) rotation {
	r := rotation{Existing: f.Existing, items: f.items, why: f.broken}
	if r.Namespace == "" {
		r.Namespace = f.site.finalNamespace()
	}
	if r.why == nil {
		r.why = f.site.keeps(Secret{Name: r.Name, Namespace: r.Namespace, Scope: r.Scope})
	}
	return r
}

func (r *rotation) secret() Secret {
	return Secret{Name: r.Name, Namespace: r.Namespace, Scope: r.Scope, Items: r.items}
}

// request returns the body for /v1/rotate. A SealedSecret that cannot be decrypted as
// it stands is an error with code invalid.
func (r *rotation) request() ([]byte, error) {
	if r.why != nil {
		return nil, r.why
	}
	s := r.secret()
	if err := s.CheckNames(); err != nil {
		return nil, err
	}
	if err := CheckKeys("", slices.Collect(maps.Keys(s.Items))); err != nil {
		return nil, err
	}
	body, err := json.Marshal(s.manifest())
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "SealedSecret: %w", err)
	}
	return body, nil
}

// accept reads the controller's answer and returns the secret with new ciphertext, for
// [Merge]. An answer with another name, namespace, scope, annotation or set of keys, or
// with a value of another length, is refused with code unavailable.
func (r *rotation) accept(answer []byte) (Secret, error) {
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

// refused is unavailable: the controller, or who answers in its place, may do better
// next time.
func (r *rotation) refused(why string) error {
	return &gitops.Error{Code: gitops.Unavailable, File: r.File, Message: "the controller's answer for SealedSecret " + gitops.Quote(r.Name) + " is refused: " + why}
}

func (m metadata) equal(other metadata) bool {
	return m.Name == other.Name && m.Namespace == other.Namespace && maps.Equal(m.Annotations, other.Annotations) && maps.Equal(m.Labels, other.Labels)
}
