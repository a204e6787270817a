package render

import (
	"bytes"
	"context"
	"iter"
	"path"

	"github.com/sealift/sealift/gitops"
)

// Pair is what one path renders to on both sides of a comparison. A side is nil
// when the path has no kustomization there.
type Pair struct {
	Path          string
	Before, After *gitops.Rendered
}

// All renders paths of t, in any order.
func (r *Renderer) All(ctx context.Context, t gitops.Tree, paths []string) iter.Seq2[gitops.Rendered, error] {
	return stream(func(yield func(gitops.Rendered) bool) error {
		return r.parallel(ctx, paths, func(ctx context.Context, p string) error {
			done, err := r.Render(ctx, t, p)
			if err == nil && !yield(done) {
				err = errStopped
			}
			return err
		})
	})
}

// Compare yields those of paths that render differently in base and head, in
// any order: outputs that differ, a side that is not there, or sides that do not
// render for reasons that the change touches. A path whose reads are the same on
// both sides is not rendered twice, and not at all when the cache knows its reads.
//
// step, if not nil, is called after each path, from several goroutines.
func (r *Renderer) Compare(ctx context.Context, base, head gitops.Tree, paths []string, step func()) iter.Seq2[Pair, error] {
	return stream(func(yield func(Pair) bool) error {
		return r.parallel(ctx, paths, func(ctx context.Context, p string) error {
			pair, differs, err := r.compare(ctx, base, head, p)
			if step != nil {
				step()
			}
			if err == nil && differs && !yield(pair) {
				err = errStopped
			}
			return err
		})
	})
}

// compare renders as little as it can: nothing when the cache knows that both sides
// read the same, one side when what it read is the same in the other. Sides with the
// same reads are the same, also when they fail.
func (r *Renderer) compare(ctx context.Context, base, head gitops.Tree, p string) (Pair, bool, error) {
	pair := Pair{Path: p}
	base, head = gitops.View(base, p), gitops.View(head, p)
	before, after := HasKustomization(ctx, base, p), HasKustomization(ctx, head, p)
	if before && after && r.sameReads(ctx, base, head, p) {
		return pair, false, nil
	}
	if before {
		done, err := r.Render(ctx, base, p)
		if err != nil {
			return pair, false, err
		}
		if after && r.holds(ctx, head, done.Reads) {
			return pair, false, nil
		}
		pair.Before = &done
	}
	if after {
		done, err := r.Render(ctx, head, p)
		if err != nil {
			return pair, false, err
		}
		pair.After = &done
	}
	return pair, differ(pair.Before, pair.After), nil
}

// differ reports whether two sides are not the same to the reader. A side that fails
// always differs, also when both do: compare has found by then that the change touches
// what they read, so whether it is the same failure is for the report to say.
func differ(a, b *gitops.Rendered) bool {
	if a == nil || b == nil {
		return a != b
	}
	if a.Err != nil || b.Err != nil || len(a.Objects) != len(b.Objects) {
		return true
	}
	for i := range a.Objects {
		if !bytes.Equal(a.Objects[i].YAML, b.Objects[i].YAML) {
			return true
		}
	}
	return false
}

// sameReads reports whether the cache knows that p reads the same in both trees.
func (r *Renderer) sameReads(ctx context.Context, base, head gitops.Tree, p string) bool {
	c := r.cache
	return c != nil && c.same(ctx, base, head, p, r.remote)
}

// holds reports whether every read has the same answer in t.
func (r *Renderer) holds(ctx context.Context, t gitops.Tree, reads []gitops.Read) bool {
	for _, read := range reads {
		if !holds(ctx, t, r.remote, read) {
			return false
		}
	}
	return true
}

// holds reports whether a look-up has the same answer in t. A path that was
// missing must not have come into being behind a symlink.
func holds(ctx context.Context, t gitops.Tree, remote Remote, read gitops.Read) bool {
	if read.Kind == gitops.Remote {
		return holdsRemote(ctx, remote, read)
	}
	e := t.Lookup(read.Path)
	if e.Kind != read.Kind {
		return false
	}
	if read.Kind == gitops.Missing {
		return !behindLink(t, read.Path)
	}
	return read.Kind == gitops.Dir || e.ID == read.ID
}

// behindLink reports whether the nearest thing above p that is there is a symbolic
// link: Lookup does not follow links, so a path below one is missing by itself and yet
// may lead somewhere.
func behindLink(t gitops.Tree, p string) bool {
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		switch t.Lookup(dir).Kind {
		case gitops.Symlink:
			return true
		case gitops.Dir:
			return false
		}
	}
	return false
}

// HasKustomization reports whether dir, which is not behind a symlink, holds a
// kustomization file in its view of t.
func HasKustomization(ctx context.Context, t gitops.Tree, dir string) bool {
	t = gitops.View(t, dir)
	for _, name := range kustomizationNames {
		p := path.Join(dir, name)
		e := t.Lookup(p)
		if e.Kind == gitops.Symlink {
			e, _, _ = gitops.Resolve(ctx, t, p)
		}
		if e.Kind == gitops.File {
			return true
		}
	}
	return false
}
