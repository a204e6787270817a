package render

import (
	"bytes"
	"context"
	"iter"
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Comparison is the two sides of one thing that is compared. A side without a tree is
// one on which it does not exist.
type Comparison struct{ Base, Head Source }

// Pair is what the sides of a comparison render to.
type Pair struct {
	// Index is that of the comparison.
	Index int
	// Before and After are nil when the side does not exist, or has nothing to render.
	Before, After *gitops.Rendered
	// Same says that both render, and to the same.
	Same bool
}

// All renders paths of t, in any order.
func (r *Renderer) All(ctx context.Context, t gitops.Tree, paths []string) iter.Seq2[gitops.Rendered, error] {
	return stream(func(yield func(gitops.Rendered) bool) error {
		return r.parallel(ctx, len(paths), func(ctx context.Context, i int) error {
			done, err := r.Render(ctx, t, paths[i])
			if err == nil && !yield(done) {
				err = errStopped
			}
			return err
		})
	})
}

// Sources renders several sources, in any order, with the index of each.
func (r *Renderer) Sources(ctx context.Context, list []Source) iter.Seq2[Done, error] {
	return stream(func(yield func(Done) bool) error {
		return r.parallel(ctx, len(list), func(ctx context.Context, i int) error {
			done, err := r.Build(ctx, list[i])
			if err == nil && !yield(Done{i, done}) {
				err = errStopped
			}
			return err
		})
	})
}

// Done is what one of several sources renders to.
type Done struct {
	Index    int
	Rendered gitops.Rendered
}

// Compare yields, in any order, those comparisons whose two sides do not read the same,
// and those of which a side does not render. What it leaves out renders on both sides,
// to the same, and read nothing that differs: it is not rendered twice, and not at all
// when the cache knows its reads.
//
// step, if not nil, is called after each comparison, from several goroutines.
func (r *Renderer) Compare(ctx context.Context, list []Comparison, step func()) iter.Seq2[Pair, error] {
	return stream(func(yield func(Pair) bool) error {
		return r.parallel(ctx, len(list), func(ctx context.Context, i int) error {
			pair, err := r.compare(ctx, list[i])
			if step != nil {
				step()
			}
			if pair.Index = i; err == nil && (pair.Before != nil || pair.After != nil) && !yield(pair) {
				err = errStopped
			}
			return err
		})
	})
}

// compare renders as little as it can: nothing when the cache knows that both sides
// read the same, one side when what it read is the same in the other. Sides with the
// same reads are the same, also when they fail; failures are told all the same.
func (r *Renderer) compare(ctx context.Context, c Comparison) (Pair, error) {
	c.Base, c.Head = c.Base.resolved(), c.Head.resolved()
	before, after := c.Base.there(ctx), c.Head.there(ctx)
	alike := before && after && c.Base.key() == c.Head.key()
	if same, failed := r.sameReads(ctx, c, alike); same && !failed {
		return Pair{}, nil
	}
	var pair Pair
	if before {
		done, err := r.Build(ctx, c.Base)
		if err != nil {
			return pair, err
		}
		if alike && r.holds(ctx, c.Head.Tree, done.Reads) {
			if done.Err == nil {
				return pair, nil
			}
			pair.Before, pair.After = &done, &done
			return pair, nil
		}
		pair.Before = &done
	}
	if after {
		done, err := r.Build(ctx, c.Head)
		if err != nil {
			return pair, err
		}
		pair.After = &done
	}
	pair.Same = !differ(pair.Before, pair.After)
	return pair, nil
}

// differ reports whether two sides are not the same to the reader. A side that fails
// always differs, also when both do: whether it is the same failure is for the report to
// say.
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

// sameReads reports whether the cache knows that the sides of a comparison, which are
// alike but for the tree, read the same, and whether they fail.
func (r *Renderer) sameReads(ctx context.Context, c Comparison, alike bool) (same, failed bool) {
	if !alike || r.cache == nil {
		return false, false
	}
	return r.cache.same(ctx, c.Base, c.Head.Tree, r.remote)
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
	if read.Kind == gitops.Dir {
		switch {
		case read.ID == "":
			return true
		case strings.HasPrefix(read.ID, belowPrefix):
			return read.ID == belowID(pathsBelow(t, read.Path))
		}
		return read.ID == listID(namesIn(t, read.Path))
	}
	return e.ID == read.ID
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
// kustomization file, or is built without one.
func HasKustomization(ctx context.Context, t gitops.Tree, dir string) bool {
	build, t := gitops.Plainly(t, dir)
	if build.Files != nil {
		return true
	}
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
