package tree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

// TestMergeTree merges without and with conflicts, and writes nothing to the
// repository.
func TestMergeTree(t *testing.T) {
	f := newFixture(t)
	root := f.commit(map[string]string{"a": "1\n2\n3\n", "b": "1\n"})
	f.git("checkout", "-q", "-b", "topic")
	topic := f.commit(map[string]string{"b": "2\n", "new\nline": "x"})
	f.git("checkout", "-q", "-b", "clash", root)
	clash := f.commit(map[string]string{"a": "one\n2\n3\n"})
	f.git("checkout", "-q", "main")
	main := f.commit(map[string]string{"a": "eins\n2\n3\n"})
	before := size(filepath.Join(f.dir, ".git"))
	r := f.open(Options{})
	merge := func(base, head string) (map[string]string, []string) {
		tr, conflicts, err := r.MergeTree(t.Context(), base, head)
		if err != nil {
			t.Fatal(err)
		}
		if tr.Commit() != "" {
			t.Errorf("Commit() = %q", tr.Commit())
		}
		return readAll(t, tr), conflicts
	}
	got, conflicts := merge(main, topic)
	want := map[string]string{"a": "eins\n2\n3\n", "b": "2\n", "new\nline": "x"}
	if diff := cmp.Diff(want, got); diff != "" || len(conflicts) > 0 {
		t.Errorf("merge: conflicts %q, %s", conflicts, diff)
	}
	got, conflicts = merge(root, topic) // fast-forward
	if diff := cmp.Diff(readAll(t, treeOf(t, r, topic)), got); diff != "" || len(conflicts) > 0 {
		t.Errorf("fast-forward: conflicts %q, %s", conflicts, diff)
	}
	got, conflicts = merge(main, clash)
	if diff := cmp.Diff([]string{"a"}, conflicts); diff != "" || !strings.Contains(got["a"], "<<<<<<<") {
		t.Errorf("conflict: %q, %s", got["a"], diff)
	}
	if after := size(filepath.Join(f.dir, ".git")); after != before {
		t.Errorf("the repository grew from %d to %d bytes", before, after)
	}
	f.git("checkout", "-q", "--orphan", "alone")
	_, _, err := r.MergeTree(t.Context(), main, f.commit(nil))
	wantError(t, err, gitops.NotFound, "no common history")
	_, _, err = r.MergeTree(t.Context(), "--stdin", main)
	wantError(t, err, gitops.Invalid, "not a full id")
}

// TestChanged lists what differs, with names that are hard to print; a rename is two of
// them.
func TestChanged(t *testing.T) {
	f := newFixture(t)
	base := f.commit(map[string]string{"a": "1", "old/name": strings.Repeat("same\n", 50), "gone": "1", "kept": "1"})
	f.git("mv", "old", "new")
	f.git("rm", "-q", "gone")
	head := f.commit(map[string]string{"a": "2", "-n": "x", "\xff": "x"})
	r := f.open(Options{})
	got, err := r.Changed(t.Context(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"-n", "a", "gone", "new/name", "old/name", "\xff"}, got); diff != "" {
		t.Error(diff)
	}
	if got, err := r.Changed(t.Context(), head, head); err != nil || len(got) != 0 {
		t.Errorf("Changed of the same commit = %q, %v", got, err)
	}
	_, err = r.Changed(t.Context(), "--output=x", head)
	wantError(t, err, gitops.Invalid, "not a full id")
}

// A clone that borrows its objects by a relative path, at a place whose name
// needs quoting.
func TestAlternates(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	place := filepath.Join(t.TempDir(), "a:b \"c\"\\ d")
	if err := os.MkdirAll(place, 0o755); err != nil {
		t.Fatal(err)
	}
	f.git("clone", "-q", "--bare", f.dir, filepath.Join(place, "full"))
	borrower := filepath.Join(place, "borrower")
	f.git("clone", "-q", "--bare", "--no-hardlinks", f.dir, borrower)
	if err := os.RemoveAll(filepath.Join(borrower, "objects")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(borrower, "objects", "info"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(borrower, "objects", "info", "alternates"), []byte("../../full/objects\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := openAt(t, borrower, Options{})
	if diff := cmp.Diff(map[string]string{"a": "1"}, readAll(t, treeOf(t, r, head))); diff != "" {
		t.Error(diff)
	}
}
