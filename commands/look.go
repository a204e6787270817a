package commands

import (
	"context"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
)

// look is the tip of the default branch: what a person means who speaks of an
// environment. Its configuration counts, whatever branch a pull request goes into.
type look struct {
	Source
	bench  Bench
	tip    string
	tree   gitops.Tree    // of the tip
	config *layout.Config // of the tree; never nil
	layout *layout.Layout
}

// lookAround opens a repository at the tip of its default branch. Close it.
func (s *Service) lookAround(ctx context.Context, repo gitops.Repository) (l *look, err error) {
	l = &look{}
	if l.Source, err = s.Source(ctx, repo); err != nil {
		return nil, err
	}
	if l.bench, err = s.Bench(ctx, repo); err != nil {
		_ = l.Source.Close()
		return nil, err
	}
	if err := l.read(ctx, repo.DefaultBranch); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// read looks at the tip of a branch, and leaves what it found so far when it fails.
func (l *look) read(ctx context.Context, branch string) (err error) {
	if l.tip, err = l.FetchBranch(ctx, branch); err != nil {
		return err
	}
	if l.tree, err = l.Tree(ctx, l.tip); err != nil {
		return err
	}
	if l.config, err = configOf(ctx, l.tree); err != nil {
		return err
	}
	l.layout, err = layout.Read(ctx, l.tree, l.config, l.bench.Memo)
	return err
}

// configOf returns the configuration of a tree, an empty one when it has none. The first
// of its problems is the error: nothing is done by a configuration that is half read.
func configOf(ctx context.Context, t gitops.Tree) (*layout.Config, error) {
	config, problems := layout.ReadConfig(ctx, t)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	if config == nil {
		config = &layout.Config{}
	}
	return config, nil
}

// close lets go of both; nothing of l can be read any more.
func (l *look) close() {
	l.bench.Close()
	_ = l.Source.Close()
}

// history is what was promoted on the default branch.
func (l *look) history() History { return History{Commits: l, Tip: l.tip, Layout: l.layout} }

// environment fails for an environment, or an app in it, that is not there; app may
// be "".
func (l *look) environment(env, app string) error {
	if !slices.Contains(l.layout.Environments, env) {
		return unknownName("environment", env, l.layout.Environments)
	}
	if all := apps(l.layout, env); app != "" && !slices.Contains(all, app) {
		return unknownName("app of "+gitops.Quote(env), app, all)
	}
	return nil
}
