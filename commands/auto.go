package commands

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
)

// lookAgain is after which time automatic promotions that a rule held back are looked
// at again, unless something happens before.
const lookAgain = 10 * time.Minute

// wake gives the service the work of looking at the automatic promotions, after
// something happened that they may have waited for.
func (s *Service) wake(ctx context.Context, e gitops.Event) error {
	l, err := s.lookAround(ctx, e.Repo)
	if gitops.CodeOf(err) == gitops.Invalid { // the configuration is wrong, which checks say
		return nil
	}
	if err != nil {
		return gone(err)
	}
	defer l.close()
	changed, err := l.changed(ctx, e)
	if err != nil {
		return err
	}
	for _, env := range l.config.Environments {
		if !env.Gate.Auto {
			continue
		}
		if err := s.begin(ctx, e, l, env.Name, changed); err != nil {
			return err
		}
		next := gitops.Event{
			Delivery: "automatic-" + e.Delivery + "-" + refName(env.Name), Kind: gitops.Automatic, Action: env.Name,
			Repo: e.Repo, Head: l.tip, Installation: e.Installation,
		}
		if err := s.Enqueue(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// changed returns the files that a push changed; none for other events, and when what
// was there before is not known any more.
func (l *look) changed(ctx context.Context, e gitops.Event) ([]string, error) {
	if e.Kind != gitops.Pushed || strings.Trim(e.Before, "0") == "" {
		return nil, nil
	}
	if l.FetchCommits(ctx, e.Before, e.Head) != nil {
		return nil, ctx.Err()
	}
	before, err := l.Tree(ctx, e.Before)
	if err != nil {
		return nil, err
	}
	after, err := l.Tree(ctx, e.Head)
	if err != nil {
		return nil, err
	}
	return ChangedFiles(before, after)
}

// begin remembers that the source of some apps changed. An app that was never promoted
// to the environment waits for that: otherwise the word "auto" would open promotions
// for all that ever differed.
func (s *Service) begin(ctx context.Context, e gitops.Event, l *look, env string, changed []string) error {
	st := &stages{config: l.config, source: l.layout, target: l.layout}
	for _, r := range AppsOf(l.layout, changed) {
		if from := st.beside(st.chain(r.App), env, -1); from == "" || !slices.Contains(r.Environments, from) {
			continue
		}
		if err := s.State.Automate(ctx, e.Repo.ID, env, r.App, e.Before); err != nil {
			return err
		}
	}
	return nil
}

// automatic opens, renews and merges the promotions to an environment that the
// configuration asks for. What a rule holds back is looked at again later.
func (s *Service) automatic(ctx context.Context, host Host, e gitops.Event) error {
	l, err := s.lookAround(ctx, e.Repo)
	if err != nil {
		return gone(err)
	}
	defer l.close()
	gate := l.config.Environment(e.Action).Gate
	if !gate.Auto {
		return nil
	}
	changes, err := s.Change(ctx, e.Repo)
	if err != nil {
		return err
	}
	a := &automatic{service: s, host: host, changes: changes, event: e, look: l, env: e.Action}
	if err := a.open(ctx); err != nil {
		return err
	}
	if gate.AutoMerge {
		if err := a.merge(ctx); err != nil {
			return err
		}
	}
	if len(a.waits) == 0 {
		return nil
	}
	s.log().Info("automatic promotion waits", "repository", e.Repo.String(), "environment", a.env, "rules", strings.Join(a.waits, "; "))
	return &gitops.Error{Code: gitops.Limited, Message: "automatic promotion waits: " + strings.Join(a.waits, "; "), RetryAt: s.now().Add(lookAgain)}
}

// automatic looks at one environment.
type automatic struct {
	service *Service
	host    Host
	changes Changes
	event   gitops.Event
	look    *look
	env     string   // that apps are promoted to
	waits   []string // what holds something back that time may change
}

// open opens or renews the promotions of the apps whose source changed.
func (a *automatic) open(ctx context.Context) error {
	done := map[string]bool{}
	for _, app := range apps(a.look.layout, a.env) {
		if done[app] {
			continue
		}
		together := a.look.config.Promote.WithApp(app)
		for _, other := range together {
			done[other] = true
		}
		for _, other := range together {
			source, err := a.due(ctx, other)
			if err != nil {
				return err
			}
			if source == "" {
				continue
			}
			if err := a.promote(ctx, together, source); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// due returns the newest commit that changed the source of an app, when that is not
// promoted yet; "" otherwise.
func (a *automatic) due(ctx context.Context, app string) (string, error) {
	st := &stages{config: a.look.config, source: a.look.layout, target: a.look.layout}
	from := st.beside(st.chain(app), a.env, -1)
	if from == "" {
		return "", nil
	}
	h := a.look.history()
	_, last, err := h.Last(ctx, app, from, a.env)
	if err != nil {
		return "", err
	}
	if last == "" {
		_, begun, err := a.service.State.Automated(ctx, a.event.Repo.ID, a.env, app)
		if err != nil || !begun {
			return "", err
		}
	}
	commits, err := a.look.Log(ctx, a.look.tip, last, h.paths(app, from), 1)
	if err != nil || len(commits) == 0 {
		return "", err
	}
	return commits[0].ID, nil
}

// promote opens or renews one promotion, once for each state of the source: a pull
// request that a person closed stays closed until the source changes again.
func (a *automatic) promote(ctx context.Context, apps []string, source string) error {
	p := a.promoting(apps)
	p.key = fmt.Sprintf("%d automatic %s from %s", a.event.Repo.ID, a.env, source)
	r, err := p.request().Run(ctx)
	if err != nil || r.Plan.Empty() {
		return a.skipped(err)
	}
	refused, err := p.refusals(ctx, r)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		a.wait(refused)
		return nil
	}
	parts, err := p.parts(ctx, r)
	if err != nil {
		return err
	}
	for _, one := range parts {
		if one.branch == "" || one.Plan.Empty() {
			continue
		}
		if err := p.history(ctx, one); err != nil {
			return err
		}
		publish, err := p.publish(ctx, one)
		if gitops.CodeOf(err) == gitops.Invalid { // it would not build
			return a.skipped(err)
		}
		if err != nil {
			return err
		}
		if err := a.service.act(ctx, a.host, a.event, Plan{publish}); err != nil {
			return err
		}
	}
	return nil
}

// skipped passes over what only a person can mend: another attempt changes nothing.
func (a *automatic) skipped(err error) error {
	if code := gitops.CodeOf(err); code == gitops.Invalid || code == gitops.NotFound {
		a.service.log().Info("automatic promotion left out", "repository", a.event.Repo.String(), "environment", a.env, "error", err)
		return nil
	}
	return err
}

// wait notes the rules that held something back.
func (a *automatic) wait(refused []promote.Refusal) {
	for _, r := range refused {
		a.waits = append(a.waits, r.Rule+": "+r.Message)
	}
}

// promoting is a promotion that nobody asks for, at the tip of the default branch.
func (a *automatic) promoting(apps []string) *promoting {
	l := a.look
	return &promoting{
		service: a.service, host: a.host, changes: a.changes, src: l.Source, bench: l.bench, event: a.event,
		pull: gitops.Pull{Repo: a.event.Repo, Merged: true, Base: gitops.Branch{Ref: a.event.Repo.DefaultBranch, SHA: l.tip}, MergeCommit: l.tip},
		ask:  promoteAsk{To: a.env}, apps: apps,
		base: l.tip, at: l.tip, now: l.tree, target: l.tree, source: l.tree, pushed: a.pushed,
	}
}

// pushed returns what the source of an app was before the push that begins its automatic
// promotions; "" when that is not known or was lost.
func (a *automatic) pushed(ctx context.Context, app string) (string, error) {
	commit, begun, err := a.service.State.Automated(ctx, a.event.Repo.ID, a.env, app)
	if err != nil || !begun || a.look.FetchCommits(ctx, commit) != nil {
		return "", cmp.Or(err, ctx.Err())
	}
	return commit, nil
}
