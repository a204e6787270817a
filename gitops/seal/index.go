package seal

import (
	"context"
	"maps"
	"path"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// Index knows the kustomizations of a tree and which reads which, and so where an
// overlay keeps its SealedSecrets. It is safe for concurrent use.
type Index struct {
	tree    gitops.Tree
	dirs    map[string]*kustomization
	readers map[string][]string // directory -> directories whose kustomizations name it, sorted
}

// kustomization is what placing needs of one.
type kustomization struct {
	dir, file              string
	namespace, prefix, end string
	// dirs and files are what it reads as resources, bases and components, clean
	// and relative to the root, in its order. Remote ones are left out.
	dirs, files []string
}

// kustomizationNames are those that kustomize looks for, in its order.
var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// Scan reads the kustomizations of a tree. One that is not YAML counts as empty: its
// render fails, which says so better.
func Scan(ctx context.Context, t gitops.Tree) (*Index, error) {
	x := &Index{tree: t, dirs: map[string]*kustomization{}, readers: map[string][]string{}}
	for e := range t.Entries() {
		if e.Kind != gitops.File || !slices.Contains(kustomizationNames, path.Base(e.Path)) {
			continue
		}
		k, err := x.read(ctx, e.Path)
		if err != nil {
			return nil, err
		}
		x.dirs[k.dir] = k
	}
	for _, dir := range slices.Sorted(maps.Keys(x.dirs)) {
		for _, to := range x.dirs[dir].dirs {
			x.readers[to] = append(x.readers[to], dir)
		}
	}
	return x, nil
}

func (x *Index) read(ctx context.Context, file string) (*kustomization, error) {
	k := &kustomization{dir: path.Dir(file), file: file}
	data, err := x.tree.Read(ctx, file)
	if err != nil {
		return nil, err
	}
	f, err := edit.Parse(file, data)
	if err != nil || len(f.Documents()) == 0 {
		return k, nil
	}
	root := f.Documents()[0]
	k.namespace, k.prefix, k.end = text(field(root, "namespace")), text(field(root, "namePrefix")), text(field(root, "nameSuffix"))
	for _, key := range []string{"resources", "bases", "components"} {
		for e := range elements(field(root, key)) {
			if err := x.resource(ctx, k, text(e)); err != nil {
				return nil, err
			}
		}
	}
	return k, nil
}

// resource adds one entry of a kustomization, if it is in the tree.
func (x *Index) resource(ctx context.Context, k *kustomization, entry string) error {
	if entry == "" || path.IsAbs(entry) {
		return nil
	}
	found, _, err := gitops.Resolve(ctx, x.tree, path.Join(k.dir, entry))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil: // leads out of the tree
	case found.Kind == gitops.Dir:
		k.dirs = append(k.dirs, found.Path)
	case found.Kind == gitops.File:
		k.files = append(k.files, found.Path)
	}
	return nil
}

// site is a kustomization that an overlay reads, with those around it.
type site struct {
	*kustomization
	outer []*kustomization // from the overlay inwards
}

// namespace is the one that kustomize gives to what stands here, "" for none: the
// outermost wins.
func (s site) finalNamespace() string {
	for _, k := range append(slices.Clone(s.outer), s.kustomization) {
		if k.namespace != "" {
			return k.namespace
		}
	}
	return ""
}

// renamer is the first kustomization that changes the names of what stands here.
func (s site) renamer() *kustomization {
	for _, k := range append(slices.Clone(s.outer), s.kustomization) {
		if k.prefix != "" || k.end != "" {
			return k
		}
	}
	return nil
}

// sites returns the kustomizations that an overlay reads, itself first, each once, in
// the order in which kustomize comes to them.
func (x *Index) sites(overlay string) []site {
	var out []site
	seen := map[string]bool{}
	var visit func(dir string, outer []*kustomization)
	visit = func(dir string, outer []*kustomization) {
		k := x.dirs[dir]
		if k == nil || seen[dir] {
			return
		}
		seen[dir] = true
		out = append(out, site{k, outer})
		for _, d := range k.dirs {
			visit(d, append(slices.Clip(outer), k))
		}
	}
	visit(overlay, nil)
	return out
}

// shared reports whether something other than the overlay reads a directory: neither
// the overlay's own kustomizations nor those that read the overlay itself.
func (x *Index) shared(overlay, dir string) bool {
	own := x.above(overlay)
	for _, s := range x.sites(overlay) {
		own[s.dir] = true
	}
	for d := range x.above(dir) {
		if !own[d] {
			return true
		}
	}
	return false
}

// above returns a directory and those whose kustomizations read it, at any distance.
func (x *Index) above(dir string) map[string]bool {
	seen := map[string]bool{dir: true}
	for todo := []string{dir}; len(todo) > 0; {
		next := x.readers[todo[0]]
		todo = todo[1:]
		for _, d := range next {
			if !seen[d] {
				seen[d] = true
				todo = append(todo, d)
			}
		}
	}
	return seen
}
