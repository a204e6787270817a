package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/spf13/cobra"
)

// renderFlags are those of `bot render` beside the common ones.
type renderFlags struct {
	at     string
	all    bool
	output string
}

func (b *bot) renderCommand() *cobra.Command {
	var f renderFlags
	cmd := &cobra.Command{
		Use:   "render PATH",
		Short: "Print what kustomize build prints, from a sandbox",
		Long: `Render prints exactly what "kustomize build PATH" of the pinned version prints,
byte for byte. It runs in a process without network, files and environment. PATH
is a directory of the working tree, or of a commit with --at. --all prints every
overlay of the repository, each behind a line "# PATH".`,
		Example: `  bot render apps/web/overlays/prod
  bot render apps/web/overlays/prod --at v1.4.0
  bot render --all --at main -o all.yaml`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.all == (len(args) == 1) {
				return usageError{fmt.Errorf("want either a PATH or --all; see `%s --help`", cmd.CommandPath())}
			}
			return b.render(cmd.Context(), f, args)
		},
	}
	b.addCommonFlags(cmd)
	cmd.Flags().StringVar(&f.at, "at", "", "the `COMMIT` to render (default: the working tree)")
	cmd.Flags().BoolVar(&f.all, "all", false, "render every overlay")
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "write to `FILE`")
	return cmd
}

func (b *bot) render(ctx context.Context, f renderFlags, args []string) error {
	src, err := b.source(ctx, f.at)
	if err != nil {
		return err
	}
	defer src.close()
	s, err := b.open(src.id)
	if err != nil {
		return err
	}
	err = b.output(f.output, func(w io.Writer) error {
		if f.all {
			return b.renderAll(ctx, s, src.tree, w)
		}
		p, err := src.path(args[0])
		if err != nil {
			return err
		}
		t, err := deployed(ctx, s, src.tree, p)
		if err != nil {
			return err
		}
		done, err := s.renderer.Render(ctx, t, p)
		if err == nil && done.Err != nil {
			err = done.Err
		}
		if err == nil {
			_, err = w.Write(done.YAML())
		}
		return err
	})
	s.close()
	b.printStats(s)
	return err
}

// deployed returns the tree to render a directory of. One without a kustomization may
// be plain manifests that something deploys, which takes the layout to find out.
func deployed(ctx context.Context, s *session, t gitops.Tree, dir string) (gitops.Tree, error) {
	if render.HasKustomization(ctx, t, dir) {
		return t, nil
	}
	config, _ := layout.ReadConfig(ctx, t) // what is wrong with it does not matter here
	l, err := layout.Read(ctx, t, config, s.memo())
	if err != nil {
		return nil, err
	}
	return l.Tree(t), nil
}

// output calls f with standard output or a file. A regular file appears only
// when f succeeds; anything else, such as a pipe or a device, is written to.
func (b *bot) output(file string, f func(io.Writer) error) error {
	if file == "" {
		return buffered(b.stdout, f)
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		out, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return gitops.Errorf(gitops.Unavailable, "output: %w", err)
		}
		return errors.Join(buffered(out, f), out.Close())
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".render-*")
	if errors.Is(err, fs.ErrNotExist) {
		return gitops.Errorf(gitops.NotFound, "output: no such directory: %s", gitops.Quote(filepath.Dir(file)))
	}
	if err != nil {
		return gitops.Errorf(gitops.Unavailable, "output: %w", err)
	}
	defer os.Remove(tmp.Name())
	err = buffered(tmp, f)
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	return err
}

// buffered writes what there is also when f fails.
func buffered(out io.Writer, f func(io.Writer) error) error {
	w := bufio.NewWriterSize(out, 1<<16)
	return errors.Join(f(w), w.Flush())
}

