package tree

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// A clone whose configuration, attributes, hooks and refs try everything that
// makes git run a program. The program leaves a marker.
func TestHostileRepository(t *testing.T) {
	f := newFixture(t)
	marker := filepath.Join(t.TempDir(), "marker")
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$@\" >>'"+marker+"'\ncat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	f.commit(map[string]string{"a": "1\n2\n3\n", ".gitattributes": "* merge=evil diff=evil filter=evil\n"})
	f.git("branch", "topic")
	base := f.commit(map[string]string{"a": "base\n2\n3\n"})
	f.git("checkout", "-q", "topic")
	head := f.commit(map[string]string{"a": "head\n2\n3\n"})
	hostile := ""
	for _, key := range []string{
		"core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.gitProxy", "core.askPass", "core.alternateRefsCommand",
		"diff.external", "diff.evil.command", "diff.evil.textconv", "merge.evil.driver", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process",
		"credential.helper", "gpg.program", "uploadpack.packObjectsHook", "pager.ls-tree", "pager.cat-file", "pager.diff-tree", "pager.rev-parse",
		"alias.ls-tree", "alias.cat-file", "alias.merge-tree", "sequence.editor", "trailer.evil.command", "remote.evil.uploadpack", "remote.evil.vcs",
	} {
		section, name := key[:strings.LastIndex(key, ".")], key[strings.LastIndex(key, ".")+1:]
		if s, sub, ok := strings.Cut(section, "."); ok {
			section = s + " \"" + sub + "\""
		}
		value := program
		if strings.HasPrefix(key, "alias.") {
			value = "!" + program
		}
		hostile += "[" + section + "]\n\t" + name + " = " + value + "\n"
	}
	hostile += "[core]\n\tworktree = /\n\trepositoryformatversion = 1\n\thooksPath = " + filepath.Dir(program) +
		"\n[extensions]\n\tpartialClone = evil\n[remote \"evil\"]\n\turl = ext::" + program + "\n\tpromisor = true\n"
	config := filepath.Join(f.dir, ".git", "config")
	old, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, append(old, hostile...), 0o600); err != nil {
		t.Fatal(err)
	}
	f.write(".git/info/attributes", "* merge=evil diff=evil filter=evil\n")
	for _, hook := range []string{"post-checkout", "reference-transaction", "post-index-change", "fsmonitor-watchman"} {
		if err := os.Symlink(program, filepath.Join(f.dir, ".git", "hooks", hook)); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	r := f.open(Options{})
	if r.Root() != f.dir {
		t.Errorf("Root() = %q, core.worktree was believed", r.Root())
	}
	if _, _, err := r.Range(ctx, []string{base + "..." + head}); err != nil {
		t.Error(err)
	}
	if _, err := r.Resolve(ctx, "main"); err != nil {
		t.Error(err)
	}
	for _, absent := range []string{"nope", strings.Repeat("1", 40), "HEAD:nope"} {
		_, err := r.Resolve(ctx, absent)
		wantError(t, err, gitops.NotFound)
	}
	readAll(t, treeOf(t, r, head))
	_, err = r.Tree(ctx, strings.Repeat("1", 40))
	wantError(t, err, gitops.NotFound)
	if changed, err := r.Changed(ctx, base, head); err != nil || len(changed) != 1 {
		t.Errorf("Changed = %q, %v", changed, err)
	}
	if _, conflicts, err := r.MergeTree(ctx, base, head); err != nil || len(conflicts) != 1 {
		t.Errorf("MergeTree: conflicts %q, %v", conflicts, err)
	}
	if ran, err := os.ReadFile(marker); err == nil {
		t.Errorf("the repository ran a program: %s", ran)
	}
}

// The marker test above means nothing if the traps do not work. Plain git with
// one of them springs it.
func TestHostileTrapWorks(t *testing.T) {
	f := newFixture(t)
	marker := filepath.Join(t.TempDir(), "marker")
	f.commit(map[string]string{"a": "1\n"})
	f.git("branch", "topic")
	f.commit(map[string]string{"a": "2\n"})
	f.git("checkout", "-q", "topic")
	f.commit(map[string]string{"a": "3\n"})
	f.git("config", "merge.evil.driver", "touch '"+marker+"'")
	f.write(".git/info/attributes", "* merge=evil\n")
	f.git("merge-tree", "--write-tree", "main", "topic")
	if _, err := os.Stat(marker); err != nil {
		t.Errorf("git did not run the merge driver: %v", err)
	}
}

// Trees that only a program makes: names that would climb.
func TestHostileTree(t *testing.T) {
	f := newFixture(t)
	f.commit(map[string]string{"a": "1"})
	blob := f.git("rev-parse", "HEAD:a")
	for _, name := range []string{"..", ".", "x/../y", "/etc/passwd"} {
		entry := "100644 " + name + "\x00" + unhex(t, blob)
		tree := f.gitIn(strings.NewReader(entry), "hash-object", "-t", "tree", "--literally", "-w", "--stdin")
		commit := f.git("commit-tree", "-m", "x", tree)
		_, err := f.open(Options{}).Tree(t.Context(), commit)
		wantError(t, err, gitops.Invalid, "damaged", name)
	}
}

// TestTreeWithPathTwice refuses a tree in which a name stands twice: which of the two
// counts, each program decides for itself.
func TestTreeWithPathTwice(t *testing.T) {
	f := newFixture(t)
	f.commit(map[string]string{"a": "1"})
	entry := "100644 a\x00" + unhex(t, f.git("rev-parse", "HEAD:a"))
	tree := f.gitIn(strings.NewReader(entry+entry), "hash-object", "-t", "tree", "--literally", "-w", "--stdin")
	_, err := f.open(Options{}).Tree(t.Context(), f.git("commit-tree", "-m", "x", tree))
	wantError(t, err, gitops.Invalid, "damaged", "twice")
}

// A clone of somebody else opens, because the person named it.
func TestForeignOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	for _, dir := range []string{f.dir, filepath.Join(f.dir, ".git")} {
		if err := os.Chown(dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := f.open(Options{}).Resolve(t.Context(), "HEAD"); err != nil || got != head {
		t.Errorf("Resolve = %q, %v", got, err)
	}
}

// A tree of trees that repeats itself ten times at each of ten levels has 10^10
// paths in a few hundred bytes.
func TestTreeBomb(t *testing.T) {
	f := newFixture(t)
	f.commit(map[string]string{"a": "1"})
	line := "100644 blob " + f.git("rev-parse", "HEAD:a") + "\t"
	var tree string
	for range 10 {
		var in strings.Builder
		for i := range 10 {
			in.WriteString(line + string(rune('0'+i)) + "\n")
		}
		tree = f.gitIn(strings.NewReader(in.String()), "mktree")
		line = "040000 tree " + tree + "\t"
	}
	r := f.open(Options{MaxEntries: 10_000})
	_, err := r.Tree(t.Context(), f.git("commit-tree", "-m", "x", tree))
	wantError(t, err, gitops.Invalid, "more than 10000 paths")
	if err.(*gitops.Error).Cause != gitops.CauseLimit {
		t.Errorf("cause = %q", err.(*gitops.Error).Cause)
	}
}

func unhex(t *testing.T, s string) string {
	t.Helper()
	out, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
