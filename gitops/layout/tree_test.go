package layout

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// memory is a tree made of a map, with symlinks for content after "-> ".
type memory struct {
	entries map[string]gitops.Entry
	order   []string
	content map[string][]byte // by path
	reads   int
}

func newMemory(files map[string]string) *memory {
	m := &memory{entries: map[string]gitops.Entry{".": {Path: ".", Kind: gitops.Dir}}, content: map[string][]byte{}}
	for p, text := range files {
		kind := gitops.File
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			kind, text = gitops.Symlink, target
		}
		m.add(gitops.Entry{Path: p, Kind: kind, ID: gitops.BlobID([]byte(text)), Size: int64(len(text))}, []byte(text))
	}
	m.order = slices.Sorted(maps.Keys(m.content))
	return m
}

func (m *memory) add(e gitops.Entry, data []byte) {
	m.entries[e.Path] = e
	m.content[e.Path] = data
	for dir := path.Dir(e.Path); dir != "."; dir = path.Dir(dir) {
		if m.entries[dir].Kind == gitops.Dir {
			break
		}
		m.entries[dir] = gitops.Entry{Path: dir, Kind: gitops.Dir}
	}
}

func (m *memory) Commit() string { return "" }

func (m *memory) Lookup(p string) gitops.Entry {
	if e, ok := m.entries[p]; ok {
		return e
	}
	return gitops.Entry{Path: p}
}

func (m *memory) Entries() iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) {
		for _, p := range m.order {
			if !yield(m.entries[p]) {
				return
			}
		}
	}
}

func (m *memory) Read(ctx context.Context, p string) ([]byte, error) {
	m.reads++
	if data, ok := m.content[p]; ok {
		return data, nil
	}
	return nil, gitops.Errorf(gitops.NotFound, "file %s does not exist", gitops.Quote(p))
}

// memo keeps things in a map.
type memo map[string][]byte

func (m memo) Load(name string) ([]byte, bool) { data, ok := m[name]; return data, ok }

func (m memo) Store(name string, data []byte) error { m[name] = data; return nil }

const testdata = "../../../shared/testdata"

// bundle is a bare repository made of a bundle of the shared test data.
type bundle struct {
	dir   string
	blobs map[string][]byte
}

func openBundle(t *testing.T, name string) *bundle {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{dir: t.TempDir(), blobs: map[string][]byte{}}
	b.git(t, "init", "-q", "--bare", ".")
	b.git(t, "fetch", "-q", file, "refs/*:refs/*")
	return b
}

func (b *bundle) git(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = b.dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return out
}

// tree reads a commit into memory, each blob once.
func (b *bundle) tree(t *testing.T, commit string) *memory {
	t.Helper()
	m := newMemory(nil)
	var list []gitops.Entry
	var want bytes.Buffer
	for line := range strings.SplitSeq(string(b.git(t, "ls-tree", "-r", "-z", commit)), "\x00") {
		meta, p, ok := strings.Cut(line, "\t")
		if !ok {
			continue
		}
		f := strings.Fields(meta)
		kind := map[string]gitops.Kind{"120000": gitops.Symlink, "160000": gitops.Submodule}[f[0]]
		if kind == gitops.Missing {
			kind = gitops.File
		}
		list = append(list, gitops.Entry{Path: p, Kind: kind, ID: f[2], Size: -1})
		if kind != gitops.Submodule && b.blobs[f[2]] == nil {
			fmt.Fprintln(&want, f[2])
		}
	}
	b.load(t, &want)
	for _, e := range list {
		m.add(e, b.blobs[e.ID])
		m.order = append(m.order, e.Path)
	}
	return m
}

func (b *bundle) load(t *testing.T, ids *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "cat-file", "--batch")
	cmd.Dir, cmd.Stdin = b.dir, ids
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(bytes.NewReader(out))
	for {
		var id, kind string
		var size int
		if _, err := fmt.Fscanf(r, "%s %s %d\n", &id, &kind, &size); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(r, data); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Discard(1); err != nil {
			t.Fatal(err)
		}
		b.blobs[id] = data
	}
}

// shared skips the test when the shared test data is not there.
func shared(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, file))
	if err != nil {
		t.Skipf("shared test data is not beside the checkout: %v", err)
	}
	return data
}
