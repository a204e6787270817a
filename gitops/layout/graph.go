package layout

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// graph is which kustomization names which files and directories.
type graph struct {
	*scanned
	refs map[string][]string // by directory, sorted
	// readBy has the directories that another kustomization reads.
	readBy map[string]bool
	// loads is whether a directory's resources can all be loaded.
	loads map[string]state
}

// state is how far the loading of a directory has come.
type state uint8

const (
	unseen state = iota
	loading
	whole  // everything is loaded
	broken // something is remote, missing or a ring
)

// graph resolves the references of all kustomizations.
func (s *scanned) graph(ctx context.Context) (*graph, error) {
	g := &graph{
		scanned: s, refs: make(map[string][]string, len(s.dirs)),
		readBy: map[string]bool{}, loads: make(map[string]state, len(s.dirs)),
	}
	for _, dir := range slices.Sorted(maps.Keys(s.dirs)) {
		if err := ctx.Err(); err != nil {
			return nil, gitops.Errorf(gitops.Unavailable, "layout: %w", err)
		}
		g.load(ctx, dir, 0)
	}
	return g, nil
}

// maxChain is how long a chain of bases is followed.
const maxChain = 1_000

// load follows what a kustomization loads, in kustomize's order, to the first
// thing that cannot be loaded here: what comes after it is not read by dir, and
// so it is a root unless something else reads it. Without that, a change below a
// base that does not render would be invisible.
func (g *graph) load(ctx context.Context, dir string, depth int) bool {
	k := g.dirs[dir]
	if k == nil || depth > maxChain {
		return false
	}
	if g.loads[dir] != unseen {
		return g.loads[dir] == whole
	}
	g.loads[dir] = loading
	k.named = append(named(dir, k), g.configured(ctx, dir, k)...)
	ok := !k.broken
	var refs []string
	for i, ref := range slices.Concat(k.loads, k.refs) {
		e := g.local(ctx, dir, ref)
		if e.Kind != gitops.Missing {
			refs = append(refs, e.Path)
		}
		if e.Kind == gitops.Dir && ok && e.Path != dir {
			g.readBy[e.Path] = true
		}
		if i < len(k.loads) {
			ok = ok && (e.Kind == gitops.File || e.Kind == gitops.Dir && g.load(ctx, e.Path, depth+1))
		}
	}
	slices.Sort(refs)
	g.refs[dir] = slices.Compact(refs)
	g.loads[dir] = broken
	if ok {
		g.loads[dir] = whole
	}
	return ok
}

// maxConfigured is how many files the configurations of one directory's plugins name.
const maxConfigured = 500

// configured returns the files and directories that the configurations of plugins name, such
// as the encrypted files of a generator: every text in them that is the path of one counts.
func (g *graph) configured(ctx context.Context, dir string, k *kustomization) []string {
	var list []string
	add := func(from, word string) {
		at := g.within(ctx, from, word)
		is := at.Kind == gitops.File || at.Kind == gitops.Symlink || at.Kind == gitops.Dir && strings.Contains(word, "/") ||
			at.Kind == gitops.Missing && at.Path != "" && strings.ContainsAny(word, "./") // it may come
		if is && len(list) < maxConfigured {
			list = append(list, at.Path)
		}
	}
	for _, word := range k.words {
		add(dir, word)
	}
	for _, ref := range k.plugins {
		e := g.within(ctx, dir, ref)
		if e.Kind != gitops.File || e.Size > maxFile {
			continue
		}
		data, err := g.content(ctx, e.Path)
		if err != nil {
			continue // the render says so
		}
		r := &reader{left: maxNodes}
		for doc := range splitDocuments(data) {
			root := parseYAML(doc)
			if r.text(r.get(root, "kind")) == "HelmChartInflationGenerator" {
				if home := g.within(ctx, dir, cmp.Or(r.text(r.get(root, "chartHome")), defaultChartHome)); home.Path != "" {
					list = append(list, home.Path)
				}
			}
			k.foreign = k.foreign || r.foreign(root)
			for _, word := range pathWords(r.scalars(root, nil)) {
				add(path.Dir(e.Path), word)
				add(dir, word)
			}
		}
	}
	return list
}

// scalars appends the texts below a node.
func (r *reader) scalars(n *yaml.Node, list []string) []string {
	if n = r.follow(n); n == nil {
		return list
	}
	if n.Kind == yaml.ScalarNode && len(n.Value) < maxFile {
		return append(list, n.Value)
	}
	for _, c := range n.Content {
		list = r.scalars(c, list)
	}
	return list
}

// local returns what a reference leads to within the tree. A directory that is
// named like a host is local when it is there.
func (s *scanned) local(ctx context.Context, dir, ref string) gitops.Entry {
	e := s.within(ctx, dir, ref)
	if e.Kind != gitops.Missing {
		return e
	}
	if _, file, ok := strings.Cut(ref, "="); ok { // key=path of a generator
		return s.within(ctx, dir, file)
	}
	return e
}

// within returns what a reference leads to from dir; an entry without path when it
// leads out of the repository, or nowhere at all.
func (s *scanned) within(ctx context.Context, dir, ref string) gitops.Entry {
	if ref == "" || strings.HasPrefix(ref, "/") {
		return gitops.Entry{}
	}
	p := path.Join(dir, ref)
	if p == ".." || strings.HasPrefix(p, "../") {
		return gitops.Entry{}
	}
	return s.resolve(ctx, p)
}

// roots returns the directories that no other kustomization reads, and those
// that no root reaches although something reads them: the members of a ring, and
// what only they or an unused Component read. Components are left out.
func (g *graph) roots(component map[string]bool) map[string]bool {
	roots := map[string]bool{}
	reached := map[string]bool{}
	dirs := slices.Sorted(maps.Keys(g.refs))
	for _, dir := range dirs {
		if !component[dir] && !g.readBy[dir] {
			roots[dir] = true
			g.reach(dir, reached)
		}
	}
	for _, dir := range dirs {
		if !component[dir] && !reached[dir] {
			roots[dir] = true
		}
	}
	return roots
}

// reach marks dir and all that it reads.
func (g *graph) reach(dir string, reached map[string]bool) {
	todo := []string{dir}
	for len(todo) > 0 {
		dir, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if reached[dir] {
			continue
		}
		reached[dir] = true
		todo = append(todo, g.refs[dir]...)
	}
}
