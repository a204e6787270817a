package commands

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
)

// stages are the apps and environments of both sides of a promotion.
type stages struct {
	config         *layout.Config
	source, target *layout.Layout
}

// stages reads both sides by the configuration of the target.
func (p Promotion) stages(ctx context.Context) (*stages, error) {
	config, err := configOf(ctx, p.Target)
	if err != nil {
		return nil, err
	}
	s := &stages{config: config}
	if s.target, err = layout.Read(ctx, p.Target, config, p.Memo); err != nil {
		return nil, err
	}
	s.source = s.target
	if p.Source != p.Target {
		s.source, err = layout.Read(ctx, p.Source, config, p.Memo)
	}
	return s, err
}

// environments returns the names of all environments in order, those of the
// target first.
func (s *stages) environments() []string {
	return sides{base: s.source, head: s.target}.environments()
}

// wholeApp is the app of overlays whose layout names none, such as envs/prod at
// the root: the repository is one app.
const wholeApp = "repository"

// appOf returns the app that an overlay is promoted with, "" when it is of no
// environment.
func appOf(o gitops.Overlay) string {
	if o.Environment == "" {
		return ""
	}
	return cmp.Or(o.App, wholeApp)
}

// apps returns the names of all apps that one side has, sorted.
func apps(l *layout.Layout, in string) []string {
	var list []string
	for _, o := range l.Overlays {
		if app := appOf(o); app != "" && (in == "" || o.Environment == in) {
			list = append(list, app)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// overlays returns the directories of an app in an environment.
func (s *stages) overlays(l *layout.Layout, app, env string) []string {
	var list []string
	for _, o := range l.Overlays {
		if appOf(o) == app && o.Environment == env {
			list = append(list, o.Path)
		}
	}
	return list
}

// resolve fills in what the request leaves open: apps, source and target.
func (s *stages) resolve(p *Promotion) error {
	if p.From != "" {
		from, err := s.targets(p.From)
		if err != nil {
			return err
		}
		if len(from) > 1 {
			return gitops.Errorf(gitops.Invalid, "source %s is a group: name one of %s", gitops.Quote(p.From), strings.Join(from, ", "))
		}
		p.From = from[0]
	}
	if p.To != "" {
		if _, err := s.targets(p.To); err != nil {
			return err
		}
	}
	if err := s.named(p); err != nil {
		return err
	}
	if err := s.ends(p); err != nil {
		return err
	}
	if len(p.Apps) == 0 && p.All {
		p.Apps = apps(s.source, p.From)
	}
	if len(p.Apps) == 0 {
		return gitops.Errorf(gitops.NotFound, "promotion has no apps: nothing of %s is named or changed", gitops.Quote(p.From))
	}
	return nil
}

// named checks the apps that are named, or finds those that the change is of, and
// adds those that move together with them.
func (s *stages) named(p *Promotion) error {
	if len(p.Apps) == 0 && !p.All {
		reached := AppsOf(s.source, p.Changed)
		if p.From == "" {
			p.From = s.changedFirst(reached)
		}
		for _, r := range reached {
			if slices.Contains(r.Environments, p.From) {
				p.Apps = append(p.Apps, r.App)
			}
		}
	}
	all := append(apps(s.source, ""), apps(s.target, "")...)
	var list []string
	for _, app := range p.Apps {
		if !slices.Contains(all, app) {
			return unknownName("app", app, all)
		}
		for _, with := range s.config.Promote.WithApp(app) {
			if slices.Contains(all, with) && !slices.Contains(list, with) {
				list = append(list, with)
			}
		}
	}
	p.Apps = list
	return nil
}

// changedFirst returns the environment whose own files a change touches; of
// several the first in the chain.
func (s *stages) changedFirst(reached []Reach) string {
	for _, env := range s.environments() {
		if slices.ContainsFunc(reached, func(r Reach) bool { return slices.Contains(r.Environments, env) }) {
			return env
		}
	}
	return ""
}

// ends fills in source and target from the chain of the apps.
func (s *stages) ends(p *Promotion) error {
	if p.To != "" {
		targets, err := s.targets(p.To)
		if err != nil {
			return err
		}
		if p.From == "" || slices.Contains(targets, p.From) {
			if p.From, err = s.agreed(p.Apps, targets[0], -1); err != nil {
				return err
			}
		}
		return nil
	}
	if p.From == "" {
		return gitops.Errorf(gitops.Invalid, "promotion has neither source nor target: name the environment to promote to; there are %s", strings.Join(s.environments(), ", "))
	}
	to, err := s.agreed(p.Apps, p.From, +1)
	p.To = to
	return err
}

// agreed returns the environment before or after one in the chain of the apps,
// which must be the same for all of them.
func (s *stages) agreed(names []string, env string, step int) (string, error) {
	found := ""
	for _, app := range append([]string(nil), names...) {
		next := s.beside(s.chain(app, env), env, step)
		if next != "" && found != "" && next != found {
			return "", gitops.Errorf(gitops.Invalid, "apps differ in the environment beside %s: %s or %s; name it", gitops.Quote(env), gitops.Quote(found), gitops.Quote(next))
		}
		if next != "" {
			found = next
		}
	}
	if len(names) == 0 {
		found = s.beside(s.environments(), env, step)
	}
	if found == "" {
		word := "after"
		if step < 0 {
			word = "before"
		}
		return "", gitops.Errorf(gitops.NotFound, "no environment comes %s %s: the order is %s", word, gitops.Quote(env), strings.Join(s.environments(), ", "))
	}
	if step > 0 {
		if g := s.groupOf(found); g != "" {
			return g, nil
		}
	}
	return found, nil
}

// beside returns the environment before or after one in a chain, those at the same
// place left out.
func (s *stages) beside(chain []string, env string, step int) string {
	i := slices.Index(chain, env)
	for i += step; i >= 0 && i < len(chain); i += step {
		if !s.peers(chain[i], env) {
			return chain[i]
		}
	}
	return ""
}

// chain returns the environments of an app, and others that it shall be promoted to,
// in order.
func (s *stages) chain(app string, others ...string) []string {
	return slices.DeleteFunc(s.environments(), func(env string) bool {
		return !slices.Contains(others, env) && len(s.overlays(s.source, app, env)) == 0 && len(s.overlays(s.target, app, env)) == 0
	})
}

// peers reports whether two environments follow the same one: they are of one
// group, or mean the same by their names, as prod-eu and prod-us.
func (s *stages) peers(a, b string) bool {
	return s.groupOf(a) != "" && s.groupOf(a) == s.groupOf(b) || s.target.Peers(a, b)
}

// groupOf is the group that an environment is in, "" when it is in none.
func (s *stages) groupOf(env string) string {
	for _, g := range s.config.Promote.Groups {
		if slices.Contains(g.Members, env) {
			return g.Name
		}
	}
	return ""
}

// targets returns the environments that a name stands for: itself, or the members
// of a group.
func (s *stages) targets(name string) ([]string, error) {
	all := s.environments()
	if slices.Contains(all, name) {
		return []string{name}, nil
	}
	if g, ok := s.config.Promote.Group(name); ok {
		return g.Members, nil
	}
	var meant []string
	for _, env := range all {
		if s.target.Peers(env, name) {
			meant = append(meant, env)
		}
	}
	if len(meant) == 1 {
		return meant, nil
	}
	if len(meant) > 1 {
		e := gitops.Errorf(gitops.Invalid, "environment %s may be %s: name one", gitops.Quote(name), strings.Join(meant, " or "))
		e.Hint = "a group in " + layout.ConfigFile + " takes one after the other"
		return nil, e
	}
	return nil, s.known(name)
}

// known fails for an environment that is not there.
func (s *stages) known(env string) error {
	all := s.environments()
	if slices.Contains(all, env) {
		return nil
	}
	return unknownName("environment", env, all)
}

// unknownName makes the error for a name that does not exist, with those most like
// it.
func unknownName(what, name string, all []string) error {
	e := gitops.Errorf(gitops.NotFound, "%s %s is not there", what, gitops.Quote(name))
	near := slices.DeleteFunc(slices.Clone(all), func(s string) bool {
		return gitops.Distance(name, s) > max(2, len(name)/3) && !strings.Contains(s, name)
	})
	slices.SortStableFunc(near, func(a, b string) int { return gitops.Distance(name, a) - gitops.Distance(name, b) })
	near = slices.Compact(near)
	switch {
	case len(near) > 0:
		e.Hint = "did you mean " + gitops.Printable(strings.Join(near[:min(3, len(near))], " or ")) + "?"
	case len(all) > 0:
		names := slices.Compact(slices.Sorted(slices.Values(all)))
		e.Hint = "there are " + gitops.Printable(strings.Join(names[:min(10, len(names))], ", "))
	}
	return e
}

// outOfOrder returns the refusal of a promotion that goes down the chain or leaves
// out environments of it, by the first app that would move.
func (s *stages) outOfOrder(p Promotion, plan *promote.Plan) []promote.Refusal {
	for _, a := range plan.Apps {
		if !differs(a) || a.Missing || a.Removed {
			continue
		}
		app := a.App
		chain := s.chain(app)
		from, to := slices.Index(chain, p.From), slices.Index(chain, p.To)
		if to < 0 { // the app is not there yet
			chain = s.environments()
			from, to = slices.Index(chain, p.From), slices.Index(chain, p.To)
		}
		switch {
		case from < 0 || s.peers(p.From, p.To):
		case to < from && !p.Force:
			return []promote.Refusal{{Rule: "order", Message: gitops.Quote(p.To) + " comes before " + gitops.Quote(p.From) + ": promoting down the chain needs --force"}}
		case to > from && !s.config.Promote.Skip:
			if left := s.between(chain[from+1:to], p); len(left) > 0 {
				return []promote.Refusal{{Rule: "order", Message: "promotion of " + gitops.Quote(app) + " leaves out " + strings.Join(left, ", ") + ": promote there first, or allow it with `promote: skip` in " + layout.ConfigFile}}
			}
		}
	}
	return nil
}

// between returns those of the environments between two that have a place of
// their own.
func (s *stages) between(list []string, p Promotion) []string {
	return slices.DeleteFunc(slices.Clone(list), func(env string) bool { return s.peers(env, p.From) || s.peers(env, p.To) })
}

// options are what the configuration and the person say about the fields.
func (s *stages) options(p Promotion) promote.Options {
	c := s.config.Promote
	return promote.Options{
		Carry: fieldRules(c.Carry), Keep: fieldRules(c.Keep), Copy: c.Copies,
		Take: p.Take, Create: p.Create, Back: p.Force,
	}
}

// fieldRules are rules of the configuration as package promote takes them.
func fieldRules(rules []layout.FieldRule) []promote.FieldRule {
	var list []promote.FieldRule
	for _, r := range rules {
		rule := promote.FieldRule{Path: r.Matches}
		if r.Field != "" {
			rule.Field, _ = gitops.ParseFieldPath(r.Field) // checked when the configuration was read
		}
		list = append(list, rule)
	}
	return list
}
