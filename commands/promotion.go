package commands

import (
	"context"
	"maps"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/render"
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
	// Since is the commit that the source is compared with, instead of the promotion
	// that is recorded. Began returns it, by app and source, where none is recorded: the
	// change began there; "" is not known. Nil knows of none. Touched carries only
	// versions that changed since.
	Since   string
	Began   func(ctx context.Context, app, from string) (commit string, err error)
	Touched bool
	// LeftBehind looks for what earlier changes left behind in the source.
	LeftBehind bool
	// Renderer, when there is one, renders the target with the edits: what does not
	// build any more is a refusal in the plan.
	Renderer *render.Renderer
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
	if err := p.takesThere(ctx, s, targets); err != nil {
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
	if err := p.refuseUnbuilt(ctx, &r); err != nil {
		return r, err
	}
	r.Edited = tree.With(p.Target, r.Plan.Files())
	return r, nil
}

// base returns what the source is compared with: what was said, else the last promotion,
// else where the change began.
func (p Promotion) base(ctx context.Context, h History, app string) (t gitops.Tree, commit string, err error) {
	if commit = p.Since; commit == "" {
		if t, commit, err = h.Last(ctx, app, p.From, p.To); t != nil || err != nil || p.Began == nil {
			return t, commit, err
		}
		if commit, err = p.Began(ctx, app, p.From); commit == "" || err != nil {
			return nil, "", err
		}
	}
	t, err = p.Commits.Tree(ctx, commit)
	return t, commit, err
}

// takesThere fails when a decision is about a place that the plan has nothing at: a
// mistyped one would be passed over without a word.
func (p Promotion) takesThere(ctx context.Context, s *stages, targets []string) error {
	if len(p.Take) == 0 || len(p.Take) == 1 && p.Take[""] != "" {
		return nil
	}
	there := map[string]bool{"": true}
	for _, take := range []map[string]string{nil, p.Take} { // a decision may bring up others
		p.Take = take
		for _, to := range targets {
			p.To = to
			plan, err := p.plan(ctx, s)
			if err != nil {
				return err
			}
			for _, a := range plan.Apps {
				for _, at := range a.Places() {
					there[at] = true
				}
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(p.Take)) {
		if !there[at] {
			delete(there, "")
			return unknownName("place", at, slices.Sorted(maps.Keys(there)))
		}
	}
	return nil
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
			if a.Last, a.LastCommit, err = p.base(ctx, history, app); err != nil {
				return nil, err
			}
		}
		a.Touched = p.Touched && a.Last != nil
		r.Apps = append(r.Apps, a)
	}
	plan, err := promote.Make(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := p.leftBehind(ctx, history, r, plan); err != nil {
		return nil, err
	}
	plan.Refused = append(plan.Refused, s.outOfOrder(p, plan)...)
	return plan, nil
}
