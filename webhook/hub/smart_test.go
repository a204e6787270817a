package hub_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// git runs git with a token, as the bot does: in a header from the environment.
func (w *world) git(dir, token string, args ...string) (string, error) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "git", args...)
	cmd.Dir = dir
	auth := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com"}
	if token != "" {
		cmd.Env = append(cmd.Env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: Basic "+auth)
	}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// clone clones the repository into a new directory.
func (w *world) clone(token string) string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "clone")
	if out, err := w.git(w.t.TempDir(), token, "clone", "-q", w.GitURL("acme", "gitops"), dir); err != nil {
		w.t.Fatalf("clone: %v: %s", err, out)
	}
	return dir
}

// commitIn commits a file in a clone.
func (w *world) commitIn(dir, branch, name, content string) {
	w.t.Helper()
	must(w.t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	for _, args := range [][]string{{"checkout", "-q", "-B", branch}, {"add", "-A"}, {"commit", "-q", "-m", name}} {
		if out, err := w.git(dir, "", args...); err != nil {
			w.t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
}

// TestGitOverHTTP serves real git: clone, fetch and push, with the events of a push.
func TestGitOverHTTP(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.pull("feature", map[string]string{"a": "1"})
	w.events()
	dir := w.clone(w.token)
	w.commitIn(dir, "feature", "b", "2")
	if out, err := w.git(dir, w.token, "push", "-q", "--force", "origin", "feature"); err != nil {
		t.Fatalf("push: %v: %s", err, out)
	}
	if got := strings.Join(w.events(), " "); got != "push check_suite.requested pull_request.synchronize" {
		t.Errorf("events %s", got)
	}
	head, _ := w.git(dir, "", "rev-parse", "HEAD")
	w.bot("GET", "/pulls/1", "").is("head.sha", head)
	if out, err := w.git(dir, w.token, "fetch", "-q", "origin", "refs/pull/1/head"); err != nil {
		t.Errorf("fetch of the head: %v: %s", err, out)
	}
	w.bot("GET", "/pulls/1", "").is("mergeable", "true")
	if out, err := w.git(dir, w.token, "fetch", "-q", "origin", "refs/pull/1/merge"); err != nil {
		t.Errorf("fetch of the merge: %v: %s", err, out)
	}
	if out, err := w.git(dir, w.token, "push", "-q", "origin", "HEAD:refs/pull/1/head"); err == nil {
		t.Errorf("a push to a pull request's head was taken: %s", out)
	}
	if out, err := w.git(dir, w.token, "push", "-q", "origin", "HEAD:main"); err != nil {
		t.Errorf("push to main: %v %s", err, out)
	}
	if out, err := w.git(dir, w.token, "fetch", "-q", "--depth=1", "--filter=blob:none", "origin", head); err != nil {
		t.Errorf("fetch of a commit: %v: %s", err, out)
	}
	w.bot("GET", "/pulls/1", "").is("merged", "true").is("state", "closed")
}

// TestGitAccess gives git what the token may, with the errors that git shows.
func TestGitAccess(t *testing.T) {
	w := newWorld(t, hub.Options{})
	dir := w.clone(w.token)
	reader := w.mint(`{"permissions":{"contents":"read"}}`)
	w.commitIn(dir, "x", "x", "1")
	for name, c := range map[string]struct{ token, cmd, says string }{
		"push with a reading token":        {reader, "push origin x", "403"},
		"fetch without contents":           {w.mint(`{"permissions":{"issues":"write"}}`), "fetch origin", "403"},
		"fetch by nobody":                  {"", "fetch origin", "could not read Username"},
		"fetch with a wrong token":         {"ghs_wrong", "fetch origin", "could not read Username"},
		"fetch by somebody without a role": {w.PersonalToken("stranger"), "fetch origin", "not found"},
	} {
		out, err := w.git(dir, c.token, strings.Fields(c.cmd)...)
		if err == nil || !strings.Contains(out, c.says) && !strings.Contains(out, "Authentication failed") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if out, err := w.git(dir, reader, "fetch", "-q", "origin"); err != nil {
		t.Errorf("fetch with a reading token: %v: %s", err, out)
	}
	must(t, w.Protect(repository, "main", hub.Protection{PullRequest: true}))
	if out, err := w.git(dir, w.token, "push", "-q", "origin", "x:main"); err == nil {
		t.Errorf("a push to a protected branch was taken: %s", out)
	}
}

// TestLargePush takes a push that git sends in chunks.
func TestLargePush(t *testing.T) {
	w := newWorld(t, hub.Options{})
	dir := w.clone(w.token)
	noise := make([]byte, 3<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 7 * 31)
	}
	w.commitIn(dir, "large", "noise", string(noise))
	if out, err := w.git(dir, w.token, "-c", "http.postBuffer=65536", "-c", "core.compression=0", "push", "-q", "origin", "large"); err != nil {
		t.Fatalf("push: %v: %s", err, out)
	}
	w.events()
}

// TestParallelPushes tells two pushes at once apart, each with its own events.
func TestParallelPushes(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("p0", map[string]string{"a": "1"})
	w.pull("p1", map[string]string{"b": "1"})
	w.events()
	var wg sync.WaitGroup
	for i := range 2 {
		dir := w.clone(w.token)
		w.commitIn(dir, fmt.Sprintf("p%d", i), "c", fmt.Sprint(i))
		wg.Go(func() {
			if out, err := w.git(dir, w.token, "push", "-q", "--force", "origin", fmt.Sprintf("p%d", i)); err != nil {
				t.Errorf("push %d: %v: %s", i, err, out)
			}
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, e := range w.events() {
		count[e]++
	}
	if count["push"] != 2 || count["pull_request.synchronize"] != 2 {
		t.Errorf("events %v, want two pushes and two synchronize", count)
	}
}

// TestTwoPushesToOneBranch lets one of two win.
func TestTwoPushesToOneBranch(t *testing.T) {
	w := newWorld(t, hub.Options{})
	dirs := []string{w.clone(w.token), w.clone(w.token)}
	var wg sync.WaitGroup
	won := make([]bool, 2)
	for i, dir := range dirs {
		w.commitIn(dir, "same", "c", fmt.Sprint(i))
		wg.Go(func() {
			_, err := w.git(dir, w.token, "push", "-q", "origin", "same")
			won[i] = err == nil
		})
	}
	wg.Wait()
	if won[0] == won[1] {
		t.Errorf("pushes of two histories to one branch: %v, want exactly one to win", won)
	}
	w.events()
}
