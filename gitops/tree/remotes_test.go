package tree

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/netip"
	"net/url"
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

// gitServer serves the repositories below a directory over smart HTTP.
type gitServer struct {
	*httptest.Server
	root     string
	host     string
	requests atomic.Int64
}

// newGitServer serves org/repo.git, a bare clone of f.
func newGitServer(t *testing.T, f *fixture, start func(http.Handler) *httptest.Server) *gitServer {
	t.Helper()
	root := t.TempDir()
	f.git("clone", "-q", "--bare", f.dir, filepath.Join(root, "org", "repo.git"))
	path, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	s := &gitServer{root: root}
	backend := &cgi.Handler{Path: path, Args: []string{"http-backend"}, Stderr: io.Discard,
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"}}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	s.host = hostOf(t, s.URL)
	return s
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// remotes allows everything on the hosts, by http, wherever they are.
func newTestRemotes(t *testing.T, change func(*RemoteOptions), hosts ...string) *Remotes {
	t.Helper()
	opts := RemoteOptions{Dir: filepath.Join(t.TempDir(), "mirrors")}
	for _, host := range hosts {
		opts.Allow = append(opts.Allow, "http://"+host)
		opts.AllowPrivate = append(opts.AllowPrivate, host)
	}
	if change != nil {
		change(&opts)
	}
	r := NewRemotes(opts)
	t.Cleanup(func() { r.Close() })
	return r
}

// TestRemoteRefs resolves branches, tags and commits, full and abbreviated.
func TestRemoteRefs(t *testing.T) {
	f := newFixture(t)
	first := f.commit(map[string]string{"base/kustomization.yaml": "one"})
	f.git("tag", "-a", "-m", "x", "v1")
	second := f.commit(map[string]string{"base/kustomization.yaml": "two"})
	f.git("branch", "feature/x", first)
	third := f.commit(map[string]string{"base/kustomization.yaml": "three"})
	s := newGitServer(t, f, httptest.NewServer)
	for _, test := range []struct{ ref, commit string }{
		{"", third}, {"main", third}, {"v1", first}, {"feature/x", first}, {"refs/heads/main", third},
		{third, third}, {first, first}, {second, second}, {second[:9], second}, {"HEAD", third},
	} {
		t.Run(test.ref, func(t *testing.T) {
			r := newTestRemotes(t, nil, s.host)
			repo := s.URL + "/org/repo.git"
			tr, err := r.Git(t.Context(), repo, test.ref)
			if err != nil {
				t.Fatal(err)
			}
			if tr.Commit() != test.commit {
				t.Errorf("commit = %s, want %s", tr.Commit(), test.commit)
			}
			want := map[string]string{first: "one", second: "two", third: "three"}[test.commit]
			if diff := cmp.Diff(map[string]string{"base/kustomization.yaml": want}, readAll(t, tr)); diff != "" {
				t.Error(diff)
			}
		})
	}
	r := newTestRemotes(t, nil, s.host)
	for _, ref := range []string{"nope", strings.Repeat("1", 40), "1234567"} {
		_, err := r.Git(t.Context(), s.URL+"/org/repo.git", ref)
		wantError(t, err, gitops.NotFound, ref, s.host)
	}
	_, err := r.Git(t.Context(), s.URL+"/org/other", "main")
	wantError(t, err, gitops.NotFound, "/org/other")
}

// TestRemoteOncePerValue asks a remote once, however many ask for it, and stays with
// the answer when the branch moves.
func TestRemoteOncePerValue(t *testing.T) {
	f := newFixture(t)
	first := f.commit(map[string]string{"a": "1"})
	s := newGitServer(t, f, httptest.NewServer)
	repo := s.URL + "/org/repo.git"
	r := newTestRemotes(t, nil, s.host)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			tr, err := r.Git(t.Context(), repo, "main")
			if err != nil || tr.Commit() != first {
				t.Errorf("Git = %v, %v", tr, err)
			}
		})
	}
	wg.Wait()
	once := s.requests.Load()
	second := f.commit(map[string]string{"a": "2"})
	f.git("push", "-q", filepath.Join(s.root, "org/repo.git"), "main")
	if tr, err := r.Git(t.Context(), repo, "main"); err != nil || tr.Commit() != first {
		t.Errorf("the branch moved for the same value: %v, %v", tr, err)
	}
	if s.requests.Load() != once {
		t.Errorf("asked again: %d requests after %d", s.requests.Load(), once)
	}
	next := NewRemotes(r.opts)
	defer next.Close()
	if tr, err := next.Git(t.Context(), repo, "main"); err != nil || tr.Commit() != second {
		t.Errorf("a new value does not see the new commit: %v, %v", tr, err)
	}
	before := s.requests.Load()
	if _, err := next.Git(t.Context(), repo, first); err != nil || s.requests.Load() != before {
		t.Errorf("a commit that the mirror has was fetched: %v", err)
	}
}

