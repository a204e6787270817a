package commands

import (
	"context"

	"strings"

	"github.com/sealift/sealift/gitops"
)

// merge merges the open promotions to the environment that are ready.
func (a *automatic) merge(ctx context.Context) error {
	pulls, err := a.host.OpenPulls(ctx, a.event.Repo.DefaultBranch)
	if err != nil {
		return err
	}
	for _, p := range pulls {
		if p.Head.Repo != a.event.Repo.String() || !strings.HasPrefix(p.Head.Ref, PromotionBranches) || p.Draft {
			continue
		}
		if err := a.mergeOne(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// mergeOne merges a promotion when it is of this environment, is all our own, its
// checks are green, and the rules hold at this moment.
func (a *automatic) mergeOne(ctx context.Context, p gitops.Pull) error {
	state, err := a.service.lookAt(ctx, a.changes, p.Head.Ref)
	if err != nil || !state.Ours || state.Tip != p.Head.SHA || trailerOf(state.Message, TrailerTo) != a.env {
		return err
	}
	g, ok, err := a.gateRequest(ctx, state.Message)
	if err != nil || !ok {
		return err
	}
	refused, err := a.service.gate(ctx, a.host, a.changes, g)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		a.wait(refused)
		return nil
	}
	green, err := a.green(ctx, p.Head.SHA)
	if err != nil || !green {
		return err // another event comes when the checks are done
	}
	e := a.event
	e.Number = p.Number
	_, err = a.service.once(ctx, e, pullKey(e.Repo, p.Number)+" automatic merge of "+p.Head.SHA, "merge a promotion", func(ctx context.Context) (string, error) {
		return "", a.changes.MergePull(ctx, p.Number, p.Head.SHA)
	})
	return a.skipped(err)
}

// gateRequest reads from the commit of a promotion what its rules are asked about.
func (a *automatic) gateRequest(ctx context.Context, message string) (gateRequest, bool, error) {
	m := promotedFrom.FindStringSubmatch(trailerOf(message, TrailerFrom))
	if m == nil {
		return gateRequest{}, false, nil
	}
	g := gateRequest{Repo: a.event.Repo, Config: a.look.config, From: m[1], To: a.env, Source: m[2]}
	for line := range strings.Lines(message) {
		if app, ok := strings.CutPrefix(strings.TrimSpace(line), TrailerApp+": "); ok {
			g.Apps = append(g.Apps, app)
		}
	}
	p := a.promoting(g.Apps)
	r, err := p.request().Run(ctx)
	if err != nil {
		return g, false, a.skipped(err)
	}
	if g.Since, err = p.since(ctx, r, g.From, a.look.tip); err != nil {
		return g, false, err
	}
	g.Before, err = p.before(ctx, r)
	return g, true, err
}

// green reports whether all checks of a commit are done and none objects; our own must
// be there, so that a commit whose checks have not begun is not green. What a branch
// requires beyond that is for GitHub to hold to.
func (a *automatic) green(ctx context.Context, sha string) (bool, error) {
	states, err := a.host.Conclusions(ctx, sha)
	if err != nil {
		return false, err
	}
	for _, c := range states {
		if !green(c) {
			return false, nil
		}
	}
	_, ours := states[CheckName]
	return ours, nil
}
