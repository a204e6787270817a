package promote

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// side is what the overlays of an app read in one environment.
type side struct {
	// own are the files of the environment itself, shared those that others read
	// as well; both sorted.
	own, shared []string
	// dirs are the directories of kustomizations, or of plain manifests, that are the
	// environment's own.
	dirs []string
}

// kustomizationNames are the names that kustomize looks for, in its order.
var kustomizationNames = [...]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

func isKustomization(file string) bool {
	return slices.Contains(kustomizationNames[:], path.Base(file))
}

// overridesFile reports whether a file has what Argo CD deploys a directory with, for all
// Applications or for one: .argocd-source.yaml and .argocd-source-NAME.yaml.
func overridesFile(file string) bool {
	base := path.Base(file)
	return base == ".argocd-source.yaml" || strings.HasPrefix(base, ".argocd-source-") && strings.HasSuffix(base, ".yaml")
}

// overridesOf returns those of a tree.
func overridesOf(t gitops.Tree) (list []string) {
	for e := range t.Entries() {
		if e.Kind == gitops.File && overridesFile(e.Path) {
			list = append(list, e.Path)
		}
	}
	return list
}

// kustomizationIn returns the kustomization file of a directory, "" when it has
// none.
func kustomizationIn(t gitops.Tree, dir string) string {
	for _, name := range kustomizationNames {
		if p := path.Join(dir, name); t.Lookup(p).Kind == gitops.File {
			return p
		}
	}
	return ""
}

// reads follows what overlays name, and returns all files on the way. mine tells
// which of them are the environment's own.
func reads(ctx context.Context, t gitops.Tree, overlays []string, refs func(string) []string, mine func(string) bool) (side, error) {
	var s side
	seen := map[string]bool{}
	todo := slices.Clone(overlays)
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		if t.Lookup(p).Kind == gitops.File {
			s.add(p, mine(p))
			continue
		}
		file, named := kustomizationIn(t, p), refs(p)
		if file == "" && len(named) == 0 {
			continue
		}
		if file != "" { // a directory of plain manifests has none
			s.add(file, mine(p))
			more, err := pluginFiles(ctx, t, p)
			if err != nil {
				return s, err
			}
			named = slices.Concat(named, more)
		}
		if mine(p) {
			s.dirs = append(s.dirs, p)
		}
		todo = append(todo, named...)
	}
	slices.Sort(s.own)
	slices.Sort(s.shared)
	slices.Sort(s.dirs)
	return s, nil
}

// override adds the files that Argo CD deploys the overlays with.
func (s *side) override(files, overlays []string, mine func(string) bool) {
	for _, file := range files {
		if slices.Contains(overlays, path.Dir(file)) {
			s.add(file, mine(file))
		}
	}
	slices.Sort(s.own)
	slices.Sort(s.shared)
}

// add notes a file of the app: its own, or one that others read too.
func (s *side) add(file string, own bool) {
	if own {
		s.own = append(s.own, file)
	} else {
		s.shared = append(s.shared, file)
	}
}

// files returns the bytes of files as far as they are there. A file that is too
// large is passed over: nothing of it is carried.
func files(ctx context.Context, t gitops.Tree, paths []string) (map[string][]byte, error) {
	out := make(map[string][]byte, len(paths))
	for _, p := range paths {
		if t.Lookup(p).Kind != gitops.File {
			continue
		}
		data, err := t.Read(ctx, p)
		if err != nil && gitops.CodeOf(err) != gitops.Invalid {
			return nil, err
		}
		if err == nil && data == nil {
			data = []byte{} // an empty file is there
		}
		if err == nil {
			out[p] = data
		}
	}
	return out, nil
}
