package layout

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"go.yaml.in/yaml/v3"
)

// seeds returns where the walk over what a unit may read begins: its directory or files,
// and what its deployer adds.
func seeds(u gitops.Unit) []string {
	list := slices.Concat(u.Build.Files, u.Near)
	remote := u.Build.Chart != nil && u.Build.Chart.Repo != "" // its path is where it is deployed from
	if len(u.Build.Files) == 0 && !remote {
		list = append(list, u.Path)
	}
	add := func(names []string, patches []gitops.Patch) {
		for _, name := range names {
			list = append(list, path.Join(u.Path, name))
		}
		for _, p := range patches {
			if p.Path != "" {
				list = append(list, path.Join(u.Path, p.Path))
			}
		}
	}
	if f := u.Build.Flux; f != nil {
		add(f.Components, f.Patches)
	}
	if a := u.Build.Argo; a != nil && a.Kustomize != nil {
		add(a.Kustomize.Components, a.Kustomize.Patches)
	}
	return list
}

// walk visits all that may be read when the seeds are rendered: files, with nil, and
// directories with a kustomization; with the symbolic links on the way. It ends early when
// visit returns false.
func (s *scanned) walk(seeds []string, visit func(p string, k *kustomization) bool) {
	seen := map[string]bool{}
	todo := slices.Clone(seeds)
	for len(todo) > 0 {
		var p string
		p, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		if s.symlinks {
			e, links, err := gitops.Resolve(s.ctx, s.tree, p)
			for _, l := range links {
				if !visit(l, nil) {
					return
				}
			}
			if err == nil && e.Path != p {
				todo = append(todo, e.Path)
				continue
			}
		}
		k := s.dirs[p]
		if !visit(p, k) {
			return
		}
		if k != nil {
			todo = append(todo, k.named...)
		}
	}
}

// Reaches reports whether a change of files may change what a unit renders to. It never
// says no wrongly, and may say yes wrongly: what a render really reads is for the
// renderer to find out.
//
// kustomize reads files only that a kustomization names, and directories only in which
// it looks for one. So a change reaches a unit only when it is one of these files, or in
// or below one of these directories. Where the names are not certain (aliases in a
// kustomization, symlinks in the tree) everything is reached.
//
// changed must be sorted.
func (l *Layout) Reaches(u gitops.Unit, changed []string) bool {
	if l.scan.symlinks {
		return len(changed) > 0
	}
	if u.Build.Files != nil && below(u.Path, changed) { // another file may become one of them
		return true
	}
	reached := false
	l.scan.walk(seeds(u), func(p string, k *kustomization) bool {
		reached = below(p, changed) || aboveOf(p, changed) || k != nil && k.loose && len(changed) > 0
		return !reached
	})
	return reached
}

// Reached is [Layout.Reaches] of the units at a directory, or of its kustomization.
func (l *Layout) Reached(dir string, changed []string) bool {
	any := false
	for _, u := range l.Units {
		if u.Path == dir {
			if any = true; l.Reaches(u, changed) {
				return true
			}
		}
	}
	return !any && l.Reaches(gitops.Unit{Overlay: gitops.Overlay{Path: dir}}, changed)
}

// Touched returns those of sorted paths that the unit may read, by the names in its
// kustomizations and in those that they name, sorted: what a render that fails would
// have read is among them.
func (l *Layout) Touched(u gitops.Unit, changed []string) []string {
	touched := map[string]bool{}
	l.scan.walk(seeds(u), func(p string, k *kustomization) bool {
		if k != nil && k.loose {
			for _, c := range changed {
				touched[c] = true
			}
			return false
		}
		for _, c := range under(p, changed) {
			if k == nil || k.foreign || c == p || path.Dir(c) == p && isKustomization(path.Base(c)) {
				touched[c] = true
			}
		}
		for _, c := range changed {
			if strings.HasPrefix(p, c+"/") {
				touched[c] = true
			}
		}
		return true
	})
	var list []string
	for _, c := range changed {
		if touched[c] {
			list = append(list, c)
		}
	}
	return list
}

// named returns what the entries of a kustomization may mean within the tree.
func named(dir string, k *kustomization) []string {
	var list []string
	for _, refs := range [][]string{k.loads, k.refs} {
		for _, ref := range refs {
			list = append(list, path.Join(dir, ref))
			if _, file, ok := strings.Cut(ref, "="); ok {
				list = append(list, path.Join(dir, file))
			}
		}
	}
	return slices.DeleteFunc(list, func(p string) bool { return p == ".." || strings.HasPrefix(p, "../") })
}

