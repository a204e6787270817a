package check

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

const (
	maxHints = 200   // how many missing files get a suggestion in one pass
	maxNames = 2_000 // how many names of one directory are compared
)

// names are the names of a tree, for suggestions.
type names struct {
	dirs  map[string][]string // directory -> names in it, sorted
	bases map[string][]string // name of a file -> the paths that end so
	left  int                 // suggestions that may still be made
}

// newNames lists the names of a tree. Entries come sorted by path, so a directory's
// name is there already when it is the last of its parent's.
func newNames(t gitops.Tree) *names {
	n := &names{dirs: map[string][]string{}, bases: map[string][]string{}, left: maxHints}
	for e := range t.Entries() {
		base := path.Base(e.Path)
		n.bases[base] = append(n.bases[base], e.Path)
		for p := e.Path; p != "."; p = path.Dir(p) {
			dir, name := path.Dir(p), path.Base(p)
			if have := n.dirs[dir]; len(have) > 0 && have[len(have)-1] == name {
				break
			}
			n.dirs[dir] = append(n.dirs[dir], name)
		}
	}
	return n
}

// near returns up to three existing paths that target may have meant, best
// first: similar names in the same directory, else the same name elsewhere.
func (p *pass) near(target string) []string {
	if p.names == nil {
		p.names = newNames(p.tree)
	}
	if p.names.left == 0 {
		return nil
	}
	p.names.left--
	if out := p.names.similar(path.Dir(target), path.Base(target)); len(out) > 0 {
		return out
	}
	same := p.names.bases[path.Base(target)]
	if isKustomization(target) || len(same) > 3 { // too common to mean anything
		return nil
	}
	return same
}

// similar returns up to three paths in a directory whose names are a few edits away,
// the nearest first.
func (n *names) similar(dir, name string) []string {
	type candidate struct {
		name string
		far  int
	}
	var found []candidate
	all := n.dirs[dir]
	for _, have := range all[:min(len(all), maxNames)] {
		if far := gitops.Distance(stem(name), stem(have)); far <= tolerance(name) {
			found = append(found, candidate{have, far})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.far, b.far) })
	var out []string
	for _, c := range found[:min(len(found), 3)] {
		out = append(out, path.Join(dir, c.name))
	}
	return out
}

// tolerance is how many edits still make a name similar to a missing one.
func tolerance(name string) int {
	if n := len(stem(name)); n > 3 {
		return max(2, n/3)
	}
	return 1
}

// stem is a name in lower case without the ending of a YAML file.
func stem(name string) string {
	if isYAML(name) {
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	return strings.ToLower(name)
}
