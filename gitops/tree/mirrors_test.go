package tree

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
)

const goodToken = "ghs_12345_eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXBheWxvYWQ.c2lnbmF0dXJl"

// guarded is a git server that wants a token, and the mirrors of it.
type guarded struct {
	*gitServer
	t       *testing.T
	f       *fixture
	mirrors *Mirrors
	spec    MirrorSpec
	allow   atomic.Pointer[func(token string, r *http.Request) bool]
	refusal atomic.Int32 // the status for a token that is not good
}

// let says which requests have a token that is good.
func (g *guarded) let(allow func(token string, r *http.Request) bool) { g.allow.Store(&allow) }

func newGuarded(t *testing.T, change ...func(*MirrorOptions)) *guarded {
	t.Helper()
	g := &guarded{t: t, f: newFixture(t)}
	g.let(func(token string, _ *http.Request) bool { return token == goodToken })
	g.refusal.Store(http.StatusUnauthorized)
	g.f.commit(map[string]string{"a": "0"})
	g.gitServer = newGitServer(t, g.f, func(h http.Handler) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, token, _ := r.BasicAuth()
			if user != "x-access-token" || !(*g.allow.Load())(token, r) {
				w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
				http.Error(w, "no entry for "+token+r.Header.Get("Authorization"), int(g.refusal.Load()))
				return
			}
			h.ServeHTTP(w, r)
		}))
	})
	opts := MirrorOptions{Dir: filepath.Join(t.TempDir(), "mirrors"), AllowPrivate: []string{g.host}}
	for _, c := range change {
		c(&opts)
	}
	g.mirrors = NewMirrors(opts)
	g.spec = MirrorSpec{URL: g.URL + "/org/repo.git", Key: "host 42", Token: func(context.Context, string) (string, error) { return goodToken, nil }}
	return g
}

// push sends a commit to a ref of the server.
func (g *guarded) push(commit, ref string) {
	g.t.Helper()
	g.f.git("push", "-q", "-f", filepath.Join(g.root, "org/repo.git"), commit+":"+ref)
}

func (g *guarded) open() *Mirror {
	g.t.Helper()
	m, err := g.mirrors.Open(g.t.Context(), g.spec)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { m.Close() })
	return m
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestMirrorOfAPullRequest fetches base and head of a fork; a head that moved is stale.
func TestMirrorOfAPullRequest(t *testing.T) {
	g := newGuarded(t)
	base := g.f.commit(map[string]string{"a": "1", "b": "1"})
	g.push(base, "refs/heads/main")
	head := g.f.commit(map[string]string{"a": "2"}) // as of a fork: no branch has it
	g.push(head, "refs/pull/7/head")
	g.f.git("reset", "-q", "--hard", base)
	tip := g.f.commit(map[string]string{"b": "2"})
	g.push(tip, "refs/heads/main")

	m := g.open()
	got, err := m.Fetch(t.Context(), 7, "main", head)
	if err != nil || got != tip {
		t.Fatalf("Fetch = %s, %v, want %s", got, err, tip)
	}
	merged, conflicts, err := m.MergeTree(t.Context(), tip, head)
	ok(t, err)
	if diff := cmp.Diff(map[string]string{"a": "2", "b": "2"}, readAll(t, merged)); diff != "" || len(conflicts) > 0 {
		t.Errorf("merge: %s, conflicts %v", diff, conflicts)
	}
	if mb, err := m.MergeBase(t.Context(), tip, head); err != nil || mb != base {
		t.Errorf("MergeBase = %s, %v", mb, err)
	}
	before := g.requests.Load()
	ok(t, m.FetchCommits(t.Context(), tip, head, base))
	if g.requests.Load() != before {
		t.Error("commits that are there were asked for")
	}

	// A force-push between the event and the fetch.
	g.f.git("reset", "-q", "--hard", base)
	forced := g.f.commit(map[string]string{"a": "3"})
	g.push(forced, "refs/pull/7/head")
	other := g.open()
	_, err = other.Fetch(t.Context(), 7, "main", head)
	wantError(t, err, gitops.Stale, forced[:12], head[:12])
	if got, err := other.Fetch(t.Context(), 7, "main", forced); err != nil || got != tip {
		t.Errorf("Fetch of the new head = %s, %v", got, err)
	}
	if tr, err := m.Tree(t.Context(), forced); err != nil || readAll(t, tr)["a"] != "3" {
		t.Errorf("one that is open does not see what another brought: %v", err)
	}
	if _, err := m.Tree(t.Context(), head); err != nil {
		t.Errorf("the head before is gone: %v", err)
	}

	// The base branch is deleted.
	g.f.git("--git-dir", filepath.Join(g.root, "org/repo.git"), "update-ref", "-d", "refs/heads/main")
	_, err = m.Fetch(t.Context(), 7, "main", forced)
	wantError(t, err, gitops.NotFound, "ref not found", "refs/heads/main")
	_, err = m.FetchBranch(t.Context(), "main")
	wantError(t, err, gitops.NotFound, "refs/heads/main")
	_, err = m.Fetch(t.Context(), 8, "main", forced)
	wantError(t, err, gitops.NotFound)
}

