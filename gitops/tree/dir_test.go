package tree

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

func openDir(t *testing.T, dir string, maxBlob int64) *DirTree {
	t.Helper()
	d, err := Dir(dir, maxBlob)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// The same files as a commit, a directory and in memory look the same.
func TestSourcesAgree(t *testing.T) {
	f := newFixture(t)
	files := map[string]string{"a/b": "1\n", "a-b": "2", "a.b": "", "-n": "x", "a/c/d": "deep", "\xff": "x"}
	for name, content := range files {
		f.write(name, content)
	}
	symlink(t, "../a-b", filepath.Join(f.dir, "a/link"))
	if err := os.Chmod(filepath.Join(f.dir, "a/b"), 0o755); err != nil {
		t.Fatal(err)
	}
	head := f.commit(nil)
	committed := treeOf(t, f.open(Options{}), head)
	with := map[string]File{"a/link": {Content: "../a-b", Kind: gitops.Symlink}}
	for name, content := range files {
		with[name] = File{Content: content, Executable: name == "a/b"}
	}
	if !committed.Lookup("a/b").Executable || committed.Lookup("a-b").Executable {
		t.Error("the commit does not tell what may be run")
	}
	dir := openDir(t, f.dir, 0)
	for name, tr := range map[string]gitops.Tree{"dir": dir, "memory": MemoryWith(with)} {
		if diff := cmp.Diff(readAll(t, committed), readAll(t, tr)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var paths, want []string
		for e := range tr.Entries() {
			paths = append(paths, e.Path)
		}
		for e := range committed.Entries() {
			want = append(want, e.Path)
		}
		if diff := cmp.Diff(want, paths); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, p := range append(want, ".", "a", "a/c", "nope", "a/b/c", "a/link/x", "", "/", "a/", "./a", "../x", ".git", ".git/config") {
			got, want := tr.Lookup(p), committed.Lookup(p)
			if want.Kind == gitops.Dir {
				want.ID = got.ID
			}
			got.Size = -1
			if want.Size = -1; got.Kind == gitops.Missing {
				got.Size, want.Size = 0, 0
			}
			if got != want {
				t.Errorf("%s: Lookup(%q) = %+v, want %+v", name, p, got, want)
			}
			if want.Kind == gitops.Dir || want.Kind == gitops.Missing {
				_, err := tr.Read(t.Context(), p)
				wantError(t, err, gitops.NotFound)
			}
		}
	}
}

// TestDirStaysInside asks for files outside of the directory by every kind of path.
func TestDirStaysInside(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	symlink(t, outside, filepath.Join(dir, "out"))
	symlink(t, filepath.Join(outside, "secret"), filepath.Join(dir, "file"))
	d := openDir(t, dir, 0)
	for _, p := range []string{"out/secret", "../" + filepath.Base(outside) + "/secret", filepath.Join(outside, "secret")} {
		if e := d.Lookup(p); e.Kind != gitops.Missing {
			t.Errorf("Lookup(%q) = %+v", p, e)
		}
		_, err := d.Read(t.Context(), p)
		wantError(t, err, gitops.NotFound)
	}
	if data, err := d.Read(t.Context(), "file"); err != nil || string(data) != filepath.Join(outside, "secret") {
		t.Errorf("a symlink reads as %q, %v; want its target", data, err)
	}
	_, _, err := gitops.Resolve(t.Context(), d, "out/secret")
	wantError(t, err, gitops.Invalid, "out of the repository")
}

// TestDirRemembers changes files after they were looked at: the tree stays as it was.
func TestDirRemembers(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	d := openDir(t, dir, 0)
	if d.Lookup("late").Kind != gitops.Missing {
		t.Fatal("late is there")
	}
	for _, content := range []string{"first", "second"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if data, err := d.Read(t.Context(), "a"); err != nil || string(data) != "first" {
			t.Errorf("Read = %q, %v", data, err)
		}
	}
	if err := os.Rename(name, filepath.Join(dir, "late")); err != nil {
		t.Fatal(err)
	}
	if d.Lookup("late").Kind != gitops.Missing || d.Lookup("a").Kind != gitops.File {
		t.Error("the tree changed")
	}
}

// TestDirSpecialFiles meets what is no file, is too large or may not be read, and never
// waits for it.
func TestDirSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "large"), make([]byte, 101), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "closed"), nil, 0); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, dir, 100)
	if e := d.Lookup("fifo"); e.Kind != gitops.Missing {
		t.Errorf("Lookup(fifo) = %+v", e)
	}
	_, err := d.readFile("fifo") // as if it had taken the place of a file
	wantError(t, err, gitops.NotFound)
	_, err = d.Read(t.Context(), "large")
	wantError(t, err, gitops.Invalid, "larger than 100 bytes")
	if e := d.Lookup("large"); e.Kind != gitops.File || e.Size != 101 || e.ID != "" {
		t.Errorf("Lookup(large) = %+v", e)
	}
	if os.Getuid() != 0 {
		_, err = d.Read(t.Context(), "closed")
		wantError(t, err, gitops.Unavailable, "not readable")
	}
	var paths []string
	for e := range d.Entries() {
		paths = append(paths, e.Path)
	}
	if diff := cmp.Diff([]string{"closed", "large"}, paths); diff != "" {
		t.Error(diff)
	}
	_, err = Dir(filepath.Join(dir, "nope"), 0)
	wantError(t, err, gitops.NotFound, "directory not found")
}

// TestMemory cleans paths, and leaves out those that lead out of the tree.
func TestMemory(t *testing.T) {
	tr := Memory(map[string]string{"b": "1", "a/../c": "2", "./d/e": "3", "../out": "4", "/abs": "5", "f": "6", "f/g": "7"})
	var paths []string
	for e := range tr.Entries() {
		paths = append(paths, e.Path)
	}
	if diff := cmp.Diff([]string{"b", "c", "d/e", "f", "f/g"}, paths); diff != "" {
		t.Error(diff)
	}
}
