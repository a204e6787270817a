package seal

import (
	"context"
	"maps"
	"path"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
	"github.com/sealift/sealift/gitops/node"
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
	// file is "" for a directory of plain manifests.
	dir, file                 string
	namespace, prefix, suffix string
	// dirs and files are what it reads as resources, bases and components, clean
	// and relative to the root, in its order. Remote ones are left out. Those of
	// dirs behind the first resources ones are the components.
	dirs, files []string
	resources   int
}

// maxEntries is how many resources of one kustomization are looked at.
const maxEntries = 20_000

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

// Add makes a directory without a kustomization, whose plain manifests are deployed,
// known. refs are the files and directories that are deployed of it. Call it before
// the index is used otherwise.
func (x *Index) Add(dir string, refs []string) {
	k := &kustomization{dir: dir}
	for _, p := range refs {
		if x.tree.Lookup(p).Kind == gitops.Dir {
			k.dirs, k.resources = append(k.dirs, p), k.resources+1
			x.readers[p] = append(x.readers[p], dir)
		} else {
			k.files = append(k.files, p)
		}
	}
	x.dirs[dir] = k
}

// read reads one kustomization. One that is no YAML is an empty one: kustomize says so,
// and nothing of it is written to.
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
	k.namespace, k.prefix, k.suffix = node.Text(root, "namespace"), node.Text(root, "namePrefix"), node.Text(root, "nameSuffix")
	for _, key := range []string{"resources", "bases", "components"} {
		for e := range node.Elements(root, key) {
			if len(k.dirs)+len(k.files) == maxEntries {
				break
			}
			if err := x.resource(ctx, k, node.Text(e)); err != nil {
				return nil, err
			}
		}
		if key != "components" {
			k.resources = len(k.dirs)
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

// shared returns the directories that something other than the overlay reads: neither
// its own kustomizations nor those that read the overlay itself.
func (x *Index) shared(overlay string) map[string]bool {
	own := reach(overlay, func(dir string) []string { return x.readers[dir] })
	for _, s := range x.sites(overlay) {
		own[s.dir] = true
	}
	out := map[string]bool{}
	for dir := range x.dirs {
		if !own[dir] && !out[dir] {
			maps.Copy(out, reach(dir, x.below(out)))
		}
	}
	return out
}

// below returns what the kustomization of a directory reads, without what is known.
func (x *Index) below(known map[string]bool) func(string) []string {
	return func(dir string) []string {
		if k := x.dirs[dir]; k != nil && !known[dir] {
			return k.dirs
		}
		return nil
	}
}

// reach returns a directory and all that next leads to from there.
func reach(dir string, next func(string) []string) map[string]bool {
	seen := map[string]bool{dir: true}
	for todo := []string{dir}; len(todo) > 0; {
		dirs := next(todo[0])
		todo = todo[1:]
		for _, d := range dirs {
			if !seen[d] {
				seen[d] = true
				todo = append(todo, d)
			}
		}
	}
	return seen
}
