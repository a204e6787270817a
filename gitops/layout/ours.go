package layout

import (
	"cmp"
	"context"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// Address returns the address of a repository in the one form that is compared: host and
// path in lower case, without scheme, user, port, ".git" and slashes at the end. The
// spellings of one address are the same by it.
func Address(url string) string {
	s := strings.ToLower(strings.TrimSpace(url))
	s = strings.TrimPrefix(s, "git::")
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
		if at := strings.Index(s, "@"); at >= 0 && !strings.Contains(s[:at], "/") {
			s = s[at+1:]
		}
		host, rest, _ := strings.Cut(s, "/")
		host, _, _ = strings.Cut(host, ":")
		s = host + "/" + rest
	} else if user, rest, ok := strings.Cut(s, "@"); ok && !strings.ContainsAny(user, "/:") {
		s = strings.Replace(rest, ":", "/", 1)
	} else if host, rest, ok := strings.Cut(s, ":"); ok && !strings.Contains(host, "/") {
		s = host + "/" + rest
	}
	s = strings.TrimSuffix(strings.TrimRight(s, "/"), ".git")
	return strings.TrimRight(s, "/")
}

// lastElement is the name of a repository: forks and mirrors keep it.
func lastElement(address string) string { return address[strings.LastIndexAny(address, "/:")+1:] }

// ours knows which repository and revision is the tree.
type ours struct {
	reader Reader
	// own are the addresses of this repository; inferred says that the documents tell
	// them, and nothing else.
	own      map[string]bool
	inferred bool
	// maybe are addresses that are named with directories that are here, and are not own.
	maybe map[string]bool
	// alike are the last elements of own.
	alike map[string]bool
}

// newOurs takes the addresses that the reader knows. Where it knows none, or the documents
// name none of them, as in a fork, the repository is taken for the one that they name most
// often together with a directory that is here; if an address is known, one of its name.
func (s *scanned) newOurs(ctx context.Context, r Reader) *ours {
	o := &ours{reader: r, own: map[string]bool{}, alike: map[string]bool{}, maybe: map[string]bool{}}
	for _, a := range r.Addresses {
		o.own[Address(a)] = true
	}
	for _, a := range r.Config.Repositories {
		o.own[Address(a)] = true
	}
	for a := range o.own {
		o.alike[lastElement(a)] = true
	}
	own, here := s.infer(ctx)
	for a, n := range here {
		o.maybe[a] = n >= manyHere
	}
	o.inferred = len(o.own) == 0
	for _, a := range own {
		if o.inferred || o.alike[lastElement(a)] && !s.namesAny(o.own) { // a fork or a mirror, as a whole
			o.own[a] = true
			o.alike[lastElement(a)] = true
		}
	}
	return o
}

// manyHere is with how many directories that are here an address is named before it may be
// this repository too, under another name: one or two may be called the same by chance.
const manyHere = 3

// infer returns the address that is this repository as far as its documents tell: of those
// that are named with directories that are here, the one with the most; and how many those
// are of each.
func (s *scanned) infer(ctx context.Context) (own []string, here map[string]int) {
	here, named := map[string]int{}, map[string]int{}
	repos := s.gitRepositories()
	for _, a := range repos {
		named[a]++
	}
	for _, d := range s.docs {
		if a, dir := s.fluxSource(d, repos); a != "" && dir != "." && s.resolve(ctx, dir).Kind == gitops.Dir {
			here[a]++
		}
		for _, p := range d.Named {
			a := Address(p.Repo)
			if d.Kind == "GitRepository" {
				continue
			}
			named[a]++
			dir, ok := cleanDir(p.Path)
			if ok && p.Path != "" && dir != "." && !strings.Contains(dir, "{{") && s.resolve(ctx, dir).Kind == gitops.Dir {
				here[a]++
			}
		}
	}
	if len(here) == 0 { // a repository whose documents name one, and nothing but its root
		here = named
		if len(named) != 1 {
			return nil, nil
		}
	}
	list := slices.Collect(maps.Keys(here))
	best := slices.MaxFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(here[a], here[b]), cmp.Compare(b, a)) })
	return []string{best}, here
}

// namesAny reports whether a document names one of some addresses.
func (s *scanned) namesAny(own map[string]bool) bool {
	return slices.ContainsFunc(s.docs, func(d placed) bool {
		return slices.ContainsFunc(d.Named, func(n namedSource) bool { return own[Address(n.Repo)] })
	})
}

