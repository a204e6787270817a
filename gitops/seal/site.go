package seal

import "cmp"

// site is a kustomization that an overlay reads.
type site struct {
	*kustomization
	// given is what kustomize makes of the objects that stand here.
	given effect
}

// effect is what kustomizations do to the objects of others.
type effect struct {
	// namespace is the one that they get, "" for none.
	namespace string
	// renamer is a kustomization that changes their names, nil for none.
	renamer *kustomization
}

// then adds what another kustomization does afterwards: its namespace wins.
func (e effect) then(later effect) effect {
	return effect{cmp.Or(later.namespace, e.namespace), cmp.Or(e.renamer, later.renamer)}
}

// own is what a kustomization itself does.
func (k *kustomization) own() effect {
	e := effect{namespace: k.namespace}
	if k.prefix != "" || k.suffix != "" {
		e.renamer = k
	}
	return e
}

// finalNamespace is the one that kustomize gives to what stands here, "" for none and
// for a nil site, which is not known.
func (s *site) finalNamespace() string {
	if s == nil {
		return ""
	}
	return s.given.namespace
}

// renamer is a kustomization that changes the names of what stands here, nil for none.
func (s *site) renamer() *kustomization {
	if s == nil {
		return nil
	}
	return s.given.renamer
}

// sites returns the kustomizations that an overlay reads, itself first, each once, in
// the order in which kustomize comes to them.
func (x *Index) sites(overlay string) []*site {
	w := siteWalk{Index: x, seen: map[string]bool{}, does: map[string]effect{}}
	w.visit(overlay, effect{})
	return w.found
}

// siteWalk collects sites.
type siteWalk struct {
	*Index
	found []*site
	seen  map[string]bool
	does  map[string]effect // of components
}

// visit takes in the kustomization of a directory; later is what is done to its objects
// when it is done with them.
//
// A component is applied to all that the kustomization which names it has read until
// then, resources and other components, before that one's own fields are.
func (w *siteWalk) visit(dir string, later effect) {
	k := w.dirs[dir]
	if k == nil || w.seen[dir] {
		return
	}
	w.seen[dir] = true
	s := &site{kustomization: k}
	w.found = append(w.found, s)
	later = k.own().then(later)
	after := make([]effect, len(k.dirs)) // what is done to the objects of each
	for i := len(k.dirs) - 1; i >= 0; i-- {
		after[i] = later
		if i >= k.resources {
			later = w.component(k.dirs[i]).then(later)
		}
	}
	s.given = later
	for i, d := range k.dirs {
		w.visit(d, after[i])
	}
}

// component is what one does to the objects of who names it: what those do that it names
// itself, and then its own fields.
func (w *siteWalk) component(dir string) effect {
	if e, ok := w.does[dir]; ok {
		return e
	}
	w.does[dir] = effect{} // for one that names itself
	k := w.dirs[dir]
	if k == nil {
		return effect{}
	}
	var e effect
	for _, d := range k.dirs[k.resources:] {
		e = e.then(w.component(d))
	}
	w.does[dir] = e.then(k.own())
	return w.does[dir]
}
