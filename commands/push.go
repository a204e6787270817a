package commands

import (
	"context"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
)

// warm renders every overlay of a pushed commit into the cache, when it is the
// default branch, and returns the overlays that the push reaches, sorted.
func (s *Service) warm(ctx context.Context, e gitops.Event) ([]string, error) {
	src, err := s.Source(ctx, e.Repo)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	bench, err := s.Bench(ctx, e.Repo)
	if err != nil {
		return nil, err
	}
	defer bench.Close()
	head, l, err := s.layoutAt(ctx, src, bench, e.Head)
	if err != nil {
		return nil, err
	}
	paths := l.Paths()
	if e.Ref == e.Repo.DefaultBranch {
		s.certificateNotes(ctx, e.Repo, head) // measured, whoever looks at them
		for _, err := range bench.Renderer.All(ctx, l.Tree(head), paths) {
			if err != nil {
				return nil, err
			}
		}
	}
	return s.reachedSince(ctx, src, e.Before, head, l)
}

// reachedSince returns the overlays of head that the change since a commit may
// reach; all of them when the commit is not known any more.
func (s *Service) reachedSince(ctx context.Context, src Source, before string, head gitops.Tree, l *layout.Layout) ([]string, error) {
	paths := l.Paths()
	if src.FetchCommits(ctx, before) != nil {
		return paths, ctx.Err()
	}
	old, err := src.Tree(ctx, before)
	if err != nil {
		return paths, ctx.Err()
	}
	changed, err := ChangedFiles(old, head)
	if err != nil {
		return nil, err
	}
	return reached(l, changed), nil
}

// reached are the overlays that a change reaches, by their paths.
func reached(l *layout.Layout, changed []string) []string {
	return slices.DeleteFunc(l.Paths(), func(p string) bool { return !l.Reached(p, changed) })
}

// layoutAt reads the layout of a commit. A configuration that is wrong counts as none.
func (s *Service) layoutAt(ctx context.Context, src Source, bench Bench, commit string) (gitops.Tree, *layout.Layout, error) {
	if err := src.FetchCommits(ctx, commit); err != nil {
		return nil, nil, err
	}
	t, err := src.Tree(ctx, commit)
	if err != nil {
		return nil, nil, err
	}
	config, problems := layout.ReadConfig(ctx, t)
	if len(problems) > 0 {
		config = nil
	}
	l, err := layout.Read(ctx, t, config, bench.Memo)
	return t, l, err
}

// affected reports whether a pull request reaches one of the overlays that a
// push to its base touched.
func (s *Service) affected(ctx context.Context, e gitops.Event, p gitops.Pull, touched []string) (bool, error) {
	if len(touched) == 0 {
		return false, nil
	}
	src, err := s.Source(ctx, e.Repo)
	if err != nil {
		return false, err
	}
	defer src.Close()
	bench, err := s.Bench(ctx, e.Repo)
	if err != nil {
		return false, err
	}
	defer bench.Close()
	if _, err := src.Fetch(ctx, p.Number, p.Base.Ref, p.Head.SHA); err != nil {
		return false, gone(err)
	}
	from, err := src.MergeBase(ctx, e.Head, p.Head.SHA)
	if err != nil {
		return true, ctx.Err()
	}
	base, l, err := s.layoutAt(ctx, src, bench, from)
	if err != nil {
		return false, err
	}
	head, err := src.Tree(ctx, p.Head.SHA)
	if err != nil {
		return false, err
	}
	changed, err := ChangedFiles(base, head)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(reached(l, changed), func(o string) bool { return slices.Contains(touched, o) }), nil
}
