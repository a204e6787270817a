package layout

import (
	"cmp"
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxPlain is how many files of one directory of plain manifests are rendered. Argo
// CD itself takes 10 MB of them unless it is told otherwise, and kustomize needs
// minutes for more.
const maxPlain = 5_000

// plain is a directory without a kustomization that Argo CD or Flux deploys as it is.
type plain struct {
	// resources are the files, and for Flux the directories with a kustomization,
	// that are deployed: paths of the tree, in the order of a walk.
	resources []string
	// dirs are those of resources that are directories.
	dirs []string
	// deep says that files in sub-directories count too.
	deep bool
	// jsonnet has the first file that only jsonnet can read, "" when there is none.
	jsonnet string
	// odd has the first kustomization that is taken for a manifest, "" when there is
	// none.
	odd string
	// foreign are files with objects that kustomize does not take.
	foreign []string
	// takes are the rules by which files were chosen.
	takes []source
}

// plainDir makes a directory of plain manifests a unit, or adds what another document
// takes of it.
func (p *pointers) plainDir(ctx context.Context, d placed, to pointing, dir string, why Source) error {
	unit := p.layout.plain[dir]
	if unit == nil {
		unit = &plain{}
	}
	if slices.ContainsFunc(unit.takes, func(s source) bool { return sameFiles(s, to.source) }) {
		return nil
	}
	list := p.argoFiles
	if d.Kind == kindFlux {
		list = p.fluxFiles
	}
	more, err := list(ctx, dir, to.source)
	if err != nil {
		return err
	}
	unit.merge(more, to.source)
	if more.odd != "" {
		p.say(d, to, "takes %s for a manifest, which Argo CD refuses: the files are compared as they are", gitops.Quote(more.odd))
	}
	for _, file := range more.foreign {
		p.blindFile(d, to, file)
	}
	if p.budget < 0 || len(unit.resources) > maxPlain {
		p.say(d, to, "points at a directory with more files than are looked at, which is not compared: %s", gitops.Quote(to.Path))
		p.blind(d, to, dir, nil, "has more files than are looked at and is not compared")
		delete(p.layout.plain, dir)
		delete(p.layout.sources, dir)
		return nil
	}
	if unit.jsonnet != "" {
		p.blind(d, to, dir, jsonnetFile, "has jsonnet files, which are not compared")
	}
	if len(unit.resources) == 0 {
		if unit.jsonnet == "" && len(more.foreign) == 0 {
			p.say(d, to, "points at a directory without manifests: %s", gitops.Quote(to.Path))
		}
		return nil
	}
	p.layout.plain[dir] = unit
	p.layout.sources[dir] = cmp.Or(p.layout.sources[dir], why)
	return nil
}

// Takes reports whether a file that is new in dir would be deployed. Only a unit without
// a kustomization may leave one out.
func (l *Layout) Takes(dir, file string) bool {
	unit := l.plain[dir]
	if unit == nil {
		return true
	}
	return slices.ContainsFunc(unit.takes, func(s source) bool {
		if s.From != "" {
			return !fluxIgnores(file)
		}
		rel := within(dir, file)
		return s.takes()(rel) && (s.Recurse || !strings.Contains(rel, "/"))
	})
}

// sameFiles reports whether two sources of a directory take the same files of it.
func sameFiles(a, b source) bool {
	return a.Recurse == b.Recurse && a.Include == b.Include && a.Exclude == b.Exclude && (a.From == "") == (b.From == "")
}

// merge adds what another source deploys from the same directory: both are one overlay.
func (u *plain) merge(more *plain, by source) {
	u.takes = append(u.takes, by)
	u.resources = slices.Concat(u.resources, more.resources)
	slices.SortFunc(u.resources, walkOrder)
	u.resources = slices.Compact(u.resources)
	u.dirs = append(u.dirs, more.dirs...)
	u.deep = u.deep || more.deep
	u.jsonnet = cmp.Or(u.jsonnet, more.jsonnet)
}

// walkOrder compares paths in the order in which filepath.Walk comes to them.
func walkOrder(a, b string) int {
	for a != "" && b != "" {
		x, restA, _ := strings.Cut(a, "/")
		y, restB, _ := strings.Cut(b, "/")
		if x != y {
			return strings.Compare(x, y)
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}

// isManifest reports whether Argo CD reads a file of a directory
// (reposerver/repository/repository.go, manifestFile).
func isManifest(p string) bool {
	switch path.Ext(p) {
	case ".yaml", ".yml", ".json", ".jsonnet":
		return true
	}
	return false
}

// jsonnetFile matches what only jsonnet can read.
var jsonnetFile = regexp.MustCompile(`\.(jsonnet|libsonnet)$`)

// argoFiles returns what Argo CD deploys of a directory, as findManifests of its
// repo-server does: hidden files count, links to files are followed and those to
// directories are not.
func (p *pointers) argoFiles(ctx context.Context, dir string, s source) (*plain, error) {
	out := &plain{deep: s.Recurse}
	takes := s.takes()
	for e := range p.below(dir) {
		rel := within(dir, e.Path)
		if !isManifest(rel) || !out.deep && strings.Contains(rel, "/") || !takes(rel) {
			continue
		}
		if isKustomization(path.Base(rel)) {
			out.odd = cmp.Or(out.odd, e.Path)
			continue
		}
		if e = p.resolve(ctx, e.Path); e.Kind != gitops.File {
			continue
		}
		if jsonnetFile.MatchString(rel) {
			out.jsonnet = cmp.Or(out.jsonnet, path.Join(dir, rel))
			continue
		}
		switch f, err := p.manifest(ctx, e); {
		case err != nil:
			return nil, err
		case f.Foreign:
			out.foreign = append(out.foreign, path.Join(dir, rel))
		case !f.Skip:
			out.resources = append(out.resources, path.Join(dir, rel))
		}
		if len(out.resources) > maxPlain || p.budget < 0 {
			break
		}
	}
	return out, nil
}

// fluxFiles returns what Flux deploys of a directory, as Generator of
// fluxcd/pkg/kustomize does: every YAML file, and each sub-directory with a
// kustomization as a whole.
func (p *pointers) fluxFiles(_ context.Context, dir string, _ source) (*plain, error) {
	out := &plain{deep: true}
	built := map[string]bool{}
	for e := range p.below(dir) {
		rel := within(dir, e.Path)
		if ext := path.Ext(rel); ext != ".yaml" && ext != ".yml" && !isKustomization(path.Base(rel)) || fluxIgnores(e.Path) {
			continue
		}
		if sub := p.builtAbove(dir, e.Path); sub != "" {
			if !built[sub] {
				built[sub] = true
				out.dirs = append(out.dirs, sub)
				out.resources = append(out.resources, sub)
			}
			continue
		}
		if out.resources = append(out.resources, e.Path); len(out.resources) > maxPlain || p.budget < 0 {
			break
		}
	}
	return out, nil
}

// builtAbove returns the outermost directory with a kustomization between dir, which
// has none, and a file below it; "" when there is none.
func (p *pointers) builtAbove(dir, file string) string {
	found := ""
	for at := path.Dir(file); at != dir && at != "."; at = path.Dir(at) {
		if p.dirs[at] != nil {
			found = at
		}
	}
	return found
}

// fluxIgnores reports whether a source of Flux leaves a file out unless it is told
// otherwise (fluxcd/pkg/sourceignore, the default patterns as far as YAML files go).
func fluxIgnores(p string) bool {
	dirs, base := path.Split(p)
	switch base {
	case ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml", "cloudbuild.yaml", "codeship-services.yml",
		"codeship-steps.yml", ".goreleaser.yml", ".sops.yaml", ".flux.yaml":
		return true
	}
	dirs = "/" + dirs
	return strings.Contains(dirs, "/.github/") || strings.Contains(dirs, "/.circleci/")
}

// within returns a path of the tree relative to a directory above it.
func within(dir, p string) string {
	if dir == "." {
		return p
	}
	return strings.TrimPrefix(p, dir+"/")
}

// below yields the files and links of a directory and those below it.
func (p *pointers) below(dir string) func(func(gitops.Entry) bool) {
	if p.entries == nil {
		p.entries = []gitops.Entry{}
		for e := range p.tree.Entries() {
			if e.Kind == gitops.File || e.Kind == gitops.Symlink {
				p.entries = append(p.entries, e)
			}
		}
	}
	return func(yield func(gitops.Entry) bool) {
		prefix := dir + "/"
		if dir == "." {
			prefix = ""
		}
		i, _ := slices.BinarySearchFunc(p.entries, prefix, func(e gitops.Entry, s string) int { return strings.Compare(e.Path, s) })
		for ; i < len(p.entries) && strings.HasPrefix(p.entries[i].Path, prefix); i++ {
			if p.budget -= 5; !yield(p.entries[i]) {
				return
			}
		}
	}
}
