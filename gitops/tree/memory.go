package tree

import (
	"context"
	"iter"
	"maps"
	"path"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// File is one path of [MemoryWith].
type File struct {
	// Content is the content of a file, or the target of a symlink.
	Content string
	// Kind is File when it is left out; else Symlink or Submodule.
	Kind gitops.Kind
	// Commit is the commit id of a submodule.
	Commit string
	// Executable says that a file may be run.
	Executable bool
}

// Memory returns a tree of files in memory: path to content.
func Memory(files map[string]string) gitops.Tree {
	with := make(map[string]File, len(files))
	for p, content := range files {
		with[p] = File{Content: content}
	}
	return MemoryWith(with)
}

// MemoryWith returns a tree of files, symlinks and submodules in memory. Paths
// are cleaned; one that leads out of the tree is left out. When a path is both a file and a directory, it is the file, and
// what is below it is still found by its own path.
func MemoryWith(files map[string]File) gitops.Tree {
	t := &memory{entries: map[string]gitops.Entry{".": {Path: ".", Kind: gitops.Dir, Size: -1}}, content: map[string]string{}}
	for p, f := range files {
		if p = path.Clean(p); isInside(p) {
			t.add(p, f)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(t.entries)) {
		if t.entries[p].Kind != gitops.Dir {
			t.order = append(t.order, p)
		}
		for up := path.Dir(p); up != "."; up = path.Dir(up) {
			if _, ok := t.entries[up]; !ok {
				t.entries[up] = gitops.Entry{Path: up, Kind: gitops.Dir, Size: -1}
			}
		}
	}
	return t
}

type memory struct {
	entries map[string]gitops.Entry
	content map[string]string
	order   []string
}

func (t *memory) add(p string, f File) {
	e := gitops.Entry{Path: p, Kind: f.Kind, ID: f.Commit, Size: -1}
	if e.Kind == gitops.Missing {
		e.Kind = gitops.File
	}
	e.Executable = f.Executable && e.Kind == gitops.File
	if e.Kind != gitops.Submodule {
		e.ID, e.Size = gitops.BlobID([]byte(f.Content)), int64(len(f.Content))
	}
	t.entries[p] = e
	t.content[p] = f.Content
}

// Commit returns "".
func (t *memory) Commit() string { return "" }

// Lookup returns the entry at path.
func (t *memory) Lookup(path string) gitops.Entry {
	if e, ok := t.entries[path]; ok {
		return e
	}
	return gitops.Entry{Path: path}
}

// Entries yields all but the directories.
func (t *memory) Entries() iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) {
		for _, p := range t.order {
			if !yield(t.entries[p]) {
				return
			}
		}
	}
}

// Read returns the bytes of a file or the target of a symlink.
func (t *memory) Read(_ context.Context, path string) ([]byte, error) {
	e := t.Lookup(path)
	if e.Kind != gitops.File && e.Kind != gitops.Symlink {
		return nil, noFile(e)
	}
	return []byte(t.content[path]), nil
}
