package promote

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// Make plans a promotion. It fails only when a tree cannot be read or ctx ends:
// what cannot be carried is said in the plan.
func Make(ctx context.Context, r Request) (*Plan, error) {
	p := &Plan{From: r.From, To: r.To, At: r.At}
	changed := map[string][]byte{}
	overrides := [2][]string{overridesOf(r.Source), overridesOf(r.Target)}
	for i, app := range r.Apps {
		if err := ctx.Err(); err != nil {
			return nil, gitops.Errorf(gitops.Unavailable, "promotion: %w", err)
		}
		m := &maker{Request: r, app: app, swap: newSwap(app, r.From, r.To), overrides: overrides, runs: map[string]bool{}, doubtful: map[string]bool{}, plan: AppPlan{App: app.Name, LastPromoted: app.LastCommit}}
		if err := m.make(ctx, changed); err != nil {
			return nil, err
		}
		maps.Copy(changed, m.plan.Files)
		p.Apps = append(p.Apps, m.plan)
		switch {
		case i == 0:
			p.LastPromoted = app.LastCommit
		case p.LastPromoted != app.LastCommit:
			p.LastPromoted = ""
		}
	}
	return p, nil
}

// make plans one app on top of what those before it changed.
func (m *maker) make(ctx context.Context, changed map[string][]byte) error {
	if m.From == m.To {
		return nil
	}
	if err := m.read(ctx, changed); err != nil {
		return err
	}
	defer m.finish()
	switch {
	case len(m.app.From) == 0:
		m.plan.Removed = len(m.app.To) > 0
		for _, dir := range m.app.To {
			m.withhold(dir, "", m.From+" does not have "+m.app.Name+" any more: remove it by hand")
		}
		return nil
	case len(m.app.To) == 0 && m.Options.Create:
		m.create()
		return nil
	case len(m.app.To) == 0:
		m.plan.Missing = true
		for _, dir := range m.app.From {
			m.withhold(m.swap.path(dir), "", m.To+" does not have "+m.app.Name+": --create copies it")
		}
		return nil
	}
	if err := m.versions(ctx); err != nil {
		return err
	}
	m.copies()
	if m.app.Last == nil {
		m.unsealed()
	}
	m.secrets, m.foreignNames = secretFiles(m.ours), m.foreign()
	return m.changes(ctx)
}

// unsealed names the SealedSecrets that the target does not have.
func (m *maker) unsealed() {
	for _, file := range m.source.own {
		reason := ""
		for _, t := range m.counterparts(file) {
			if m.there(t) {
				continue
			}
			if reason == "" {
				reason = m.sealReason(file, m.now[file])
			}
			if reason != "" {
				m.withhold(t, "", reason)
			}
		}
	}
}

// read finds and reads the files of both environments.
func (m *maker) read(ctx context.Context, changed map[string][]byte) error {
	var err error
	if m.source, err = reads(ctx, m.Source, m.app.From, m.SourceRefs, m.mine(m.swap.source, m.swap.to)); err != nil {
		return err
	}
	if m.target, err = reads(ctx, m.Target, m.app.To, m.TargetRefs, m.mine(m.swap.target, m.swap.from)); err != nil {
		return err
	}
	m.source.override(m.overrides[0], m.app.From, m.mine(m.swap.source, m.swap.to))
	m.target.override(m.overrides[1], m.app.To, m.mine(m.swap.target, m.swap.from))
	if m.now, err = files(ctx, m.Source, m.source.own); err != nil {
		return err
	}
	if m.was, err = files(ctx, m.Target, m.target.own); err != nil {
		return err
	}
	for file := range m.was {
		if data, ok := changed[file]; ok {
			m.was[file] = data
		}
	}
	m.ours = maps.Clone(m.was)
	return nil
}

// mine tells which files are an environment's own: those in the roots of its
// overlays, and those that name it and that the configuration carries. What else
// an overlay reads belongs to something else, or to all environments.
func (m *maker) mine(own roots, names map[string]string) func(string) bool {
	return func(p string) bool {
		return own.of(p) != "" || hasElement([]string{p}, names) && slices.ContainsFunc(m.Options.Carry, func(r FieldRule) bool { return r.Path(p) })
	}
}

// finish fills in the files that differ now.
func (m *maker) finish() {
	m.plan.Files = map[string][]byte{}
	for file, data := range m.ours {
		if old, ok := m.was[file]; !ok || string(old) != string(data) || (data == nil) != (old == nil) {
			m.plan.Files[file] = data
			m.plan.mayRun(file, data != nil && (m.runs[file] || m.Target.Lookup(file).Executable))
		}
	}
	slices.SortStableFunc(m.plan.Edits, func(a, b Edit) int { return cmp.Compare(a.File, b.File) })
	slices.SortStableFunc(m.plan.Withheld, func(a, b Withheld) int { return cmp.Compare(a.File, b.File) })
}

// readTargets adds the names of what a kustomization patches with files.
func readTargets(file string, data []byte, targets map[string]patchTarget) {
	f, err := edit.Parse(file, data)
	if err != nil {
		return
	}
	for _, root := range f.Documents() {
		for _, field := range []string{"patches", "patchesJson6902"} {
			for _, item := range items(get(root, field)) {
				if p := text(get(item, "path")); p != "" {
					targets[path.Join(path.Dir(file), p)] = newPatchTarget(get(item, "target"))
				}
			}
		}
	}
}
