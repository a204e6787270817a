package argocd

import (
	"context"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxFiles is how many files of one directory of plain manifests are rendered. Argo CD
// itself takes 10 MB of them unless it is told otherwise
// (reposerver.max.combined.directory.manifests.size).
const maxFiles = 5_000

// entries returns the files, links and submodules of the tree in byte order of paths.
func (r *Room) entries() []gitops.Entry {
	r.list.Do(func() {
		seen := map[string]bool{".": true}
		for e := range r.Tree.Entries() {
			r.sorted = append(r.sorted, e)
			dir := path.Dir(e.Path)
			if e.Kind == gitops.Submodule {
				dir = e.Path // empty, as long as nobody fetches it
			}
			for ; !seen[dir]; dir = path.Dir(dir) {
				seen[dir] = true
				r.dirs = append(r.dirs, dir)
			}
		}
		slices.SortFunc(r.sorted, func(a, b gitops.Entry) int { return strings.Compare(a.Path, b.Path) })
		slices.SortFunc(r.dirs, gitops.WalkOrder)
	})
	return r.sorted
}

// find returns the place of the first entry that is not before p.
func (r *Room) find(p string) int {
	i, _ := slices.BinarySearchFunc(r.entries(), p, func(e gitops.Entry, p string) int { return strings.Compare(e.Path, p) })
	return i
}

// inside is what paths below a directory start with.
func inside(dir string) string {
	if dir == "." {
		return ""
	}
	return dir + "/"
}

// below yields the entries of a directory and those below it.
func (r *Room) below(dir string) iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) {
		prefix := inside(dir)
		for i := r.find(prefix); i < len(r.sorted) && strings.HasPrefix(r.sorted[i].Path, prefix); i++ {
			if !yield(r.sorted[i]) {
				return
			}
		}
	}
}

// children yields the entries of a directory alone, without looking at those below it.
func (r *Room) children(dir string) iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) {
		prefix := inside(dir)
		for i := r.find(prefix); i < len(r.sorted) && strings.HasPrefix(r.sorted[i].Path, prefix); {
			name, _, deep := strings.Cut(r.sorted[i].Path[len(prefix):], "/")
			if deep {
				i = r.find(prefix + name + "0") // what follows "/"
				continue
			}
			if !yield(r.sorted[i]) {
				return
			}
			i++
		}
	}
}

// within returns a path of the tree relative to a directory above it.
func within(dir, p string) string { return strings.TrimPrefix(p, inside(dir)) }

// plain is what Argo CD takes of a directory of manifests.
type plain struct {
	files   []string // YAML and JSON, in the order of the walk
	jsonnet []string
	more    bool // there are too many
}

// directory takes a directory of plain manifests.
func (a *app) directory(ctx context.Context, s source, dir string, link bool) error {
	options := mapping(s.spec, toolDirectory)
	if link {
		a.say(gitops.SeverityWarning, s.line, "points at a symbolic link, in which Argo CD looks for no manifests: %s", gitops.Quote(s.path))
		a.out.Units = append(a.out.Units, a.directoryUnit(s, dir, nil))
		return nil
	}
	p, err := a.manifests(ctx, s, dir, options)
	if err != nil {
		return err
	}
	if p.more {
		a.say(gitops.SeverityWarning, s.line, "points at a directory with more files than are looked at, which is not compared: %s", gitops.Quote(s.path))
		a.opaque(gitops.ReasonBudget, s.line, dirPatterns(dir), a.key(s), "deploys more files than are looked at: %s", gitops.Quote(s.path))
		return nil
	}
	if len(p.jsonnet) > 0 {
		reads, err := a.jsonnetReads(ctx, dir, p.jsonnet, texts(options, "jsonnet", "libs"))
		if err != nil {
			return err
		}
		a.opaque(gitops.ReasonJsonnet, s.line, reads, a.key(s), "deploys what jsonnet makes of %s", gitops.Quote(p.jsonnet[0]))
	}
	if len(p.files)+len(p.jsonnet) == 0 {
		a.say(gitops.SeverityNote, s.line, "points at a directory without manifests: %s", gitops.Quote(s.path))
	}
	if len(p.files) > 0 || len(p.jsonnet) == 0 {
		a.out.Units = append(a.out.Units, a.directoryUnit(s, dir, p.files))
	}
	return nil
}

// directoryUnit is a unit whose files are each rendered by themselves. One without any is
// a unit too: what it deploys is nothing, which is a change when it was something.
func (a *app) directoryUnit(s source, dir string, files []string) gitops.Unit {
	u := a.unit(s, dir)
	u.Build.Engine, u.Build.Files = gitops.Directory, files
	return u
}

// manifests returns the files that Argo CD takes of a directory, as
// getPotentiallyValidManifests of its repo-server does: hidden ones count, links to files
// are followed and those to directories are not. What is skipped for what it says is for
// the renderer.
func (a *app) manifests(ctx context.Context, s source, dir string, options object) (plain, error) {
	var out plain
	takes := a.takes(s, text(options, "include"), text(options, "exclude"))
	walk := a.room.children(dir)
	if truth(options, "recurse") {
		walk = a.room.below(dir)
	}
	for e := range walk {
		if !a.spend(1) || len(out.files)+len(out.jsonnet) > maxFiles {
			out.more = true
			return out, ctx.Err()
		}
		ext := path.Ext(e.Path)
		if !slices.Contains(manifestExtensions[:], ext) || e.Kind == gitops.Submodule || !takes(within(dir, e.Path)) {
			continue
		}
		if e.Kind == gitops.Symlink {
			to, _, err := gitops.Resolve(ctx, a.room.Tree, e.Path)
			if code := gitops.CodeOf(err); code != "" && code != gitops.Invalid {
				return out, err
			}
			if err == nil && to.Kind != gitops.File {
				continue // one that leads out of the tree stays: Argo CD refuses it, and so does the renderer
			}
		}
		if ext == ".jsonnet" {
			out.jsonnet = append(out.jsonnet, e.Path)
		} else {
			out.files = append(out.files, e.Path)
		}
	}
	slices.SortFunc(out.files, gitops.WalkOrder)
	slices.SortFunc(out.jsonnet, gitops.WalkOrder)
	return out, nil
}

// manifestExtensions are those of manifestFile in the repo-server.
var manifestExtensions = [...]string{".yaml", ".yml", ".json", ".jsonnet"}

// takes returns which files of a directory a source includes, by their paths relative to
// it. A pattern that Argo CD cannot compile matches nothing (util/glob, Match): as exclude
// it leaves out nothing, as include everything. One that a template has yet to fill in
// leaves nothing out.
func (a *app) takes(s source, include, exclude string) func(string) bool {
	in, out := all, none
	if include != "" && !unfilled(include) {
		in = a.glob(s, "include", include)
	}
	if exclude != "" && !unfilled(exclude) {
		out = a.glob(s, "exclude", exclude)
	}
	return func(rel string) bool { return !out(rel) && in(rel) }
}

// all takes every file.
func all(string) bool { return true }

// none takes no file.
func none(string) bool { return false }

// glob compiles a pattern, and says so when it is malformed.
func (a *app) glob(s source, field, pattern string) func(string) bool {
	g, err := compileGlob(pattern)
	if err != nil {
		a.say(gitops.SeverityWarning, s.line, "has a malformed pattern in directory.%s, which matches nothing: %s", field, gitops.Quote(pattern))
		return none
	}
	return func(rel string) bool { a.spend(len(pattern) / 8); return g(rel) }
}
