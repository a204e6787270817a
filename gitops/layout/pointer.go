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
	p.ours = map[string]bool{}
	p.budget = maxWork
	for _, d := range p.docs {
		for _, s := range d.Sources {
			if dir, ok := cleanDir(s.Path); ok && dir != "." && p.resolve(ctx, dir).Kind == gitops.Dir {
				p.ours[repoName(s.Repo)] = true
			}
		}
	}
	for _, d := range p.docs {
		if err := ctx.Err(); err != nil {
			return gitops.Errorf(gitops.Unavailable, "layout: %w", err)
		}
		p.document(ctx, d)
	}
	p.patches()
	return nil
}

func (p *pointers) document(ctx context.Context, d placed) {
	switch {
	case d.Kind == kindUnreadable:
		p.notes.add(d.file, d.Line, "list the directories it deploys under overlays in .sealift.yaml",
			"Argo CD or Flux document is not plain YAML, its paths are not read")
	case d.Kind == kindApplicationSet:
		for _, to := range p.expand(ctx, d) {
			p.point(ctx, d, to, SourceArgoCD)
		}
	case d.Kind == kindApplication:
		for _, s := range d.Sources {
			p.point(ctx, d, pointing{source: s}, SourceArgoCD)
		}
	case d.From != "":
		p.notes.add(d.file, d.Line, "", "Flux Kustomization %s has a path within another source, %s, which is not read",
			gitops.Quote(d.Name), gitops.Printable(d.From))
	default:
		for _, s := range d.Sources {
			p.point(ctx, d, pointing{source: s}, SourceFlux)
		}
	}
}

// point makes the directory that a document points at a unit, or says why not.
func (p *pointers) point(ctx context.Context, d placed, to pointing, why Source) {
	if to.Path == "" {
		return
	}
	dir, ok := cleanDir(to.Path)
	if !ok {
		p.say(d, to, "points outside of the repository: %s", gitops.Quote(to.Path))
		return
	}
	e := p.resolve(ctx, dir)
	switch {
	case p.dirs[e.Path] != nil && p.dirs[e.Path].component:
		p.say(d, to, "points at a Component, which does not render alone: %s", gitops.Quote(to.Path))
	case p.dirs[e.Path] != nil && e.Kind == gitops.Dir:
		if p.layout.sources[e.Path] == "" {
			p.layout.sources[e.Path] = why
		}
	case e.Kind == gitops.Missing:
		p.say(d, to, "points at a directory that does not exist: %s", gitops.Quote(to.Path))
	case p.tree.Lookup(path.Join(e.Path, "Chart.yaml")).Kind != gitops.Missing:
		p.say(d, to, "points at a Helm chart, which is not compared: %s", gitops.Quote(to.Path))
	default:
		p.say(d, to, "points at a directory without a kustomization, its manifests are not compared: %s", gitops.Quote(to.Path))
	}
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
