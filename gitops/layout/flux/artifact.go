package flux

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/fluxcd/pkg/sourceignore"
	"github.com/fluxcd/pkg/sourceignore/gitignore"

	"github.com/sealift/sealift/gitops"
)

// cut says what of a tree is in an artifact.
type cut struct {
	// Root is the directory that is the root of the artifact; "" is that of the tree.
	Root string `json:"root,omitempty"`
	// Ignore is spec.ignore of the source, nil when it has none: an empty one counts.
	Ignore *string `json:"ignore,omitempty"`
	// Sparse are the beginnings of the paths that are checked out; none is all.
	Sparse []string `json:"sparse,omitempty"`
	// Files tells the .sourceignore files of one tree from those of another: where they
	// differ it is another artifact, whatever else is the same. "" is none.
	Files string `json:"files,omitempty"`
}

// rootDir is the directory that is the root of the artifact.
func (c cut) rootDir() string { return path.Join(".", c.Root) }

// key is the name of the artifact in Unit.Artifact.
func (c cut) key() string {
	if c.Root == "." {
		c.Root = ""
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic("flux: a cut is always JSON: " + err.Error()) // strings only
	}
	return string(b)
}

// ignores returns the paths of the .sourceignore files of a tree.
func ignores(t gitops.Tree) (files []string) {
	for e := range t.Entries() {
		if path.Base(e.Path) == ignoreFile {
			files = append(files, e.Path)
		}
	}
	slices.SortFunc(files, inDepth)
	return files
}