// TestMirrorCommits fetches a commit that no branch has any more, and refuses what is
// no id.
func TestMirrorCommits(t *testing.T) {
	g := newGuarded(t)
	lost := g.f.commit(map[string]string{"a": "lost"})
	g.push(lost, "refs/heads/x")
	g.f.git("reset", "-q", "--hard", "HEAD^")
	tip := g.f.commit(map[string]string{"a": "tip"})
	g.push(tip, "refs/heads/x") // nothing names lost any more
	m := g.open()
	ok(t, m.FetchCommits(t.Context(), lost, tip, tip))
	tr, err := m.Tree(t.Context(), lost)
	ok(t, err)
	if got := readAll(t, tr)["a"]; got != "lost" {
		t.Errorf("a = %q", got)
	}
	wantError(t, m.FetchCommits(t.Context(), strings.Repeat("1", 40)), gitops.NotFound, "1111")
	wantError(t, m.FetchCommits(t.Context(), "main"), gitops.Invalid, "main")
	wantError(t, m.FetchCommits(t.Context(), "--upload-pack=x"), gitops.Invalid)
	for _, branch := range []string{"a b", "../x", "x*", "--upload-pack=touch x/../y"} {
		_, err := m.FetchBranch(t.Context(), branch)
		wantError(t, err, gitops.Invalid)
	}
}

// TestMirrorAddresses takes https without anything in it but the place.
func TestMirrorAddresses(t *testing.T) {
	g := newGuarded(t)
	for url, code := range map[string]gitops.Code{
		"http://github.com/org/repo.git":              gitops.Denied,
		"git@github.com:org/repo.git":                 gitops.Denied,
		"ssh://git@github.com/org/repo.git":           gitops.Denied,
		"file:///etc":                                 gitops.Denied,
		"http://127.0.0.1:1/org/repo.git":             gitops.Denied,
		"https://x:hunter2@github.com/org/repo":       gitops.Invalid,
		"https://github.com/org/../repo.git":          gitops.Invalid,
		"https://github.com/org/repo.git?x=" + "oops": gitops.Invalid,
	} {
		spec := g.spec
		spec.URL = url
		_, err := g.mirrors.Open(t.Context(), spec)
		wantError(t, err, code)
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Error("the password is in the error")
		}
	}
	spec := g.spec
	spec.URL = "https://127.0.0.1:1/org/repo.git"
	m, err := g.mirrors.Open(t.Context(), spec)
	ok(t, err)
	defer m.Close()
	_, err = m.FetchBranch(t.Context(), "main")
	wantError(t, err, gitops.Denied, "not public")
}