// under returns those of the sorted paths that are dir or below it.
func under(dir string, changed []string) []string {
	if dir == "." {
		return changed
	}
	var list []string
	if _, ok := slices.BinarySearch(changed, dir); ok {
		list = append(list, dir)
	}
	i, _ := slices.BinarySearch(changed, dir+"/")
	for ; i < len(changed) && strings.HasPrefix(changed[i], dir+"/"); i++ {
		list = append(list, changed[i])
	}
	return list
}

// aboveOf reports whether one of the sorted paths is above p: what was a file or a link
// there may be a directory now, and the other way round.
func aboveOf(p string, changed []string) bool {
	for dir := path.Dir(p); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, ok := slices.BinarySearch(changed, dir); ok {
			return true
		}
	}
	return false
}

// below reports whether one of the sorted paths is dir or below it.
func below(dir string, changed []string) bool {
	if dir == "." {
		return len(changed) > 0
	}
	if _, ok := slices.BinarySearch(changed, dir); ok {
		return true
	}
	i, _ := slices.BinarySearch(changed, dir+"/")
	return i < len(changed) && strings.HasPrefix(changed[i], dir+"/")
}

// Names reports whether the unit names something at or below p, a path that may not be
// there.
func (l *Layout) Names(u gitops.Unit, p string) bool {
	found := false
	l.scan.walk(seeds(u), func(at string, _ *kustomization) bool {
		found = at == p || strings.HasPrefix(at, p+"/")
		return !found
	})
	return found
}

// Entries returns what the kustomization of a unit loads that is in the tree, in its
// order; or the files of a unit without one.
func (l *Layout) Entries(u gitops.Unit) []string {
	k := l.scan.dirs[u.Path]
	if k == nil || u.Build.Files != nil {
		return u.Build.Files
	}
	var list []string
	for _, ref := range k.loads {
		if e := l.scan.within(l.scan.ctx, u.Path, ref); e.Kind == gitops.File || e.Kind == gitops.Dir {
			list = append(list, e.Path)
		}
	}
	return list
}

// Part returns what an entry of a kustomization is by itself: a directory with a
// kustomization, or one manifest; nil when it is not there.
func (l *Layout) Part(entry string) *gitops.Unit {
	u := &gitops.Unit{Overlay: gitops.Overlay{Path: entry}, Build: gitops.Build{Unrestricted: true}}
	if l.scan.dirs[entry] != nil {
		return u
	}
	if l.scan.tree.Lookup(entry).Kind != gitops.File {
		return nil
	}
	u.Build = gitops.Build{Engine: gitops.Directory, Files: []string{entry}}
	return u
}

// Counts reports whether all that a file says counts for what is deployed, such as the values
// that a generator of Argo CD reads: where it changes and no unit does, nothing is deployed
// otherwise.
func (l *Layout) Counts(p string) bool { return l.seen[p] == counted }

// Consulted reports whether documents of a file count for what is deployed. See
// [Layout.Others].
func (l *Layout) Consulted(p string) bool { return l.seen[p] == consulted }

// Others returns what stands in a file beside the documents that count for what is deployed,
// each in one form whatever its layout and comments: somebody may apply them by hand with
// the rest of the file.
func (l *Layout) Others(data []byte) []string {
	var list []string
	for text := range splitDocuments(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) {
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil && len(readDocument(text, 1)) == 0 {
			list = append(list, string(text))
		}
		if len(doc.Content) == 0 {
			continue
		}
		r, root := &reader{left: maxNodes}, doc.Content[0]
		objects := []*yaml.Node{root}
		if strings.HasSuffix(r.text(r.get(root, "kind")), "List") {
			objects = slices.Collect(r.items(r.get(root, "items")))
		}
		for _, o := range objects {
			if d, is := r.document(o); is || d.Kind == "ConfigMap" && l.wants(d.Name) {
				continue
			}
			var v any
			text, err := []byte(nil), o.Decode(&v)
			if err == nil {
				text, err = yaml.Marshal(v)
			}
			if err != nil {
				text = []byte(err.Error())
			}
			list = append(list, string(text))
		}
	}
	return list
}

// Deploys reports whether a document of that kind and name stands in a file, or is
// rendered by a unit.
func (l *Layout) Deploys(kind, name string) bool {
	for _, u := range l.Units {
		if d := u.DeployedBy; d != nil && d.Kind == kind && d.Name == name {
			return true
		}
	}
	return false
}
