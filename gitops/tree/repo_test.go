package tree

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/need"
)

// fixture is a repository made for a test, with fixed dates and identity.
type fixture struct {
	t   testing.TB
	dir string
}

func newFixture(t testing.TB, initArgs ...string) *fixture {
	t.Helper()
	need.Command(t, "git")
	f := &fixture{t: t, dir: t.TempDir()}
	f.git(append([]string{"init", "-q", "-b", "main"}, initArgs...)...)
	return f
}

func (f *fixture) git(args ...string) string {
	f.t.Helper()
	return f.gitIn(nil, args...)
}

func (f *fixture) gitIn(in io.Reader, args ...string) string {
	f.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = f.dir
	cmd.Stdin = in
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + f.dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2024-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2024-01-02T03:04:05Z",
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("git %q: %v\n%s", args, err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

func (f *fixture) write(name, content string) {
	f.t.Helper()
	p := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// commit commits everything and returns the id.
func (f *fixture) commit(files map[string]string) string {
	f.t.Helper()
	for name, content := range files {
		f.write(name, content)
	}
	f.git("add", "-A")
	f.git("commit", "-q", "--allow-empty", "-m", "change")
	return f.git("rev-parse", "HEAD")
}

func (f *fixture) open(opts Options) *Repo { return openAt(f.t, f.dir, opts) }

func openAt(t testing.TB, dir string, opts Options) *Repo {
	t.Helper()
	r, err := Open(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func treeOf(t testing.TB, r *Repo, commit string) gitops.Tree {
	t.Helper()
	tr, err := r.Tree(t.Context(), commit)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func readAll(t testing.TB, tr gitops.Tree) map[string]string {
	t.Helper()
	out := map[string]string{}
	for e := range tr.Entries() {
		if e.Kind == gitops.Submodule {
			out[e.Path] = "submodule " + e.ID
			continue
		}
		data, err := tr.Read(t.Context(), e.Path)
		if err != nil {
			t.Fatal(err)
		}
		out[e.Path] = string(data)
	}
	return out
}

func wantError(t testing.TB, err error, code gitops.Code, parts ...string) {
	t.Helper()
	e, ok := err.(*gitops.Error)
	if !ok {
		t.Fatalf("error = %#v, want a *gitops.Error", err)
	}
	if e.Code != code {
		t.Errorf("code of %v = %s, want %s", err, e.Code, code)
	}
	for _, part := range parts {
		if !strings.Contains(e.Message+"\n"+e.Hint, part) {
			t.Errorf("error says %q, hint %q; want %q in it", e.Message, e.Hint, part)
		}
	}
}

// TestTreeOfCommit reads names and kinds of every sort, in both formats of objects.
func TestTreeOfCommit(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			f := newFixture(t, "--object-format="+format)
			files := map[string]string{
				"a/b": "1\n", "a-b": "2\n", "a.b": "3\n", "empty": "", "-n": "option\n", "new\nline": "x",
				"tab\there": "x", "quo\"te": "x", "\xff\xfe": "not UTF-8", "deep/er/and/deeper": "d",
			}
			for name, content := range files {
				f.write(name, content)
			}
			if err := os.Symlink("../a/b", filepath.Join(f.dir, "deep/link")); err != nil {
				t.Fatal(err)
			}
			sub := strings.Repeat("1", len(f.git("hash-object", "empty")))
			f.git("update-index", "--add", "--cacheinfo", "160000,"+sub+",sub")
			f.git("add", "--", ".")
			f.git("update-index", "--add", "--cacheinfo", "160000,"+sub+",sub")
			f.git("commit", "-q", "-m", "x")
			head := f.git("rev-parse", "HEAD")
			r := f.open(Options{})
			got := treeOf(t, r, head)
			files["deep/link"] = "../a/b"
			files["sub"] = "submodule " + sub
			if diff := cmp.Diff(files, readAll(t, got)); diff != "" {
				t.Error(diff)
			}
			if got.Commit() != head {
				t.Errorf("Commit() = %q, want %q", got.Commit(), head)
			}
			var paths []string
			for e := range got.Entries() {
				paths = append(paths, e.Path)
			}
			if !slices.IsSorted(paths) {
				t.Errorf("Entries are not sorted: %q", paths)
			}
			kinds := map[string]gitops.Kind{
				".": gitops.Dir, "a": gitops.Dir, "a/b": gitops.File, "deep/link": gitops.Symlink, "sub": gitops.Submodule,
				"nope": gitops.Missing, "a/b/c": gitops.Missing, "": gitops.Missing, "a/": gitops.Missing, "deep/link/x": gitops.Missing,
			}
			for p, kind := range kinds {
				if e := got.Lookup(p); e.Kind != kind || e.Path != p {
					t.Errorf("Lookup(%q) = %+v, want kind %v", p, e, kind)
				}
			}
			if id := got.Lookup("a/b").ID; id != f.git("hash-object", "a/b") {
				t.Errorf("id of a/b = %q", id)
			}
			for _, p := range []string{"a", "sub", "nope"} {
				_, err := got.Read(t.Context(), p)
				wantError(t, err, gitops.NotFound, p)
			}
		})
	}
}

// Real repositories, when they are there: what is read has the id it is read by.
func TestRealRepository(t *testing.T) {
	bundle, err := filepath.Abs("../../../shared/testdata/repos/stefanprodan-podinfo.bundle")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bundle); err != nil {
		t.Skip("shared test data is not there")
	}
	f := newFixture(t, "--bare")
	f.git("fetch", "-q", bundle, "refs/*:refs/*")
	r := f.open(Options{})
	for _, commit := range strings.Fields(f.git("for-each-ref", "--count=4", "--format=%(objectname)")) {
		tr := treeOf(t, r, commit)
		n := 0
		for e := range tr.Entries() {
			data, err := tr.Read(t.Context(), e.Path)
			if err != nil || gitops.BlobID(data) != e.ID {
				t.Errorf("%s: id %s, want %s; %v", e.Path, gitops.BlobID(data), e.ID, err)
			}
			n++
		}
		if want := len(strings.Split(f.git("ls-tree", "-r", "--name-only", commit), "\n")); n != want {
			t.Errorf("%s: %d entries, want %d", commit, n, want)
		}
	}
}

// TestOpenPlaces opens a clone from anywhere in it, a bare repository and a linked
// worktree.
func TestOpenPlaces(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"d/e/f": "1"})
	bare := filepath.Join(t.TempDir(), "bare.git")
	f.git("clone", "-q", "--bare", f.dir, bare)
	linked := filepath.Join(t.TempDir(), "linked")
	f.git("worktree", "add", "-q", linked)
	for _, place := range []struct{ dir, root, name string }{
		{f.dir, f.dir, filepath.Base(f.dir)},
		{filepath.Join(f.dir, "d", "e"), f.dir, filepath.Base(f.dir)},
		{filepath.Join(f.dir, ".git"), f.dir, filepath.Base(f.dir)},
		{bare, "", "bare"},
		{linked, linked, "linked"},
	} {
		r := openAt(t, place.dir, Options{})
		if r.Root() != place.root || r.Name() != place.name {
			t.Errorf("%s: root %q, name %q", place.dir, r.Root(), r.Name())
		}
		id, err := r.Resolve(t.Context(), "HEAD")
		if err != nil || id != head {
			t.Fatalf("%s: HEAD = %q, %v", place.dir, id, err)
		}
		if diff := cmp.Diff(map[string]string{"d/e/f": "1"}, readAll(t, treeOf(t, r, id))); diff != "" {
			t.Error(diff)
		}
	}
	_, err := Open(t.Context(), t.TempDir(), Options{})
	wantError(t, err, gitops.NotFound, "git repository not found")
	_, err = Open(t.Context(), "/does/not/exist", Options{})
	wantError(t, err, gitops.NotFound, "directory not found")
}

// TestCloseLeavesNothing leaves no files.
func TestCloseLeavesNothing(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	temp := t.TempDir()
	r, err := Open(t.Context(), f.dir, Options{TempDir: temp})
	if err != nil {
		t.Fatal(err)
	}
	tr := treeOf(t, r, head)
	if _, err := tr.Read(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestCancelled ends with the context, and is ready for the next question.
func TestCancelled(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	r := f.open(Options{})
	tr := treeOf(t, r, head)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := tr.Read(ctx, "a")
	wantError(t, err, gitops.Unavailable, "canceled")
	_, err = r.Tree(ctx, head)
	wantError(t, err, gitops.Unavailable, "canceled")
	if _, err := tr.Read(t.Context(), "a"); err != nil {
		t.Errorf("a read after a cancelled one: %v", err)
	}
}
