package tree

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sealift/sealift/gitops"
)

// The defaults of [Options].
const (
	DefaultMaxBlob    = 64 << 20
	DefaultMaxEntries = 1_000_000
	DefaultCacheBytes = 64 << 20
)

// Options are the limits of a [Repo]. The zero value has the defaults.
type Options struct {
	// Git is the git executable; "" means the one in PATH.
	Git string
	// TempDir holds the shadow git directory; "" means [os.TempDir].
	TempDir string
	// MaxBlob is the largest file, in bytes, that Read returns.
	MaxBlob int64
	// MaxEntries is the largest number of paths of one tree.
	MaxEntries int
	// CacheBytes bounds the memory for blobs read before.
	CacheBytes int64
}

func (o Options) withDefaults() Options {
	o.MaxBlob = cmp.Or(o.MaxBlob, DefaultMaxBlob)
	o.MaxEntries = cmp.Or(o.MaxEntries, DefaultMaxEntries)
	o.CacheBytes = cmp.Or(o.CacheBytes, DefaultCacheBytes)
	return o
}

// Repo is a git repository on disk: a clone, a linked worktree or a bare
// repository. It is safe for concurrent use. It starts at most two long-lived
// git processes, which end with Close.
type Repo struct {
	git     git
	gitDir  string // the git directory of the person
	root    string // the work tree, "" when bare
	shadow  string // our own git directory, with the objects of theirs and no config of theirs
	shallow bool   // the clone lacks history
	hexLen  int    // digits of an object id
	opts    Options
	batch   *batch
	blobs   *cache
	last    atomic.Pointer[commitTree] // listed in full, see listBeside
}

// Open opens the repository that dir is in: any directory of a clone or linked
// worktree, a .git directory or a bare repository.
//
// It fails with code not_found when there is none and with code unavailable
// when git is missing or too old.
func Open(ctx context.Context, dir string, opts Options) (*Repo, error) {
	opts = opts.withDefaults()
	g, err := newGit(opts.Git)
	if err != nil {
		return nil, err
	}
	if err := g.check(ctx); err != nil {
		return nil, err
	}
	found, err := discover(ctx, g, dir)
	if err != nil {
		return nil, err
	}
	return open(g, found, opts)
}

// open makes what reading needs. Nothing of the person's repository is changed or
// locked.
func open(g git, l location, opts Options) (*Repo, error) {
	shadow, err := newShadow(opts.TempDir, l)
	if err != nil {
		return nil, &gitops.Error{Code: gitops.Unavailable, Message: "temporary git directory: " + err.Error(), Err: err}
	}
	r := &Repo{
		git: g, gitDir: l.gitDir, root: l.root, shadow: shadow,
		shallow: l.shallow, hexLen: l.hexLen(), opts: opts,
		blobs: newCache(opts.CacheBytes),
	}
	r.batch = newBatch(g.with("GIT_DIR="+shadow), opts.MaxBlob)
	return r, nil
}

// Close ends the git processes and removes the temporary files. Trees of r
// cannot be read any more.
func (r *Repo) Close() error {
	r.batch.close()
	return os.RemoveAll(r.shadow)
}

// GitDir returns the absolute path of the git directory.
func (r *Repo) GitDir() string { return r.gitDir }

// Root returns the absolute path of the working directory, or "" for a bare
// repository. It is where .git was found; core.worktree is not believed.
func (r *Repo) Root() string { return r.root }

// Ends returns the commits at which the history of a shallow clone ends, sorted; none for
// a clone that has all.
func (r *Repo) Ends() []string {
	data, err := os.ReadFile(filepath.Join(r.shadow, "shallow"))
	if !r.shallow || err != nil {
		return nil
	}
	return slices.Sorted(strings.FieldsSeq(string(data)))
}

// Name returns a name for people: that of the working directory, or of the bare
// repository without ".git".
func (r *Repo) Name() string {
	if r.root != "" {
		return filepath.Base(r.root)
	}
	return strings.TrimSuffix(filepath.Base(r.gitDir), ".git")
}

// ours runs git in the shadow.
func (r *Repo) ours(ctx context.Context, args ...string) (string, error) {
	return r.git.with("GIT_DIR="+r.shadow).output(ctx, r.shadow, args...)
}

// theirs prepares git for the person's own repository. All repositories count
// as safe: the person named this one, and see the package comment for why the
// commands run this way can do no harm.
func (r *Repo) theirs() git { return r.git.with("GIT_DIR=" + r.gitDir) }

const safe = "safe.directory=*"

// location is what git says about a repository.
type location struct {
	gitDir, commonDir, root string
	format                  string // sha1 or sha256
	shallow                 bool
}

func (l location) hexLen() int {
	if l.format == "sha256" {
		return 64
	}
	return 40
}

// discover asks git about a repository without running anything that the repository
// says.
func discover(ctx context.Context, g git, dir string) (location, error) {
	abs, err := filepath.Abs(dir)
	if err == nil {
		err = isDir(abs)
	}
	if err != nil {
		return location{}, &gitops.Error{Code: gitops.NotFound, Message: "directory not found: " + gitops.Quote(dir), Err: err}
	}
	out, err := g.output(ctx, abs, "-c", safe, "rev-parse", "--is-bare-repository", "--is-shallow-repository",
		"--show-object-format", "--absolute-git-dir", "--git-common-dir")
	if _, ok := err.(*exitError); ok {
		return location{}, &gitops.Error{Code: gitops.NotFound, Message: "git repository not found: " + gitops.Quote(dir), Err: err,
			Hint: "name a directory inside of a clone, or a bare repository"}
	}
	if err != nil {
		return location{}, err
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 5 {
		return location{}, gitops.Errorf(gitops.Invalid, "git repository with a line break in its path: %s", gitops.Quote(dir))
	}
	l := location{shallow: lines[1] == "true", format: lines[2], gitDir: lines[3], commonDir: lines[4]}
	if !filepath.IsAbs(l.commonDir) {
		l.commonDir = filepath.Join(abs, l.commonDir)
	}
	if lines[0] != "true" {
		l.root = workTree(abs, l.gitDir)
	}
	return l, nil
}

// workTree returns the nearest directory at or above dir that holds ".git".
// When dir is inside of the git directory itself, it is the parent of that.
func workTree(dir, gitDir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return filepath.Dir(gitDir)
		}
		dir = up
	}
}

// isDir is an error unless a directory is there, or behind a link.
func isDir(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fs.ErrNotExist
	}
	return err
}
