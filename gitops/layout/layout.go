package layout

import (
	"cmp"
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
	// Units are what is rendered and compared, sorted by path, deployer and entry.
	Units []gitops.Unit
	// Overlays are the directories of the units, each once, sorted by path. Render them of
	// [Layout.Tree].
	Overlays []gitops.Overlay
	// Raw are the deployers' documents that stand in files and that no unit renders:
	// somebody applies them by hand.
	Raw []gitops.Document
	// Opaque is what is deployed and cannot be rendered.
	Opaque []gitops.Opaque
	// Kustomizations are all directories with a kustomization file of one of
	// the three names, Components included, sorted.
	Kustomizations []string
	// Environments are the names of all environments in the order of the
	// chain, the first one changed first. Names that say nothing about their
	// place come after the others, in natural order.
	Environments []string
	// Notes are what was seen and not understood, sorted by place.
	Notes []gitops.Finding

	reader    Reader
	config    *Config
	ranks     map[string]int
	names     *namer
	sources   map[string]Source
	component map[string]bool
	// plain is how the units without a kustomization are built when nobody says, all that
	// is deployed of a directory together.
	plain map[string]gitops.Build
	refs  map[string][]string
	scan  *scanned
	// seen are the paths whose content was read for it, beside facts.
	seen map[string]sight
	// wants reports whether a ConfigMap of a name counts for what is deployed.
	wants func(name string) bool
}

// Reader reads layouts. The zero value knows nothing of the repository beside its tree,
// and renders nothing: documents count as they stand in files.
type Reader struct {
	// Config is that of the base, nil for none; Memo keeps what was found out about files,
	// nil keeps nothing.
	Config *Config
	Memo   Memo
	// Render renders sources and hands over each with its index, in any order, one after
	// another.
	Render func(ctx context.Context, t gitops.Tree, list []Rendering, take func(i int, done gitops.Rendered)) error
	// Remotes says that bases outside of the repository may be fetched.
	Remotes bool
	// Addresses are those under which the repository is known; none when it is not known.
	Addresses []string
	// Branch is the one that is compared, DefaultBranch that of the repository; "" when
	// they are not known.
	Branch, DefaultBranch string
}

// Rendering is a source that is rendered to find out what it deploys.
type Rendering struct {
	Path     string
	Artifact string
	Build    gitops.Build
}

// Paths returns the paths of the overlays, in their order.
func (l *Layout) Paths() []string {
	paths := make([]string, len(l.Overlays))
	for i, o := range l.Overlays {
		paths[i] = o.Path
	}
	return paths
}

// Read finds out the layout of a tree from its files alone. cfg may be nil, memo too. See
// [Reader.Read].
func Read(ctx context.Context, t gitops.Tree, cfg *Config, memo Memo) (*Layout, error) {
	return Reader{Config: cfg, Memo: memo}.Read(ctx, t)
}

// Read finds out the layout of a tree. The error is that of the context, of the tree when
// it cannot be read, or of Render; nothing that the tree says is an error.
func (r Reader) Read(ctx context.Context, t gitops.Tree) (*Layout, error) {
	if r.Config == nil {
		r.Config = &Config{}
	}
	s, err := scan(ctx, t, r.Memo)
	if err != nil {
		return nil, err
	}
	defer func() { s.known.store(r.Memo, s.used) }()
	g, err := s.graph(ctx)
	if err != nil {
		return nil, err
	}
	d := newDiscovery(ctx, r, s, g)
	if err := d.discover(ctx); err != nil {
		return nil, err
	}
	l := &Layout{
		Kustomizations: slices.Sorted(maps.Keys(s.dirs)),
		Raw:            d.found.raw,
		Opaque:         d.found.opaque,
		reader:         r,
		config:         r.Config,
		sources:        map[string]Source{},
		component:      map[string]bool{},
		plain:          map[string]gitops.Build{},
		refs:           g.refs,
		scan:           s,
		seen:           d.seen(),
		wants:          d.wants,
	}
	for dir, k := range s.dirs {
		l.component[dir] = k.component
	}
	d.found.notes.unread(t)
	l.Notes = d.found.notes.sorted()
	l.takePlain(d.found.units)
	l.names = newNamer(r.Config, s.pipeline, slices.Sorted(maps.Keys(g.refs)))
	l.units(d.found.units)
	l.Environments = l.names.order(l.Overlays)
	l.ranks = make(map[string]int, len(l.Environments))
	for i, env := range l.Environments {
		l.ranks[env] = i
	}
	return l, nil
}

