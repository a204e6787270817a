package flux

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/sealift/sealift/gitops"
)

// Room reads Flux's documents of one tree. Its fields are not to be changed once it is
// used. It is safe for concurrent use.
type Room struct {
	Tree    gitops.Tree
	Options Options
	// Reach says whether a repository, by the address that a source has, at a branch, tag or
	// commit is the tree. A tag begins with "refs/tags/"; "" is the default branch. Nil is
	// Doubtful for all.
	Reach func(repo, revision string) gitops.Reach
	// Remotes says that charts of repositories may be fetched.
	Remotes bool

	mu        sync.Mutex
	entries   []gitops.Entry         // the files of the tree, in the order of a walk
	ignores   []string               // the .sourceignore files of the tree
	artifacts map[string]gitops.Tree // by key
}

// Options are what the installation of Flux has that no document of Flux says.
type Options struct {
	// Namespace is where Flux is installed; "" is flux-system.
	Namespace string
	// Strict is the feature gate StrictPostBuildSubstitutions of the kustomize-controller: a
	// variable that is not defined and has no default fails a build.
	Strict bool
	// Aliases are sources that are this repository although their addresses do not tell.
	Aliases []Alias
}

// Alias is a source whose artifact is made of this repository.
type Alias struct {
	// Kind is that of the source, such as OCIRepository; "" is any.
	Kind string
	// Namespace and Name are those of the source; an empty namespace is any.
	Namespace, Name string
	// Path is the directory of the repository that is the root of the artifact; "" and "."
	// are its root.
	Path string
}

// RuleName is the rule of the findings in Deployed.Notes. It is that of the layout.
const RuleName = "layout"

// The kinds of documents that deploy.
const (
	kindKustomization = "Kustomization"
	kindHelmRelease   = "HelmRelease"
	kindInstance      = "FluxInstance"
	kindResourceSet   = "ResourceSet"
)

// The groups of Flux's documents.
const (
	groupKustomize = "kustomize.toolkit.fluxcd.io"
	groupHelm      = "helm.toolkit.fluxcd.io"
	groupSource    = "source.toolkit.fluxcd.io"
	groupOperator  = "fluxcd.controlplane.io"
)

// Handles reports whether [Room.Deploy] reads documents of a kind, in whatever version of
// its API.
func Handles(apiVersion, kind string) bool {
	switch groupOf(apiVersion) {
	case groupKustomize:
		return kind == kindKustomization
	case groupHelm:
		return kind == kindHelmRelease
	case groupOperator:
		return kind == kindInstance || kind == kindResourceSet
	}
	return false
}

// Deploy returns what a document comes to in a world, which may be nil. What is wrong with
// a document is said in Deployed; an error is one of the tree or of ctx.
func (r *Room) Deploy(ctx context.Context, d gitops.Document, w *World) (gitops.Deployed, error) {
	if err := ctx.Err(); err != nil {
		return gitops.Deployed{}, gitops.Errorf(gitops.Unavailable, "flux: %w", err)
	}
	if !Handles(d.APIVersion, d.Kind) {
		return gitops.Deployed{}, nil
	}
	j := &job{Room: r, ctx: ctx, doc: d, world: w}
	root, err := parse(d.YAML)
	if err != nil {
		j.opaque(gitops.ReasonPointer, nil, "is not plain YAML, what it deploys is not known")
		return j.out, nil
	}
	if j.world == nil {
		j.world = &World{}
	}
	j.spec = root.at("spec")
	switch d.Kind {
	case kindKustomization:
		err = j.kustomization()
	case kindHelmRelease:
		err = j.release()
	case kindInstance:
		j.instance(root)
	case kindResourceSet:
		j.opaque(gitops.ReasonPointer, nil, "makes objects of a template of its own, which are not compared")
	}
	return j.out, err
}

// job is one call of Deploy.
type job struct {
	*Room
	ctx   context.Context
	doc   gitops.Document
	spec  value
	world *World
	out   gitops.Deployed
}

// name is how messages name the document.
func (j *job) name() string {
	name := j.doc.Name
	if j.doc.Namespace != "" {
		name = j.doc.Namespace + "/" + name
	}
	return j.doc.Kind + " " + gitops.Quote(name)
}

// say notes something about the document.
func (j *job) say(fix, format string, args ...any) {
	j.note(fix, j.name()+" "+fmt.Sprintf(format, args...))
}

// note adds a finding at the document.
func (j *job) note(fix, message string) {
	j.out.Notes = append(j.out.Notes, gitops.Finding{
		Rule: RuleName, Severity: gitops.SeverityNote, File: j.doc.File, Line: j.doc.Line, Message: message, Fix: fix,
	})
}

// opaque says that what the document deploys is not compared, and why: a sentence that its
// name begins.
func (j *job) opaque(why gitops.Reason, reads []string, format string, args ...any) {
	j.out.Opaque = append(j.out.Opaque, gitops.Opaque{
		Reason: why, Message: j.name() + " " + fmt.Sprintf(format, args...),
		File: j.doc.File, Line: j.doc.Line, Reads: reads, Key: j.key(),
	})
}

// key is what the document is deployed with, as far as no render shows it.
func (j *job) key() string {
	if j.doc.From != nil {
		return ""
	}
	return canonical(j.spec, j.doc.YAML)
}

// namespace is where Flux is installed.
func (r *Room) namespace() string {
	return cmp.Or(r.Options.Namespace, defaultNamespace)
}

// groupOf is the group of an API version; the core group is "".
func groupOf(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return group
}
