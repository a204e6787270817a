package layout

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// conclude finds out which documents in files this round replaces: those in files that a
// successful render read, unless the render descends from them, and those that lie beside a
// kustomization that something deploys and that leaves them out. Of a ring of documents
// that render each other, and that nothing else renders, one is kept, since one of them was
// applied by hand and leads to all others.
func (d *discovery) conclude() {
	for _, dir := range slices.Sorted(maps.Keys(d.found.rest)) {
		d.found.opaque = append(d.found.opaque, *d.found.rest[dir])
	}
	at, beside := map[string][]place{}, map[string][]place{}
	for _, doc := range d.docs {
		p := place{doc.file, doc.Line}
		at[doc.file] = append(at[doc.file], p)
		if k := d.nearest(doc.file); k != "" {
			beside[k] = append(beside[k], p)
		}
	}
	byRoots := map[place]bool{}
	for _, r := range d.found.renders {
		if r.done.Err != nil {
			continue
		}
		has := byRoots
		if r.from.entry.file != "" {
			if has = d.edges[r.from.entry]; has == nil {
				has = map[place]bool{}
				d.edges[r.from.entry] = has
			}
		}
		for _, read := range r.done.Reads {
			if read.Kind == gitops.File {
				for _, p := range at[read.Path] {
					has[p] = true
				}
				if !r.root {
					for _, p := range beside[read.Path] {
						has[p] = true
					}
				}
			}
		}
	}
	d.learning.replaced = replaced(d.edges, byRoots, d.synced)
}

// nearest is the kustomization that a file would be listed in: that of its directory, or
// of the first one above that has any; "" when there is none.
func (d *discovery) nearest(file string) string {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if k := d.dirs[dir]; k != nil {
			return k.file
		}
		if dir == "." {
			return ""
		}
	}
}

// replaced returns what a root has, what a document has that is no part of the same ring,
// and of each ring all but one; has says which documents the renders of one have, and
// synced which directories a FluxInstance syncs.
func replaced(has map[place]map[place]bool, byRoots map[place]bool, synced map[string]bool) map[place]bool {
	out := map[place]bool{}
	for _, p := range sortedPlaces(byRoots) {
		spread(has, p, out)
	}
	back := map[place]map[place]bool{}
	for p, list := range has {
		for q := range list {
			if back[q] == nil {
				back[q] = map[place]bool{}
			}
			back[q][p] = true
		}
	}
	all := map[place]bool{}
	for p := range has {
		all[p] = true
	}
	order := finished(has, sortedPlaces(all))
	seen := maps.Clone(out)
	for _, p := range slices.Backward(order) {
		if seen[p] {
			continue
		}
		reached, reaching := map[place]bool{}, map[place]bool{}
		spread(has, p, reached)
		spread(back, p, reaching)
		kept := p
		for q := range reached {
			if reaching[q] && outer(q, kept, synced) < 0 { // of the ring of p, which nothing else has
				kept = q
			}
		}
		for q := range reached {
			out[q] = out[q] || q != kept
			seen[q] = true
		}
	}
	return out
}

// outer compares documents of a ring: one that is synced comes first, which is not what
// operates Flux in a cluster but what the cluster begins with, and then that of the
// directory nearest to the root.
func outer(a, b place, synced map[string]bool) int {
	inner := func(p place) int {
		for dir := path.Dir(p.file); dir != "."; dir = path.Dir(dir) {
			if synced[dir] {
				return 0
			}
		}
		return 1
	}
	return cmp.Or(inner(a)-inner(b), strings.Count(a.file, "/")-strings.Count(b.file, "/"), cmp.Compare(a.file, b.file), a.line-b.line)
}

// spread marks p and all that is to be had from it.
func spread(has map[place]map[place]bool, p place, marked map[place]bool) {
	todo := []place{p}
	for len(todo) > 0 {
		p, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if marked[p] {
			continue
		}
		marked[p] = true
		for q := range has[p] {
			todo = append(todo, q)
		}
	}
}

// finished returns places in the order in which a walk in depth has done with them: of
// two rings of which one has the other, the last place is in the one that has it.
func finished(has map[place]map[place]bool, all []place) []place {
	var order []place
	seen := map[place]bool{}
	type step struct {
		p    place
		left []place
	}
	for _, start := range all {
		if seen[start] {
			continue
		}
		seen[start] = true
		stack := []step{{start, sortedPlaces(has[start])}}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.left) == 0 {
				order = append(order, top.p)
				stack = stack[:len(stack)-1]
				continue
			}
			q := top.left[0]
			top.left = top.left[1:]
			if !seen[q] {
				seen[q] = true
				stack = append(stack, step{q, sortedPlaces(has[q])})
			}
		}
	}
	return order
}

func sortedPlaces(set map[place]bool) []place {
	return slices.SortedFunc(maps.Keys(set), func(a, b place) int { return cmp.Or(cmp.Compare(a.file, b.file), a.line-b.line) })
}
