package commands

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/render"
)

// Drift finds where two environments of an app differ in what is meant to be equal.
// It compares what their overlays render to, field by field; it writes nothing.
//
// What belongs to one environment is left out: namespaces, replicas, ciphertext,
// values that differ only in the names of the environments, fields that
// `promote.keep` names, what comes from files that it names, and values of secrets,
// which cannot be compared when they are masked. What else differs is drift
//
//   - when it was equal, or nowhere, before one of the last 20 commits that change
//     files of either environment, or
//   - when it is a version of which the first environment has a later one, by its
//     number or because it had that of the second before.
//
// All else differs since both overlays exist, as far as was looked: it is meant to.
type Drift struct {
	// Tree is what is compared; the configuration is read from it.
	Tree gitops.Tree
	// Commits and Tip, the commit of the tree, tell what was equal before. Without
	// Commits only versions drift.
	Commits StatusCommits
	Tip     string
	// Environments are two, or none: then it is each environment of an app and the
	// one before it.
	Environments []string
	// Apps are those to compare; none means all.
	Apps []string
	// Renderer renders both sides.
	Renderer *render.Renderer
	// Memo keeps what layout found out about files; it may be nil.
	Memo layout.Memo
	// Progress, if not nil, is called as overlays are done.
	Progress func(done, total int)
}

// Run returns the drift. The errors are a tree that cannot be read, a configuration
// that is wrong, and an app or environment that is not there.
func (d Drift) Run(ctx context.Context) (reply.Drift, error) {
	st, err := Promotion{Source: d.Tree, Target: d.Tree, Memo: d.Memo}.stages(ctx)
	if err != nil {
		return reply.Drift{}, err
	}
	names, err := Status{Apps: d.Apps}.names(st)
	if err != nil {
		return reply.Drift{}, err
	}
	pairs, err := d.pairs(st, names)
	if err != nil {
		return reply.Drift{}, err
	}
	var paths []string
	for _, p := range pairs {
		for _, app := range p.apps {
			paths = slices.Concat(paths, st.overlays(st.target, app, p.a), st.overlays(st.target, app, p.b))
		}
	}
	slices.Sort(paths)
	tip, err := d.render(ctx, st.target.Tree(d.Tree), slices.Compact(paths), d.Progress)
	if err != nil {
		return reply.Drift{}, err
	}
	var out reply.Drift
	for _, p := range pairs {
		found := reply.DriftPair{A: p.a, B: p.b, Apps: p.apps}
		for _, app := range p.apps {
			if err := d.app(ctx, st, tip, app, &found); err != nil {
				return out, err
			}
		}
		out.Pairs = append(out.Pairs, found)
	}
	return out, nil
}

// render renders several overlays of a tree.
func (d Drift) render(ctx context.Context, t gitops.Tree, paths []string, progress func(done, total int)) (map[string]gitops.Rendered, error) {
	all := make(map[string]gitops.Rendered, len(paths))
	for r, err := range d.Renderer.All(ctx, t, paths) {
		if err != nil {
			return nil, err
		}
		all[r.Path] = r
		if progress != nil {
			progress(len(all), len(paths))
		}
	}
	return all, nil
}

// driftPair is two environments and the apps that both have.
type driftPair struct {
	a, b string
	apps []string
}

// pairs returns what to compare, in the order of the chain.
func (d Drift) pairs(st *stages, names []string) ([]driftPair, error) {
	var list []driftPair
	add := func(a, b, app string) {
		i := slices.IndexFunc(list, func(p driftPair) bool { return p.a == a && p.b == b })
		if i < 0 {
			i, list = len(list), append(list, driftPair{a: a, b: b})
		}
		list[i].apps = append(list[i].apps, app)
	}
	rank := st.target.Rank
	if len(d.Environments) == 0 {
		for _, app := range names {
			for _, s := range stops(st, st.chain(app)) {
				if s.From != "" {
					add(s.From, s.Environment, app)
				}
			}
		}
		slices.SortStableFunc(list, func(p, q driftPair) int {
			return cmp.Or(cmp.Compare(rank(p.b), rank(q.b)), cmp.Compare(rank(p.a), rank(q.a)))
		})
		return list, nil
	}
	if len(d.Environments) != 2 || d.Environments[0] == d.Environments[1] {
		return nil, gitops.Errorf(gitops.Invalid, "environments to compare must be two")
	}
	for _, env := range d.Environments {
		if err := st.known(env); err != nil {
			return nil, err
		}
	}
	a, b := d.Environments[0], d.Environments[1]
	if rank(b) < rank(a) {
		a, b = b, a
	}
	for _, app := range names {
		if chain := st.chain(app); slices.Contains(chain, a) && slices.Contains(chain, b) {
			add(a, b, app)
		}
	}
	return list, nil
}

