package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// allowed fails when a plan may not be carried out as it is.
func allowed(p *promote.Plan) error {
	if len(p.Refused) > 0 {
		return gitops.Errorf(gitops.Denied, "promotion is refused: %s", p.Refused[0].Message)
	}
	if n := p.Conflicts(); n > 0 {
		e := gitops.Errorf(gitops.Invalid, "promotion has %d conflicts: nothing is written", n)
		e.Hint = "run it without --write or --patch to see them; --take source or --take target decides"
		return e
	}
	return nil
}

// content returns a file of a tree, nil when it is not there.
func content(ctx context.Context, t gitops.Tree, name string) ([]byte, error) {
	if t.Lookup(name).Kind == gitops.Missing {
		return nil, nil
	}
	return t.Read(ctx, name)
}

// writePlan edits the working tree. All files are looked at before the first is
// written: those that are not as the commit has them belong to somebody's work.
func writePlan(ctx context.Context, repo *tree.Repo, target gitops.Tree, p *promote.Plan) error {
	if err := allowed(p); err != nil {
		return err
	}
	if repo.Root() == "" {
		return gitops.Errorf(gitops.Invalid, "repository is bare: there is no working tree to write to")
	}
	root, err := os.OpenRoot(repo.Root())
	if err != nil {
		return gitops.Errorf(gitops.Unavailable, "working tree: %w", err)
	}
	defer root.Close()
	files := p.Files()
	names := slices.Sorted(maps.Keys(files))
	var dirty []string
	for _, name := range names {
		before, err := content(ctx, target, name)
		if err != nil {
			return err
		}
		if !asCommitted(root, name, before) {
			dirty = append(dirty, gitops.Printable(name))
		}
	}
	if len(dirty) > 0 {
		e := gitops.Errorf(gitops.Stale, "working tree has uncommitted changes in %s", strings.Join(dirty, ", "))
		e.Hint = "commit or stash them, then promote again"
		return e
	}
	for _, name := range names {
		if err := writeFile(root, name, files[name]); err != nil {
			return gitops.Errorf(gitops.Unavailable, "file %s: %w", gitops.Quote(name), err)
		}
	}
	return nil
}

// asCommitted reports whether a file of the working tree is as a commit has it.
// Line ends that git turned on checkout count as changes: what is written is what
// the commit has.
func asCommitted(root *os.Root, name string, want []byte) bool {
	info, err := root.Lstat(filepath.FromSlash(name))
	if want == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	data, err := root.ReadFile(filepath.FromSlash(name))
	return err == nil && bytes.Equal(data, want)
}

// writeFile writes or, for nil, removes one file.
func writeFile(root *os.Root, name string, data []byte) error {
	local := filepath.FromSlash(name)
	if data == nil {
		return root.Remove(local)
	}
	mode := fs.FileMode(0o644)
	if info, err := root.Lstat(local); err == nil {
		mode = info.Mode().Perm()
	} else if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	return root.WriteFile(local, data, mode)
}
