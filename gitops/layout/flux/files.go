package flux

import (
	"context"
	"path"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// maxFiles is how many files a directory without a kustomization may have.
const maxFiles = 5_000

// kustomizationNames are the names of a kustomization, in kustomize's order.
var kustomizationNames = [...]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// hasKustomization reports whether a directory has a kustomization.
func hasKustomization(t gitops.Tree, dir string) bool {
	for _, name := range kustomizationNames {
		if t.Lookup(path.Join(dir, name)).Kind == gitops.File {
			return true
		}
	}
	return false
}

// files returns what Flux makes the resources of a directory without a kustomization
// (scanManifests of fluxcd/pkg/kustomize): each sub-directory with a kustomization as a
// whole, and every other file whose name ends with .yaml or .yml, in the order of a walk.
// ok is false when there are more than maxFiles.
func (r *Room) files(ctx context.Context, t gitops.Tree, dir string) (list []string, ok bool, err error) {
	built := map[string]bool{} // whether directories have a kustomization
	seen := 0
	for e := range r.below(dir) {
		if seen++; seen%1024 == 0 && ctx.Err() != nil {
			return nil, false, gitops.Errorf(gitops.Unavailable, "flux: %w", ctx.Err())
		}
		name := path.Base(e.Path)
		ext := path.Ext(name)
		if ext != ".yaml" && ext != ".yml" && !slices.Contains(kustomizationNames[:], name) || t.Lookup(e.Path).Kind != gitops.File {
			continue
		}
		p := e.Path
		if sub := outermost(t, dir, p, built); sub != "" {
			p = sub
		} else if ext == "" {
			continue
		}
		if len(list) == 0 || list[len(list)-1] != p {
			list = append(list, p)
		}
		if len(list) > maxFiles {
			return nil, false, nil
		}
	}
	return list, true, nil
}

// outermost returns the outermost directory with a kustomization between dir and a file
// below it, "" when there is none.
func outermost(t gitops.Tree, dir, file string, built map[string]bool) string {
	found := ""
	for at := path.Dir(file); at != dir && at != "."; at = path.Dir(at) {
		has, ok := built[at]
		if !ok {
			has = hasKustomization(t, at)
			built[at] = has
		}
		if has {
			found = at
		}
	}
	return found
}

// below yields the files of the tree in a directory and below it, in the order of a walk.
func (r *Room) below(dir string) func(func(gitops.Entry) bool) {
	r.mu.Lock()
	if r.entries == nil {
		r.entries = []gitops.Entry{}
		for e := range r.Tree.Entries() {
			if e.Kind == gitops.File {
				r.entries = append(r.entries, e)
			}
		}
		slices.SortFunc(r.entries, func(a, b gitops.Entry) int { return gitops.WalkOrder(a.Path, b.Path) })
	}
	entries := r.entries
	r.mu.Unlock()
	return func(yield func(gitops.Entry) bool) {
		i := 0
		if dir != "." {
			i, _ = slices.BinarySearchFunc(entries, dir, func(e gitops.Entry, p string) int { return gitops.WalkOrder(e.Path, p) })
		}
		for ; i < len(entries) && inside(dir, entries[i].Path); i++ {
			if !yield(entries[i]) {
				return
			}
		}
	}
}
