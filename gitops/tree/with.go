package tree

import (
	"context"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// With returns t with some files replaced or added, and those of nil content removed.
// Files that are replaced keep whether they may be run. Nothing is written. The result
// has no commit; it reads the other files through t. The contents are shared and must not be changed; a path that leads
// out of the tree is left out.
func With(t gitops.Tree, files map[string][]byte) gitops.Tree {
	w := &edited{Tree: t, files: map[string][]byte{}, dirs: map[string]gitops.Kind{}}
	for p, data := range files {
		if p = path.Clean(p); isInside(p) && p != "." {
			w.files[p] = data
		}
	}
	w.findDirs()
	return w
}

// edited is a tree with some of its files replaced.
type edited struct {
	gitops.Tree
	files map[string][]byte // nil content is a file that is gone
	// dirs are the directories that are there only because of files, and those
	// that are Missing because nothing is left in them.
	dirs map[string]gitops.Kind
}

// findDirs works out dirs. Removing a file may empty directories above it: those of
// removed files count as missing first, then all that is left in the tree puts its own
// back. That costs a walk of the whole tree, which a change that removes nothing does
// not need.
func (w *edited) findDirs() {
	removed := false
	for p, data := range w.files {
		if data == nil {
			removed = true
			w.parents(p, gitops.Missing)
		}
	}
	if removed {
		for e := range w.Entries() {
			w.parents(e.Path, gitops.Dir)
		}
		return
	}
	for p := range w.files {
		w.parents(p, gitops.Dir)
	}
}

// parents notes what the directories above p are. Missing ones are noted only
// where the tree has a directory now.
func (w *edited) parents(p string, kind gitops.Kind) {
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if kind == gitops.Dir && w.dirs[dir] == gitops.Dir {
			return
		}
		w.dirs[dir] = kind
	}
}

// Commit returns "".
func (w *edited) Commit() string { return "" }

// Lookup returns the entry at p.
func (w *edited) Lookup(p string) gitops.Entry {
	if data, ok := w.files[p]; ok {
		if data == nil {
			return gitops.Entry{Path: p}
		}
		return gitops.Entry{Path: p, Kind: gitops.File, ID: gitops.BlobID(data), Size: int64(len(data)), Executable: w.Tree.Lookup(p).Executable}
	}
	switch kind, ok := w.dirs[p]; {
	case ok && kind == gitops.Missing:
		return gitops.Entry{Path: p}
	case ok:
		return gitops.Entry{Path: p, Kind: gitops.Dir, Size: -1}
	}
	for up := path.Dir(p); up != "."; up = path.Dir(up) {
		if w.files[up] != nil { // a file took the place of a directory
			return gitops.Entry{Path: p}
		}
	}
	return w.Tree.Lookup(p)
}

// Entries yields what is left of the tree's entries and those that are new.
func (w *edited) Entries() iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) {
		own := slices.Sorted(maps.Keys(w.files))
		own = slices.DeleteFunc(own, func(p string) bool { return w.files[p] == nil })
		for e := range w.Tree.Entries() {
			for len(own) > 0 && own[0] < e.Path {
				if !yield(w.Lookup(own[0])) {
					return
				}
				own = own[1:]
			}
			if _, ok := w.files[e.Path]; ok || w.below(e.Path) {
				continue
			}
			if !yield(e) {
				return
			}
		}
		for _, p := range own {
			if !yield(w.Lookup(p)) {
				return
			}
		}
	}
}

// below reports whether a file took the place of a directory that p is in.
func (w *edited) below(p string) bool {
	for i, c := range p {
		if c == '/' && w.files[p[:i]] != nil {
			return true
		}
	}
	return false
}

// Read returns the bytes of a file or the target of a symlink.
func (w *edited) Read(ctx context.Context, p string) ([]byte, error) {
	if data := w.files[p]; data != nil {
		return data, nil
	}
	if e := w.Lookup(p); e.Kind != gitops.File && e.Kind != gitops.Symlink {
		return nil, noFile(e)
	}
	return w.Tree.Read(ctx, p)
}

// Prefetch reads the files that were not replaced ahead, where the tree can.
func (w *edited) Prefetch(ctx context.Context, paths []string) error {
	p, ok := w.Tree.(Prefetcher)
	if !ok {
		return nil
	}
	return p.Prefetch(ctx, slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		_, own := w.files[p]
		return own || strings.HasPrefix(p, "/")
	}))
}