// renderAll prints every overlay in the order of paths, as soon as it is its
// turn. Overlays that do not render are said to standard error.
func (b *bot) renderAll(ctx context.Context, s *session, t gitops.Tree, w io.Writer) error {
	s.renderer.Prestart(2)
	config, problems := layout.ReadConfig(ctx, t)
	if len(problems) > 0 {
		return problems[0]
	}
	l, err := layout.Read(ctx, t, config, s.memo())
	if err != nil {
		return err
	}
	paths := l.Paths()
	p := b.progress("rendering")
	defer p.stop()
	waiting := map[string]gitops.Rendered{}
	next, count := 0, 0
	var broken *gitops.Error
	for done, err := range s.renderer.All(ctx, l.Tree(t), paths) {
		if err != nil {
			return err
		}
		count++
		p.step(count, len(paths))
		waiting[done.Path] = done
		for next < len(paths) {
			ready, ok := waiting[paths[next]]
			if !ok {
				break
			}
			delete(waiting, paths[next])
			next++
			if ready.Err != nil {
				broken = ready.Err
				fmt.Fprintf(b.stderr, "%s: %v\n", gitops.Printable(ready.Path), ready.Err)
				continue
			}
			if _, err := fmt.Fprintf(w, "# %s\n%s---\n", gitops.Printable(ready.Path), ready.YAML()); err != nil {
				return err
			}
		}
	}
	if broken != nil {
		return gitops.Errorf(gitops.Invalid, "some overlays do not render, see above")
	}
	return nil
}

// source is a tree and where it comes from.
type source struct {
	tree gitops.Tree
	id   string // for the cache; "" for none
	// root is the directory that the tree's root stands for, and dir the one
	// that paths are relative to; both are "" for a bare repository.
	root, dir string
	who       commands.Identity
	close     func()
}

// source opens the working tree, or a commit.
func (b *bot) source(ctx context.Context, at string) (source, error) {
	repo, err := tree.Open(ctx, b.flags.repo, tree.Options{})
	if err != nil && at == "" && gitops.CodeOf(err) == gitops.NotFound {
		return b.plainDirectory()
	}
	if err != nil {
		return source{}, err
	}
	src := source{id: repo.GitDir(), root: repo.Root(), close: func() { _ = repo.Close() }}
	if src.root != "" {
		src.dir, _ = filepath.Abs(b.flags.repo)
	}
	if at == "" && src.root != "" {
		var dir *tree.DirTree
		if dir, err = tree.Dir(src.root, 0); err == nil {
			src.tree = dir
			src.close = func() { _ = dir.Close(); _ = repo.Close() }
		}
	} else {
		if at == "" {
			at = "HEAD"
		}
		src.tree, err = treeAt(ctx, repo, at)
	}
	if err == nil {
		src.who, err = identity(ctx, repo, "")
	}
	if err != nil {
		src.close()
	}
	return src, err
}

// plainDirectory is a directory outside of git, without a cache.
func (b *bot) plainDirectory() (source, error) {
	abs, err := filepath.Abs(b.flags.repo)
	if err != nil {
		return source{}, err
	}
	dir, err := tree.Dir(abs, 0)
	if err != nil {
		return source{}, err
	}
	return source{tree: dir, root: abs, dir: abs, close: func() { _ = dir.Close() }}, nil
}

// path returns a directory, given as an argument, relative to the tree's root.
func (src source) path(arg string) (string, error) {
	p, err := src.relative(arg)
	if err != nil {
		return "", err
	}
	if slices.Contains([]gitops.Kind{gitops.Missing, gitops.File}, src.tree.Lookup(p).Kind) {
		return "", gitops.Errorf(gitops.NotFound, "no such directory: %s", gitops.Quote(arg))
	}
	return p, nil
}

// relative returns an argument relative to the tree's root.
func (src source) relative(arg string) (string, error) {
	p := filepath.ToSlash(filepath.Clean(arg))
	if src.root != "" {
		full := arg
		if !filepath.IsAbs(arg) {
			full = filepath.Join(src.dir, arg)
		}
		if real, err := filepath.EvalSymlinks(filepath.Dir(full)); err == nil {
			full = filepath.Join(real, filepath.Base(full))
		}
		rel, err := filepath.Rel(src.root, full)
		if err != nil {
			return "", gitops.Errorf(gitops.Invalid, "path: %w", err)
		}
		p = filepath.ToSlash(rel)
	}
	if p == ".." || strings.HasPrefix(p, "../") || strings.HasPrefix(p, "/") {
		return "", gitops.Errorf(gitops.Invalid, "path leads out of the repository: %s", gitops.Quote(arg))
	}
	return p, nil
}
