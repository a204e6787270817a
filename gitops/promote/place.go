package promote

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
)

// group keeps apart what keys are names of.
type group int

const (
	groupImage group = iota
	groupBase
	groupChart
	groupChannel
	groupCSV
	groupPointer
	groupSource // what Argo CD and Flux deploy from
)

// place is one spot of a file that says which version of something is used.
type place struct {
	file  string
	group group
	// keys name the thing, the one that is shown first. Two places are about the
	// same thing when they share a key; an earlier one counts more.
	keys  []string
	at    trail
	value version
	// object is what the place is in, as [objectID] has it; "" where nothing says. id
	// tells the place from all others of its environment, whatever its index: the
	// object with the names on the way, or what else is called by a name.
	object, id string
	// release is the name that a chart is installed by, "" where nothing says.
	release string
	// image says that it is an entry of the field images, which has the last word
	// on what is pulled.
	image bool
	// inName says that such an entry has its version within newName.
	inName bool
	// weak says that it is an image by its looks alone.
	weak bool
	// write puts a version there and returns what changed.
	write func(version) ([]Edit, error)
}

// doc is a YAML file whose places are known, and that can be edited.
type doc struct {
	name string
	file *edit.File
	// inner are the files inside of scalars, such as inline patches.
	inner []innerDoc
	// fresh is the field images where there was none.
	fresh yaml.Node
}

// innerDoc is a document within a scalar of another one, such as Helm values in an
// Application. What it becomes is written back into the scalar.
type innerDoc struct {
	doc    *doc
	scalar *yaml.Node
}

func (d *doc) edited() bool {
	return d.file.Edited() || slices.ContainsFunc(d.inner, func(i innerDoc) bool { return i.doc.edited() })
}

// bytes returns the file with its edits.
func (d *doc) bytes() ([]byte, error) {
	for _, i := range d.inner {
		if !i.doc.edited() {
			continue
		}
		data, err := i.doc.bytes()
		if err != nil {
			return nil, err
		}
		if err := d.file.SetValue(i.scalar, string(data)); err != nil {
			return nil, err
		}
	}
	return d.file.Bytes()
}

// scanner collects the places of one file.
type scanner struct {
	doc    *doc
	places []place
	// seen are the scalars that are a place, by their index: an anchor is one place
	// however often it is used.
	seen map[*yaml.Node]int
	// target is what a patch is for, where a kustomization says so, and object what
	// the document at hand is or is for. before is how many steps lead to it.
	target patchTarget
	object string
	before int
	// operation is the path of the operation of a JSON patch at hand, "" outside.
	operation string
}

// scan returns the places of a YAML file, in its order. target is what a patch is for.
func scan(name string, data []byte, target patchTarget) (*doc, []place, error) {
	return scanAs(name, data, target, isKustomization(name))
}

// scanAs finds the places in a file. A kustomization is known by its name or by its
// kind.
func scanAs(name string, data []byte, target patchTarget, kustomization bool) (*doc, []place, error) {
	f, err := edit.Parse(name, data)
	if err != nil {
		return nil, nil, err
	}
	s := &scanner{doc: &doc{name: name, file: f}, seen: map[*yaml.Node]int{}, target: target}
	roots := f.Documents()
	for i, root := range roots {
		at := document(i, len(roots))
		s.object, s.before = "", len(at)
		switch {
		case root == nil:
		case kustomization || kustomizationKind(root):
			s.kustomization(root, at)
		default:
			s.object = cmp.Or(target.object(), objectOf(root))
			s.manifest(root, at)
		}
	}
	return s.doc, s.places, nil
}

// kustomizationKind tells kustomize's Kustomization from Flux's, which has a spec.
func kustomizationKind(root *yaml.Node) bool {
	kind := text(get(root, "kind"))
	return kind == "Kustomization" && get(root, "spec") == nil || kind == "Component"
}

// add takes a place in, once for each scalar.
func (s *scanner) add(n *yaml.Node, p place) {
	if i, ok := s.seen[n]; ok {
		s.places[i].weak = s.places[i].weak && p.weak
		return
	}
	s.seen[n] = len(s.places)
	p.file, p.object = s.doc.name, s.object
	if p.id == "" {
		p.id = s.placeID(p.at)
	}
	s.places = append(s.places, p)
}

// scalar adds a place whose version is the text of one scalar.
func (s *scanner) scalar(n *yaml.Node, g group, kind EditKind, at trail, keys ...string) {
	n = follow(n)
	if text(n) == "" {
		return
	}
	s.add(n, s.text(n, g, kind, at, keys...))
}

// text is the place of such a scalar.
func (s *scanner) text(n *yaml.Node, g group, kind EditKind, at trail, keys ...string) place {
	return place{group: g, keys: keys, at: at, value: version{tag: n.Value}, write: func(v version) ([]Edit, error) {
		e := Edit{File: s.doc.name, Kind: kind, Key: keys[0], Path: at.String(), Old: n.Value, New: v.tag}
		return []Edit{e}, s.doc.file.SetValue(n, v.tag)
	}}
}

// embedded scans a scalar that holds YAML itself, such as an inline patch.
func (s *scanner) embedded(n *yaml.Node, at trail, target patchTarget) {
	n = follow(n)
	if n == nil || n.Kind != yaml.ScalarNode {
		return
	}
	in, places, err := scanAs(s.doc.name, []byte(n.Value), target, false)
	if err != nil || len(places) == 0 {
		return
	}
	s.doc.inner = append(s.doc.inner, innerDoc{in, n})
	for _, p := range places {
		write := p.write
		inside := p.at
		p.at = append(at[:len(at):len(at)], inside...)
		full := p.at.String()
		p.write = func(v version) ([]Edit, error) {
			edits, err := write(v)
			for i := range edits {
				edits[i].Path = full + edits[i].Path[len(inside.String()):]
			}
			return edits, err
		}
		s.places = append(s.places, p)
	}
}
