package flux

import (
	"cmp"
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// origin is what the source of a document comes to.
type origin struct {
	reach gitops.Reach
	// cut is the artifact, when it is here.
	cut cut
	// revision is what the source follows, as written.
	revision string
	// name names the source for messages.
	name string
	// why says for a doubtful one why, as the end of a sentence.
	why string
	// fix says what to do about it, as the end of that sentence.
	fix string
	// includes are directories of the artifact that other sources fill.
	includes []string
	// suspended says that the source follows its repository no more.
	suspended bool
	// key is what the source says, as far as no render shows it.
	key string
}

// What to do about a source that may be this repository.
const (
	byName    = ", unless .sealift.yaml says that the source is this repository (flux.sources)"
	byAddress = ", unless .sealift.yaml says that it is one of this repository (repositories)"
)

// origin finds the source that a reference means. Its namespace is that of the document
// when the reference has none.
func (j *job) origin(ref value) origin {
	kind, name := ref.text("kind"), ref.text("name")
	namespace := cmp.Or(ref.text("namespace"), j.doc.Namespace)
	o := origin{name: kind + " " + gitops.Quote(strings.TrimPrefix(namespace+"/"+name, "/"))}
	if a := j.alias(kind, namespace, name); a != nil {
		o.reach, o.cut.Root = gitops.Here, clean(a.Path)
		if k := j.world.find(kind, namespace, name); k != nil {
			o.read(k)
		}
		return o
	}
	k := j.world.find(kind, namespace, name)
	switch {
	case kind == "" || name == "" || strings.Contains(kind+name+namespace, "${"):
		o.reach, o.why = gitops.Doubtful, "which is no name of a source"
	case kind != kindGit:
		o.reach = gitops.Elsewhere
		if k != nil {
			o.read(k)
		}
	case k != nil:
		o.read(k)
		j.follow(&o, k)
	case j.bootstrapped(namespace, name):
		o.reach = gitops.Here
	default:
		o.reach, o.why, o.fix = gitops.Doubtful, "which is not defined here", byName
	}
	return o
}

// alias is the entry of the options for a source, nil when there is none.
func (j *job) alias(kind, namespace, name string) *Alias {
	for i, a := range j.Options.Aliases {
		if a.Name == name && (a.Kind == "" || a.Kind == kind) && (a.Namespace == "" || namespace == "" || a.Namespace == namespace) {
			return &j.Options.Aliases[i]
		}
	}
	return nil
}

// bootstrapped reports whether a GitRepository that nothing defines is the one that
// `flux bootstrap` makes of the repository: it has the name of the namespace of Flux.
func (j *job) bootstrapped(namespace, name string) bool {
	return name == j.namespace() && (namespace == "" || namespace == j.namespace())
}

// read takes what a source says about its artifact (GitRepositorySpec, OCIRepositorySpec
// and BucketSpec of source-controller).
func (o *origin) read(k *known) {
	spec := k.root.at("spec")
	if ignore := spec.at("ignore"); ignore.there() {
		text := ignore.text()
		o.cut.Ignore = &text
	}
	if k.Kind == kindGit {
		for _, dir := range spec.texts("sparseCheckout") {
			o.cut.Sparse = append(o.cut.Sparse, strings.TrimPrefix(dir, "./"))
		}
		for include := range spec.all("include") {
			o.includes = append(o.includes, clean(cmp.Or(include.text("toPath"), include.text("repository", "name"))))
		}
	}
	o.suspended = spec.is("suspend")
	if k.From == nil {
		o.key = canonical(spec, k.YAML)
	}
}

// follow finds out where a GitRepository points.
func (j *job) follow(o *origin, k *known) {
	spec := k.root.at("spec")
	url := spec.text("url")
	shown, revision := revisionOf(spec.at("ref"))
	o.revision = shown
	if j.Reach == nil || url == "" || strings.Contains(url+revision, "${") {
		o.reach, o.why, o.fix = gitops.Doubtful, "whose address is not known", byName
		return
	}
	if o.reach = j.Reach(url, revision); o.reach == gitops.Doubtful {
		o.why, o.fix = "whose address "+gitops.Quote(url)+" is like that of this repository", byAddress
	}
}

// revisionOf returns what a reference of a GitRepository follows, as written and as a
// revision: a commit counts before a name, a range of versions, a tag and a branch
// (GitRepositoryRef). Without any Flux takes the branch master. A repository without one
// would deploy nothing, so what is compared is taken for it.
func revisionOf(ref value) (shown, revision string) {
	for _, key := range []string{"commit", "name", "semver", "tag", "branch"} {
		if shown = ref.text(key); shown == "" {
			continue
		}
		switch key {
		case "semver", "tag":
			return shown, "refs/tags/" + shown
		case "branch":
			return shown, "refs/heads/" + shown
		}
		return shown, shown
	}
	return "", ""
}

// included reports whether another source fills a directory of the artifact.
func (o *origin) included(dir string) bool {
	for _, to := range o.includes {
		if inside(to, dir) {
			return true
		}
	}
	return false
}

// clean returns a path of the artifact relative to its root, as securejoin does it: what
// leads out of the root ends at the root.
func clean(p string) string {
	p = path.Clean("/" + p)
	if p == "/" {
		return "."
	}
	return p[1:]
}

// inside reports whether a path is dir or below it.
func inside(dir, p string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

// below is a doublestar pattern of all below a directory.
func below(dir string) string {
	if dir == "." {
		return "**"
	}
	return escape(dir) + "/**"
}

// escape quotes what has a meaning in doublestar patterns.
func escape(p string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`).Replace(p)
}
