package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// compared are the two trees of a diff.
type compared struct {
	base, head gitops.Tree
	// atHead says that head is the commit that is checked out.
	atHead bool
	close  func()
}

// trees opens what the arguments of diff name: two commits, or without arguments the
// commit that is checked out and the working tree.
func trees(ctx context.Context, repo *tree.Repo, args []string) (compared, error) {
	current := []string{"HEAD", "HEAD"}
	if len(args) > 0 {
		current = args
	}
	base, head, err := repo.Range(ctx, current)
	if err != nil {
		return compared{}, err
	}
	c := compared{close: func() {}}
	if c.base, err = repo.Tree(ctx, base); err != nil {
		return c, err
	}
	if len(args) == 0 {
		return c.working(repo)
	}
	if c.head, err = repo.Tree(ctx, head); err != nil {
		return c, err
	}
	now, err := repo.Resolve(ctx, "HEAD")
	c.atHead = err == nil && now == head
	return c, nil
}

// working makes the working tree the head.
func (c compared) working(repo *tree.Repo) (compared, error) {
	if repo.Root() == "" {
		e := gitops.Errorf(gitops.Invalid, "repository is bare: there is no working tree to compare")
		e.Hint = "name two commits: BASE..HEAD"
		return c, e
	}
	dir, err := tree.Dir(repo.Root(), 0)
	if err != nil {
		return c, err
	}
	c.head, c.close = dir, func() { _ = dir.Close() }
	return c, nil
}

// maxLooked is how large a commit may be for the working tree to be looked at only to
// say that it differs.
const maxLooked = 20_000

// uncommitted counts the files of the commit that is checked out which differ in the
// working tree. What git makes different on checkout is left out: LFS pointers, other
// line ends, and all that is missing from a sparse one.
func uncommitted(ctx context.Context, commit gitops.Tree, repo *tree.Repo) int {
	dir, err := tree.Dir(repo.Root(), 0)
	if err != nil {
		return 0
	}
	defer dir.Close()
	entries := slices.Collect(commit.Entries())
	if len(entries) > maxLooked {
		return 0
	}
	_, err = os.Stat(filepath.Join(repo.GitDir(), "info", "sparse-checkout"))
	sparse := err == nil
	n := 0
	for _, e := range entries {
		if ctx.Err() != nil {
			return 0
		}
		if e.Kind == gitops.Submodule {
			continue
		}
		there := dir.Lookup(e.Path)
		switch {
		case there.ID == e.ID:
		case there.Kind == gitops.Missing:
			if !sparse {
				n++
			}
		case !filtered(ctx, commit, dir, e.Path):
			n++
		}
	}
	return n
}

// filtered reports whether git made a file of the working tree differ on checkout.
func filtered(ctx context.Context, commit, dir gitops.Tree, p string) bool {
	before, err := commit.Read(ctx, p)
	if err != nil {
		return true
	}
	after, err := dir.Read(ctx, p)
	return err != nil || bytes.HasPrefix(before, []byte("version https://git-lfs")) ||
		bytes.Equal(before, bytes.ReplaceAll(after, []byte("\r\n"), []byte("\n")))
}

// noteUncommitted says on standard error what a diff of commits leaves out.
func (b *bot) noteUncommitted(n int) {
	switch {
	case n == 1:
		fmt.Fprintln(b.stderr, "note: 1 file has uncommitted changes, which are not compared; `bot diff` without arguments compares them")
	case n > 1:
		fmt.Fprintf(b.stderr, "note: %d files have uncommitted changes, which are not compared; `bot diff` without arguments compares them\n", n)
	}
}
