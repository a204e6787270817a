package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiffUncommitted compares commits while the working tree differs: a person at a
// terminal is told, and only about what that person changed.
func TestDiffUncommitted(t *testing.T) {
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v %s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	diff := func(terminal bool, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		b := &bot{stdout: &out, stderr: &errs, getenv: func(string) string { return "" }, errTerminal: terminal}
		if status := b.run(append([]string{"diff", "--repo", dir, "--no-cache"}, args...)); status != 0 {
			t.Fatalf("status %d: %s", status, &errs)
		}
		return strings.TrimSuffix(errs.String(), ", which are not compared; `bot diff` without arguments compares them\n")
	}
	git("init", "-q", "-b", "main")
	write("app/kustomization.yaml", "resources: [c.yaml]\n")
	write("app/c.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\n")
	write("sparse/x", "x")
	write("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	git("commit", "-q", "-m", "second", "--allow-empty")

	// What a checkout with filters, line ends and a sparse tree makes is no edit.
	write("app/c.yaml", "kind: ConfigMap\r\napiVersion: v1\r\nmetadata: {name: c}\r\n")
	write("big.bin", "the file")
	write(".git/info/sparse-checkout", "/app/\n")
	if err := os.RemoveAll(filepath.Join(dir, "sparse")); err != nil {
		t.Fatal(err)
	}
	if got := diff(true, "HEAD"); got != "" {
		t.Errorf("nothing was edited: %q", got)
	}
	write("app/c.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: d}\n")
	if got := diff(true, "HEAD"); got != "note: 1 file has uncommitted changes" {
		t.Errorf("a file was edited: %q", got)
	}
	if err := os.Remove(filepath.Join(dir, ".git/info/sparse-checkout")); err != nil {
		t.Fatal(err)
	}
	if got := diff(true, "HEAD~1..HEAD"); got != "note: 2 files have uncommitted changes" {
		t.Errorf("a directory was removed: %q", got)
	}
	for _, args := range [][]string{{"HEAD", "HEAD~1"}, {}} { // not about what is checked out; compares the edits
		if got := diff(true, args...); got != "" {
			t.Errorf("diff %v: %q", args, got)
		}
	}
	if got := diff(false, "HEAD"); got != "" {
		t.Errorf("nobody reads along: %q", got)
	}
}
