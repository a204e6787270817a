package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Tree returns the files of a commit, which is a full id as of [Repo.Resolve].
// The list of paths is read now, the files when they are asked for. The
// returned tree reads through r until [Repo.Close]. The bytes that its Read
// returns are shared and must not be changed.
//
// It has a method Prefetch besides those of [gitops.Tree]; see [Prefetcher].
func (r *Repo) Tree(ctx context.Context, commit string) (gitops.Tree, error) {
	if !isHex(commit, r.hexLen) {
		return nil, gitops.Errorf(gitops.Invalid, "commit is not a full id: %s", gitops.Quote(commit))
	}
	return r.list(ctx, commit, commit)
}

// Prefetcher is what trees have that can read many files faster at once than
// one by one.
type Prefetcher interface {
	// Prefetch reads the files at paths into memory, as far as there is room,
	// so that Read finds them there. Paths that are no files are passed over.
	Prefetch(ctx context.Context, paths []string) error
}

// commitTree is the tree of a commit or of a merge.
type commitTree struct {
	repo    *Repo
	commit  string           // "" for a merge
	treeish string           // what was listed: a commit, or the tree of a merge
	nodes   []node           // in the order of git: byte order of paths, where directories end in "/"
	index   map[string]int32 // path -> its place in nodes
}

// node is one line of git ls-tree.
type node struct {
	path, id   string
	kind       gitops.Kind
	executable bool
}

// list lists a tree in full, unless it is near the one listed last. Which paths there
// are is all that is read; a tree whose paths could deceive is refused as a whole.
func (r *Repo) list(ctx context.Context, treeish, commit string) (*commitTree, error) {
	if t, ok := r.listBeside(ctx, treeish, commit); ok {
		return t, nil
	}
	out := &listing{max: r.opts.MaxEntries}
	err := r.git.with("GIT_DIR="+r.shadow).run(ctx, r.shadow, nil, out, "ls-tree", "-r", "-t", "-z", "--full-tree", treeish)
	if out.full() {
		return nil, &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseLimit,
			Message: fmt.Sprintf("tree of %s has more than %d paths, or %d bytes of them", treeish, out.max, maxListing)}
	}
	if _, ok := err.(*exitError); ok {
		return nil, r.missing(ctx, treeish, err)
	}
	if err != nil {
		return nil, err
	}
	nodes, err := parseTree(out.text.String(), out.lines, r.hexLen)
	index := indexOf(nodes)
	if err == nil && len(index) < len(nodes) {
		err = errors.New("a path is there twice")
	}
	if err != nil {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: "tree of " + treeish + " is damaged: " + err.Error(), Err: err}
	}
	t := &commitTree{repo: r, commit: commit, treeish: treeish, nodes: nodes, index: index}
	r.last.Store(t)
	return t, nil
}

// maxListing bounds the bytes of all paths of a tree together.
const maxListing = 256 << 20

// listing collects the output of git ls-tree within limits.
type listing struct {
	text       strings.Builder
	bytes      int // of all that git printed
	lines, max int // paths so far, and how many may be
}

// Write fails beyond the limits, which ends git.
func (l *listing) Write(p []byte) (int, error) {
	l.lines += bytes.Count(p, []byte{0})
	l.bytes += len(p)
	if l.full() {
		return 0, errTooLarge
	}
	return l.text.Write(p)
}

func (l *listing) full() bool { return l.lines > l.max || l.bytes > maxListing }

// parseTree parses lines of git ls-tree -r -t -z: "MODE TYPE ID\tPATH\x00".
// The nodes share the memory of s. Paths that no file system could have, such
// as "a/../b", are an error: a tree that has them was made to deceive.
func parseTree(s string, lines, hexLen int) ([]node, error) {
	nodes := make([]node, 0, lines)
	for s != "" {
		line, rest, ok := strings.Cut(s, "\x00")
		head, name, tab := strings.Cut(line, "\t")
		n := node{path: name}
		if !ok || !tab || !n.parseHead(head, hexLen) {
			return nil, errors.New("git ls-tree printed " + gitops.Quote(line))
		}
		if !isInside(name) {
			return nil, errors.New("path " + gitops.Quote(name))
		}
		nodes = append(nodes, n)
		s = rest
	}
	return nodes, nil
}

// isInside tells whether p is a clean path of something below the root.
func isInside(p string) bool {
	return p == path.Clean(p) && p != "." && p != ".." && !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "../")
}

