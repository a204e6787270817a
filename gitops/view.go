package gitops

// Builder is a tree that knows how some of its directories are built when nobody says:
// those of plain manifests, which no kustomization lists.
type Builder interface {
	Tree
	// Builds returns how a directory is built, and the tree itself.
	Builds(dir string) (Build, Tree)
}

// Plainly returns how a directory of t is built when nobody says, and the tree that it is
// built of: t itself unless it is a [Builder].
func Plainly(t Tree, dir string) (Build, Tree) {
	if b, ok := t.(Builder); ok {
		return b.Builds(dir)
	}
	return Build{}, t
}
