package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sealift/sealift/cmd/bot/sample"
)

// consoleBlock is a command in a page and what it printed. A line "..." stands for any
// number of lines.
var consoleBlock = regexp.MustCompile("(?s)```console\n\\$ (bot [^\n]*)\n(.*?)```\n")

// TestConsole runs every command that a page shows with what it prints, in a clone of
// the sample with a branch for each of its pull requests. `make docs` writes what has no
// line "...".
func TestConsole(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	clone := sampleClone(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ran := 0
	for _, name := range append(pages, "../../README.md") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		after := consoleBlock.ReplaceAllStringFunc(string(data), func(block string) string {
			m := consoleBlock.FindStringSubmatch(block)
			got := printed(t, clone, strings.Fields(m[1])[1:])
			ran++
			if left := strings.Contains(m[2], "...\n"); left || !*update {
				if !shows(m[2], got) {
					t.Errorf("%s: `%s` prints\n%s", name, m[1], got)
				}
				return block
			}
			return "```console\n$ " + m[1] + "\n" + got + "```\n"
		})
		if *update && after != string(data) {
			if err := os.WriteFile(name, []byte(after), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if ran == 0 {
		t.Error("no page shows a command")
	}
}

// printed returns what the program prints in a clone.
func printed(t *testing.T, clone string, args []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	b := &bot{stdout: &out, stderr: &errs, getenv: os.Getenv}
	if exit := b.run(append(args, "--repo", clone)); exit != 0 {
		t.Errorf("bot %s: exit %d: %s", strings.Join(args, " "), exit, errs.String())
	}
	return out.String()
}

// shows tells whether a page shows what was printed.
func shows(page, got string) bool {
	for i, part := range strings.Split(page, "...\n") {
		at := strings.Index(got, part)
		if at < 0 || i == 0 && at != 0 {
			return false
		}
		got = got[at+len(part):]
	}
	return got == "" || strings.Contains(page, "...\n")
}

// sampleClone makes a repository of the sample, whose commits are always the same.
func sampleClone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=dana", "GIT_AUTHOR_EMAIL=dana@example.com",
			"GIT_COMMITTER_NAME=dana", "GIT_COMMITTER_EMAIL=dana@example.com", "GIT_AUTHOR_DATE=2026-03-05T09:00:00Z", "GIT_COMMITTER_DATE=2026-03-05T09:00:00Z")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	commit := func(subject string, files map[string]string) {
		for name, text := range files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		run("add", "-A")
		run("commit", "-q", "-m", subject)
	}
	run("init", "-q")
	commit("Store", sample.Base())
	for _, change := range []sample.PullRequest{sample.Change(), sample.Release()} {
		run("checkout", "-q", "-b", change.Branch, "main")
		commit(change.Title, change.Files)
		if len(change.Delete) > 0 {
			t.Fatal("the sample deletes files: sampleClone has to do so too")
		}
	}
	run("checkout", "-q", "main")
	return dir
}
