package layout

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// graph is which kustomization names which files and directories.
type graph struct {
	refs map[string][]string // by directory, sorted
	// readBy has the directories that another kustomization names.
	readBy map[string]bool
}

// graph resolves the references of all kustomizations.
func (s *scanned) graph(ctx context.Context) (*graph, error) {
	g := &graph{refs: make(map[string][]string, len(s.dirs)), readBy: map[string]bool{}}
	for dir, k := range s.dirs {
		if err := ctx.Err(); err != nil {
			return nil, gitops.Errorf(gitops.Unavailable, "layout: %w", err)
		}
		var refs []string
		for _, ref := range k.refs {
			e := s.local(ctx, dir, ref)
			if e.Kind == gitops.Missing {
				continue
			}
			refs = append(refs, e.Path)
			if e.Kind == gitops.Dir && e.Path != dir {
				g.readBy[e.Path] = true
			}
		}
		slices.Sort(refs)
		g.refs[dir] = slices.Compact(refs)
	}
	return g, nil
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
