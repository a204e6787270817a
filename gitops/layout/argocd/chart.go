package argocd

import (
	"context"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/sealift/sealift/gitops"
)

// remoteChart takes a chart of a Helm repository or registry. Its value files may be of
// this one.
func (a *app) remoteChart(ctx context.Context, s source) error {
	reads := &reads{}
	if err := a.values(ctx, s, "", reads); err != nil {
		return err
	}
	if a.room.Remotes && fetched(s.repo) && !unfilled(s.chart+s.revision) {
		b, why, err := a.release(ctx, s, "")
		if err != nil {
			return err
		}
		if why == "" {
			b.Repo, b.Chart, b.Version = s.repo, s.chart, s.revision
			u := a.unit(s, path.Dir(a.doc.File)) // where it is deployed from
			u.Build = gitops.Build{Engine: gitops.Helm, Chart: b, Argo: &gitops.ArgoBuild{Namespace: a.namespace}}
			u.Near = reads.near()
			a.out.Units = append(a.out.Units, u)
			return nil
		}
	}
	a.opaque(gitops.ReasonChart, s.line, reads.list(), a.key(s), "deploys a Helm chart, %s of %s", gitops.Quote(s.chart), gitops.Quote(s.repo))
	return nil
}

// fetched reports whether charts of a repository can be fetched where that is allowed: one
// of a registry cannot.
func fetched(repo string) bool {
	return strings.HasPrefix(repo, "https://") || strings.HasPrefix(repo, "http://")
}

// chart takes a chart in a directory of the tree.
func (a *app) chart(ctx context.Context, s source, dir string) error {
	reads := &reads{}
	if err := a.chartFiles(ctx, dir, reads); err != nil {
		return err
	}
	if err := a.values(ctx, s, dir, reads); err != nil {
		return err
	}
	b, why, err := a.release(ctx, s, dir)
	if err != nil {
		return err
	}
	if why != "" {
		a.opaque(gitops.ReasonChart, s.line, reads.list(), a.key(s), "deploys a Helm chart, %s, %s", gitops.Quote(s.path), why)
		return nil
	}
	u := a.unit(s, dir)
	u.Build = gitops.Build{Engine: gitops.Helm, Chart: b, Argo: &gitops.ArgoBuild{Namespace: a.namespace}}
	u.Near = reads.near()
	a.out.Units = append(a.out.Units, u)
	return nil
}

// reads collects patterns.
type reads struct{ set map[string]bool }

// add adds patterns; too many are any file.
func (r *reads) add(patterns ...string) {
	if r.set == nil {
		r.set = map[string]bool{}
	}
	for _, p := range patterns {
		r.set[p] = true
	}
	if len(r.set) > maxReads {
		r.set = map[string]bool{"**": true}
	}
}

// list returns the patterns in order, each once: they are part of what is compared.
func (r *reads) list() []string { return slices.Sorted(keysOf(r.set)) }

// near returns the directories and files that the patterns are about, each once; of those
// that match any name it is what stands before.
func (r *reads) near() []string {
	var out []string
	for _, p := range r.list() {
		base, rest := doublestar.SplitPattern(p)
		if rest != "**" && !strings.ContainsAny(rest, `*?[{`) {
			base = path.Join(base, rest)
		}
		out = append(out, unescape.Replace(base))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unescape takes back what literal escapes.
var unescape = strings.NewReplacer(`\\`, `\`, `\*`, `*`, `\?`, `?`, `\[`, `[`, `\]`, `]`, `\{`, `{`, `\}`, `}`)

// chartFiles adds the files of a chart and of the charts of the tree that it depends on:
// its directory, what links in it lead to, and dependencies by file:// of Chart.yaml and,
// of the old form of charts, requirements.yaml.
func (a *app) chartFiles(ctx context.Context, dir string, reads *reads) error {
	todo, seen := []string{dir}, map[string]bool{}
	for len(todo) > 0 && len(seen) < maxReads {
		dir, todo = todo[0], todo[1:]
		if seen[dir] {
			continue
		}
		seen[dir] = true
		reads.add(dirPatterns(dir)...)
		for e := range a.room.below(dir) {
			if !a.spend(1) {
				reads.add("**")
				return ctx.Err()
			}
			if e.Kind == gitops.Symlink {
				to, err := a.resolve(ctx, e.Path)
				if err != nil {
					return err
				}
				reads.add(dirPatterns(to.Path)...)
			}
		}
		for _, name := range []string{"Chart.yaml", "requirements.yaml"} {
			next, err := a.dependencies(ctx, dir, name)
			if err != nil {
				return err
			}
			todo = append(todo, next...)
		}
	}
	return nil
}

// dependencies returns the directories of the tree that a chart depends on.
func (a *app) dependencies(ctx context.Context, dir, name string) ([]string, error) {
	data, ok, err := a.read(ctx, path.Join(dir, name))
	if err != nil || !ok {
		return nil, err
	}
	v, _ := decode(data) // one that is malformed has none; it is read anyhow
	var out []string
	for _, d := range list(v, "dependencies") {
		to, ok := strings.CutPrefix(text(d, "repository"), "file://")
		if !ok {
			continue
		}
		if !path.IsAbs(to) {
			to = path.Join(dir, to)
		}
		if p := path.Clean(to); p != ".." && !strings.HasPrefix(p, "../") && !path.IsAbs(p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// maxValues is how many value files and file parameters of a source are read.
const maxValues = 1_000

// values adds the value files and file parameters of a chart, which lies in dir, "" for
// none of the tree (getResolvedValueFiles of the repo-server).
func (a *app) values(ctx context.Context, s source, dir string, reads *reads) error {
	files := texts(s.spec, toolHelm, "valueFiles")
	for _, p := range list(s.spec, toolHelm, "fileParameters") {
		files = append(files, text(p, "path"))
	}
	if len(files) > maxValues {
		reads.add("**")
		return nil
	}
	env := a.env(s)
	for _, f := range files {
		if err := a.value(ctx, f, dir, env, reads); err != nil {
			return err
		}
	}
	return nil
}

// value adds one value file. It lies beside the chart, at the root of the chart's
// repository after a slash, or in the source of another name after "$NAME/". Variables are
// filled in; those of a revision may be anything, and stars mean any name.
func (a *app) value(ctx context.Context, file, dir string, env map[string]string, reads *reads) error {
	root := dir != ""
	name, rest, _ := strings.Cut(file, "/")
	if ref, ok := a.refs[name]; ok {
		switch reach := a.reach(text(ref, "repoURL"), text(ref, "targetRevision")); reach {
		case gitops.Elsewhere, gitops.OtherRevision:
			return nil
		}
		file, root = "/"+rest, true
	}
	file = expand(file, env)
	if u, err := url.Parse(file); file == "" || !root || err == nil && u.Scheme != "" {
		return nil
	}
	if !path.IsAbs(file) {
		file = path.Join(dir, file)
	}
	file = strings.TrimLeft(path.Clean("/"+file), "/")
	reads.add(globPatterns(file)...)
	if unfilled(file) {
		return nil
	}
	to, err := a.resolve(ctx, file)
	if err == nil && to.Path != file {
		reads.add(literal(to.Path))
	}
	return err
}

// globPatterns returns the patterns of a path that may be one itself: as it stands, and as
// what it matches.
func globPatterns(p string) []string {
	out := patterns(p)
	if strings.ContainsAny(p, "*?[") && !unfilled(p) && validPattern(p) {
		out = append(out, p)
	}
	return out
}
