package layout

import (
	"context"
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// Tree returns t, of which l is the layout, with what the units without a
// kustomization are rendered by: whoever renders a unit of l renders it of this tree.
// Only the render of such a unit itself finds a kustomization there, see
// [gitops.Viewer]; to everything else the tree is as it was. Call it once for each
// tree, since every call makes another.
func (l *Layout) Tree(t gitops.Tree) gitops.Tree {
	if len(l.plain) == 0 {
		return t
	}
	v := &viewer{Tree: t, views: map[string]*view{}}
	for dir, unit := range l.plain {
		v.views[dir] = newView(t, dir, unit.resources)
	}
	return v
}

// Plain reports whether dir is a unit without a kustomization, whose plain manifests
// are deployed.
func (l *Layout) Plain(dir string) bool { return l.plain[dir] != nil }

// viewer is a tree with the views of its units without a kustomization.
type viewer struct {
	gitops.Tree
	views map[string]*view
}

// View implements [gitops.Viewer].
func (v *viewer) View(dir string) gitops.Tree {
	if view := v.views[dir]; view != nil {
		return view
	}
	return v.Tree
}

// view is a tree with a kustomization that names the resources of one directory.
type view struct {
	gitops.Tree
	dir       string
	file      gitops.Entry
	content   []byte
	resources []string
}

// newView is a tree with one more file: a kustomization of the plain manifests. Its id
// is that of its content, so that the cache knows it again.
func newView(t gitops.Tree, dir string, resources []string) *view {
	v := &view{Tree: t, dir: dir, content: kustomizationOf(dir, resources), resources: resources}
	v.file = gitops.Entry{
		Path: path.Join(dir, kustomizationNames[0]), Kind: gitops.File,
		ID: gitops.BlobID(v.content), Size: int64(len(v.content)),
	}
	return v
}

// kustomizationOf writes a kustomization whose line n+2 names resource n, from 0.
func kustomizationOf(dir string, resources []string) []byte {
	var b strings.Builder
	b.WriteString("resources:\n")
	for _, p := range resources {
		b.WriteString("- " + edit.DoubleQuoted("./"+within(dir, p)) + "\n")
	}
	return []byte(b.String())
}

// Lookup implements [gitops.Tree].
func (v *view) Lookup(p string) gitops.Entry {
	if p == v.file.Path {
		return v.file
	}
	return v.Tree.Lookup(p)
}

// Read implements [gitops.Tree].
func (v *view) Read(ctx context.Context, p string) ([]byte, error) {
	if p == v.file.Path {
		return v.content, nil
	}
	return v.Tree.Read(ctx, p)
}

// Origin returns the file of the repository that an error comes from, and its line: one
// in the kustomization that is not there comes from the resource that its line or the
// message names, or else from the directory, and has no line.
func (v *view) Origin(file string, line int, message string) (string, int) {
	if file != v.file.Path {
		return file, line
	}
	if n := line - 2; n >= 0 && n < len(v.resources) {
		return v.resources[n], 0
	}
	for _, p := range v.resources {
		if named := "./" + within(v.dir, p); strings.Contains(message, "'"+named+"'") || strings.Contains(message, gitops.Quote(named)) {
			return p, 0
		}
	}
	return v.dir, 0
}