// ignored is cut.Files of an artifact of the tree.
func (r *Room) ignored(ctx context.Context, root string) string {
	r.mu.Lock()
	if r.ignores == nil {
		r.ignores = append([]string{}, ignores(r.Tree)...)
	}
	files := r.ignores
	r.mu.Unlock()
	sum, found := sha256.New(), false
	for _, file := range files {
		if e, _, err := gitops.Resolve(ctx, r.Tree, file); err == nil && inside(root, file) {
			fmt.Fprintf(sum, "%q %s\n", file, e.ID)
			found = true
		}
	}
	if !found {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// The limits of what is left out of an artifact.
const (
	maxIgnore   = 64 << 10 // bytes of patterns
	maxPatterns = 1_000
)

// ignoreFile is the file with patterns of what is left out.
const ignoreFile = sourceignore.IgnoreFile

// Artifact returns t as the controllers of Flux find it, by the Unit.Artifact of one of its
// units; t itself for "". The paths are those of t.
//
// The source-controller archives what it has fetched. It leaves out what is no file (also
// symlinks), what git has for itself (.gitignore and the like), and what patterns match:
// those of the .sourceignore of any directory, later ones before earlier ones, and after
// them those of spec.ignore of the source. Only where there are none of either does it
// leave out by default pictures, archives, configurations of CI and .sops.yaml
// (SourceIgnoreFilter and Storage.Archive of fluxcd/pkg/artifact). Unlike git it matches
// each file by itself, so that one may be taken from a directory that is left out.
//
// The error is one of the tree, or has code invalid when there are more patterns than are
// looked at.
func Artifact(ctx context.Context, t gitops.Tree, name string) (gitops.Tree, error) {
	if name == "" {
		return t, nil
	}
	var c cut
	if err := json.Unmarshal([]byte(name), &c); err != nil {
		return nil, gitops.Errorf(gitops.Invalid, "not an artifact: %s", gitops.Quote(name))
	}
	a := &artifact{Tree: t, root: c.rootDir(), sparse: c.Sparse, known: map[string]bool{}}
	patterns, err := a.patterns(ctx, c.Ignore)
	if err != nil {
		return nil, err
	}
	if len(patterns) == 0 {
		a.matcher = sourceignore.NewDefaultMatcher(nil, nil)
	} else {
		a.matcher = sourceignore.NewMatcher(append(sourceignore.VCSPatterns(nil), patterns...))
	}
	return a, nil
}

// Artifact is the function of this name for the tree of the room, which gives the same
// tree for the same name.
func (r *Room) Artifact(ctx context.Context, name string) (gitops.Tree, error) {
	r.mu.Lock()
	t := r.artifacts[name]
	r.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := Artifact(ctx, r.Tree, name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.artifacts[name]; first != nil {
		return first, nil
	}
	if r.artifacts == nil {
		r.artifacts = map[string]gitops.Tree{}
	}
	r.artifacts[name] = t
	return t, nil
}

// artifact is a tree without what is not in the artifact.
type artifact struct {
	gitops.Tree
	root    string
	sparse  []string
	matcher gitignore.Matcher

	mu    sync.Mutex
	known map[string]bool // whether files are left out
}

// patterns reads the .sourceignore files below the root in the order of a walk in depth,
// and then what the source says (LoadIgnorePatterns of fluxcd/pkg/sourceignore).
func (a *artifact) patterns(ctx context.Context, ignore *string) ([]gitignore.Pattern, error) {
	var patterns []gitignore.Pattern
	left := maxIgnore
	add := func(text, dir string) bool {
		if left -= len(text); left < 0 {
			return false
		}
		patterns = append(patterns, sourceignore.ReadPatterns(strings.NewReader(text), elements(dir))...)
		return len(patterns) <= maxPatterns
	}
	for _, file := range ignores(a.Tree) {
		if !inside(a.root, file) || !a.fetched(file) {
			continue
		}
		e, _, err := gitops.Resolve(ctx, a.Tree, file) // it is opened, and so a link is followed
		if err != nil || e.Kind != gitops.File {
			continue
		}
		data, err := a.Tree.Read(ctx, e.Path)
		if err != nil {
			return nil, err
		}
		if !add(string(data), within(a.root, path.Dir(file))) {
			return nil, tooMany(file)
		}
	}
	if ignore != nil && !add(*ignore, ".") {
		return nil, tooMany("")
	}
	return patterns, nil
}

func tooMany(file string) error {
	err := gitops.Errorf(gitops.Invalid, "more than %d patterns or %d KiB of what Flux is to ignore are not looked at", maxPatterns, maxIgnore>>10)
	err.File = file
	return err
}

// inDepth compares .sourceignore files: a directory's own before those below it, and
// directories by name.
func inDepth(a, b string) int { return gitops.WalkOrder(path.Dir(a), path.Dir(b)) }

// fetched reports whether a path of the tree is checked out by the source.
func (a *artifact) fetched(p string) bool {
	return len(a.sparse) == 0 || slices.ContainsFunc(a.sparse, func(s string) bool { return strings.HasPrefix(within(a.root, p), s) })
}

// Hides reports whether a file or link of the tree is not in the artifact.
func (a *artifact) hides(e gitops.Entry) bool {
	if e.Kind == gitops.Symlink || !inside(a.root, e.Path) {
		return true
	}
	a.mu.Lock()
	hidden, ok := a.known[e.Path]
	a.mu.Unlock()
	if !ok {
		hidden = !a.fetched(e.Path) || a.matcher.Match(elements(within(a.root, e.Path)), e.Kind == gitops.Dir)
		a.mu.Lock()
		a.known[e.Path] = hidden
		a.mu.Unlock()
	}
	return hidden
}

// Lookup implements [gitops.Tree]. A directory is there when the artifact has it, or
// anything below it.
func (a *artifact) Lookup(p string) gitops.Entry {
	e := a.Tree.Lookup(p)
	switch {
	case e.Kind == gitops.Missing, e.Kind == gitops.Dir && inside(e.Path, a.root):
	case e.Kind == gitops.Dir && a.hides(e):
		if !a.hasBelow(p) {
			return gitops.Entry{Path: p}
		}
	case e.Kind != gitops.Dir && a.hides(e):
		return gitops.Entry{Path: p}
	}
	if e.Kind == gitops.Dir {
		e.ID = "" // it has other content than the tree's
	}
	return e
}

// hasBelow reports whether a directory has a file in the artifact.
func (a *artifact) hasBelow(dir string) bool {
	for e := range a.Tree.Entries() {
		if inside(dir, e.Path) && !a.hides(e) {
			return true
		}
	}
	return false
}

// Entries implements [gitops.Tree].
func (a *artifact) Entries() iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) {
		for e := range a.Tree.Entries() {
			if !a.hides(e) && !yield(e) {
				return
			}
		}
	}
}

// Read implements [gitops.Tree].
func (a *artifact) Read(ctx context.Context, p string) ([]byte, error) {
	if e := a.Tree.Lookup(p); e.Kind != gitops.Missing && a.hides(e) {
		return nil, &gitops.Error{Code: gitops.NotFound, File: p, Message: "not in the artifact of Flux: " + gitops.Quote(p)}
	}
	return a.Tree.Read(ctx, p)
}

// elements are the elements of a path, none for the root.
func elements(p string) []string {
	if p == "." {
		return nil
	}
	return strings.Split(p, "/")
}

// within is a path of the tree relative to a directory above it, or that directory.
func within(dir, p string) string {
	switch {
	case dir == ".":
		return p
	case dir == p:
		return "."
	}
	return strings.TrimPrefix(p, dir+"/")
}