// takePlain notes how the units are built that have no kustomization. Of several releases of
// one chart it is the first, as in [Layout.Overlays].
func (l *Layout) takePlain(units []gitops.Unit) {
	first := map[string]string{}
	for _, u := range units {
		if c := u.Build.Chart; c != nil && c.Repo == "" && l.scan.dirs[u.Path] == nil {
			if id, ok := first[u.Path]; !ok || u.ID() < id {
				first[u.Path], l.plain[u.Path] = u.ID(), u.Build
			}
			continue
		}
		if u.Build.Files == nil || l.scan.dirs[u.Path] != nil {
			continue
		}
		files := append(l.plain[u.Path].Files, u.Build.Files...)
		slices.SortFunc(files, gitops.WalkOrder)
		b := gitops.Build{Engine: u.Build.Engine, Files: slices.Compact(files), Unrestricted: u.Build.Unrestricted}
		if old, ok := l.plain[u.Path]; ok && old.Engine == gitops.Kustomize { // it takes directories too
			b.Engine, b.Unrestricted = old.Engine, old.Unrestricted
		}
		l.plain[u.Path] = b
		l.refs[u.Path] = slices.Sorted(slices.Values(b.Files))
	}
}

// units takes the units that were found, and those that the configuration names, and
// says what they are for people.
func (l *Layout) units(list []gitops.Unit) {
	has := map[string]bool{}
	for _, u := range list {
		has[u.Path] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(l.refs)) {
		if !has[dir] && !l.component[dir] && l.config.rule(dir) != nil && !matchAny(l.config.ignore, dir) {
			list = append(list, gitops.Unit{Overlay: gitops.Overlay{Path: dir}, Entry: dir, Build: l.reader.plainBuild()})
		}
	}
	for _, u := range list {
		if l.component[u.Path] && u.DeployedBy == nil {
			continue
		}
		u.Overlay = l.names.unit(u)
		l.Units = append(l.Units, u)
	}
	slices.SortStableFunc(l.Units, func(a, b gitops.Unit) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID(), b.ID()), cmp.Compare(a.Entry, b.Entry))
	})
	for _, u := range l.Units {
		n := len(l.Overlays)
		if n == 0 || l.Overlays[n-1].Path != u.Path {
			l.Overlays = append(l.Overlays, u.Overlay)
			l.sources[u.Path] = l.why(u)
		} else if l.sources[u.Path] == SourceRoot {
			l.sources[u.Path] = l.why(u)
		}
	}
}

// why says why the directory of a unit is one.
func (l *Layout) why(u gitops.Unit) Source {
	switch {
	case l.config.rule(u.Path) != nil:
		return SourceConfig
	case u.DeployedBy == nil:
		return SourceRoot
	case u.DeployedBy.Kind == "Application":
		return SourceArgoCD
	}
	return SourceFlux
}

// plainBuild is how a kustomization is built that nothing deploys.
func (r Reader) plainBuild() gitops.Build {
	return r.capable(gitops.Build{Unrestricted: r.Config.Kustomize.Unrestricted})
}

// capable is a build that knows what charts see of the cluster.
func (r Reader) capable(b gitops.Build) gitops.Build {
	b.KubeVersion, b.APIVersions = r.Config.Charts.KubeVersion, r.Config.Charts.APIVersions
	return b
}

// Tree returns t, of which l is the layout, as a [gitops.Builder] that knows how the
// directories of plain manifests are built.
func (l *Layout) Tree(t gitops.Tree) gitops.Tree {
	if len(l.plain) == 0 {
		return t
	}
	return &builder{t, l}
}

// builder is a tree with its layout.
type builder struct {
	gitops.Tree
	layout *Layout
}

// Builds implements [gitops.Builder].
func (b *builder) Builds(dir string) (gitops.Build, gitops.Tree) {
	return b.layout.plain[dir], b.Tree
}

// Plain reports whether dir is a unit without a kustomization, whose plain manifests
// are deployed.
func (l *Layout) Plain(dir string) bool { return l.plain[dir].Files != nil }

// Overlay returns the app and environment of a directory, be it a unit or not.
func (l *Layout) Overlay(dir string) gitops.Overlay { return l.names.overlay(dir) }

// Bare returns what nobody deploys in a directory as a unit: its kustomization, or the
// plain manifests that something takes of it; nil when it has neither.
func (l *Layout) Bare(dir string) *gitops.Unit {
	if !l.Has(dir) {
		return nil
	}
	u := &gitops.Unit{Overlay: l.Overlay(dir), Entry: dir, Build: l.reader.plainBuild()}
	if b, ok := l.plain[dir]; ok {
		u.Build = b
	}
	return u
}

// Component reports whether dir is a kustomization of kind Component.
func (l *Layout) Component(dir string) bool { return l.component[dir] }

// Directories returns those of [Layout.Overlays] and all others that have a
// kustomization, sorted.
func (l *Layout) Directories() []string { return slices.Sorted(maps.Keys(l.refs)) }

// Has reports whether dir is in [Layout.Directories].
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
