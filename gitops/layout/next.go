package layout

import (
	"context"
	"path"
	"reflect"

	"github.com/sealift/sealift/gitops"
)

// maxCompared is how many changed files [Layout.Next] compares before it reads
// the whole tree instead.
const maxCompared = 200

// Next returns the layout of another tree, read in the same way. from is the tree that l
// was read of, and changed are the files in which the trees differ. Most changes leave
// the layout as it is, which the changed files alone tell; then the result is l.
func (l *Layout) Next(ctx context.Context, from, to gitops.Tree, changed []string) (*Layout, error) {
	same, err := l.same(ctx, from, to, changed)
	if same || err != nil {
		return l, err
	}
	return l.reader.Read(ctx, to)
}

// same reports whether no changed file says anything else about the layout. It is no,
// and the layout is read anew, whenever it is not certain: with symbolic links, with
// files whose content was read for it, with files that come and go.
func (l *Layout) same(ctx context.Context, from, to gitops.Tree, changed []string) (bool, error) {
	if l.scan.symlinks || len(changed) > maxCompared {
		return false, nil
	}
	for _, p := range changed {
		if p == pipelinesFile || l.seen[p] != 0 || from.Lookup(p).Kind != gitops.File || to.Lookup(p).Kind != gitops.File {
			return false, nil
		}
		base := path.Base(p)
		if !isKustomization(base) && !saysSomething(base) {
			continue
		}
		before, err := says(ctx, from, p)
		if err != nil {
			return false, err
		}
		after, err := says(ctx, to, p)
		if err != nil || !reflect.DeepEqual(before, after) {
			return false, err
		}
	}
	return true, nil
}

// says returns what one file says.
func says(ctx context.Context, t gitops.Tree, p string) (facts, error) {
	s := &scanned{tree: t}
	data, err := s.content(ctx, p)
	return blobFacts(data, isKustomization(path.Base(p))), err
}
