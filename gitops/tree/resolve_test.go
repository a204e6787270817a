package tree

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestResolve knows what people call commits, and says what they may have meant.
func TestResolve(t *testing.T) {
	f := newFixture(t)
	first := f.commit(map[string]string{"a": "1"})
	f.git("tag", "-a", "-m", "x", "v1.0.0")
	second := f.commit(map[string]string{"a": "2"})
	f.git("branch", "feature/login", first)
	f.git("update-ref", "refs/remotes/origin/release", first)
	r := f.open(Options{})
	for rev, want := range map[string]string{
		"HEAD": second, "main": second, "main~1": first, "HEAD^": first, "v1.0.0": first, "feature/login": first,
		"origin/release": first, first: first, first[:10]: first, "refs/heads/main": second, "@": second,
	} {
		if got, err := r.Resolve(t.Context(), rev); err != nil || got != want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", rev, got, err, want)
		}
	}
	for _, test := range []struct {
		rev  string
		code gitops.Code
		says string
	}{
		{"mian", gitops.NotFound, "did you mean main?"},
		{"feature/logn", gitops.NotFound, "feature/login"},
		{"release", gitops.NotFound, "origin/release"},
		{"v1.0", gitops.NotFound, "v1.0.0"},
		{strings.Repeat("1", 40), gitops.NotFound, "revision not found"},
		{"a b\x1b[31m", gitops.NotFound, `"a b\x1b[31m"`},
		{"@{u}", gitops.NotFound, "no upstream configured"},
		{"main@{99}", gitops.NotFound, "revision not found"},
		{"HEAD:a", gitops.NotFound, "not found"},
		{"--all", gitops.Invalid, "not valid"},
		{"main\nHEAD", gitops.Invalid, "not valid"},
		{"", gitops.Invalid, "not valid"},
	} {
		_, err := r.Resolve(t.Context(), test.rev)
		wantError(t, err, test.code, test.says)
	}
}

// TestResolveEmptyRepository says that there are no commits yet.
func TestResolveEmptyRepository(t *testing.T) {
	r := newFixture(t).open(Options{})
	_, err := r.Resolve(t.Context(), "HEAD")
	wantError(t, err, gitops.NotFound, "no commits yet")
	_, _, err = r.Range(t.Context(), []string{"main...x"})
	wantError(t, err, gitops.NotFound, "no commits yet")
}

// Refs that are neither branches nor tags are commits too.
func TestResolveOtherRefs(t *testing.T) {
	f := newFixture(t)
	head := f.commit(nil)
	f.git("update-ref", "refs/cases/one", head)
	f.git("update-ref", "-d", "refs/heads/main")
	r := f.open(Options{})
	if got, err := r.Resolve(t.Context(), "refs/cases/one"); err != nil || got != head {
		t.Errorf("Resolve = %q, %v", got, err)
	}
	_, err := r.Resolve(t.Context(), "refs/cases/on")
	wantError(t, err, gitops.NotFound, "revision not found", "refs/cases/one")
}

// TestRange reads what git diff reads, and refuses the rest with the forms to write.
func TestRange(t *testing.T) {
	f := newFixture(t)
	root := f.commit(map[string]string{"a": "1"})
	f.git("checkout", "-q", "-b", "topic")
	topic := f.commit(map[string]string{"b": "1"})
	f.git("checkout", "-q", "main")
	main := f.commit(map[string]string{"c": "1"})
	r := f.open(Options{})
	for _, test := range []struct{ expr, base, head string }{
		{"main..topic", main, topic}, {"main...topic", root, topic}, {"main topic", main, topic},
		{"topic", topic, main}, {"topic..", topic, main}, {"..topic", main, topic}, {"...topic", root, topic}, {"topic...", root, main},
		{"..", main, main}, {main + ".." + topic, main, topic},
	} {
		base, head, err := r.Range(t.Context(), strings.Fields(test.expr))
		if err != nil || base != test.base || head != test.head {
			t.Errorf("Range(%s) = %s, %s, %v; want %s, %s", test.expr, base, head, err, test.base, test.head)
		}
	}
	for _, expr := range []string{"", "a b c", "a..b c", "a..b..c"} {
		_, _, err := r.Range(t.Context(), strings.Fields(expr))
		wantError(t, err, gitops.Invalid, "BASE..HEAD")
	}
	for _, expr := range []string{"--output=x..main", "main..--output=x", "--no-index main"} {
		_, _, err := r.Range(t.Context(), strings.Fields(expr))
		wantError(t, err, gitops.Invalid, "revision is not valid")
	}
	f.git("checkout", "-q", "--orphan", "alone")
	f.commit(nil)
	_, _, err := r.Range(t.Context(), []string{"main...alone"})
	wantError(t, err, gitops.NotFound, "no common history")
}

