package render

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Remote resolves what kustomizations name outside of their repository, and
// decides what is allowed. Both methods are safe for concurrent use, and give
// the same answer for the same arguments during one comparison, so that a
// branch that moves does not show as a change.
type Remote interface {
	// Git returns the tree of a repository at ref, a branch, tag or commit; ""
	// is the default branch. The tree's Commit is what ref stands for.
	Git(ctx context.Context, repo, ref string) (gitops.Tree, error)
	// File returns the bytes at an http or https address.
	File(ctx context.Context, url string) ([]byte, error)
}

// server answers one worker's questions during one render, and notes them.
type server struct {
	tree    gitops.Tree
	remote  Remote                 // nil allows none
	reads   map[string]gitops.Read // the notes, by path or address
	lookups int                    // so far, see maxLookups
	input   int                    // bytes given to the worker so far, see maxInput
	clock   *clock                 // of the render; stands still during a fetch
	err     error                  // a source that failed, rather than a path that is not there
}

// answer decodes a lookup frame and encodes what the worker may know. The error is a
// source that failed, or a worker that does not keep to the protocol: it ends the
// worker. What an overlay may not have is an answer.
func (s *server) answer(ctx context.Context, d *decoder) (*encoder, error) {
	n := d.count()
	e := newFrame(msgFound)
	var list []found
	for range n {
		q := question{virtual: d.string(), path: d.string()}
		q.spec = gitops.RemoteSpec{Repo: d.string(), Ref: d.string(), File: d.string()}
		q.want = want(d.uint())
		if d.bad {
			return nil, errors.New("malformed question")
		}
		list = s.look(ctx, q, list)
	}
	if s.err != nil {
		return nil, s.err
	}
	size := 0 // a guess that saves copies: paths and messages are below 1 KiB but for odd ones
	for _, at := range list {
		size += len(at.content) + 1<<10
	}
	e.b = slices.Grow(e.b, size)
	e.uint(len(list))
	for _, at := range list {
		e.string(at.virtual)
		e.uint(int(at.kind))
		e.string(at.path)
		e.bytes(at.content)
		e.flag(at.fail != nil)
		if at.fail != nil {
			e.failure(*at.fail)
		}
	}
	return e, nil
}

// look appends what is at q, and for a directory what is at each name that a
// kustomization may have in it. The names that are not there count as read: were one to
// come, the directory would render differently.
func (s *server) look(ctx context.Context, q question, list []found) []found {
	if q.spec.File != "" {
		return append(list, s.remoteFile(ctx, q))
	}
	t, fail := s.treeOf(ctx, q)
	if fail != nil {
		return append(list, found{virtual: q.virtual, fail: fail})
	}
	switch q.want {
	case wantNames:
		return append(list, s.list(ctx, t, q))
	case wantBelow:
		return s.below(ctx, t, q, list)
	}
	at := s.at(ctx, t, q.path)
	resolved := at.path
	at.virtual = q.virtual
	list = append(list, at)
	if at.kind != gitops.Dir {
		return list
	}
	root := strings.TrimSuffix(q.virtual, "/"+q.path)
	for _, name := range kustomizationNames {
		p := path.Join(resolved, name)
		k := s.at(ctx, t, p)
		k.virtual = path.Join(root, p)
		list = append(list, k)
	}
	return list
}

// treeOf returns the tree that a question is about. The note has the commit that the
// ref stands for now, so a branch that moves is another render. A remote that was
// refused leaves no note: such a render is not kept.
func (s *server) treeOf(ctx context.Context, q question) (gitops.Tree, *failure) {
	if q.spec.Repo == "" {
		return s.tree, nil
	}
	address := q.spec.Repo
	if q.spec.Ref != "" {
		address += "?ref=" + q.spec.Ref
	}
	if s.remote == nil {
		return nil, &failure{code: gitops.Denied, cause: gitops.CauseRemote, message: "remote base is not allowed: " + gitops.Quote(address) + howToAllow(address)}
	}
	s.clock.stop()
	defer s.clock.start()
	t, err := s.remote.Git(ctx, q.spec.Repo, q.spec.Ref)
	if err != nil {
		return nil, s.refused(ctx, err)
	}
	s.note(gitops.Read{Path: address, Kind: gitops.Remote, ID: t.Commit()})
	return t, nil
}

// remoteFile is what is at an address. It is noted by its content, because nothing else
// tells whether it changed.
func (s *server) remoteFile(ctx context.Context, q question) found {
	at := found{virtual: q.virtual}
	if s.remote == nil {
		at.fail = &failure{code: gitops.Denied, cause: gitops.CauseRemote, message: "remote file is not allowed: " + gitops.Quote(q.spec.File) + howToAllow(q.spec.File)}
		return at
	}
	s.clock.stop()
	defer s.clock.start()
	content, err := s.remote.File(ctx, q.spec.File)
	if err != nil {
		at.fail = s.refused(ctx, err)
		return at
	}
	s.note(gitops.Read{Path: q.spec.File, Kind: gitops.Remote, ID: contentID(content)})
	at.kind = gitops.File
	if at.fail = s.admit(q.spec.File, content); at.fail == nil {
		at.content = content
	}
	return at
}