// TestRemoteRefused asks nobody for what is not allowed or has an address that is not
// public.
func TestRemoteRefused(t *testing.T) {
	private := func(ips ...string) func(*Remotes) {
		return func(r *Remotes) {
			r.dialer.lookup = func(context.Context, string) ([]netip.Addr, error) {
				var out []netip.Addr
				for _, ip := range ips {
					out = append(out, netip.MustParseAddr(ip))
				}
				return out, nil
			}
		}
	}
	for _, test := range []struct {
		repo, ref string
		allow     []string
		change    func(*Remotes)
		code      gitops.Code
		says      string
	}{
		{repo: "https://github.com/org/repo", ref: "--upload-pack=touch /tmp/x", allow: []string{"github.com"}, code: gitops.Invalid, says: "--upload-pack"},
		{repo: "https://github.com/org/repo", ref: "main", code: gitops.Denied, says: "--allow-remote github.com/org/repo"},
		{repo: "https://github.com/org/repo.git", ref: "main", allow: []string{"github.com/org/rep"}, code: gitops.Denied, says: "not allowed"},
		{repo: "http://github.com/org/repo.git", ref: "main", allow: []string{"github.com"}, code: gitops.Denied, says: "http://github.com/org/repo"},
		{repo: "git@github.com:org/repo.git", ref: "main", code: gitops.Denied, says: `"https://github.com/org/repo.git"`},
		{repo: "file:///etc", allow: []string{"github.com"}, code: gitops.Denied, says: "not https"},
		{repo: "/etc/repo", code: gitops.Denied, says: "not https"},
		{repo: "../repo", code: gitops.Denied, says: "not https"},
		{repo: "git://github.com/org/repo", code: gitops.Denied, says: "not https"},
		{repo: "ext::sh -c touch% /tmp/x", code: gitops.Denied, says: "not https"},
		{repo: "--upload-pack=x", code: gitops.Denied, says: "not https"},
		{repo: "https://user:hunter2@github.com/org/repo", allow: []string{"github.com"}, code: gitops.Invalid, says: "password"},
		{repo: "https://github.com/org/%2e%2e/repo", allow: []string{"github.com"}, code: gitops.Invalid, says: "path"},
		{repo: "https://github.com/org/../repo", allow: []string{"github.com"}, code: gitops.Invalid, says: "path"},
		{repo: "https://127.0.0.1/org/repo", allow: []string{"127.0.0.1"}, code: gitops.Denied, says: "not public"},
		{repo: "https://[::1]/org/repo", allow: []string{"[::1]"}, code: gitops.Denied, says: "not public"},
		{repo: "https://[::ffff:127.0.0.1]/org/repo", allow: []string{"[::ffff:127.0.0.1]"}, code: gitops.Denied, says: "not public"},
		{repo: "https://2130706433/org/repo", allow: []string{"2130706433"}, code: gitops.Invalid, says: "host"},
		{repo: "https://0x7f.1/org/repo", allow: []string{"0x7f.1"}, code: gitops.Invalid, says: "host"},
		{repo: "https://169.254.169.254/org/repo", allow: []string{"169.254.169.254"}, code: gitops.Denied, says: "not public"},
		{repo: "https://git.test/org/repo", allow: []string{"git.test"}, change: private("10.0.0.1"), code: gitops.Denied, says: "not public"},
		{repo: "https://git.test/org/repo", allow: []string{"git.test"}, change: private("140.82.121.4", "127.0.0.1"), code: gitops.Denied, says: "not public"},
	} {
		t.Run(test.repo, func(t *testing.T) {
			r := NewRemotes(RemoteOptions{Allow: test.allow, Dir: t.TempDir()})
			defer r.Close()
			if test.change != nil {
				test.change(r)
			}
			_, err := r.Git(t.Context(), test.repo, test.ref)
			wantError(t, err, test.code, test.says)
			if err.(*gitops.Error).Cause != gitops.CauseRemote {
				t.Errorf("cause = %q", err.(*gitops.Error).Cause)
			}
			if strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
				t.Error("the password is in the error")
			}
		})
	}
}

