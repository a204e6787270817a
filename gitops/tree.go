package gitops

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
)

// Kind says what a path of a tree is.
type Kind uint8

// The kinds of a tree entry. Missing is the zero value: nothing is there.
const (
	Missing Kind = iota
	File
	Dir
	Symlink
	Submodule
)

// String returns the kind's name in lower case.
func (k Kind) String() string {
	return [...]string{"missing", "file", "directory", "symlink", "submodule", "remote"}[k]
}

// Entry is one path of a tree.
type Entry struct {
	// Path is slash-separated, clean and relative to the root; "." is the root.
	Path string
	// Kind says what is there.
	Kind Kind
	// ID is the git object id, 40 or 64 hex digits: equal ids, equal bytes.
	// Directory and memory trees compute the same blob ids as git; for
	// directories they may leave it empty.
	ID string
	// Size is the length in bytes of a file, -1 when it is not known yet.
	Size int64
	// Executable says that a File may be run: git keeps no more of its mode. Lookup
	// always knows it; the Entries of a directory may leave it out, as ID.
	Executable bool
}

// Tree is the files of a repository at one commit. It is immutable and safe for
// concurrent use, and comparable, as pointers are. Paths are slash-separated, clean
// and relative to the root.
type Tree interface {
	// Commit returns the full commit id, or "" for a tree that has none.
	Commit() string
	// Lookup returns the entry at path without following symlinks, neither in
	// the last element nor before it. Entry.Kind is Missing when nothing is there.
	Lookup(path string) Entry
	// Entries yields every file, symlink and submodule in byte order of paths.
	Entries() iter.Seq[Entry]
	// Read returns the bytes of a File or the target of a Symlink. It fails
	// with code not_found when path is neither, and with code invalid when the
	// file is larger than the source's limit.
	Read(ctx context.Context, path string) ([]byte, error)
}

// BlobID returns the id that git gives to a file of these bytes in a SHA-1 repository
// (git-hash-object(1)).
func BlobID(data []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// maxLinks is how many symlinks [Resolve] follows, as filepath.EvalSymlinks.
const maxLinks = 255

// Resolve follows the symlinks in every element of p, as filepath.EvalSymlinks
// does on a disk whose root is the tree's. It returns the entry it ends at (of
// kind Missing when the path leads nowhere) and the paths of the links followed.
// A link that is absolute or climbs out of the tree is an error of code invalid
// and cause outside.
func Resolve(ctx context.Context, t Tree, p string) (Entry, []string, error) {
	var links []string
	todo := splitPath(p)
	at := "."
	for len(todo) > 0 {
		elem := todo[0]
		todo = todo[1:]
		if elem == ".." {
			if at == "." {
				return Entry{}, links, outside(p, p)
			}
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, elem)
		e := t.Lookup(next)
		switch e.Kind {
		case Missing:
			return Entry{Path: nowhere(next, todo)}, links, nil
		case Symlink:
			links = append(links, next)
			if len(links) > maxLinks {
				return Entry{}, links, &Error{Code: Invalid, Cause: CauseSymlink, File: p, Message: "too many symlinks: " + Quote(p)}
			}
			target, err := t.Read(ctx, next)
			if err != nil {
				return Entry{}, links, err
			}
			if strings.HasPrefix(string(target), "/") {
				return Entry{}, links, outside(next, string(target))
			}
			todo = append(splitPath(string(target)), todo...)
		case File, Submodule:
			if len(todo) > 0 { // a file used as a directory
				return Entry{Path: nowhere(next, todo)}, links, nil
			}
			at = next
		default:
			at = next
		}
	}
	return t.Lookup(at), links, nil
}

// nowhere returns the path that a walk would have gone on to, down to the first
// step back: what lies there is not what was looked for.
func nowhere(at string, todo []string) string {
	if i := slices.Index(todo, ".."); i >= 0 {
		todo = todo[:i]
	}
	return path.Join(append([]string{at}, todo...)...)
}

func outside(file, target string) error {
	return &Error{Code: Invalid, Cause: CauseOutside, File: file, Message: "path leads out of the repository: " + Quote(target)}
}

// splitPath cuts p into elements, without empty ones and ".".
func splitPath(p string) []string {
	var out []string
	for e := range strings.SplitSeq(p, "/") {
		if e != "" && e != "." {
			out = append(out, e)
		}
	}
	return out
}

// WalkOrder compares paths in the order in which filepath.Walk comes to them; "." is the
// root of the tree.
func WalkOrder(a, b string) int {
	if a == "." {
		a = ""
	}
	if b == "." {
		b = ""
	}
	for a != "" && b != "" {
		x, restA, _ := strings.Cut(a, "/")
		y, restB, _ := strings.Cut(b, "/")
		if x != y {
			return strings.Compare(x, y)
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}