// app compares one app and adds what it finds.
func (d Drift) app(ctx context.Context, st *stages, tip map[string]gitops.Rendered, app string, to *reply.DriftPair) error {
	h := History{Layout: st.target}
	w := driftWalk{
		Drift: d, stages: st, tip: tip, a: st.overlays(st.target, app, to.A), b: st.overlays(st.target, app, to.B),
		filesA: h.paths(app, to.A), filesB: h.paths(app, to.B), words: promote.Words(to.A, to.B),
	}
	rules := st.config.Promote.Keep
	var keep []gitops.FieldPath
	if len(rules) > 0 {
		keep = keptFields(rules, w.own(slices.Concat(w.filesA, w.filesB)))
	}
	w.skip = func(steps []gitops.FieldStep) bool {
		return environmentOwn(steps) || slices.ContainsFunc(keep, func(p gitops.FieldPath) bool { return p.Covers(steps) })
	}
	now, unread, err := w.state(ctx, d.Tree)
	if err != nil {
		return err
	}
	for _, r := range unread {
		to.Unread = append(to.Unread, reply.DriftUnread{App: app, Path: r.Path, Cause: r.Err.Cause})
	}
	if len(unread) > 0 {
		return nil
	}
	to.Added = append(to.Added, added(st.target.Units, app, w.a, w.b)...)
	if err := w.leaveOutKept(ctx, now, rules); err != nil {
		return err
	}
	since, err := w.drifted(ctx, now)
	if err != nil {
		return err
	}
	for _, at := range now.different() {
		if commit, ok := since[at]; ok {
			to.Fields = append(to.Fields, reply.DriftField{
				App: app, Object: now.titles[at.object], Field: at.path, A: shownIn(now.a, at), B: shownIn(now.b, at), Since: commit,
			})
		}
	}
	return nil
}

// added returns the units of an app's overlays in two environments to which a deployer adds
// something, where that is not the same in both. Namespaces are each environment's own.
func added(units []gitops.Unit, app string, a, b []string) []reply.DriftAdded {
	var list []reply.DriftAdded
	sides := [2]map[string]bool{{}, {}}
	for _, u := range units {
		options := optionsOf(u.Build)
		for i, paths := range [][]string{a, b} {
			if options != "" && slices.Contains(paths, u.Path) {
				sides[i][options] = true
				list = append(list, reply.DriftAdded{App: app, Path: u.Path, DeployedBy: *u.DeployedBy})
			}
		}
	}
	if maps.Equal(sides[0], sides[1]) {
		return nil
	}
	return list
}

// optionsOf is what a deployer adds to a kustomization, "" for nothing that changes more than
// the namespace of its objects.
func optionsOf(b gitops.Build) string {
	var only gitops.Build
	switch {
	case b.Argo != nil && b.Argo.Kustomize != nil:
		k := *b.Argo.Kustomize
		k.Namespace = ""
		only.Argo = &gitops.ArgoBuild{Kustomize: &k}
		if only.Same(gitops.Build{Argo: &gitops.ArgoBuild{Kustomize: &gitops.ArgoKustomize{}}}) {
			return ""
		}
	case b.Flux != nil:
		f := *b.Flux
		f.Name, f.Namespace, f.TargetNamespace = "", "", ""
		only.Flux = &f
		if only.Same(gitops.Build{Flux: &gitops.FluxBuild{}}) {
			return ""
		}
	default:
		return ""
	}
	return only.JSON()
}

// shownIn is nil for a field that one side does not have.
func shownIn(side map[driftPlace]driftCell, at driftPlace) *string {
	if cell, ok := side[at]; ok {
		return &cell.shown
	}
	return nil
}