// The name server says one thing when the address is checked and would say
// another later: git must go where the check looked.
func TestRemotePinned(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	s := newGitServer(t, f, httptest.NewServer)
	_, port, _ := strings.Cut(s.host, ":")
	host := "git.invalid:" + port // no name server knows it
	r := newTestRemotes(t, nil, host)
	r.dialer.lookup = func(_ context.Context, name string) ([]netip.Addr, error) {
		if name != "git.invalid" {
			t.Errorf("looked up %q", name)
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	tr, err := r.Git(t.Context(), "http://"+host+"/org/repo.git", "main")
	if err != nil || tr.Commit() != head {
		t.Fatalf("Git = %v, %v", tr, err)
	}
}

// TestRemoteTLS trusts the certificates it was given, and no others.
func TestRemoteTLS(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	s := newGitServer(t, f, httptest.NewTLSServer)
	ca := writeCA(t, s.Server)
	allow := func(o *RemoteOptions) {
		o.Allow, o.AllowPrivate = []string{s.host + "/org/repo"}, []string{s.host}
	}
	r := newTestRemotes(t, func(o *RemoteOptions) { allow(o); o.CAFile = ca })
	for _, repo := range []string{"https://" + s.host + "/org/repo.git", "https://git@" + s.host + "/org/repo"} {
		tr, err := r.Git(t.Context(), repo, "main")
		if err != nil || tr.Commit() != head {
			t.Errorf("Git(%s) = %v, %v", repo, tr, err)
		}
	}
	_, err := newTestRemotes(t, allow).Git(t.Context(), "https://"+s.host+"/org/repo.git", "main")
	wantError(t, err, gitops.Unavailable, "not read")
}

func writeCA(t *testing.T, s *httptest.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestRemoteRedirects lets git follow no redirect, wherever it leads.
func TestRemoteRedirects(t *testing.T) {
	var reached atomic.Bool
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer target.Close()
	for _, to := range []string{target.URL, "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, to+r.URL.RequestURI(), http.StatusFound)
		}))
		host := hostOf(t, s.URL)
		r := newTestRemotes(t, nil, host)
		_, err := r.Git(t.Context(), s.URL+"/org/repo", "main")
		wantError(t, err, gitops.Unavailable, "not read")
		_, err = r.File(t.Context(), s.URL+"/org/repo/file.yaml")
		wantError(t, err, gitops.Denied)
		s.Close()
	}
	if reached.Load() {
		t.Error("a redirect was followed")
	}
}

// A server that never answers costs the caller no longer than its context.
func TestRemoteHangs(t *testing.T) {
	asked := make(chan struct{}, 16)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer s.Close()
	host := hostOf(t, s.URL)
	r := newTestRemotes(t, nil, host)
	for name, call := range map[string]func(context.Context) error{
		"git":  func(ctx context.Context) error { _, err := r.Git(ctx, s.URL+"/org/repo", "main"); return err },
		"file": func(ctx context.Context) error { _, err := r.File(ctx, s.URL+"/org/repo/x.yaml"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-asked; cancel() }()
			wantError(t, call(ctx), gitops.Unavailable, "canceled")
		})
	}
}

// TestRemoteTooLarge leaves nothing of a repository that was too large.
func TestRemoteTooLarge(t *testing.T) {
	f := newFixture(t)
	f.commit(map[string]string{"a": strings.Repeat("x", 1000)})
	s := newGitServer(t, f, httptest.NewServer)
	r := newTestRemotes(t, func(o *RemoteOptions) { o.MaxMirror = 300 }, s.host)
	_, err := r.Git(t.Context(), s.URL+"/org/repo.git", "main")
	wantError(t, err, gitops.Invalid, "larger than 300 bytes")
	r.Close()
	again := NewRemotes(r.opts) // starts from nothing, not from what was too large
	defer again.Close()
	a, err := parseRepo(s.URL + "/org/repo.git")
	if err != nil {
		t.Fatal(err)
	}
	m, err := again.mirror(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if n := size(m.dir); n > 200 {
		t.Errorf("mirror has still %d bytes", n)
	}
}

// A pack that grows beyond the limit while it arrives ends the fetch.
func TestRemoteGrowsTooLarge(t *testing.T) {
	var r *Remotes
	grow := func() {
		a, err := parseRepo("http://" + r.opts.AllowPrivate[0] + "/org/repo")
		if err != nil {
			t.Error(err)
			return
		}
		pack := filepath.Join(r.opts.Dir, mirrorName(a), "objects", "pack")
		if err := os.MkdirAll(pack, 0o700); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(pack, "tmp_pack_x"), make([]byte, 10_000), 0o600); err != nil {
			t.Error(err)
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		grow()
		<-q.Context().Done()
	}))
	defer s.Close()
	r = newTestRemotes(t, func(o *RemoteOptions) { o.MaxMirror = 5000 }, hostOf(t, s.URL))
	_, err := r.Git(t.Context(), s.URL+"/org/repo", "main")
	wantError(t, err, gitops.Invalid, "larger than 5000 bytes")
	if n := size(r.opts.Dir); n > 1000 {
		t.Errorf("%d bytes are left", n)
	}
}

