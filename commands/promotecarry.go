package commands

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// plan decides what is written and said.
func (p *promoting) plan(ctx context.Context) (Plan, error) {
	st, err := p.request().stages(ctx)
	if err != nil {
		return nil, err
	}
	reached := AppsOf(st.source, p.changed)
	if len(p.ask.Apps) == 0 && !p.ask.All {
		if OnlyShared(reached) {
			return p.say(reply.PromotionShared(names(reached))), nil
		}
		if len(reached) == 0 {
			e := gitops.Errorf(gitops.Invalid, "pull request changes no app")
			e.Hint = "Name apps, or all with `--all`."
			return nil, e
		}
		if p.ask.To != "" { // wherever it was changed: it may have been promoted since
			p.apps = names(slices.DeleteFunc(slices.Clone(reached), func(r Reach) bool { return len(r.Environments) == 0 }))
		}
	}
	r, err := p.request().Run(ctx)
	if err != nil {
		return nil, err
	}
	if p.pull.Merged && r.Plan.From != st.changedFirst(reached) {
		// What the pull request brought went on from where it was changed: then the
		// source is what it is now.
		if err := p.pinAt(ctx, p.base); err != nil {
			return nil, err
		}
	}
	refused, err := p.refused(ctx, r)
	if err != nil {
		return nil, err
	}
	parts, err := p.parts(ctx, r)
	if err != nil {
		return nil, err
	}
	return p.actions(ctx, parts, p.shared(reached), refused)
}

// request is what is asked for, as a [Promotion].
func (p *promoting) request() Promotion {
	return Promotion{
		Source: p.source, Target: p.target, At: p.at, From: p.ask.From, To: p.ask.To,
		Apps: slices.Clone(p.apps), All: p.ask.All, Changed: p.changed, Take: p.ask.Take, Create: p.ask.Create, Force: p.ask.Force,
		Memo: p.bench.Memo, Commits: p.src, Tip: p.base, Began: p.began, Touched: !p.ask.All, LeftBehind: true,
	}
}

// say is the plan of only an answer.
func (p *promoting) say(body string) Plan {
	return Plan{Answer{p.key, func(map[string]int) string { return body }}}
}

// names are those of the apps, in their order.
func names(reached []Reach) []string {
	var list []string
	for _, r := range reached {
		list = append(list, r.App)
	}
	return list
}

// shared returns the apps of which the pull request changes a file that several
// environments read, beside files of one.
func (p *promoting) shared(reached []Reach) []string {
	return names(slices.DeleteFunc(slices.Clone(reached), func(r Reach) bool { return !r.Shared }))
}

// part is what goes into one pull request.
type part struct {
	PromotionResult
	about map[string]reply.PromotedApp // by app
	// branch is where to, seen its tip, "" when it is not there.
	branch, seen string
	// by is who asked, number the pull request where that was.
	by     string
	number int
}

// parts plans each pull request on its own: apps that move together are in one,
// or all when that is asked for.
func (p *promoting) parts(ctx context.Context, r PromotionResult) ([]*part, error) {
	var parts []*part
	for _, apps := range p.groups(r) {
		q := p.request()
		q.From, q.To, q.Apps, q.All = r.Plan.From, r.Plan.To, apps, false
		one, err := p.part(ctx, q)
		if err != nil {
			return nil, err
		}
		one.Later = r.Later
		if p.when() == reply.Now && !one.Plan.Empty() {
			if one, err = p.onto(ctx, q, one); err != nil {
				return nil, err
			}
		}
		parts = append(parts, one)
	}
	return parts, nil
}

