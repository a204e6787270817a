package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// RollbackBranches is what the branches of rollbacks begin with.
const RollbackBranches = "sealift/rollback/"

func rollbackVerb() Verb {
	return Verb{
		Name: "rollback", Usage: RollbackUsage, Right: RightWrite, Closed: true,
		Doc:  "Open a pull request that undoes the last promotion to an environment, or that of one app. What came since stays, unless `--take before` says otherwise. Automatic promotion of it is held until `/unhold`.",
		Who:  whoPromotes,
		plan: func(ctx context.Context, a *asked) (Plan, error) { return a.planRollback(ctx, a.request.Args) },
	}
}

// Rollback is a promotion that is to be undone.
type Rollback struct {
	// Promoted is the promotion, Apps those of it that are undone.
	Promoted Promoted
	Apps     []promote.AppPlan
}

// FindRollback plans to undo the last promotion to an environment; app may be "", which
// is all apps of the newest one. Take is as [promote.Revert] has it. It fails with code not_found when there was none. The
// target is the tree of the history's tip.
func FindRollback(ctx context.Context, h History, target gitops.Tree, env, app string, take map[string]string) (Rollback, error) {
	names := []string{app}
	if app == "" {
		names = apps(h.Layout, env)
	}
	var last Promoted
	for _, name := range names {
		list, err := h.Promotions(ctx, name, env)
		if err != nil {
			return Rollback{}, err
		}
		if len(list) > 0 && list[0].Time.After(last.Time) {
			last = list[0]
		}
	}
	if last.Commit == "" {
		what := "an app"
		if app != "" {
			what = gitops.Quote(app)
		}
		return Rollback{}, gitops.Errorf(gitops.NotFound, "promotion of %s to %s is not there: nothing was promoted, or it was undone already", what, gitops.Quote(env))
	}
	if app == "" {
		names = last.Apps
	}
	return planRevert(ctx, h, target, last, names, take)
}

// planRevert undoes what a promotion did to the files of some apps.
func planRevert(ctx context.Context, h History, target gitops.Tree, p Promoted, names []string, take map[string]string) (Rollback, error) {
	back := Rollback{Promoted: p}
	after, err := h.Commits.Tree(ctx, p.Commit)
	if err != nil {
		return back, err
	}
	before, err := h.Commits.Tree(ctx, p.Parents[len(p.Parents)-1]) // the base, when it was brought up to date
	if err != nil {
		return back, err
	}
	changed, err := ChangedFiles(before, after)
	if err != nil {
		return back, err
	}
	for _, name := range names {
		paths := h.paths(name, p.To)
		files := slices.DeleteFunc(slices.Clone(changed), func(f string) bool {
			return !slices.ContainsFunc(paths, func(dir string) bool { return f == dir || strings.HasPrefix(f, dir+"/") })
		})
		plan, err := promote.Undo(ctx, promote.Revert{Before: before, After: after, Target: target, App: name, Files: files, Take: take})
		if err != nil {
			return back, err
		}
		back.Apps = append(back.Apps, plan)
	}
	return back, nil
}

// Files are those that the rollback edits, as [promote.AppPlan] has them.
func (r Rollback) Files() map[string][]byte {
	files := map[string][]byte{}
	for _, a := range r.Apps {
		maps.Copy(files, a.Files)
	}
	return files
}

// names are those of the apps.
func (r Rollback) names() []string {
	var list []string
	for _, a := range r.Apps {
		list = append(list, a.App)
	}
	return list
}

// planRollback reads what is to be undone.
func (a *asked) planRollback(ctx context.Context, args []string) (Plan, error) {
	key := commentKey(a.event, fmt.Sprintf("rollback line %d", a.request.Line))
	if _, done, err := a.service.Actions.Result(ctx, key); done || err != nil {
		return nil, err
	}
	ask, err := parseRollback(args)
	if err != nil {
		return nil, err
	}
	l, err := a.service.lookAround(ctx, a.event.Repo)
	if err != nil {
		return nil, err
	}
	defer l.close()
	if err := l.environment(ask.Environment, ask.App); err != nil {
		return nil, err
	}
	if err := a.mayPromote(ctx, l.config, ask.Environment); err != nil {
		return nil, err
	}
	back, err := FindRollback(ctx, l.history(), l.tree, ask.Environment, ask.App, ask.Take)
	if err != nil {
		return nil, err
	}
	return a.rollback(ctx, l, back, key)
}