// The token is given to one process, and found nowhere else: not in arguments,
// not on disk, not in what goes wrong, not in the environment of other processes.
func TestMirrorTokenStaysSecret(t *testing.T) {
	real, err := exec.LookPath("git")
	ok(t, err)
	log := t.TempDir()
	script := filepath.Join(t.TempDir(), "git")
	ok(t, os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\n(echo \"args: $*\"; /usr/bin/env | /bin/grep GIT_CONFIG_VALUE) >> %s/$$\nexec %s \"$@\"\n", log, real), 0o755))
	temp := t.TempDir()
	g := newGuarded(t, func(o *MirrorOptions) { o.Trees.Git, o.Trees.TempDir = script, temp })
	m := g.open()
	tip, err := m.FetchBranch(t.Context(), "main")
	ok(t, err)
	_, err = m.Tree(t.Context(), tip)
	ok(t, err)
	basic := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + goodToken))
	logs, err := os.ReadDir(log)
	ok(t, err)
	with := 0
	for _, entry := range logs {
		data, err := os.ReadFile(filepath.Join(log, entry.Name()))
		ok(t, err)
		args, env, _ := strings.Cut(string(data), "\n")
		if strings.Contains(args, goodToken) || strings.Contains(args, basic) {
			t.Errorf("the token is an argument of %s", args)
		}
		if strings.Contains(env, basic) {
			with++
			if !strings.Contains(args, " fetch ") {
				t.Errorf("the token is in the environment of %s", args)
			}
		}
	}
	if with != 1 {
		t.Errorf("%d processes had the token, want 1", with)
	}
	g.let(func(string, *http.Request) bool { return false }) // it answers with the token
	for status, code := range map[int32]gitops.Code{401: gitops.Unavailable, 403: gitops.Unavailable, 404: gitops.NotFound, 500: gitops.Unavailable} {
		g.refusal.Store(status)
		_, err = m.FetchBranch(t.Context(), "main")
		wantError(t, err, code)
		if text := fmt.Sprintf("%v %+v %v", err, err, err.(*gitops.Error).Err); strings.Contains(text, goodToken) || strings.Contains(text, basic) {
			t.Errorf("the token is in the error: %s", text)
		}
	}
	for _, dir := range []string{g.mirrors.opts.Dir, temp} {
		ok(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte(goodToken)) || bytes.Contains(data, []byte(basic)) {
				t.Errorf("the token is in %s", path)
			}
			return err
		}))
	}
}

// A token ends at the start or in the middle of a fetch: it is replaced once.
func TestMirrorTokenEnds(t *testing.T) {
	for name, refuse := range map[string]func(r *http.Request, posts int64) bool{
		"at the start":  func(*http.Request, int64) bool { return true },
		"in the middle": func(r *http.Request, posts int64) bool { return r.Method == http.MethodPost && posts > 1 },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t)
			var posts atomic.Int64
			g.let(func(token string, r *http.Request) bool {
				if r.Method == http.MethodPost {
					posts.Add(1)
				}
				return token == goodToken || token == "old" && !refuse(r, posts.Load())
			})
			var asked []string
			g.spec.Token = func(_ context.Context, refused string) (string, error) {
				asked = append(asked, refused)
				if refused == "" {
					return "old", nil
				}
				return goodToken, nil
			}
			if _, err := g.open().FetchBranch(t.Context(), "main"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"", "old"}, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The token must not follow a redirect.
func TestMirrorRedirect(t *testing.T) {
	var reached atomic.Bool
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer evil.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, evil.URL+r.URL.RequestURI(), http.StatusFound)
	}))
	defer s.Close()
	ms := NewMirrors(MirrorOptions{Dir: t.TempDir(), AllowPrivate: []string{hostOf(t, s.URL), hostOf(t, evil.URL)}})
	m, err := ms.Open(t.Context(), MirrorSpec{URL: s.URL + "/org/repo.git", Key: "x", Token: func(context.Context, string) (string, error) { return goodToken, nil }})
	ok(t, err)
	defer m.Close()
	_, err = m.FetchBranch(t.Context(), "main")
	wantError(t, err, gitops.Unavailable)
	if reached.Load() {
		t.Error("the redirect was followed")
	}
}

// TestMirrorsAtOnce fetches one commit once for several goroutines and values of one
// mirror.
func TestMirrorsAtOnce(t *testing.T) {
	g := newGuarded(t)
	tip := g.f.commit(map[string]string{"a": "1"})
	g.push(tip, "refs/heads/main")
	one := g.open()
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			m := one // half of them share a value, half have their own
			if i%2 == 0 {
				var err error
				if m, err = g.mirrors.Open(t.Context(), g.spec); err != nil {
					t.Error(err)
					return
				}
				defer m.Close()
			}
			if err := m.FetchCommits(t.Context(), tip); err != nil {
				t.Error(err)
			}
			if _, err := m.Tree(t.Context(), tip); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := g.requests.Load(); n > 3 { // info/refs, ls-refs, fetch
		t.Errorf("%d requests for one commit", n)
	}
}
