package commands

import (
	"context"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// Promotion carries apps from one environment to another. It reads trees and
// writes nothing.
type Promotion struct {
	// Source is the tree that is promoted, Target the one that is edited: often
	// the same. Configuration is read from Target.
	Source, Target gitops.Tree
	// At is the full id of the commit that Source is of, "" when there is none.
	At string
	// From and To are environments; To may be a group of them. Without To it is
	// the next one in the chain of the apps, without From the one before To.
	From, To string
	// Apps are names; All takes every app that From has. Without both it is the
	// apps whose own files of From are among Changed.
	Apps    []string
	All     bool
	Changed []string
	// Take, Create and Force are what the person decided, see [promote.Options];
	// Force allows to promote down the chain, and versions that go back.
	Take          map[string]string
	Create, Force bool
	// Memo keeps what layout found out about files; it may be nil.
	Memo layout.Memo
	// Commits and Tip, the commit of the target, tell what was promoted last, see
	// [History]. Without Commits only versions are carried.
	Commits Commits
	Tip     string
}

// PromotionResult is what a [Promotion] would do.
type PromotionResult struct {
	Plan *promote.Plan
	// Edited is the target with the edits of the plan.
	Edited gitops.Tree
	// Config and Layout are those of the target; Layout knows all environments.
	Config *layout.Config
	Layout *layout.Layout
	// Later are the other members of the group that was asked for, which come
	// after this one.
	Later []string
}

// Run returns what would be carried. Rules of the configuration about people and
// time are not looked at; the order of the chain is, as a refusal in the plan. The
// errors are a tree that cannot be read, a configuration that is wrong, an
// environment or app that is not there (not_found, with the nearest names) and a
// request that may mean several things (invalid).
func (p Promotion) Run(ctx context.Context) (PromotionResult, error) {
	s, err := p.stages(ctx)
	if err != nil {
		return PromotionResult{}, err
	}
	if err := s.resolve(&p); err != nil {
		return PromotionResult{}, err
	}
	r := PromotionResult{Config: s.config, Layout: s.target}
	targets, err := s.targets(p.To)
	if err != nil {
		return r, err
	}
	for i, to := range targets {
		p.To, r.Later = to, targets[i+1:]
		if r.Plan, err = p.plan(ctx, s); err != nil {
			return r, err
		}
		if !settled(r.Plan) {
			break // the others of a group come when this one is done
		}
	}
	r.Edited = tree.With(p.Target, r.Plan.Files())
	return r, nil
}

// settled reports whether a plan has nothing to do and to say.
func settled(p *promote.Plan) bool {
	return p.Empty() && p.Conflicts() == 0 && !slices.ContainsFunc(p.Apps, func(a promote.AppPlan) bool { return a.Missing || a.Removed })
}

// plan makes the plan for one target.
func (p Promotion) plan(ctx context.Context, s *stages) (*promote.Plan, error) {
	r := promote.Request{
		Source: p.Source, Target: p.Target, From: p.From, To: p.To, At: p.At,
		SourceRefs: s.source.Refs, TargetRefs: s.target.Refs,
		Options: s.options(p),
	}
	history := History{Commits: p.Commits, Tip: p.Tip, Layout: s.target}
	for _, app := range p.Apps {
		a := promote.App{Name: app, From: s.overlays(s.source, app, p.From), To: s.overlays(s.target, app, p.To)}
		if p.Commits != nil && len(a.To) > 0 {
			var err error
			if a.Last, a.LastCommit, err = history.Last(ctx, app, p.From, p.To); err != nil {
				return nil, err
			}
		}
		r.Apps = append(r.Apps, a)
	}
	plan, err := promote.Make(ctx, r)
	if err != nil {
		return nil, err
	}
	plan.Refused = append(plan.Refused, s.outOfOrder(p)...)
	return plan, nil
}
