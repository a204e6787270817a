package commands

import (
	"context"
	"fmt"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/tree"
)

func promoteVerb() Verb {
	return Verb{
		Name: "promote", Usage: PromoteUsage, Right: RightRead, Closed: true,
		Doc: "Carry what changed to the next environment, or to the one that is named. On an open pull request this happens when it is merged.",
		Who: "whom the environment names in `promoters`, or who may write",
		plan: func(ctx context.Context, a *asked) (Plan, error) {
			ask, err := parsePromote(a.request.Args)
			if err != nil {
				return nil, err
			}
			line := fmt.Sprintf("promote line %d", a.request.Line)
			return a.service.promote(ctx, a.host, a.event, a.pull, ask, commentKey(a.event, line))
		},
	}
}

// promoting is one /promote: who asks for what, and what it is looked at with.
type promoting struct {
	service *Service
	host    Host
	changes Changes
	src     Source
	bench   Bench
	event   gitops.Event
	pull    gitops.Pull
	ask     promoteAsk
	key     string // of the answer

	// base is the tip of the base branch and now its tree. target is what is
	// edited, source what is carried, of the commit at.
	base, at            string
	now, target, source gitops.Tree
	changed             []string // by the pull request
	apps                []string // that are asked for, or that it changes
	// opened has, by app, what the source of a promotion that is open was compared with.
	opened map[string]string
	// pushed returns where the change of an app began that nobody asked for; nil on a
	// pull request.
	pushed func(ctx context.Context, app string) (string, error)
}

// promote plans a promotion that was asked for on a pull request. One that was
// answered already is not planned again: the comment may come twice.
func (s *Service) promote(ctx context.Context, host Host, e gitops.Event, pull gitops.Pull, ask promoteAsk, key string) (Plan, error) {
	if _, done, err := s.Actions.Result(ctx, key); done || err != nil {
		return nil, err
	}
	if !pull.Open && !pull.Merged {
		return nil, gitops.Errorf(gitops.Invalid, "pull request was closed without merging: there is nothing of it to promote")
	}
	if pull.Base.Ref != e.Repo.DefaultBranch {
		return nil, gitops.Errorf(gitops.Invalid, "/promote works on pull requests into %s only", gitops.Quote(e.Repo.DefaultBranch))
	}
	p := &promoting{service: s, host: host, event: e, pull: pull, ask: ask, key: key, apps: ask.Apps}
	var err error
	if p.changes, err = s.Change(ctx, e.Repo); err != nil {
		return nil, err
	}
	if p.src, err = s.Source(ctx, e.Repo); err != nil {
		return nil, err
	}
	defer p.src.Close()
	if p.bench, err = s.Bench(ctx, e.Repo); err != nil {
		return nil, err
	}
	defer p.bench.Close()
	if err := p.pin(ctx); err != nil {
		return nil, err
	}
	return p.plan(ctx)
}

// by is who asks, "" when the configuration does.
func (p *promoting) by() string {
	if p.event.Comment == nil {
		return ""
	}
	return p.event.Comment.Author.Login
}

// when says what becomes of the plan.
func (p *promoting) when() reply.When {
	switch {
	case p.ask.DryRun:
		return reply.DryRun
	case p.pull.Open:
		return reply.OnMerge
	}
	return reply.Now
}

// pin fixes the commits that everything is computed at: the tip of the base, and
// the merge of the pull request, as it is or as it would be now.
func (p *promoting) pin(ctx context.Context) (err error) {
	if p.base, err = p.src.Fetch(ctx, p.pull.Number, p.pull.Base.Ref, p.pull.Head.SHA); err != nil {
		return err
	}
	if p.now, err = p.src.Tree(ctx, p.base); err != nil {
		return err
	}
	if err := p.change(ctx); err != nil {
		return err
	}
	p.target = p.now
	if p.pull.Merged {
		return p.pinAt(ctx, p.pull.MergeCommit)
	}
	merged, conflicts, err := p.src.MergeTree(ctx, p.base, p.pull.Head.SHA)
	if err != nil {
		return err
	}
	if len(conflicts) > 0 {
		return gitops.Errorf(gitops.Invalid, "branch conflicts with its base, for instance in %s: what merging it gives is not known", gitops.Quote(conflicts[0]))
	}
	config, err := p.config(ctx)
	p.at, p.source = p.pull.Head.SHA, tree.With(merged, map[string][]byte{layout.ConfigFile: config})
	p.target = p.source
	return err
}

// pinAt sets the commit that is carried.
func (p *promoting) pinAt(ctx context.Context, commit string) (err error) {
	if err := p.src.FetchCommits(ctx, commit); err != nil {
		return err
	}
	p.at = commit
	p.source, err = p.src.Tree(ctx, commit)
	return err
}

// config returns the configuration of the base, nil when there is none: what a
// pull request says about its own promotion does not count.
func (p *promoting) config(ctx context.Context) ([]byte, error) {
	data, err := p.now.Read(ctx, layout.ConfigFile)
	if gitops.CodeOf(err) == gitops.NotFound {
		return nil, nil
	}
	return data, err
}

// change finds the files that the pull request changes.
func (p *promoting) change(ctx context.Context) error {
	base := p.base
	if p.pull.Merged { // its head is part of the tip by now
		base = p.pull.Base.SHA
		if err := p.src.FetchCommits(ctx, base); err != nil {
			return err
		}
	}
	fork, err := p.src.MergeBase(ctx, base, p.pull.Head.SHA)
	if err != nil {
		return err
	}
	before, err := p.src.Tree(ctx, fork)
	if err != nil {
		return err
	}
	after, err := p.src.Tree(ctx, p.pull.Head.SHA)
	if err != nil {
		return err
	}
	p.changed, err = ChangedFiles(before, after)
	return err
}
