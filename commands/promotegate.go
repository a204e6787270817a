package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
)

// refused asks the rules of the target. A promotion that is only shown is told
// what forbids it now; one that waits for a merge is refused now only by what the
// merge does not change.
func (p *promoting) refused(ctx context.Context, r PromotionResult) ([]promote.Refusal, error) {
	found, err := p.refusals(ctx, r)
	if err != nil {
		return nil, err
	}
	final := found
	switch p.when() {
	case reply.DryRun:
		return found, nil
	case reply.OnMerge:
		final = slices.DeleteFunc(slices.Clone(found), func(f promote.Refusal) bool { return f.Rule != "promoters" && f.Rule != "order" })
	}
	if len(final) > 0 {
		return nil, refusedBy(r.Plan.To, final)
	}
	return found, nil
}

// refusals returns all that forbids a promotion now.
func (p *promoting) refusals(ctx context.Context, r PromotionResult) ([]promote.Refusal, error) {
	g, err := p.gateRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	found, err := p.service.gate(ctx, p.host, p.changes, g)
	return append(found, r.Plan.Refused...), err
}

// refusedBy is the error of a promotion that rules forbid.
func refusedBy(to string, list []promote.Refusal) error {
	code := gitops.Invalid
	var why []string
	for _, f := range list {
		why = append(why, "rule "+f.Rule+": "+f.Message)
		if f.Rule == "promoters" {
			code = gitops.Denied
		}
	}
	return gitops.Errorf(code, "promotion to %s is refused by %s", gitops.Quote(to), strings.Join(why, "; by "))
}

// gateRequest gathers what the rules look at.
func (p *promoting) gateRequest(ctx context.Context, r PromotionResult) (gateRequest, error) {
	g := gateRequest{
		Repo: p.event.Repo, Config: r.Config, From: r.Plan.From, To: r.Plan.To,
		Source: p.at, Labels: p.pull.Labels, Login: p.by(),
	}
	for _, a := range r.Plan.Apps {
		g.Apps = append(g.Apps, a.App)
	}
	if p.pull.Open {
		return g, nil
	}
	var err error
	if g.Since, err = p.since(ctx, r, g.From, p.at); err != nil {
		return g, err
	}
	g.Before, err = p.earlier(ctx, r)
	return g, err
}

// since returns when the files that the apps have in an environment changed last,
// as of a commit; zero when they never did.
func (p *promoting) since(ctx context.Context, r PromotionResult, env, commit string) (time.Time, error) {
	var paths []string
	for _, a := range r.Plan.Apps {
		paths = append(paths, History{Layout: r.Layout}.paths(a.App, env)...)
	}
	if len(paths) == 0 {
		return time.Time{}, nil
	}
	commits, err := p.src.Log(ctx, commit, "", paths, 1)
	if err != nil || len(commits) == 0 {
		return time.Time{}, err
	}
	return commits[0].Time, nil
}

// earlier returns when the environment before the target in its group got what is
// promoted; zero when it has not, or there is none.
func (p *promoting) earlier(ctx context.Context, r PromotionResult) (time.Time, error) {
	i := slices.IndexFunc(r.Config.Promote.Groups, func(g layout.Group) bool { return slices.Index(g.Members, r.Plan.To) > 0 })
	if i < 0 {
		return time.Time{}, nil
	}
	members := r.Config.Promote.Groups[i].Members
	q := p.request()
	q.From, q.To, q.All = r.Plan.From, members[slices.Index(members, r.Plan.To)-1], false
	q.Apps = nil
	for _, a := range r.Plan.Apps {
		q.Apps = append(q.Apps, a.App)
	}
	first, err := q.Run(ctx)
	if err != nil || !settled(first.Plan) {
		return time.Time{}, err
	}
	return p.since(ctx, first, q.To, p.base)
}
