package commands

import (
	"cmp"
	"context"
	"slices"

	"github.com/sealift/sealift/gitops/tree"
)

// maxRebased is how many commits of a pull request that was rebased are looked at.
const maxRebased = 100

// began returns where the change that is promoted began in an environment, or the open
// promotion that it goes onto when that began before. "" is not known.
func (p *promoting) began(ctx context.Context, app, from string) (string, error) {
	commit, err := p.beginning(ctx, app, from)
	open := p.opened[app]
	if err != nil || open == "" || commit == "" || p.src.FetchCommits(ctx, open) != nil {
		return commit, cmp.Or(err, ctx.Err())
	}
	base, err := p.src.MergeBase(ctx, open, commit)
	if base == open {
		commit = open
	}
	return commit, gone(err)
}

// beginning is right before the pull request, or, where that changed another environment,
// right before the promotion that brought it.
func (p *promoting) beginning(ctx context.Context, app, from string) (string, error) {
	if p.pushed != nil {
		return p.pushed(ctx, app)
	}
	st, err := Promotion{Source: p.source, Target: p.target, Memo: p.bench.Memo}.stages(ctx)
	if err != nil {
		return "", err
	}
	for _, r := range AppsOf(st.source, p.changed) {
		if r.App == app && slices.Contains(r.Environments, from) {
			return p.before(ctx)
		}
	}
	if !p.pull.Merged {
		return "", nil
	}
	h := History{Commits: p.src, Tip: p.base, Layout: st.target}
	list, err := h.Promotions(ctx, app, from)
	if err != nil {
		return "", err
	}
	for i := len(list) - 1; i >= 0; i-- { // the first that has it
		base, err := p.src.MergeBase(ctx, p.pull.MergeCommit, list[i].Source)
		if err != nil {
			return "", gone(err)
		}
		if base == p.pull.MergeCommit && len(list[i].Parents) > 0 {
			return list[i].Parents[0], nil
		}
	}
	return "", nil
}

// before returns the commit that the pull request was merged onto, as its first parents
// have it: the tip of the base as long as it is open.
func (p *promoting) before(ctx context.Context) (string, error) {
	if !p.pull.Merged {
		return p.base, nil
	}
	merged, err := p.src.Log(ctx, p.pull.MergeCommit, "", nil, maxRebased)
	if err != nil || len(merged) == 0 || len(merged[0].Parents) == 0 {
		return "", err
	}
	if len(merged[0].Parents) > 1 {
		return merged[0].Parents[0], nil
	}
	fork, err := p.src.MergeBase(ctx, p.pull.Base.SHA, p.pull.Head.SHA)
	if err != nil {
		return "", gone(err)
	}
	own, err := p.src.Log(ctx, p.pull.Head.SHA, fork, nil, maxRebased)
	if err != nil {
		return "", err
	}
	last := rebased(merged, own)
	if len(last.Parents) == 0 {
		return "", nil
	}
	return last.Parents[0], nil
}

// rebased returns the first of the commits that a pull request put onto its base, both
// newest first: all of its own when they are there one by one, or else the one that they
// were squashed into.
func rebased(merged, own []tree.Trailed) tree.Trailed {
	if len(own) == 0 || len(own) > len(merged) {
		return merged[0]
	}
	for i, c := range own {
		if merged[i].Subject != c.Subject || len(merged[i].Parents) != 1 {
			return merged[0]
		}
	}
	return merged[len(own)-1]
}
