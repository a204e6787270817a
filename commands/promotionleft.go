package commands

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// maxLeftCommits is how many commits of the source, before what is promoted, are looked
// at for what was left behind.
const maxLeftCommits = 20

// leftBehind adds to a plan what commits of the source before its base changed, the
// source still has, and the target lacks although it has what the source had before that.
// The newest commit that changed a place counts.
func (p Promotion) leftBehind(ctx context.Context, h History, r promote.Request, plan *promote.Plan) error {
	log, ok := p.Commits.(StatusCommits)
	if !p.LeftBehind || !ok || r.From == r.To {
		return nil
	}
	for i := range plan.Apps {
		a := &plan.Apps[i]
		paths := h.paths(a.App, p.From)
		if a.Missing || a.Removed || a.Created || len(paths) == 0 {
			continue
		}
		commits, err := log.Log(ctx, cmp.Or(a.LastPromoted, p.At), "", paths, maxLeftCommits)
		if err != nil {
			return err
		}
		commits = slices.DeleteFunc(commits, func(c tree.Trailed) bool { return len(c.Parents) == 0 })
		w := leftWalk{commits: p.Commits, request: r, app: r.Apps[i]}
		if err := w.find(ctx, commits, a); err != nil {
			return err
		}
	}
	return nil
}

// leftWalk looks for what commits left behind of one app.
type leftWalk struct {
	commits Commits
	request promote.Request
	app     promote.App
}

// since plans the app as if it had been promoted right before a commit.
func (w leftWalk) since(ctx context.Context, c tree.Trailed) (promote.AppPlan, error) {
	one := w.request
	one.Options.Take = nil
	one.Apps = []promote.App{w.app}
	app := &one.Apps[0]
	app.LastCommit, app.Touched = c.Parents[0], true
	var err error
	if app.Last, err = w.commits.Tree(ctx, app.LastCommit); err != nil {
		return promote.AppPlan{}, err
	}
	plan, err := promote.Make(ctx, one)
	if err != nil {
		return promote.AppPlan{}, err
	}
	return plan.Apps[0], nil
}

// find adds what commits left behind, which are newest first, to a plan. What none of
// them left behind is found without looking at each.
func (w leftWalk) find(ctx context.Context, commits []tree.Trailed, a *promote.AppPlan) error {
	if len(commits) == 0 {
		return nil
	}
	known := map[string]bool{}
	undated := *a
	undated.LeftBehind = nil
	for _, at := range undated.Places() {
		known[at] = true
	}
	all, err := w.since(ctx, commits[len(commits)-1])
	if err != nil || len(leftOf(all, maps.Clone(known)))+len(all.Conflicts) == 0 {
		return err
	}
	for _, c := range commits {
		then, err := w.since(ctx, c)
		if err != nil {
			return err
		}
		for _, l := range leftOf(then, known) {
			l.Commit, l.Subject = c.ID, c.Subject
			a.LeftBehind = append(a.LeftBehind, l)
		}
	}
	a.LeftBehind = dated(a.LeftBehind)
	return nil
}

// leftOf returns what a plan would carry at places that are not known yet. What it
// conflicts with or withholds is the target's own.
func leftOf(a promote.AppPlan, known map[string]bool) (list []promote.Left) {
	for _, e := range a.Edits {
		at := e.File + ":" + e.Path
		if e.Path == "" {
			at = e.File
		}
		if !known[at] {
			gone := e.Kind == promote.FileRemoved || e.Kind == promote.Field && e.New == ""
			list = append(list, promote.Left{File: e.File, Path: e.Path, Old: e.Old, New: e.New, Removed: gone})
		}
		known[at] = true
	}
	return list
}

// dated leaves out what is known without a commit where the same place has one.
func dated(list []promote.Left) []promote.Left {
	return slices.DeleteFunc(list, func(l promote.Left) bool {
		return l.Commit == "" && slices.ContainsFunc(list, func(o promote.Left) bool { return o.Commit != "" && o.File == l.File && o.Path == l.Path })
	})
}

// Told returns a plan in which what was left behind and what only the source has stand
// among what is withheld, for people; take returns the words that carry a place.
func Told(plan *promote.Plan, take func(place string) string) *promote.Plan {
	out := *plan
	out.Apps = slices.Clone(plan.Apps)
	for i := range out.Apps {
		out.Apps[i] = told(out.Apps[i], plan.From, take)
	}
	return &out
}

// differs reports whether something of the source is not in the target that might be: it
// would be carried, is withheld, waits for a decision or was left behind. It is the one
// answer to whether two environments have the same.
func differs(a promote.AppPlan) bool {
	return len(a.Edits)+len(a.Files)+len(a.Withheld)+len(a.Conflicts)+len(a.LeftBehind) > 0 || a.Missing || a.Removed
}

// told is one app of it.
func told(a promote.AppPlan, from string, take func(place string) string) promote.AppPlan {
	a.Withheld = slices.Clone(a.Withheld)
	for _, l := range a.LeftBehind {
		a.Withheld = append(a.Withheld, promote.Withheld{File: l.File, Path: l.Path, Reason: leftReason(l, from, take)})
	}
	for _, o := range a.OnlyInSource {
		o.Reason = "only in " + from + ": " + o.Reason
		a.Withheld = append(a.Withheld, o)
	}
	return a
}

// leftReason says what was left behind.
func leftReason(l promote.Left, from string, take func(place string) string) string {
	at := l.File
	if l.Path != "" {
		at += ":" + l.Path
	}
	since := ""
	if l.Commit != "" {
		since = fmt.Sprintf(" since %s (%s)", l.Commit[:min(len(l.Commit), 12)], gitops.Quote(l.Subject))
	}
	what := "has it"
	switch {
	case l.Removed:
		what = "does not have it any more"
	case l.New != "":
		what = "has " + l.New
	}
	return fmt.Sprintf("left behind: %s %s%s; %s carries it", from, what, since, take(at))
}
