package check

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

// sealedMemo is what a pass found out about SealedSecrets, for all rules about them.
type sealedMemo struct {
	files   map[string][]sealedSecret           // by path, in the tree of the pass
	objects map[*gitops.Rendered][]sealedSecret // of renders of either side
	all     []*rendered                         // what sealedSecrets returns
	done    bool                                // all is complete
}

// sealedSecrets returns every SealedSecret that the overlays render, in their
// order, then those of files to look at that no overlay reads.
func (p *pass) sealedSecrets() ([]*rendered, error) {
	if p.sealed.done {
		return p.sealed.all, nil
	}
	p.sealed.files = map[string][]sealedSecret{}
	p.sealed.objects = map[*gitops.Rendered][]sealedSecret{}
	for i := range p.overlays {
		if p.overlays[i].Head == nil {
			continue
		}
		if err := p.sealedOverlay(&p.overlays[i]); err != nil {
			return nil, err
		}
	}
	for _, file := range p.files {
		if !isYAML(file) {
			continue
		}
		found, err := p.sealedFile(file)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 || len(p.readers(file)) > 0 {
			continue
		}
		for i := range found {
			p.sealed.all = append(p.sealed.all, alone(&found[i]))
		}
	}
	p.sealed.done = true
	return p.sealed.all, nil
}

// alone is a SealedSecret that no overlay renders.
func alone(s *sealedSecret) *rendered {
	r := &rendered{sealedSecret: *s, source: s}
	for _, v := range s.values {
		r.places = append(r.places, place{s.file, v.node})
	}
	return r
}

// sealedOverlay adds what one overlay renders. The source of a SealedSecret is one of
// the files that have its ciphertext; a manifest with a template is preferred, because
// only that says what it was sealed for.
func (p *pass) sealedOverlay(o *Overlay) error {
	objects := p.sealedObjects(o.Head)
	if len(objects) == 0 {
		return nil
	}
	from, err := p.origins(o.Head)
	if err != nil {
		return err
	}
	for _, s := range objects {
		r := &rendered{sealedSecret: s, overlay: o}
		for _, v := range s.values {
			was := from[cipherKey{v.key, v.cipher}]
			if was.from == nil {
				r.places = append(r.places, place{})
				continue
			}
			r.places = append(r.places, place{was.from.file, was.node})
			if r.source == nil || r.source.template() == nil { // not a mere patch, if possible
				r.source = was.from
			}
		}
		p.sealed.all = append(p.sealed.all, r)
	}
	return nil
}

// cipherKey tells where a rendered value comes from: kustomize leaves keys and
// ciphertext as they are.
type cipherKey struct{ key, cipher string }

// origin is where a ciphertext stands in a file.
type origin struct {
	from *sealedSecret
	node *yaml.Node
}

// origins returns where the files that a render read have which ciphertext. Of a
// ciphertext that stands in two of them, the first by path counts.
func (p *pass) origins(r *gitops.Rendered) (map[cipherKey]origin, error) {
	out := map[cipherKey]origin{}
	for _, read := range r.Reads {
		if read.Kind != gitops.File {
			continue
		}
		found, err := p.sealedFile(read.Path)
		if err != nil {
			return nil, err
		}
		for i, s := range found {
			for _, v := range s.values {
				k := cipherKey{v.key, v.cipher}
				if _, ok := out[k]; !ok {
					out[k] = origin{&found[i], v.node}
				}
			}
		}
	}
	return out, nil
}

// sealedObjects returns the SealedSecrets of a render; r may be nil.
func (p *pass) sealedObjects(r *gitops.Rendered) []sealedSecret {
	if r == nil || !slices.ContainsFunc(r.Objects, isSealed) {
		return nil
	}
	if out, ok := p.sealed.objects[r]; ok {
		return out
	}
	var out []sealedSecret
	for _, o := range r.Objects {
		if !isSealed(o) {
			continue
		}
		for _, n := range parse(o.YAML) {
			out = append(out, newSealedSecret("", n))
		}
	}
	p.sealed.objects[r] = out
	return out
}

func isSealed(o gitops.Object) bool { return o.Kind == sealedKind }

// sealedFile returns the SealedSecrets of one file.
func (p *pass) sealedFile(file string) ([]sealedSecret, error) {
	if out, ok := p.sealed.files[file]; ok {
		return out, nil
	}
	s, err := p.source(file)
	if err != nil {
		return nil, err
	}
	out := sealedIn(file, s)
	p.sealed.files[file] = out
	return out, nil
}

// sealedIn returns the SealedSecrets of a source.
func sealedIn(file string, s *source) []sealedSecret {
	if s.large || !bytes.Contains(s.data, []byte(sealedKind)) {
		return nil
	}
	var out []sealedSecret
	for m := range node.Manifests(s.documents()) {
		if node.Text(m, "kind") == sealedKind {
			out = append(out, newSealedSecret(file, m))
		}
	}
	return out
}

// before returns the SealedSecret for which is holds among those that the overlay
// of r rendered at the base; nil when there is none.
func (p *pass) before(r *rendered, is func(old *sealedSecret) bool) *sealedSecret {
	if r.overlay == nil {
		return nil
	}
	old := p.sealedObjects(r.overlay.Base)
	for i := range old {
		if is(&old[i]) {
			return &old[i]
		}
	}
	return nil
}

// sharesCipher reports whether s has a value of other, under the same key.
func (s *sealedSecret) sharesCipher(other *sealedSecret) bool {
	for _, v := range s.values {
		for _, w := range other.values {
			if v.key == w.key && v.cipher == w.cipher && v.cipher != "" {
				return true
			}
		}
	}
	return false
}
