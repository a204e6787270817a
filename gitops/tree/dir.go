package tree

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/sealift/sealift/gitops"
)

// DirTree is a directory on disk as a tree. What it has looked at once stays as
// it was then, so that one render sees one state. Nothing outside of the
// directory is read: symlinks are entries, as in git. Anything called ".git"
// and what is neither file, directory nor symlink is missing.
type DirTree struct {
	root    *os.Root
	maxBlob int64

	mu     sync.Mutex
	seen   map[string]known
	unread map[string]bool
}

// known is what was found at a path. The error is that of Read.
type known struct {
	entry gitops.Entry
	data  []byte
	err   error
}

// Dir returns the directory root as a tree. Files beyond maxBlob bytes cannot
// be read; 0 means [DefaultMaxBlob]. Close it when it is no longer needed.
//
// Lookup reads a file to know its id, and remembers it. Entries leaves ids of
// files empty.
func Dir(root string, maxBlob int64) (*DirTree, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, &gitops.Error{Code: gitops.NotFound, Message: "directory not found: " + gitops.Quote(root), Err: err}
	}
	top := gitops.Entry{Path: ".", Kind: gitops.Dir, Size: -1}
	return &DirTree{root: r, maxBlob: cmp.Or(maxBlob, DefaultMaxBlob), seen: map[string]known{".": {entry: top, err: noFile(top)}}, unread: map[string]bool{}}, nil
}

// Close lets go of the directory. What was not read before is missing then.
func (t *DirTree) Close() error { return t.root.Close() }

// Commit returns "".
func (t *DirTree) Commit() string { return "" }

// Lookup returns the entry at path.
func (t *DirTree) Lookup(path string) gitops.Entry { return t.look(path).entry }

// Read returns the bytes of a file or the target of a symlink. The bytes are
// shared and must not be changed.
func (t *DirTree) Read(_ context.Context, path string) ([]byte, error) {
	k := t.look(path)
	return k.data, k.err
}

// look returns what is at p, found now or before. A path is looked at only when its
// parent is a directory, so nothing is found behind a symlink.
func (t *DirTree) look(p string) known {
	t.mu.Lock()
	k, ok := t.seen[p]
	t.mu.Unlock()
	if ok {
		return k
	}
	k = known{entry: gitops.Entry{Path: p}}
	if isInside(p) && path.Base(p) != ".git" && t.look(path.Dir(p)).entry.Kind == gitops.Dir {
		k = t.find(p)
	}
	if k.err == nil && k.data == nil {
		k.err = noFile(k.entry)
	}
	return t.remember(p, k)
}

// remember keeps what the first of concurrent callers found.
func (t *DirTree) remember(p string, k known) known {
	t.mu.Lock()
	defer t.mu.Unlock()
	if first, ok := t.seen[p]; ok {
		return first
	}
	t.seen[p] = k
	return k
}

// find asks the disk. The parent of p is a directory.
func (t *DirTree) find(p string) known {
	k := known{entry: gitops.Entry{Path: p}}
	name := filepath.FromSlash(p)
	info, err := t.root.Lstat(name)
	if err != nil {
		if !nothingThere(err) {
			t.passOver(p)
			k.err = unreadable(p, err)
		}
		return k
	}
	k.entry.Kind = kindOf(info.Mode())
	k.entry.Executable = executable(info.Mode())
	switch k.entry.Kind {
	case gitops.Symlink:
		var target string
		target, err = t.root.Readlink(name)
		k.data = []byte(filepath.ToSlash(target))
	case gitops.File:
		k.data, err = t.readFile(p)
	default:
		k.entry.Size = -1
		return k
	}
	if err != nil {
		k.data, k.err, k.entry.Size = nil, asError(p, err), info.Size()
		return k
	}
	k.entry.ID, k.entry.Size = gitops.BlobID(k.data), int64(len(k.data))
	return k
}