// refused turns an error of a remote into a failure of the one overlay. A context that
// ended is no refusal and ends the render; the overlay must not be told that its remote
// is unreachable because somebody pressed Ctrl-C.
func (s *server) refused(ctx context.Context, err error) *failure {
	if ctx.Err() != nil {
		s.err = ctx.Err()
	}
	f := &failure{code: gitops.Unavailable, cause: gitops.CauseRemote, message: err.Error()}
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		f.code, f.message = e.Code, e.Message
		if e.Hint != "" {
			f.message += " (" + e.Hint + ")"
		}
		if e.Cause != "" {
			f.cause = e.Cause
		}
	}
	return f
}

// at returns what p leads to in t, with its content when it is a file. Every symbolic
// link on the way is noted too, so that a link that is pointed elsewhere changes the
// key of the render.
func (s *server) at(ctx context.Context, t gitops.Tree, p string) found {
	at := found{}
	if s.lookups++; s.lookups > maxLookups {
		at.fail = &failure{cause: gitops.CauseLimit, message: fmt.Sprintf("more than %d paths looked up in one render", maxLookups)}
		return at
	}
	e, links, err := gitops.Resolve(ctx, t, p)
	for _, l := range links {
		s.noteEntry(t, t.Lookup(l))
	}
	if err != nil {
		at.fail = s.treeFailure(err)
		return at
	}
	s.noteEntry(t, e)
	at.kind, at.path = e.Kind, e.Path
	switch e.Kind {
	case gitops.Submodule:
		at.fail = &failure{cause: gitops.CauseSubmodule, file: e.Path, message: "path is in a submodule, which is not read: " + gitops.Quote(e.Path)}
	case gitops.Missing:
		at.fail = s.inSubmodule(t, e.Path)
	case gitops.File:
		at.content, at.fail = s.content(ctx, t, e)
	}
	return at
}

// content reads a file, unless its entry says that it is too large, or the render had
// too much already.
func (s *server) content(ctx context.Context, t gitops.Tree, e gitops.Entry) ([]byte, *failure) {
	if e.Size > maxFile {
		return nil, tooLarge(e.Path)
	}
	if s.input > maxInput {
		return nil, tooMuch()
	}
	content, err := t.Read(ctx, e.Path)
	if err != nil {
		return nil, s.treeFailure(err)
	}
	if fail := s.admit(e.Path, content); fail != nil {
		return nil, fail
	}
	return content, nil
}

func tooMuch() *failure {
	return &failure{cause: gitops.CauseLimit, message: fmt.Sprintf("more than %d MiB of files in one render", maxInput>>20)}
}

func tooLarge(p string) *failure {
	return &failure{cause: gitops.CauseLimit, file: p, message: fmt.Sprintf("file is larger than %d MiB: %s", maxFile>>20, gitops.Quote(p))}
}

// lfsPrefix opens a Git LFS pointer
// (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
const lfsPrefix = "version https://git-lfs.github.com/spec/"

// admit checks a file's content before it goes to the worker.
func (s *server) admit(p string, content []byte) *failure {
	s.input += len(content)
	switch {
	case len(content) > maxFile:
		return tooLarge(p)
	case s.input > maxInput:
		return tooMuch()
	case strings.HasPrefix(string(content[:min(len(content), len(lfsPrefix))]), lfsPrefix):
		return &failure{cause: gitops.CauseLFS, file: p, line: 1, column: 1, message: "file is a Git LFS pointer, its content is not in git: " + gitops.Quote(p)}
	}
	return nil
}

// inSubmodule says so when a path is missing because it is below a submodule: "no such
// file" would send people looking for a typing error.
func (s *server) inSubmodule(t gitops.Tree, p string) *failure {
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if t.Lookup(dir).Kind == gitops.Submodule {
			return &failure{cause: gitops.CauseSubmodule, file: dir, message: "path is in a submodule, which is not read: " + gitops.Quote(p)}
		}
	}
	return nil
}

// treeFailure separates a path that cannot be used from a source that failed. Invalid
// and not found are about the path and stay with the overlay; anything else, such as a
// disk or a git that fails, ends the render and is nobody's finding.
func (s *server) treeFailure(err error) *failure {
	e, ok := errors.AsType[*gitops.Error](err)
	if !ok || e.Code != gitops.Invalid && e.Code != gitops.NotFound {
		s.err = err
		return &failure{cause: gitops.CauseOther, message: err.Error()}
	}
	cause := e.Cause
	if cause == "" {
		cause = gitops.CauseOther
	}
	return &failure{cause: cause, message: e.Message, file: e.File, line: e.Line, column: e.Column}
}

// noteEntry notes a look-up of the repository's own tree. What is read of a remote
// follows from its commit. A directory is noted as being there: its id would change
// with every file below it, and what matters of those is asked for by name.
func (s *server) noteEntry(t gitops.Tree, e gitops.Entry) {
	if t != s.tree {
		return
	}
	r := gitops.Read{Path: e.Path, Kind: e.Kind, ID: e.ID}
	if e.Kind == gitops.Dir {
		r.ID = ""
	}
	s.note(r)
}

// note keeps the last answer for a path. A tree does not change, so all are the same, but
// that the names in a directory say more than that it is there, and all paths below it
// more than its names.
func (s *server) note(r gitops.Read) {
	if have := s.reads[r.Path]; r.Kind == gitops.Dir && have.Kind == gitops.Dir && (r.ID == "" || strings.HasPrefix(have.ID, belowPrefix)) {
		return
	}
	s.reads[r.Path] = r
}

// sortedReads returns the notes by path.
func (s *server) sortedReads() []gitops.Read {
	list := make([]gitops.Read, 0, len(s.reads))
	for _, r := range s.reads {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b gitops.Read) int { return strings.Compare(a.Path, b.Path) })
	return list
}
