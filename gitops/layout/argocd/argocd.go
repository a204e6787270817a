package argocd

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/sealift/sealift/gitops"
)

// Options is what an installation of Argo CD says, which its repositories may not. The
// zero value is Argo CD as it comes.
type Options struct {
	// Namespace is Argo CD's own; "" is "argocd". Applications in others have their
	// namespace in the name that charts and variables see.
	Namespace string
	// BuildOptions is kustomize.buildOptions of argocd-cm, such as
	// "--enable-helm --load-restrictor LoadRestrictionsNone".
	BuildOptions string
	// NewGitFileGlobbing is --enable-new-git-file-globbing of the ApplicationSet
	// controller: "*" of a git generator over files stays within a name, and "**" is any
	// number of directories.
	NewGitFileGlobbing bool
	// HiddenDirectories is reposerver.include.hidden.directories of
	// argocd-cmd-params-cm: git generators see directories whose name starts with a dot.
	HiddenDirectories bool
}

// defaultNamespace is where Argo CD's own manifests put it.
const defaultNamespace = "argocd"

// namespace is where Argo CD is.
func (o Options) namespace() string { return cmp.Or(o.Namespace, defaultNamespace) }

// Room reads Argo CD's documents of one tree. It is safe for concurrent use. Its
// documents share a budget of steps, so that a tree of many that are large is bounded
// too: what comes after is said not to be read.
type Room struct {
	// Tree is the tree that is compared.
	Tree gitops.Tree
	// Options are those of the installation.
	Options Options
	// Reach says whether a repository at a revision is that tree. The revision is as
	// written; "" and "HEAD" are the default branch. Nil takes every repository for it.
	Reach func(repo, revision string) gitops.Reach
	// Remotes says that charts of repositories may be fetched.
	Remotes bool

	list   sync.Once
	sorted []gitops.Entry // the files, links and submodules, in byte order of paths
	dirs   []string       // the directories, in the order of a walk

	spent steps
}

// Handles reports whether documents of a kind are for [Room.Deploy].
func Handles(apiVersion, kind string) bool {
	at, _, versioned := strings.Cut(apiVersion, "/")
	return versioned && at == group && (kind == kindApplication || kind == kindApplicationSet)
}

// Deploy says what a document comes to; nothing for one that [Handles] does not name. It
// fails when the context ends or when the tree cannot be read, with the tree's error.
func (r *Room) Deploy(ctx context.Context, d gitops.Document) (gitops.Deployed, error) {
	if !Handles(d.APIVersion, d.Kind) {
		return gitops.Deployed{}, nil
	}
	w := &work{room: r, doc: d}
	if err := w.deploy(ctx); err != nil {
		return gitops.Deployed{}, err
	}
	return w.out, nil
}

// work is what is done for one document.
type work struct {
	room *Room
	doc  gitops.Document
	page page
	out  gitops.Deployed
}

// deploy fills in what comes out.
func (w *work) deploy(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return gitops.Errorf(gitops.Unavailable, "argocd: %w", err)
	}
	var err error
	if w.page, err = readPage(w.doc); err != nil {
		w.unreadable(err)
		return nil
	}
	if w.doc.Kind == kindApplicationSet {
		return w.applicationSet(ctx)
	}
	return w.application(ctx)
}

// unreadable takes a document that is no YAML, such as one of a chart: a template of it may
// name any path that its own paths fit.
func (w *work) unreadable(err error) {
	if data := string(w.doc.YAML); unfilled(data) {
		w.say(gitops.SeverityNote, w.doc.Line, "is a template, it is not read")
		w.opaque(gitops.ReasonPointer, w.doc.Line, patchReads(data), data, "is a template, what it deploys is not known here")
		return
	}
	w.say(gitops.SeverityError, w.doc.Line, "cannot be read: %s", err)
	w.opaque(gitops.ReasonPointer, w.doc.Line, nil, string(w.doc.YAML), "cannot be read")
}

// reach asks where a source is. What a template has yet to fill in may be anything.
func (w *work) reach(repo, revision string) gitops.Reach {
	switch {
	case unfilled(repo), unfilled(revision):
		return gitops.Doubtful
	case w.room.Reach == nil:
		return gitops.Here
	}
	return w.room.Reach(repo, revision)
}

// read returns a file of the tree; ok says whether there is one that can be read.
func (w *work) read(ctx context.Context, path string) (data []byte, ok bool, err error) {
	e, err := w.resolve(ctx, path)
	if err != nil || e.Kind != gitops.File {
		return nil, false, err
	}
	data, err = w.room.Tree.Read(ctx, e.Path)
	switch gitops.CodeOf(err) {
	case "":
		return data, true, nil
	case gitops.NotFound, gitops.Invalid:
		return nil, false, nil
	}
	return nil, false, err
}

// resolve follows the links in a path. What leads out of the tree is missing.
func (w *work) resolve(ctx context.Context, path string) (gitops.Entry, error) {
	e, _, err := gitops.Resolve(ctx, w.room.Tree, path)
	if bad, ok := errors.AsType[*gitops.Error](err); ok && bad.Code == gitops.Invalid {
		return gitops.Entry{Path: path}, nil
	}
	return e, err
}