// TestShallowClone says that history is missing because the clone is shallow, and how
// to get it.
func TestShallowClone(t *testing.T) {
	f := newFixture(t)
	first := f.commit(map[string]string{"a": "1"})
	f.git("checkout", "-q", "-b", "topic")
	f.commit(map[string]string{"b": "1"})
	f.git("checkout", "-q", "main")
	second := f.commit(map[string]string{"a": "2"})
	dir := filepath.Join(t.TempDir(), "shallow")
	f.git("clone", "-q", "--depth=1", "--no-single-branch", "file://"+f.dir, dir)
	r := openAt(t, dir, Options{})
	if files := readAll(t, treeOf(t, r, second)); files["a"] != "2" {
		t.Errorf("head = %v", files)
	}
	for _, rev := range []string{"HEAD~1", first, "v0.9"} {
		_, err := r.Resolve(t.Context(), rev)
		wantError(t, err, gitops.NotFound, "shallow", "git fetch --unshallow origin")
	}
	_, err := r.Tree(t.Context(), first)
	wantError(t, err, gitops.NotFound, "shallow", "git fetch")
	_, _, err = r.Range(t.Context(), []string{"HEAD...origin/topic"})
	wantError(t, err, gitops.NotFound, "clone is shallow", "git fetch --unshallow")
	// The line that the hint gives works, and the open repository sees it.
	f.git("-C", dir, "fetch", "-q", "--unshallow", "origin", "+refs/heads/*:refs/remotes/origin/*")
	base, _, err := r.Range(t.Context(), []string{"HEAD...origin/topic"})
	if err != nil || base != first {
		t.Errorf("merge base after the fetch = %q, %v; want %q", base, err, first)
	}
}

// TestPartialClone fetches nothing by itself from a promisor, and says how to.
func TestPartialClone(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	f.git("config", "uploadpack.allowFilter", "true")
	dir := filepath.Join(t.TempDir(), "partial.git")
	f.git("clone", "-q", "--bare", "--filter=blob:none", "file://"+f.dir, dir)
	tr := treeOf(t, openAt(t, dir, Options{}), head)
	_, err := tr.Read(t.Context(), "a")
	wantError(t, err, gitops.Unavailable, "not in this clone", "git fetch --refetch")
}

// TestAmbiguous says that an abbreviation is one of several commits.
func TestAmbiguous(t *testing.T) {
	f := newFixture(t)
	f.commit(nil)
	tree := f.git("write-tree")
	seen := map[string]bool{}
	prefix := ""
	for i := 0; prefix == ""; i++ { // four digits, as few as git takes
		id := f.git("commit-tree", "-m", strconv.Itoa(i), tree)[:4]
		if seen[id] {
			prefix = id
		}
		seen[id] = true
	}
	_, err := f.open(Options{}).Resolve(t.Context(), prefix)
	wantError(t, err, gitops.Invalid, "ambiguous")
}

// TestGitMissing names the version to install.
func TestGitMissing(t *testing.T) {
	f := newFixture(t)
	t.Setenv("PATH", "")
	_, err := Open(t.Context(), f.dir, Options{})
	wantError(t, err, gitops.Unavailable, "git not found", "2.38")
}

// TestGitTooOld names the version that was found.
func TestGitTooOld(t *testing.T) {
	f := newFixture(t)
	old := filepath.Join(t.TempDir(), "git")
	for version, says := range map[string]string{"2.37.9": "found 2.37.9", "1.9": "found 1.9", "weird": "not understood"} {
		if err := os.WriteFile(old, []byte("#!/bin/sh\necho git version "+version+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), f.dir, Options{Git: old})
		wantError(t, err, gitops.Unavailable, says)
	}
}

// TestNearest suggests names that are near, those of remotes too.
func TestNearest(t *testing.T) {
	names := []string{"main", "maintenance", "origin/main", "production", "staging"}
	for rev, want := range map[string]string{"man": "main", "prodution": "production", "zzz": "", "main": "main origin/main"} {
		if got := strings.Join(nearest(rev, names), " "); got != want {
			t.Errorf("nearest(%q) = %q, want %q", rev, got, want)
		}
	}
}
