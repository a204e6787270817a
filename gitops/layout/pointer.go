package layout

import (
	"context"
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// pointers turns Argo CD and Flux documents into units of a layout.
type pointers struct {
	*scanned
	layout *Layout
	notes  notes
	// ours are the repositories that are taken for this one: those that some
	// document names together with a directory that exists here.
	ours map[string]bool
	// oursFlux are the sources of Flux that are, by the same rule.
	oursFlux map[string]bool
	// entries caches the files and links of the tree, sorted.
	entries []gitops.Entry
	// seenValues are the value files that are known.
	seenValues map[string]bool
	// paths caches the directories and files of the tree for git generators.
	paths *paths
	// budget is how many more combinations and matches generators may try.
	budget int
}

// pointing is one path that a document points at.
type pointing struct {
	source
	// maybe says that the document may as well not point there, so that its
	// absence is nothing to speak of.
	maybe bool
}

// read goes through all documents of the tree.
func (p *pointers) read(ctx context.Context) error {
	p.budget = maxWork
	p.seenValues = map[string]bool{}
	p.findOurs(ctx)
	for _, d := range p.docs {
		if err := ctx.Err(); err != nil {
			return gitops.Errorf(gitops.Unavailable, "layout: %w", err)
		}
		if err := p.document(ctx, d); err != nil {
			return err
		}
	}
	p.patches()
	return nil
}

// findOurs fills in which repositories are this one. A repository whose Applications
// all name one repository, and nothing but its root, is taken for that one.
func (p *pointers) findOurs(ctx context.Context) {
	p.ours, p.oursFlux = map[string]bool{}, map[string]bool{}
	named, onlyRoot := map[string]bool{}, true
	for _, d := range p.docs {
		for _, s := range d.Sources {
			dir, ok := cleanDir(s.Path)
			if s.Path == "" || d.Kind == kindHelmRelease {
				continue
			}
			if s.From == "" {
				named[repoName(s.Repo)] = true
				onlyRoot = onlyRoot && dir == "."
			}
			if ok && dir != "." && p.resolve(ctx, dir).Kind == gitops.Dir {
				p.ours[repoName(s.Repo)] = true
				p.oursFlux[s.From] = true
			}
		}
	}
	if onlyRoot && len(named) == 1 {
		p.ours = named
	}
}

// isOurs reports whether a source is this repository, as far as that can be told. Any
// repository has a root, so what points there needs more than that it exists.
func (p *pointers) isOurs(s source, dir string) bool {
	switch {
	case dir != ".":
		return true
	case s.From != "":
		return p.oursFlux[s.From] || strings.HasSuffix(s.From, "/flux-system") // what `flux bootstrap` makes
	}
	return p.ours[repoName(s.Repo)]
}

// document notes what one object points at, and says what it points at that is not
// read.
func (p *pointers) document(ctx context.Context, d placed) error {
	why := SourceArgoCD
	var list []pointing
	switch {
	case d.Kind == kindUnreadable:
		p.notes.add(d.file, d.Line, "list the directories it deploys under overlays in .sealift.yaml",
			"Argo CD or Flux document is not plain YAML, its paths are not read")
	case d.Kind == kindApplicationSet:
		list = p.expand(ctx, d)
	case d.Kind == kindHelmRelease:
		p.release(ctx, d)
	case d.From != "":
		p.notes.add(d.file, d.Line, "", "Flux Kustomization %s has a path within another source, %s, which is not read",
			gitops.Quote(d.Name), gitops.Printable(d.From))
	default:
		for _, s := range d.Sources {
			list = append(list, pointing{source: s})
		}
		if d.Kind == kindFlux {
			why = SourceFlux
		}
	}
	for _, to := range list {
		if err := p.point(ctx, d, to, why); err != nil {
			return err
		}
	}
	return nil
}

// point makes the directory that a document points at a unit, or says why not.
func (p *pointers) point(ctx context.Context, d placed, to pointing, why Source) error {
	if to.Path == "" {
		p.values(d, to, "")
		return nil
	}
	dir, ok := cleanDir(to.Path)
	if !ok {
		p.say(d, to, "points outside of the repository: %s", gitops.Quote(to.Path))
		return nil
	}
	e := p.resolve(ctx, dir)
	switch k := p.dirs[e.Path]; {
	case k != nil && k.component:
		p.say(d, to, "points at a Component, which does not render alone: %s", gitops.Quote(to.Path))
	case k != nil && e.Kind == gitops.Dir:
		if p.layout.sources[e.Path] == "" {
			p.layout.sources[e.Path] = why
		}
		if to.Tool == toolDirectory {
			p.say(d, to, "has options of a directory, so that Argo CD does not build the kustomization there: %s", gitops.Quote(to.Path))
			p.blind(d, to, e.Path, nil, "is deployed as plain manifests although it has a kustomization, which is what is compared")
		}
	case e.Kind == gitops.Missing:
		p.say(d, to, "points at a directory that does not exist: %s", gitops.Quote(to.Path))
	case e.Kind != gitops.Dir:
		p.say(d, to, "points at something that is no directory: %s", gitops.Quote(to.Path))
	case p.isOurs(to.source, e.Path):
		return p.unbuilt(ctx, d, to, e.Path, why)
	}
	return nil
}

// release takes a HelmRelease of Flux. Which repository its chart is in is not known:
// when there is a chart of that path here, it is this one.
func (p *pointers) release(ctx context.Context, d placed) {
	for _, s := range d.Sources {
		dir, ok := cleanDir(s.Path)
		e := p.resolve(ctx, dir)
		if !ok || s.Path == "" || p.tree.Lookup(path.Join(e.Path, "Chart.yaml")).Kind == gitops.Missing {
			continue
		}
		to := pointing{source: s}
		p.blind(d, to, e.Path, nil, aChart)
		p.values(d, to, e.Path)
	}
}

// aChart says what a Helm chart is.
const aChart = "is a Helm chart, which is not compared"

// unbuilt takes a directory without a kustomization, as Argo CD finds out what it is
// (ExplicitType and AppType): by the options that a source has, by a Chart.yaml, and
// otherwise as plain manifests. Flux knows plain manifests only.
func (p *pointers) unbuilt(ctx context.Context, d placed, to pointing, dir string, why Source) error {
	chart := p.tree.Lookup(path.Join(dir, "Chart.yaml")).Kind != gitops.Missing
	switch {
	case d.Kind == kindFlux || to.Tool == toolDirectory:
		return p.plainDir(ctx, d, to, dir, why)
	case to.Tool == toolPlugin:
		p.say(d, to, "points at a directory that a plugin renders, which is not compared: %s", gitops.Quote(to.Path))
		p.blind(d, to, dir, nil, "is rendered by a plugin and is not compared")
	case to.Tool == toolKustomize:
		p.say(d, to, "has options of kustomize and points at a directory without a kustomization: %s", gitops.Quote(to.Path))
		p.blind(d, to, dir, nil, "has no kustomization, though it is deployed as one, and is not compared")
	case chart || to.Tool == toolHelm:
		p.say(d, to, "points at a Helm chart, which is not compared: %s", gitops.Quote(to.Path))
		p.blind(d, to, dir, nil, aChart)
		p.values(d, to, dir)
	default:
		return p.plainDir(ctx, d, to, dir, why)
	}
	return nil
}

// say notes something about where a document points, when it is certain that it
// speaks of this repository.
func (p *pointers) say(d placed, to pointing, format string, args ...any) {
	if to.maybe || d.Kind != kindFlux && !p.ours[repoName(to.Repo)] {
		return
	}
	args = append([]any{d.Kind, gitops.Quote(d.Name)}, args...)
	p.notes.add(d.file, to.Line, "", "%s %s "+format, args...)
}

// patches says once that kustomizations patch Argo CD documents.
func (p *pointers) patches() {
	first, count := "", 0
	for _, dir := range p.layout.Kustomizations {
		if p.dirs[dir].argoPatch > 0 {
			if count++; first == "" {
				first = dir
			}
		}
	}
	if count > 0 {
		p.notes.add(p.dirs[first].file, p.dirs[first].argoPatch, "list the directories they lead to under overlays in .sealift.yaml",
			"Argo CD documents are patched by %d kustomizations: the paths that only a patch names are not read", count)
	}
}

// cleanDir returns a path that a document names relative to the root of the
// repository, and false when it leads out of it.
func cleanDir(p string) (string, bool) {
	p = path.Clean(strings.TrimLeft(p, "/"))
	return p, p != ".." && !strings.HasPrefix(p, "../") && !strings.Contains(p, "\x00")
}

// repoName returns the last element of a repository's address in lower case:
// forks and mirrors keep it, and so do the spellings of one address.
func repoName(url string) string {
	url = strings.TrimSuffix(strings.TrimRight(strings.ToLower(url), "/"), ".git")
	return url[strings.LastIndexAny(url, "/:")+1:]
}
