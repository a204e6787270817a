package argocd

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxSources is how many sources of one Application are read.
const maxSources = 100

// app is an Application: what its sources share.
type app struct {
	*work
	// deployer is who it is.
	deployer gitops.Deployer
	// instance is its name as charts and variables see it (Application.InstanceName):
	// with the namespace in front of it when that is not Argo CD's own.
	instance string
	project  string
	// namespace is destination.namespace.
	namespace        string
	removed, dropped gitops.Prune
	// several says that it has spec.sources, refs what those with a name are.
	several bool
	refs    map[string]object
	// annotations are those of its metadata.
	annotations object
}

// source is one source of an Application.
type source struct {
	// spec is ApplicationSource, with the overrides of the repository once it is merged.
	spec object
	// index counts those of spec.sources, from 0.
	index int
	// line is where its path stands.
	line                             int
	repo, path, chart, revision, ref string
}

// application takes an Application.
func (w *work) application(ctx context.Context) error {
	a := w.newApp()
	sources := a.sources()
	if len(sources) == 0 {
		w.say(gitops.SeverityError, w.page.line("spec"), "has no source: nothing is deployed")
	}
	for _, s := range sources {
		if err := a.source(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// newApp reads what the sources share.
func (w *work) newApp() *app {
	spec, meta := mapping(w.page.object, "spec"), mapping(w.page.object, "metadata")
	a := &app{work: w, annotations: mapping(meta, "annotations"), refs: map[string]object{}}
	namespace := cmp.Or(text(meta, "namespace"), w.doc.Namespace, w.room.Options.namespace())
	name := cmp.Or(text(meta, "name"), w.doc.Name)
	a.deployer = gitops.Deployer{Kind: kindApplication, Namespace: namespace, Name: name, Cluster: cluster(mapping(spec, "destination"))}
	a.instance = name
	if namespace != w.room.Options.namespace() {
		a.instance = namespace + "_" + name
	}
	a.project = cmp.Or(text(spec, "project"), "default")
	a.namespace = text(spec, "destination", "namespace")
	a.removed, a.dropped = prune(meta, spec)
	return a
}

// The cluster that Argo CD runs in.
const (
	inClusterServer = "https://kubernetes.default.svc"
	inClusterName   = "in-cluster"
)

// cluster names a destination, "" for the cluster that Argo CD runs in.
func cluster(destination object) string {
	to := cmp.Or(text(destination, "server"), text(destination, "name"))
	if to == inClusterServer || to == inClusterName {
		return ""
	}
	return to
}

// prune says what becomes of objects when the Application is gone
// (Application.CascadedDeletion) and when it renders them no more (autoSync of the
// controller). With manual syncs that is up to who syncs.
func prune(meta, spec object) (removed, dropped gitops.Prune) {
	removed = gitops.PruneKeep
	for _, f := range texts(meta, "finalizers") {
		switch f {
		case "resources-finalizer.argocd.argoproj.io", "resources-finalizer.argocd.argoproj.io/foreground", "resources-finalizer.argocd.argoproj.io/background":
			removed = gitops.PruneDelete
		}
	}
	automated, ok := at(spec, "syncPolicy", "automated").(object)
	switch {
	case !ok || at(automated, "enabled") == false:
	case truth(automated, "prune"):
		dropped = gitops.PruneDelete
	default:
		dropped = gitops.PruneKeep
	}
	return removed, dropped
}

// sources returns the sources in the order of Argo CD (ApplicationSpec.GetSources): those
// of spec.sources win over spec.source, and what is hydrated over both.
func (a *app) sources() []source {
	spec := mapping(a.page.object, "spec")
	if dry, ok := at(spec, "sourceHydrator").(object); ok {
		s := newSource(mapping(dry, "drySource"))
		s.line = a.page.line("spec", "sourceHydrator", "drySource", "path")
		s.chart = ""
		return []source{s}
	}
	all := list(spec, "sources")
	if len(all) == 0 {
		one, ok := at(spec, "source").(object)
		if !ok {
			return nil
		}
		s := newSource(normalized(one))
		s.line = a.page.line("spec", "source", s.at())
		return []source{s}
	}
	a.several = true
	if len(all) > maxSources {
		a.say(gitops.SeverityWarning, a.page.line("spec", "sources"), "has more than %d sources: the rest is not read", maxSources)
		a.opaque(gitops.ReasonBudget, a.page.line("spec", "sources"), nil, encode(all[maxSources:]), "has more sources than are read")
		all = all[:maxSources]
	}
	var out []source
	for i, e := range all {
		m, _ := e.(object)
		s := newSource(m)
		s.index, s.line = i, a.page.line("spec", "sources", i, s.at())
		if s.ref != "" {
			a.refs["$"+s.ref] = m
		}
		out = append(out, s)
	}
	return out
}

// at is the field that says where a source is.
func (s source) at() string {
	if s.chart != "" {
		return "chart"
	}
	return "path"
}

// newSource reads the fields that every source has. Where one is no text it is taken as
// it would be written: Kubernetes refuses such a document before Argo CD sees it.
func newSource(spec object) source {
	return source{
		spec: spec, repo: text(spec, "repoURL"), path: text(spec, "path"), chart: text(spec, "chart"),
		revision: text(spec, "targetRevision"), ref: text(spec, "ref"),
	}
}

// source takes one source.
func (a *app) source(ctx context.Context, s source) error {
	switch {
	case s.chart != "":
		return a.remoteChart(ctx, s)
	case s.path == "" && s.ref != "" && a.several:
		return nil // it is there for others to take value files from
	}
	switch a.reach(s.repo, s.revision) {
	case gitops.Elsewhere:
		return a.remote(ctx, s, "from another repository, "+gitops.Quote(s.repo))
	case gitops.OtherRevision:
		a.say(gitops.SeverityNote, s.line, "follows %s: a change of this branch does not reach it", gitops.Quote(s.revision))
		return a.remote(ctx, s, "from another revision, "+gitops.Quote(s.revision))
	case gitops.Doubtful:
		return a.open(ctx, s, "may deploy from here, as far as its repository and revision tell: "+gitops.Quote(s.repo)+" at "+gitops.Quote(s.revision))
	}
	if s.path == "" {
		a.say(gitops.SeverityError, s.line, "has a source with neither path nor chart: Argo CD refuses it")
		a.opaque(gitops.ReasonPointer, s.line, nil, a.key(s), "has a source with neither path nor chart")
		return nil
	}
	return a.here(ctx, s)
}

// here takes a source of the tree: the path is checked as Argo CD's repo-server does
// (util/app/path, Path).
func (a *app) here(ctx context.Context, s source) error {
	if unfilled(s.path) {
		return a.open(ctx, s, "deploys from a path that is not known here: "+gitops.Quote(s.path))
	}
	dir := path.Join("/", s.path)[1:]
	clean := path.Clean(s.path)
	e, err := a.resolve(ctx, cmp.Or(dir, "."))
	if err != nil {
		return err
	}
	why := ""
	switch {
	case path.IsAbs(s.path):
		why = "has a path that starts with a slash, which Argo CD refuses: paths are relative to the root of the repository"
	case clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(s.path, "\x00"):
		why = "points outside of the repository"
	case e.Kind == gitops.Submodule:
		a.opaque(gitops.ReasonSubmodule, s.line, dirPatterns(dir), a.key(s), "deploys from a submodule, %s", gitops.Quote(s.path))
		return nil
	case e.Kind == gitops.Missing:
		why = "points at a directory that does not exist"
		if sub := a.submoduleAbove(e.Path); sub != "" {
			a.opaque(gitops.ReasonSubmodule, s.line, append([]string{literal(sub)}, dirPatterns(dir)...), a.key(s), "deploys from a submodule, %s", gitops.Quote(s.path))
			return nil
		}
	case e.Kind != gitops.Dir:
		why = "points at something that is no directory"
	}
	if why != "" {
		a.say(gitops.SeverityError, s.line, "%s: %s", why, gitops.Quote(s.path))
		a.opaque(gitops.ReasonPointer, s.line, dirPatterns(dir), a.key(s), "%s: %s", why, gitops.Quote(s.path))
		return nil
	}
	link := a.room.Tree.Lookup(cmp.Or(dir, ".")).Kind == gitops.Symlink
	return a.tool(ctx, s, e.Path, link)
}

// open takes a source of which is not known whether it is of the tree, or where in it.
func (a *app) open(ctx context.Context, s source, message string) error {
	reads := &reads{}
	if s.path != "" {
		reads.add(dirPatterns(s.path)...)
	}
	if err := a.values(ctx, s, cmp.Or(s.path, "."), reads); err != nil {
		return err
	}
	reads.add(a.watched(s)...)
	a.opaque(gitops.ReasonPointer, s.line, reads.list(), a.key(s), "%s", message)
	return nil
}

// submoduleAbove returns the submodule that a path is in, "" when there is none.
func (a *app) submoduleAbove(p string) string {
	for ; p != "."; p = path.Dir(p) {
		if a.room.Tree.Lookup(p).Kind == gitops.Submodule {
			return p
		}
	}
	return ""
}

// unit is a unit without what says how it is rendered.
func (a *app) unit(s source, dir string) gitops.Unit {
	deployer := a.deployer
	return gitops.Unit{
		Overlay: gitops.Overlay{Path: dir}, DeployedBy: &deployer, Source: s.index, Namespace: a.namespace,
		Revision: s.revision, Removed: a.removed, Dropped: a.dropped, File: a.doc.File, Line: s.line,
		Build: gitops.Build{Argo: &gitops.ArgoBuild{Namespace: a.namespace, Env: a.env(s)}},
	}
}

// revisionVariables differ with each commit. They are kept as they are written, so that
// what uses them does not seem to change.
var revisionVariables = [...]string{"ARGOCD_APP_REVISION", "ARGOCD_APP_REVISION_SHORT", "ARGOCD_APP_REVISION_SHORT_8"}

// env are the variables of a source (newEnv of the repo-server).
func (a *app) env(s source) map[string]string {
	env := map[string]string{
		"ARGOCD_APP_NAME": a.instance, "ARGOCD_APP_NAMESPACE": a.namespace, "ARGOCD_APP_PROJECT_NAME": a.project,
		"ARGOCD_APP_SOURCE_REPO_URL": s.repo, "ARGOCD_APP_SOURCE_PATH": s.path, "ARGOCD_APP_SOURCE_TARGET_REVISION": s.revision,
	}
	for _, name := range revisionVariables {
		env[name] = "$" + name
	}
	return env
}

// key is everything that a source is deployed with.
func (a *app) key(s source) string {
	var refs []any
	for _, name := range slices.Sorted(keysOf(a.refs)) {
		refs = append(refs, name, text(a.refs[name], "repoURL"), text(a.refs[name], "targetRevision"))
	}
	return encode([]any{s.spec, refs, a.instance, a.project, a.namespace, a.deployer.Cluster})
}
