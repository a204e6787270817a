package commands

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// Status finds out which version of each app is where. It reads a tree and its
// commits, and writes nothing.
type Status struct {
	Tree gitops.Tree
	// Commits and Tip, the commit of the tree, tell how far an environment is
	// behind. Without Commits that is not told.
	Commits StatusCommits
	Tip     string
	// Apps are those to tell of; none means all.
	Apps []string
	// Memo keeps what layout found out about files; it may be nil.
	Memo layout.Memo
	// Now is when it is, for freezes.
	Now time.Time
}

// StatusCommits reads the commits of a repository; [tree.Repo] does.
type StatusCommits interface {
	Commits
	Log(ctx context.Context, tip, since string, paths []string, limit int) ([]tree.Trailed, error)
}

// maxBehind is how many commits an environment is said to be behind at most.
const maxBehind = 100

// Run returns the status. The errors are a tree that cannot be read, a configuration
// that is wrong, and an app that is not there.
func (c Status) Run(ctx context.Context) (reply.Status, error) {
	st, err := Promotion{Source: c.Tree, Target: c.Tree, Memo: c.Memo}.stages(ctx)
	if err != nil {
		return reply.Status{}, err
	}
	names, err := c.names(st)
	if err != nil {
		return reply.Status{}, err
	}
	s := reply.Status{Freezes: freezes(st.config, st.environments(), c.Now)}
	for _, app := range names {
		if chain := st.chain(app); len(chain) > 0 {
			s.Apps = append(s.Apps, reply.StatusApp{App: app, Stops: stops(st, chain)})
		}
	}
	for _, env := range st.environments() {
		if slices.ContainsFunc(s.Apps, func(a reply.StatusApp) bool { return stop(a, env) != nil }) {
			s.Environments = append(s.Environments, env)
		}
	}
	if err := c.versions(ctx, st, s.Apps); err != nil {
		return s, err
	}
	return s, c.behind(ctx, st, s.Apps)
}

// names are the apps that were asked for, else all. One that is not there is an error
// with the nearest names.
func (c Status) names(st *stages) ([]string, error) {
	all := apps(st.target, "")
	for _, app := range c.Apps {
		if !slices.Contains(all, app) {
			return nil, unknownName("app", app, all)
		}
	}
	if len(c.Apps) > 0 {
		return c.Apps, nil
	}
	return all, nil
}

// stops are the environments of an app, each with the one before it.
func stops(st *stages, chain []string) []reply.StatusStop {
	var list []reply.StatusStop
	for _, env := range chain {
		list = append(list, reply.StatusStop{Environment: env, From: st.beside(chain, env, -1), Behind: -1})
	}
	return list
}

// stop is the place of an app in an environment, nil when it is not there.
func stop(a reply.StatusApp, env string) *reply.StatusStop {
	i := slices.IndexFunc(a.Stops, func(s reply.StatusStop) bool { return s.Environment == env })
	if i < 0 {
		return nil
	}
	return &a.Stops[i]
}

// versions plans each step of the chain: the plan knows the versions on both sides, and
// whether they differ.
func (c Status) versions(ctx context.Context, st *stages, list []reply.StatusApp) error {
	type step struct{ from, to string }
	steps := map[step][]string{}
	for _, a := range list {
		for _, s := range a.Stops {
			from := cmp.Or(s.From, s.Environment)
			steps[step{from, s.Environment}] = append(steps[step{from, s.Environment}], a.App)
		}
	}
	for at, names := range steps {
		p := Promotion{Source: c.Tree, Target: c.Tree, From: at.from, To: at.to, Apps: names, Memo: c.Memo}
		if c.Commits != nil && at.from != at.to {
			p.Commits, p.Tip, p.At, p.LeftBehind = c.Commits, c.Tip, c.Tip, true
		}
		plan, err := p.plan(ctx, st)
		if err != nil {
			return err
		}
		for _, a := range plan.Apps {
			fill(list, at.from, at.to, a)
		}
	}
	return nil
}

