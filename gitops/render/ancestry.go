package render

import (
	"path"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// frame is a kustomization that kustomize has read, with the directories that it has yet to
// read from there. kustomize goes in depth, so that a kustomization which is read is the
// next child of the last frame that has any such child left.
type frame struct {
	dir       string
	namespace string // its own, or what it inherits
	children  []string
}

// enter notes that kustomize reads a kustomization, and what it may read from there.
func (f *files) enter(dir string, m *yaml.Node) {
	inherited := f.inherited(dir)
	for len(f.frames) > 0 {
		top := &f.frames[len(f.frames)-1]
		if i := f.child(top, dir); i >= 0 {
			top.children = top.children[i+1:]
			break
		}
		f.frames = f.frames[:len(f.frames)-1]
	}
	next := frame{dir: dir, namespace: inherited}
	if m.Kind == yaml.MappingNode {
		if own := scalar(m, "namespace"); own != "" {
			next.namespace = own
		}
		for _, key := range []string{"resources", "bases", "components"} {
			if list := field(m, key); list != nil {
				for _, n := range list.Content {
					next.children = append(next.children, path.Join(dir, n.Value))
				}
			}
		}
	}
	f.frames = append(f.frames, next)
}

// inherited is the namespace that kustomizations above give to the charts of one that says
// none itself (helmRootNamespace of kustomize), "" when none does.
func (f *files) inherited(dir string) string {
	for i := len(f.frames) - 1; i >= 0; i-- {
		if f.child(&f.frames[i], dir) >= 0 {
			return f.frames[i].namespace
		}
	}
	return ""
}

// child returns which of the children of a frame that are left a directory is, -1 for none.
func (f *files) child(in *frame, dir string) int {
	for i, c := range in.children {
		if c == dir {
			return i
		}
		if at := f.seen[c]; at != nil && at.kind == gitops.Dir && at.path == dir {
			return i
		}
	}
	return -1
}