// TestMirrorEviction keeps the mirror that was used last, and those in use.
func TestMirrorEviction(t *testing.T) {
	f := newFixture(t)
	f.commit(map[string]string{"a": "1"})
	s := newGitServer(t, f, httptest.NewServer)
	for _, name := range []string{"b", "c", "d"} {
		f.git("clone", "-q", "--bare", f.dir, filepath.Join(s.root, "org", name))
	}
	dir := t.TempDir()
	get := func(name string) *Remotes {
		r := newTestRemotes(t, func(o *RemoteOptions) { o.Dir, o.MaxMirrors = dir, 1 }, s.host)
		if _, err := r.Git(t.Context(), s.URL+"/org/"+name, "main"); err != nil {
			t.Fatal(err)
		}
		return r
	}
	count := func() (n int) {
		items, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			if item.IsDir() {
				n++
			}
		}
		return n
	}
	b := get("b")
	c := get("c")
	if n := count(); n != 2 { // b is in use
		t.Errorf("%d mirrors, want 2", n)
	}
	b.Close()
	c.Close()
	get("d")
	if n := count(); n != 1 {
		t.Errorf("%d mirrors, want 1", n)
	}
}

// Several values, as several processes, share a directory.
func TestMirrorShared(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	f.git("tag", "v1")
	s := newGitServer(t, f, httptest.NewServer)
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			r := newTestRemotes(t, func(o *RemoteOptions) { o.Dir = dir }, s.host)
			tr, err := r.Git(t.Context(), s.URL+"/org/repo.git", []string{"main", "v1", ""}[i%3])
			if err != nil || tr.Commit() != head {
				t.Errorf("Git = %v, %v", tr, err)
			}
		})
	}
	wg.Wait()
}

// TestRemoteFile reads files without credentials and cookies, follows redirects to what
// is allowed, and stops at the limit.
func TestRemoteFile(t *testing.T) {
	var requests atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/org/a.yaml", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if len(r.Cookies()) > 0 || r.Header.Get("Authorization") != "" {
			t.Error("credentials were sent")
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		w.Write([]byte("kind: A\n"))
	})
	mux.HandleFunc("/org/moved.yaml", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/org/a.yaml", http.StatusFound)
	})
	mux.HandleFunc("/org/out.yaml", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/other/a.yaml", http.StatusFound)
	})
	mux.HandleFunc("/org/loop.yaml", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/org/loop.yaml", http.StatusFound)
	})
	mux.HandleFunc("/org/large.yaml", func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 101)) })
	mux.HandleFunc("/org/broken.yaml", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	mux.HandleFunc("/other/a.yaml", func(http.ResponseWriter, *http.Request) { t.Error("what is not allowed was asked for") })
	s := httptest.NewTLSServer(mux)
	defer s.Close()
	host := hostOf(t, s.URL)
	r := newTestRemotes(t, func(o *RemoteOptions) {
		o.Allow, o.AllowPrivate = []string{host + "/org"}, []string{host}
		o.CAFile, o.MaxFile = writeCA(t, s), 100
	})
	for range 2 {
		data, err := r.File(t.Context(), s.URL+"/org/a.yaml")
		if err != nil || string(data) != "kind: A\n" {
			t.Errorf("File = %q, %v", data, err)
		}
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests, want 1", requests.Load())
	}
	if data, err := r.File(t.Context(), s.URL+"/org/moved.yaml"); err != nil || string(data) != "kind: A\n" {
		t.Errorf("File = %q, %v", data, err)
	}
	for _, test := range []struct {
		path string
		code gitops.Code
		says string
	}{
		{"/org/out.yaml", gitops.Denied, "/other/a.yaml"},
		{"/other/a.yaml", gitops.Denied, "--allow-remote " + host + "/other/a.yaml"},
		{"/org/loop.yaml", gitops.Unavailable, "too many redirects"},
		{"/org/large.yaml", gitops.Invalid, "larger than 100 bytes"},
		{"/org/none.yaml", gitops.NotFound, "none.yaml"},
		{"/org/broken.yaml?token=hunter2", gitops.Unavailable, "status 500"},
	} {
		_, err := r.File(t.Context(), s.URL+test.path)
		wantError(t, err, test.code, test.says)
		if strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("the query is in the error: %v", err)
		}
	}
	_, err := r.File(t.Context(), "file:///etc/passwd")
	wantError(t, err, gitops.Denied, "not https")
}

// A file's host may change its address between the check and the connection.
func TestFilePinned(t *testing.T) {
	r := NewRemotes(RemoteOptions{Allow: []string{"files.test"}})
	defer r.Close()
	r.dialer.lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, nil
	}
	_, err := r.File(t.Context(), "https://files.test/a.yaml")
	wantError(t, err, gitops.Denied, "not public")
}