// rollback writes the pull request, unless there is nothing to write, and holds the
// apps so that they are not promoted again by themselves.
func (a *asked) rollback(ctx context.Context, l *look, back Rollback, key string) (Plan, error) {
	said := reply.Rollback{Promoted: back.Promoted.Commit, Subject: back.Promoted.Subject, Environment: back.Promoted.To, Apps: back.Apps, By: a.event.Comment.Author.Login, Number: a.pull.Number}
	opts := a.service.links(a.event.Repo)
	files := back.Files()
	if len(files) == 0 {
		return Plan{Answer{key, func(map[string]int) string { return reply.RollbackReply(said, opts) }}}, nil
	}
	branch, err := a.rollbackBranch(ctx, back)
	if err != nil {
		return nil, err
	}
	d := Diff{Base: l.tree, Head: tree.With(l.tree, files), Overlays: AutoOverlays, Renderer: l.bench.Renderer, Memo: l.bench.Memo}
	result, err := d.Run(ctx)
	if err != nil {
		return nil, err
	}
	result.Report.Base, result.Report.Head = "", "" // no commit has this yet
	said.Report = &result.Report
	title := reply.RollbackTitle(said)
	plan, err := a.holdBack(ctx, back)
	if err != nil {
		return nil, err
	}
	plan = append(plan, Publish{
		Key: key + " " + branch.name, Branch: branch.name, Base: a.event.Repo.DefaultBranch, Tip: l.tip, Seen: branch.Tip,
		Edits: promote.FileEdits(back.Apps), Message: title + "\n\n" + back.trailers(said.By), Title: title,
		Body: func(_ string, max int) string { opts.MaxBytes = max; return reply.RollbackBody(said, opts) },
	})
	return append(plan, Answer{key, func(made map[string]int) string {
		said.Pull = made[branch.name]
		return reply.RollbackReply(said, opts)
	}}), nil
}

// trailers say what was undone, for the merges that come later.
func (r Rollback) trailers(by string) string {
	text := TrailerBy + ": @" + by + "\n"
	for _, app := range r.names() {
		text += TrailerUndone + ": " + app + " " + r.Promoted.Commit + "\n"
	}
	return text
}

// holdBack holds the automatic promotion of what is undone. Where a person put a hold
// that one stays: it holds more.
func (a *asked) holdBack(ctx context.Context, back Rollback) (Plan, error) {
	list, err := a.service.Holds.Holds(ctx, a.event.Repo.ID)
	var plan Plan
	for _, app := range back.names() {
		h := gitops.Hold{
			Repo: a.event.Repo.ID, Environment: back.Promoted.To, App: app, Login: a.event.Comment.Author.Login, Since: a.service.now(),
			Reason: "rolled back", Automatic: true,
		}
		if !slices.ContainsFunc(list, func(o gitops.Hold) bool { return o.What() == h.What() && !o.Automatic }) {
			plan = append(plan, SetHold{h})
		}
	}
	return plan, err
}

// ourBranch is a branch of ours with its name.
type ourBranch struct {
	name string
	branchState
}

// rollbackBranch is where the rollback goes. A branch with somebody's commits is not
// touched.
func (a *asked) rollbackBranch(ctx context.Context, back Rollback) (ourBranch, error) {
	name := RollbackBranches + refName(back.Promoted.To) + "/" + refName(strings.Join(back.names(), "+"))
	changes, err := a.service.Change(ctx, a.event.Repo)
	if err != nil {
		return ourBranch{}, err
	}
	state, err := a.service.lookAt(ctx, changes, a.event.Repo, name)
	if err == nil && state.Tip != "" && !state.Ours {
		err = gitops.Errorf(gitops.Invalid, "branch %s has commits that Sealift did not make: merge or close its pull request and delete the branch, then ask again", gitops.Quote(name))
	}
	return ourBranch{name, state}, err
}
