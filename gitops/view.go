package gitops

// Viewer is a tree that shows more to the render of some directories than to others:
// a directory of plain manifests has a kustomization of its own making, which nothing
// else may read.
type Viewer interface {
	Tree
	// View returns the tree as the render of a directory finds it. The same
	// directory always gives the same tree.
	View(dir string) Tree
}

// View returns t as the render of a directory finds it: t itself unless it is a
// [Viewer].
func View(t Tree, dir string) Tree {
	if v, ok := t.(Viewer); ok {
		return v.View(dir)
	}
	return t
}