// gitRepositories returns the addresses of the GitRepositories of Flux that follow a branch,
// by their names.
func (s *scanned) gitRepositories() map[string]string {
	list := map[string]string{}
	for _, d := range s.docs {
		if d.Kind == "GitRepository" {
			r := &reader{left: maxNodes}
			spec := r.get(parseYAML([]byte(d.Text)), "spec")
			ref := r.get(spec, "ref")
			if r.get(ref, "tag") == nil && r.get(ref, "semver") == nil && r.get(ref, "commit") == nil { // no cluster is run from a fixed one
				list[d.Name] = Address(r.text(r.get(spec, "url")))
			}
		}
	}
	return list
}

// fluxSource returns the repository and the directory of a Kustomization of Flux.
func (s *scanned) fluxSource(d placed, repos map[string]string) (address, dir string) {
	if d.Kind != "Kustomization" || len(repos) == 0 {
		return "", ""
	}
	r := &reader{left: maxNodes}
	spec := r.get(parseYAML([]byte(d.Text)), "spec")
	ref := r.get(spec, "sourceRef")
	dir, ok := cleanDir(r.text(r.get(spec, "path")))
	if !ok || r.text(r.get(ref, "kind")) != "GitRepository" {
		return "", ""
	}
	return repos[r.text(r.get(ref, "name"))], dir
}

// namedSources returns the sources of an Application or an ApplicationSet, and the
// repositories of git generators and of Flux without a path.
func (r *reader) namedSources(root *yaml.Node) []namedSource {
	var out []namedSource
	var visit func(n any, depth int)
	visit = func(n any, depth int) {
		switch n := n.(type) {
		case map[string]any:
			repo, _ := n["repoURL"].(string)
			if repo == "" {
				repo, _ = n["url"].(string)
			}
			p, _ := n["path"].(string)
			if repo != "" {
				out = append(out, namedSource{repo, p})
			}
			for _, e := range asList(n["directories"]) { // of a git generator
				if at, _ := asMap(e)["path"].(string); repo != "" && !strings.HasPrefix(at, "*") {
					before, _, _ := strings.Cut(at, "*")
					out = append(out, namedSource{repo, path.Dir(before + "x")})
				}
			}
			for _, v := range n {
				visit(v, depth+1)
			}
		case []any:
			for _, v := range n {
				visit(v, depth+1)
			}
		}
	}
	if v, ok := r.value(root, 0); ok {
		visit(v, 0)
	}
	slices.SortFunc(out, func(a, b namedSource) int { return cmp.Or(cmp.Compare(a.Repo, b.Repo), cmp.Compare(a.Path, b.Path)) })
	return out
}

// fixedRevision matches what no push to a branch moves: a commit, and a version.
var fixedRevision = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64}|refs/tags/.*|v?[0-9]+(?:\.[0-9]+){1,2}(?:[-+].*)?|[<>=~^*v0-9 .,x|-]+)$`)

// reach says whether a repository at a revision is the tree.
func (o *ours) reach(repo, revision string) gitops.Reach {
	a := Address(repo)
	switch {
	case o.own[a]:
		return o.revision(revision)
	case fixedRevision.MatchString(revision): // whichever it is, no change here reaches it
		return gitops.Elsewhere
	case o.maybe[a], o.alike[lastElement(a)]: // a fork, a mirror, or another of that name
		return gitops.Doubtful
	case len(o.own) == 0 && o.inferred:
		return gitops.Doubtful
	}
	return gitops.Elsewhere
}

// revision says whether a revision of this repository is what a change of the branch
// that is compared reaches. Where the branch is not known, any branch may be it.
func (o *ours) revision(revision string) gitops.Reach {
	name := strings.TrimPrefix(strings.TrimPrefix(revision, "refs/heads/"), "origin/")
	branch, standard := o.reader.Branch, o.reader.DefaultBranch
	switch {
	case name == "" || name == "HEAD":
		if branch != "" && standard != "" && branch != standard {
			return gitops.OtherRevision
		}
		return gitops.Here
	case branch != "" && name == branch:
		return gitops.Here
	case fixedRevision.MatchString(revision):
		return gitops.OtherRevision
	case branch == "":
		return gitops.Here
	}
	return gitops.OtherRevision
}

// cleanDir returns a path that a document names relative to the root of the
// repository, and false when it leads out of it.
func cleanDir(p string) (string, bool) {
	p = path.Clean(strings.TrimLeft(p, "/"))
	return p, p != ".." && !strings.HasPrefix(p, "../") && !strings.Contains(p, "\x00")
}

// asMap, and asList, are empty for anything else.
func asMap(v any) map[string]any { m, _ := v.(map[string]any); return m }

func asList(v any) []any { l, _ := v.([]any); return l }
