package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"

	"github.com/sealift/sealift/gitops"
)

// Source is what is rendered: a directory of a tree, and how.
type Source struct {
	Tree  gitops.Tree
	Path  string
	Build gitops.Build
}

// key names a source in the cache, whatever its tree: two sources of one key with the
// same reads have the same output.
func (s Source) key() string {
	if reflect.ValueOf(s.Build).IsZero() {
		return s.Path
	}
	sum := sha256.Sum256(s.build())
	return s.Path + "\x00" + hex.EncodeToString(sum[:])
}

// build is how the source is rendered, as the worker is told. The same build always
// gives the same bytes: keys of maps are sorted.
func (s Source) build() []byte {
	b, err := json.Marshal(s.Build)
	if err != nil {
		panic("render: a build is always JSON: " + err.Error()) // it has strings, numbers and lists of them only
	}
	return b
}

// resolved is the source with how its tree says that it is built, where nothing else is
// said.
func (s Source) resolved() Source {
	if s.Tree == nil {
		return s
	}
	build, t := gitops.Plainly(s.Tree, s.Path)
	s.Tree = t
	if reflect.ValueOf(s.Build).IsZero() {
		s.Build = build
	}
	return s
}

// there reports whether there is something to render. What a deployer adds options to is
// rendered even when nothing is there, so that it is said.
func (s Source) there(ctx context.Context) bool {
	switch {
	case s.Tree == nil:
		return false
	case s.Build.Engine != gitops.Kustomize || s.Build.Files != nil || s.Build.Argo != nil || s.Build.Flux != nil:
		return true
	}
	return HasKustomization(ctx, s.Tree, s.Path)
}