// groups returns the apps of each pull request.
func (p *promoting) groups(r PromotionResult) [][]string {
	var groups [][]string
	seen := map[string]bool{}
	for _, a := range r.Plan.Apps {
		if seen[a.App] {
			continue
		}
		var group []string
		for _, b := range r.Plan.Apps {
			if p.ask.Together || slices.Contains(r.Config.Promote.WithApp(a.App), b.App) {
				group = append(group, b.App)
				seen[b.App] = true
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// part plans some apps. Those of which the target has a newer commit of the
// source already are left as they are.
func (p *promoting) part(ctx context.Context, q Promotion) (*part, error) {
	one := &part{about: map[string]reply.PromotedApp{}, by: p.by(), number: p.pull.Number}
	var err error
	if one.PromotionResult, err = q.Run(ctx); err != nil {
		return nil, err
	}
	var left []string
	for i, a := range one.Plan.Apps {
		newer, err := p.newer(ctx, q.At, a.LastPromoted)
		if err != nil {
			return nil, err
		}
		if !newer {
			left = append(left, a.App)
			continue
		}
		one.Plan.Apps[i] = promote.AppPlan{App: a.App}
		one.about[a.App] = reply.PromotedApp{Newer: a.LastPromoted}
	}
	if len(left) == len(one.Plan.Apps) || len(left) == 0 {
		one.Edited = tree.With(q.Target, one.Plan.Files())
		return one, nil
	}
	q.Apps = left
	rest, err := q.Run(ctx)
	if err != nil {
		return nil, err
	}
	stay := slices.DeleteFunc(one.Plan.Apps, func(a promote.AppPlan) bool { return slices.Contains(left, a.App) })
	rest.Plan.Apps = append(rest.Plan.Apps, stay...)
	one.PromotionResult = rest
	return one, nil
}

// newer reports whether a commit contains another one, and more.
func (p *promoting) newer(ctx context.Context, old, commit string) (bool, error) {
	if commit == "" || commit == old || !p.pull.Merged {
		return false, nil
	}
	if err := p.src.FetchCommits(ctx, commit); err != nil {
		return false, gone(err)
	}
	base, err := p.src.MergeBase(ctx, old, commit)
	return base == old, gone(err)
}

// onto looks at the branch that a part goes to. A branch that somebody else put
// commits on stays as it is; an open promotion of a newer commit is brought up to
// date instead of being taken back.
func (p *promoting) onto(ctx context.Context, q Promotion, one *part) (*part, error) {
	one.branch = promotionBranch(one.Plan)
	state, err := p.service.lookAt(ctx, p.changes, p.event.Repo, one.branch)
	if err != nil {
		return nil, err
	}
	one.seen = state.Tip
	open, err := p.changes.PullFrom(ctx, one.branch, p.pull.Base.Ref)
	if err != nil {
		return nil, err
	}
	if p.by() == "" && open.Number == 0 {
		if closed, err := p.wasClosed(ctx, one); closed || err != nil {
			one.stop(reply.PromotedApp{})
			return one, err
		}
	}
	if state.Tip == "" {
		return one, nil
	}
	if !state.Ours {
		one.stop(reply.PromotedApp{Stopped: one.branch, Pull: open.Number})
		return one, nil
	}
	if open.Number != 0 {
		if one, err = p.along(ctx, q, one, state); err != nil {
			return nil, err
		}
	}
	was := trailerOf(state.Message, TrailerFrom)
	_, commit, _ := strings.Cut(was, "@")
	newer, err := p.newer(ctx, q.At, commit)
	if err != nil || !newer || open.Number == 0 {
		return one, err
	}
	return p.renew(ctx, q, one, commit, state.Message)
}

// along plans a part anew from where the promotion began that is open: what that carries
// is not in the target yet, and would be lost.
func (p *promoting) along(ctx context.Context, q Promotion, one *part, state branchState) (*part, error) {
	p.opened = map[string]string{}
	for line := range strings.Lines(state.Message) {
		value, ok := strings.CutPrefix(strings.TrimSpace(line), TrailerSince+": ")
		if app, commit, full := strings.Cut(value, "@"); ok && full && commitForm.MatchString(commit) {
			p.opened[app] = commit
		}
	}
	if len(p.opened) == 0 {
		return one, nil
	}
	again, err := p.part(ctx, q)
	if err != nil {
		return nil, err
	}
	again.branch, again.seen, again.Later = one.branch, one.seen, one.Later
	return again, nil
}

// commitForm is a full id of a commit.
var commitForm = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// renew plans a part anew with the newer commit that its pull request carries, as
// the message of the commit on its branch says.
func (p *promoting) renew(ctx context.Context, q Promotion, old *part, commit, message string) (*part, error) {
	var err error
	q.At = commit
	if q.Source, err = p.src.Tree(ctx, commit); err != nil {
		return nil, err
	}
	one, err := p.part(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, a := range one.Plan.Apps {
		one.about[a.App] = reply.PromotedApp{Newer: commit}
	}
	one.branch, one.seen, one.Later = old.branch, old.seen, old.Later
	one.by = strings.TrimPrefix(trailerOf(message, TrailerBy), "@")
	one.number, _ = strconv.Atoi(strings.TrimPrefix(trailerOf(message, TrailerOn), "#")) // 0 is unknown
	return one, nil
}

// stop leaves everything of a part as it is, and says why.
func (o *part) stop(why reply.PromotedApp) {
	for i, a := range o.Plan.Apps {
		if len(a.Files) > 0 {
			o.about[a.App] = why
		}
		o.Plan.Apps[i] = promote.AppPlan{App: a.App, Version: a.Version}
	}
}

// The trailers that say who asked for a promotion, and on which pull request.
//
//	Requested-by: @ada
//	Requested-on: #12
const (
	TrailerBy = "Requested-by"
	TrailerOn = "Requested-on"
)

// trailerOf returns the last value of a trailer of our own in a message.
func trailerOf(message, key string) string {
	value := ""
	for line := range strings.Lines(message) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), key+": "); ok {
			value = v
		}
	}
	return value
}
