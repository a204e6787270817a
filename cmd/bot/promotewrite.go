package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
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
		many := "s"
		if n == 1 {
			many = ""
		}
		e := gitops.Errorf(gitops.Invalid, "promotion has %d conflict%s: nothing is written", n, many)
		e.Hint = "run it without --write, --commit and --patch to see them; --take source or --take target decides"
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
	edits := promote.FileEdits(p.Apps)
	var dirty []string
	for _, e := range edits {
		before, err := content(ctx, target, e.Path)
		if err != nil {
			return err
		}
		if !asCommitted(root, e.Path, before) {
			dirty = append(dirty, gitops.Printable(e.Path))
		}
	}
	if len(dirty) > 0 {
		e := gitops.Errorf(gitops.Stale, "working tree has uncommitted changes in %s", strings.Join(dirty, ", "))
		e.Hint = "commit or stash them, then promote again"
		return e
	}
	for _, e := range edits {
		if err := writeFile(root, e); err != nil {
			return gitops.Errorf(gitops.Unavailable, "file %s: %w", gitops.Quote(e.Path), err)
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

// writeFile writes or removes one file. One that is there keeps its mode.
func writeFile(root *os.Root, e gitops.FileEdit) error {
	local := filepath.FromSlash(e.Path)
	if e.Delete {
		return root.Remove(local)
	}
	if err := root.MkdirAll(filepath.FromSlash(path.Dir(e.Path)), 0o755); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	mode := fs.FileMode(0o644)
	if e.Executable {
		mode = 0o755
	}
	return root.WriteFile(local, e.Content, mode)
}
