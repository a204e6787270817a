package commands

import (
	"context"
	"fmt"
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
// checks are green, and the rules hold at this moment. Where the branch requires more, or
// has a merge queue, GitHub is asked to merge it; that is taken back when any of this
// does not hold any more.
func (a *automatic) mergeOne(ctx context.Context, p gitops.Pull) error {
	state, err := a.service.lookAt(ctx, a.changes, a.event.Repo, p.Head.Ref)
	if err != nil {
		return err
	}
	own := state.Ours && state.Tip == p.Head.SHA
	if own && trailerOf(state.Message, TrailerTo) != a.env {
		return nil
	}
	ready := false
	if own {
		if ready, err = a.ready(ctx, p, state.Message); err != nil {
			return err
		}
	}
	if !ready {
		return a.service.cancelAutoMerge(ctx, a.host, a.event, p, "")
	}
	e := a.event
	e.Number = p.Number
	_, err = a.service.once(ctx, e, pullKey(e.Repo, p.Number)+" automatic merge of "+p.Head.SHA, "merge a promotion", func(ctx context.Context) (string, error) {
		return "", a.changes.MergePull(ctx, p.Number, p.Head.SHA)
	})
	if gitops.CodeOf(err) == gitops.Invalid {
		err = a.askToMerge(ctx, e, p)
	}
	return a.skipped(err)
}

// ready tells whether the rules hold for a promotion and its checks are green. Another
// event comes when they are.
func (a *automatic) ready(ctx context.Context, p gitops.Pull, message string) (bool, error) {
	g, ok, err := a.gateRequest(ctx, message)
	if err != nil || !ok {
		return false, err
	}
	refused, err := a.service.gate(ctx, a.host, a.changes, g)
	if err != nil || len(refused) > 0 {
		a.wait(refused)
		return false, err
	}
	return a.green(ctx, p.Head.SHA)
}

// askToMerge asks GitHub once to merge a promotion that waits for what its branch
// requires. That it was to be asked is recorded before, so that what came of a crash is
// taken back as well.
func (a *automatic) askToMerge(ctx context.Context, e gitops.Event, p gitops.Pull) error {
	s := a.service
	if err := s.cancelAutoMerge(ctx, a.host, e, p, p.Head.SHA); err != nil {
		return err
	}
	if err := s.State.AskMerge(ctx, e.Repo.ID, p.Number, p.Head.SHA); err != nil {
		return err
	}
	_, err := s.once(ctx, e, autoMergeKey(e.Repo, p), "let GitHub merge a promotion", func(ctx context.Context) (string, error) {
		return "", a.changes.AutoMerge(ctx, p.Number, p.Head.SHA)
	})
	if err == nil && len(a.look.config.Environment(a.env).Gate.Freezes) > 0 { // one begins without an event
		a.waits = append(a.waits, fmt.Sprintf("freeze: #%d must not be merged once one begins", p.Number))
	}
	return err
}

// cancelAutoMerge takes back what GitHub was asked for a pull request, if it was, unless
// that was for the head that is to be kept; "" keeps none. When somebody pushed, that is
// why, and said.
func (s *Service) cancelAutoMerge(ctx context.Context, host Host, e gitops.Event, p gitops.Pull, keep string) error {
	head, asked, err := s.State.AskedMerge(ctx, e.Repo.ID, p.Number)
	if err != nil || !asked || head == keep {
		return err
	}
	changes, err := s.Change(ctx, e.Repo)
	if err != nil {
		return err
	}
	if err := gone(changes.CancelAutoMerge(ctx, p.Number)); err != nil {
		return err
	}
	e.Number = p.Number
	if err := s.note(ctx, e, "let GitHub not merge a promotion"); err != nil {
		return err
	}
	if err := s.sayPushed(ctx, host, changes, e, p); err != nil {
		return err
	}
	p.Head.SHA = head
	if err := s.Actions.Forget(ctx, autoMergeKey(e.Repo, p)); err != nil {
		return err
	}
	return s.State.DropMerge(ctx, e.Repo.ID, p.Number)
}

// sayPushed says on a promotion that somebody else's commit is why it is not merged by
// itself, once for each such commit.
func (s *Service) sayPushed(ctx context.Context, host Host, changes Changes, e gitops.Event, p gitops.Pull) error {
	state, err := s.lookAt(ctx, changes, e.Repo, p.Head.Ref)
	if err != nil || state.Tip == "" || state.Ours {
		return err
	}
	body := fmt.Sprintf("**This is not merged by itself any more.** Sealift did not make commit %s, so it took back that GitHub merges this promotion. Whoever may merge it can look at it and do so.", code(state.Tip[:7]))
	return s.act(ctx, host, e, Plan{Reply{pullKey(e.Repo, p.Number) + " pushed " + state.Tip, body}})
}

// autoMergeKey names that GitHub is asked to merge a pull request at its head.
func autoMergeKey(repo gitops.Repository, p gitops.Pull) string {
	return pullKey(repo, p.Number) + " merge by GitHub " + p.Head.SHA
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
	g.Before, err = p.earlier(ctx, r)
	return g, true, err
}

// green reports whether all checks of a commit are done and none objects. Our own must be a
// success: neutral is what it says when something was not compared, and a commit whose
// checks have not begun is not green either. What a branch
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
	return states[CheckName] == gitops.Success, nil
}