// parseHead parses "MODE TYPE ID".
func (n *node) parseHead(head string, hexLen int) bool {
	const mode = len("100644 ")
	if len(head) < mode {
		return false
	}
	_, id, ok := strings.Cut(head[mode:], " ")
	switch head[:3] {
	case "100":
		n.kind, n.executable = gitops.File, head[:mode] == "100755 "
	case "040":
		n.kind = gitops.Dir
	case "120":
		n.kind = gitops.Symlink
	case "160":
		n.kind = gitops.Submodule
	default:
		return false
	}
	n.id = id
	return ok && len(id) == hexLen
}

// Commit returns the commit id, or "" for the tree of a merge.
func (t *commitTree) Commit() string { return t.commit }

// Lookup returns the entry at path.
func (t *commitTree) Lookup(path string) gitops.Entry {
	if path == "." {
		return gitops.Entry{Path: ".", Kind: gitops.Dir, Size: -1}
	}
	i, ok := t.index[path]
	if !ok {
		return gitops.Entry{Path: path}
	}
	return t.nodes[i].entry()
}

// entry has no size: git ls-tree would have to open every object for it.
func (n *node) entry() gitops.Entry {
	return gitops.Entry{Path: n.path, Kind: n.kind, ID: n.id, Size: -1, Executable: n.executable}
}

// Entries yields all but the directories.
func (t *commitTree) Entries() iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) {
		for i := range t.nodes {
			if t.nodes[i].kind != gitops.Dir && !yield(t.nodes[i].entry()) {
				return
			}
		}
	}
}

// Read returns the bytes of a file or the target of a symlink. With a file it
// reads the manifests behind it in the same directory into the cache, because
// one question to git costs as much as ten files.
func (t *commitTree) Read(ctx context.Context, path string) ([]byte, error) {
	e := t.Lookup(path)
	if e.Kind != gitops.File && e.Kind != gitops.Symlink {
		return nil, noFile(e)
	}
	if data, ok := t.repo.blobs.get(e.ID); ok {
		return data, nil
	}
	var wanted object
	ids := append([]string{e.ID}, t.ahead(path)...)
	err := t.repo.batch.read(ctx, ids, func(i int, o object) {
		if i == 0 {
			wanted = o
		}
		t.repo.keep(ids[i], o)
	})
	switch {
	case wanted.data != nil:
		return wanted.data, nil
	case err != nil:
		return nil, err
	case wanted.err == errMissing:
		return nil, &gitops.Error{Code: gitops.Unavailable, File: path, Message: "file is not in this clone: " + gitops.Quote(path), Err: wanted.err,
			Hint: refetch}
	}
	return nil, tooLarge(path, t.repo.opts.MaxBlob)
}

// maxAhead is how many manifests Read reads ahead.
const maxAhead = 15

// ahead returns the ids of the manifests that follow path in its directory and
// are not in the cache.
func (t *commitTree) ahead(file string) []string {
	var ids []string
	dir := path.Dir(file)
	start := t.index[file] + 1
	for _, n := range t.nodes[start:min(len(t.nodes), int(start)+maxAhead)] {
		if n.kind != gitops.File || path.Dir(n.path) != dir || !isManifest(n.path) {
			break
		}
		if _, ok := t.repo.blobs.get(n.id); !ok {
			ids = append(ids, n.id)
		}
	}
	return ids
}

// isManifest reports whether a render is likely to ask for the file.
func isManifest(p string) bool {
	return strings.HasSuffix(p, ".yaml") || strings.HasSuffix(p, ".yml")
}

// keep puts what was read into the cache.
func (r *Repo) keep(id string, o object) {
	if o.err == nil {
		r.blobs.put(id, o.data)
	}
}

// Prefetch implements [Prefetcher].
func (t *commitTree) Prefetch(ctx context.Context, paths []string) error {
	var ids []string
	for _, p := range paths {
		e := t.Lookup(p)
		if e.Kind != gitops.File && e.Kind != gitops.Symlink {
			continue
		}
		if _, ok := t.repo.blobs.get(e.ID); !ok {
			ids = append(ids, e.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return t.repo.batch.read(ctx, ids, func(i int, o object) { t.repo.keep(ids[i], o) })
}

// noFile says that there is no file or symlink to read at e.
func noFile(e gitops.Entry) error {
	message := "file not found: " + gitops.Quote(e.Path)
	if e.Kind != gitops.Missing {
		message = "not a file but a " + e.Kind.String() + ": " + gitops.Quote(e.Path)
	}
	return &gitops.Error{Code: gitops.NotFound, Cause: gitops.CauseMissing, File: e.Path, Message: message}
}

// tooLarge says that the file at path is larger than the source's limit.
func tooLarge(path string, limit int64) error {
	return &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseLimit, File: path,
		Message: fmt.Sprintf("file is larger than %d bytes: %s", limit, gitops.Quote(path))}
}

// isHex tells whether s is n lower-case hex digits.
func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}