// readFile reads a regular file without ever waiting for a FIFO that took its
// place.
func (t *DirTree) readFile(p string) ([]byte, error) {
	f, err := t.root.OpenFile(filepath.FromSlash(p), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, noFile(gitops.Entry{Path: p})
	}
	if info.Size() > t.maxBlob {
		return nil, tooLarge(p, t.maxBlob)
	}
	data, err := io.ReadAll(io.LimitReader(f, t.maxBlob+1))
	if int64(len(data)) > t.maxBlob {
		return nil, tooLarge(p, t.maxBlob)
	}
	return data, err
}

func kindOf(m fs.FileMode) gitops.Kind {
	switch {
	case m.IsRegular():
		return gitops.File
	case m.IsDir():
		return gitops.Dir
	case m&fs.ModeSymlink != 0:
		return gitops.Symlink
	}
	return gitops.Missing
}

// executable reports whether git would keep a file as one that may be run: its owner
// may.
func executable(m fs.FileMode) bool { return m.IsRegular() && m&0o100 != 0 }

// asError lets what this package said about a file stand, and makes anything else an
// unreadable file. A file that cannot be read is there all the same: it is no missing
// one.
func asError(p string, err error) error {
	if _, ok := errors.AsType[*gitops.Error](err); ok {
		return err
	}
	return unreadable(p, err)
}

// unreadable is unavailable: the file is there, and nobody knows what it says.
func unreadable(p string, err error) error {
	return &gitops.Error{Code: gitops.Unavailable, File: p, Message: "file not readable: " + gitops.Quote(p), Err: err}
}

// nothingThere reports whether an error of the disk means that nothing is at a path, as
// opposed to that nobody may look. A tree that was closed has nothing more.
func nothingThere(err error) bool {
	for _, e := range []error{fs.ErrNotExist, fs.ErrClosed, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EINVAL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Unread returns the directories and files that could not be looked at so far, such as
// those of another user, sorted. The tree is as if they were not there.
func (t *DirTree) Unread() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.unread))
}

func (t *DirTree) passOver(p string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unread[p] = true
}

// Entries yields files and symlinks in byte order of their paths, with empty ids
// for those not read before. Directories that cannot be listed are passed over, see
// [DirTree.Unread].
func (t *DirTree) Entries() iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) { t.walk(".", yield) }
}

// walk yields what is below dir, and returns false when the reader has had enough.
func (t *DirTree) walk(dir string, yield func(gitops.Entry) bool) bool {
	for _, item := range t.list(dir) {
		p := path.Join(dir, item.Name())
		switch kind := kindOf(item.Type()); kind {
		case gitops.Missing:
		case gitops.Dir:
			if !t.walk(p, yield) {
				return false
			}
		default:
			if e := t.listed(p, kind); e.Kind != gitops.Missing && !yield(e) {
				return false
			}
		}
	}
	return true
}

// list returns the content of a directory in the order of git: by name, where
// the name of a directory ends in "/".
func (t *DirTree) list(dir string) []fs.DirEntry {
	f, err := t.root.Open(filepath.FromSlash(dir))
	var items []fs.DirEntry
	if err == nil {
		defer f.Close()
		items, err = f.ReadDir(-1)
	}
	if err != nil && !nothingThere(err) {
		t.passOver(dir)
	}
	items = slices.DeleteFunc(items, func(d fs.DirEntry) bool { return d.Name() == ".git" })
	key := func(d fs.DirEntry) string {
		if d.IsDir() {
			return d.Name() + "/"
		}
		return d.Name()
	}
	slices.SortFunc(items, func(a, b fs.DirEntry) int { return strings.Compare(key(a), key(b)) })
	return items
}

// listed returns the entry of a path that a directory lists. One that was looked at
// before may be missing by now: the tree says what it said then.
func (t *DirTree) listed(p string, kind gitops.Kind) gitops.Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k, ok := t.seen[p]; ok {
		return k.entry
	}
	return gitops.Entry{Path: p, Kind: kind, Size: -1}
}
