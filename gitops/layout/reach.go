package layout

import (
	"path"
	"slices"
	"strings"
)

// Reached reports whether a change of files may change what a kustomization
// directory renders to. It never says no wrongly, and may say yes wrongly: what
// a render really reads is for the renderer to find out.
//
// kustomize reads files only in or below the directory of the kustomization that
// names them, and directories only that a kustomization names. So a change
// reaches dir only when it is below dir, or below a directory that is named on
// the way from it. Where the names are not certain (aliases in a kustomization,
// symlinks in the tree) everything is reached.
//
// changed must be sorted.
func (l *Layout) Reached(dir string, changed []string) bool {
	if l.symlinks {
		return len(changed) > 0
	}
	seen := map[string]bool{}
	todo := []string{dir}
	for len(todo) > 0 {
		dir, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if seen[dir] {
			continue
		}
		seen[dir] = true
		unit := l.plain[dir]
		if unit != nil && unit.touched(dir, changed) || unit == nil && below(dir, changed) {
			return true
		}
		if unit != nil {
			todo = append(todo, unit.dirs...)
			continue
		}
		k := l.dirs[dir]
		if k == nil {
			continue // a file, or nothing
		}
		if k.loose {
			return len(changed) > 0
		}
		todo = append(todo, k.named...)
	}
	return false
}

// touched reports whether one of the sorted paths is a file of the unit at dir, or may
// become one.
func (u *plain) touched(dir string, changed []string) bool {
	if u.deep {
		return below(dir, changed)
	}
	return slices.ContainsFunc(changed, func(p string) bool { return path.Dir(p) == dir })
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
