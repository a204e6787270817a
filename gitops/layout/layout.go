package layout

import (
	"context"
	"maps"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// Source says why a directory is a unit.
type Source string

// The sources, best first.
const (
	SourceConfig Source = "config" // `.sealift.yaml` names it
	SourceArgoCD Source = "argocd" // an Application or ApplicationSet points at it
	SourceFlux   Source = "flux"   // a Flux Kustomization points at it
	SourceRoot   Source = "root"   // no other kustomization reads it
)

// Layout is what a tree deploys. It is immutable.
type Layout struct {
	// Overlays are the units, sorted by path. Render them of [Layout.Tree].
	Overlays []gitops.Overlay
	// Kustomizations are all directories with a kustomization file of one of
	// the three names, Components included, sorted.
	Kustomizations []string
	// Environments are the names of all environments in the order of the
	// chain, the first one changed first. Names that say nothing about their
	// place come after the others, in natural order.
	Environments []string
	// Notes are what was seen and not understood, sorted by place.
	Notes []gitops.Finding

	config    *Config
	ranks     map[string]int
	names     *namer
	sources   map[string]Source
	component map[string]bool
	// plain are the units without a kustomization, blind what is deployed and not
	// rendered.
	plain    map[string]*plain
	blind    []blind
	refs     map[string][]string
	dirs     map[string]*kustomization
	symlinks bool
	// readsFiles says that it depends on what files say beside facts: a git
	// generator reads them.
	readsFiles bool
}

// Paths returns the paths of the overlays, in their order.
func (l *Layout) Paths() []string {
	paths := make([]string, len(l.Overlays))
	for i, o := range l.Overlays {
		paths[i] = o.Path
	}
	return paths
}

// Read finds out the layout of a tree. cfg may be nil, memo too. The error is
// that of the context or of the tree, when it cannot be read; nothing that the
// tree says is an error.
func Read(ctx context.Context, t gitops.Tree, cfg *Config, memo Memo) (*Layout, error) {
	if cfg == nil {
		cfg = &Config{}
	}
	s, err := scan(ctx, t, memo)
	if err != nil {
		return nil, err
	}
	defer func() { s.known.store(memo, s.used) }()
	g, err := s.graph(ctx)
	if err != nil {
		return nil, err
	}
	l := &Layout{
		Kustomizations: slices.Sorted(maps.Keys(s.dirs)),
		config:         cfg,
		sources:        map[string]Source{},
		component:      map[string]bool{},
		plain:          map[string]*plain{},
		refs:           g.refs,
		dirs:           s.dirs,
		symlinks:       s.symlinks,
	}
	for dir, k := range s.dirs {
		l.component[dir] = k.component
	}
	p := &pointers{scanned: s, layout: l}
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	p.notes.unread(t)
	l.Notes = p.notes.sorted()
	for _, dir := range slices.Sorted(maps.Keys(l.plain)) {
		g.addPlain(dir, l.plain[dir])
	}
	l.names = newNamer(cfg, s.pipeline, slices.Sorted(maps.Keys(g.refs)))
	l.units(g)
	l.Environments = l.names.order(l.Overlays)
	l.ranks = make(map[string]int, len(l.Environments))
	for i, env := range l.Environments {
		l.ranks[env] = i
	}
	return l, nil
}

// units fills in the overlays from the configuration, the pointers that were
// read, and the roots.
func (l *Layout) units(g *graph) {
	roots := g.roots(l.component)
	for _, dir := range slices.Sorted(maps.Keys(g.refs)) {
		switch {
		case l.component[dir] || matchAny(l.config.ignore, dir):
			delete(l.sources, dir)
			continue
		case l.config.rule(dir) != nil:
			l.sources[dir] = SourceConfig
		case l.sources[dir] == "" && roots[dir]:
			l.sources[dir] = SourceRoot
		case l.sources[dir] == "":
			continue
		}
		l.Overlays = append(l.Overlays, l.Overlay(dir))
	}
}

// Overlay returns the app and environment of a directory, be it a unit or not.
func (l *Layout) Overlay(dir string) gitops.Overlay { return l.names.overlay(dir) }

// Component reports whether dir is a kustomization of kind Component.
func (l *Layout) Component(dir string) bool { return l.component[dir] }

// Units returns the directories of [Layout.Overlays] and all others that have a
// kustomization, sorted.
func (l *Layout) Units() []string { return slices.Sorted(maps.Keys(l.refs)) }

// Has reports whether dir is in [Layout.Units].
func (l *Layout) Has(dir string) bool { _, ok := l.refs[dir]; return ok }

// Source returns why dir is a unit, "" when it is none.
func (l *Layout) Source(dir string) Source { return l.sources[dir] }

// Refs returns the files and directories of the tree that the kustomization in
// dir names, or that are deployed of a unit without one, clean, relative to the root,
// sorted. Those that do not exist and
// those outside of the tree are left out.
func (l *Layout) Refs(dir string) []string { return slices.Clone(l.refs[dir]) }

// Rank returns the place of an environment in [Layout.Environments], -1 for one
// that is not there.
func (l *Layout) Rank(env string) int {
	if i, ok := l.ranks[env]; ok {
		return i
	}
	return -1
}

// Chain returns the environments of one app, in order.
func (l *Layout) Chain(app string) []string {
	has := map[string]bool{}
	for _, o := range l.Overlays {
		if o.App == app {
			has[o.Environment] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(l.Environments), func(env string) bool { return !has[env] })
}