// fill adds what a plan knows of one app to both ends of a step.
func fill(list []reply.StatusApp, from, to string, plan promote.AppPlan) {
	i := slices.IndexFunc(list, func(a reply.StatusApp) bool { return a.App == plan.App })
	if s := stop(list[i], from); s != nil {
		s.Version = cmp.Or(s.Version, plan.NewVersion)
	}
	if s := stop(list[i], to); s != nil {
		s.Version = cmp.Or(plan.Version, s.Version)
		s.Differs = from != to && differs(plan)
	}
}

// behind counts the commits that the environment before got since it was promoted.
func (c Status) behind(ctx context.Context, st *stages, list []reply.StatusApp) error {
	if c.Commits == nil {
		return nil
	}
	h := History{Commits: c.Commits, Tip: c.Tip, Layout: st.target}
	for _, a := range list {
		for i := range a.Stops {
			s := &a.Stops[i]
			if s.From == "" {
				continue
			}
			_, last, err := h.Last(ctx, a.App, s.From, s.Environment)
			if err != nil {
				return err
			}
			if last == "" {
				continue
			}
			commits, err := c.Commits.Log(ctx, c.Tip, last, h.paths(a.App, s.From), maxBehind)
			if err != nil {
				return err
			}
			s.Behind = len(commits)
			if !s.Differs {
				s.Behind = 0 // what they changed is the source's own
			}
		}
	}
	return nil
}

// freezes are those that hold now.
func freezes(config *layout.Config, environments []string, now time.Time) []reply.StatusNote {
	var list []reply.StatusNote
	for _, env := range environments {
		for _, f := range config.Environment(env).Gate.Freezes {
			if until, frozen := f.Until(now); frozen {
				list = append(list, reply.StatusNote{Environment: env, Text: "until " + until.In(f.Zone).Format(clockForm) + because(f.Reason)})
			}
		}
	}
	return list
}

func statusVerb() Verb {
	return Verb{
		Name: "status", Usage: "/status [app…]", Right: RightRead, Closed: true,
		Doc: "Show which version of each app is in which environment, how far each is behind, and what holds promotions up.",
		plan: func(ctx context.Context, a *asked) (Plan, error) {
			s, err := a.service.status(ctx, a.host, a.event.Repo, a.request.Args)
			if err != nil {
				return nil, err
			}
			return Plan{Reply{commentKey(a.event, "status"), reply.StatusMarkdown(s, a.service.links(a.event.Repo))}}, nil
		},
	}
}

// links are how to write about a repository.
func (s *Service) links(repo gitops.Repository) reply.PromotionOptions {
	o := reply.PromotionOptions{MaxBytes: s.Options.MaxComment}
	if s.Options.WebURL != "" {
		o.RepoURL = strings.TrimSuffix(s.Options.WebURL, "/") + "/" + repo.String()
	}
	return o
}

// status is that of the default branch, with what only the service knows.
func (s *Service) status(ctx context.Context, host Host, repo gitops.Repository, names []string) (reply.Status, error) {
	l, err := s.lookAround(ctx, repo)
	if err != nil {
		return reply.Status{}, err
	}
	defer l.close()
	out, err := Status{Tree: l.tree, Commits: l, Tip: l.tip, Apps: names, Memo: l.bench.Memo, Now: s.now()}.Run(ctx)
	if err != nil {
		return out, err
	}
	pulls, err := host.OpenPulls(ctx, repo.DefaultBranch)
	if err != nil {
		return out, err
	}
	for _, p := range pulls {
		if p.Head.Repo == repo.String() && strings.HasPrefix(p.Head.Ref, PromotionBranches) {
			out.Promotions = append(out.Promotions, reply.StatusPull{Number: p.Number, Title: p.Title})
		}
	}
	out.Certificates = s.certificateNotes(ctx, repo, l.tree)
	held, err := s.Holds.Holds(ctx, repo.ID)
	for _, h := range held {
		out.Holds = append(out.Holds, reply.StatusNote{Environment: h.Environment, App: h.App, Text: holdSays(h)})
	}
	return out, err
}
