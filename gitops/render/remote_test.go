package render

import (
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// host serves git repositories by smart HTTP, and files, on loopback.
type host struct {
	t      *testing.T
	url    string
	addr   string // host:port
	root   string // of the bare repositories
	ca     string // file with its certificate, "" for http
	files  map[string]string
	moved  map[string]string // path -> where it redirects to
	fetch  atomic.Int64      // requests of git
	gitEnv []string
}

// newHost serves on any port by http, or on port 443 of loopback by https.
func newHost(t *testing.T, secure bool) *host {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, root: t.TempDir(), files: map[string]string{}, moved: map[string]string{}}
	h.gitEnv = []string{"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "HOME=/nonexistent"}
	backend := &cgi.Handler{Path: git, Args: []string{"http-backend"}, Stderr: io.Discard,
		Env: append([]string{"GIT_PROJECT_ROOT=" + h.root, "GIT_HTTP_EXPORT_ALL=1"}, h.gitEnv...)}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text, ok := h.files[r.URL.Path]; ok {
			_, _ = io.WriteString(w, text)
			return
		}
		if to, ok := h.moved[r.URL.Path]; ok {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		h.fetch.Add(1)
		backend.ServeHTTP(w, r)
	}))
	if secure {
		l, err := net.Listen("tcp", "127.0.0.1:443")
		if err != nil {
			t.Skipf("an scp-style address has no port, and port 443 is not to be had: %v", err)
		}
		_ = s.Listener.Close()
		s.Listener = l
		s.StartTLS()
		h.ca = filepath.Join(t.TempDir(), "ca.pem")
		write(t, h.ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	h.url, h.addr = s.URL, s.Listener.Addr().String()
	if secure {
		h.url = "https://127.0.0.1"
	}
	return h
}

func (h *host) git(dir string, args ...string) string {
	h.t.Helper()
	cmd := exec.CommandContext(h.t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Env = append(os.Environ(), h.gitEnv...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// push commits files to the main branch of a repository, which is made when it
// is not there, and returns the commit.
func (h *host) push(name string, files map[string]string) string {
	h.t.Helper()
	bare := filepath.Join(h.root, name)
	work := onDisk(h.t, files, nil)
	if _, err := os.Stat(bare); err != nil {
		if err := os.MkdirAll(bare, 0o755); err != nil {
			h.t.Fatal(err)
		}
		h.git(bare, "init", "-q", "--bare")
	}
	h.git(work, "--git-dir="+bare, "--work-tree="+work, "add", "-A")
	h.git(work, "--git-dir="+bare, "--work-tree="+work, "commit", "-q", "-m", "x", "--allow-empty")
	return h.git(bare, "rev-parse", "main")
}

func (h *host) tag(name, tag, commit string) {
	h.git(filepath.Join(h.root, name), "tag", "-f", tag, commit)
}

// remotes allows this host, and no other.
func (h *host) remotes(entries ...string) *tree.Remotes {
	if entries == nil {
		entries = []string{h.url}
	}
	r := tree.NewRemotes(tree.RemoteOptions{Allow: entries, AllowPrivate: []string{h.addr}, CAFile: h.ca, Dir: filepath.Join(h.t.TempDir(), "mirrors")})
	h.t.Cleanup(func() { r.Close() })
	return r
}

// named is a ConfigMap.
func named(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"
}

// library is a host with three repositories and some files.
func library(t *testing.T, secure bool) (h *host, first string) {
	h = newHost(t, secure)
	at := func(name string) map[string]string {
		return map[string]string{
			"kustomization.yaml":      "resources: [root.yaml]\n",
			"root.yaml":               named("root-" + name),
			"base/kustomization.yaml": "resources: [r.yaml, ../shared]\nconfigMapGenerator: [{name: g, files: [t.txt]}]\n",
			"base/r.yaml":             named("base-" + name), "base/t.txt": name,
			"shared/kustomization.yml": "resources: [s.yaml]\n", "shared/s.yaml": service,
			"comp/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: comp-\n",
		}
	}
	first = h.push("org/one.git", at("first"))
	h.tag("org/one.git", "v1", first)
	h.git(filepath.Join(h.root, "org/one.git"), "branch", "feature/x", first)
	h.push("org/one.git", at("second"))
	h.push("p/_git/two", at("two"))
	h.push("org/three.git", map[string]string{
		"nested/kustomization.yaml": "namePrefix: nested-\nresources:\n- " + h.url + "/org/one.git//base?ref=v1\n- local.yaml\n", "nested/local.yaml": named("local"),
		"self/kustomization.yaml":  "resources: ['" + h.url + "/org/three.git//self?ref=main']\n",
		"climb/kustomization.yaml": "resources: [../../../../etc]\n",
		"file/kustomization.yaml":  "configMapGenerator: [{name: g, files: [../../../../../etc/hostname]}]\n",
	})
	h.files["/raw/r.yaml"] = named("raw")
	h.files["/raw/text"] = "text\n"
	h.files["/raw/a.env"] = "A=1\n"
	h.files["/raw/patch.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {patched: 'yes'}\n"
	return h, first
}

// commandEnv makes the command reach the host.
func (h *host) commandEnv() []string {
	env := append([]string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url." + h.url + "/.insteadOf", "GIT_CONFIG_VALUE_0=git@127.0.0.1:"}, h.gitEnv...)
	if h.ca != "" {
		env = append(env, "GIT_SSL_CAINFO="+h.ca, "SSL_CERT_FILE="+h.ca)
	}
	return env
}

// notAsTheCommand are cases in which the command clones without end or runs
// what the ref says.
var notAsTheCommand = map[string]gitops.Cause{"self": gitops.CauseLimit, "ref that is a switch": gitops.CauseRemote}

// TestRemoteBases compares every spelling with the command, over real smart HTTP.
func TestRemoteBases(t *testing.T) {
	h, first := library(t, false)
	r := newRenderer(t, Options{Remote: h.remotes()})
	list := func(entries ...string) string {
		return "resources:\n- r.yaml\n- " + strings.ReplaceAll(strings.Join(entries, "\n- "), "HOST", h.url) + "\n"
	}
	for name, text := range map[string]string{
		"double slash, tag":    list("HOST/org/one.git//base?ref=v1"),
		"branch":               list("HOST/org/one.git//base?ref=main"),
		"branch with a slash":  list("HOST/org/one//base?ref=feature/x"),
		"commit":               list("HOST/org/one.git//base?ref=" + first),
		"default branch":       list("HOST/org/one.git//base"),
		"suffix":               list("HOST/org/one.git/base?ref=v1"),
		"no marker":            list("HOST/org/one/base?ref=v1"),
		"root":                 list("HOST/org/one.git?ref=v1"),
		"root, no marker":      list("HOST/org/one?ref=v1"),
		"git::":                list("git::HOST/org/one.git//base?ref=v1"),
		"version":              list("HOST/org/one.git//base?version=v1"),
		"version and ref":      list("HOST/org/one.git//base?version=main&ref=v1"),
		"timeout, submodules":  list("HOST/org/one.git//base?timeout=120&ref=v1&submodules=false"),
		"_git":                 list("HOST/p/_git/two/base?ref=main"),
		"_git, version":        list("HOST/p/_git/two//base?version=main"),
		"two of them":          list("HOST/org/one.git//base?ref=v1", "HOST/p/_git/two?ref=main", "../local") + "namePrefix: all-\n",
		"nested":               list("HOST/org/three.git//nested?ref=main"),
		"bases":                "bases: ['" + h.url + "/org/one.git//base?ref=v1']\n",
		"component":            "resources: [r.yaml]\ncomponents: ['" + h.url + "/org/one.git//comp?ref=v1']\n",
		"file":                 list("HOST/raw/r.yaml"),
		"file of a generator":  "configMapGenerator:\n- name: g\n  files: ['" + h.url + "/raw/text', 'key=" + h.url + "/raw/text']\n",
		"env of a generator":   "configMapGenerator:\n- name: g\n  envs: ['" + h.url + "/raw/a.env']\n",
		"secret of a file":     "secretGenerator:\n- name: g\n  files: ['key=" + h.url + "/raw/text']\n",
		"patch":                "resources: [r.yaml]\npatches:\n- path: " + h.url + "/raw/patch.yaml\n",
		"strategic merge":      "resources: [r.yaml]\npatchesStrategicMerge: ['" + h.url + "/raw/patch.yaml']\n",
		"self":                 list("HOST/org/three.git//self?ref=main"),
		"climbs out":           list("HOST/org/three.git//climb?ref=main"),
		"reads outside":        list("HOST/org/three.git//file?ref=main"),
		"no such directory":    list("HOST/org/one.git//gone?ref=v1"),
		"no such ref":          list("HOST/org/one.git//base?ref=gone"),
		"no such repository":   list("HOST/org/gone.git//base?ref=v1"),
		"no such file":         list("HOST/raw/gone.yaml"),
		"dots in the address":  list("HOST/org/one.git//base/../shared?ref=v1"),
		"leaves the address":   list("HOST/org/one.git//../two?ref=v1"),
		"ref that is a switch": list("HOST/org/one.git//base?ref=--upload-pack=true"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"app/kustomization.yaml": text, "app/r.yaml": configMap, "local/kustomization.yaml": "resources: [l.yaml]\n", "local/l.yaml": named("l")}
			got := render(t, r, memory(files), "app")
			if cause, ok := notAsTheCommand[name]; ok {
				if got.Err == nil || got.Err.Cause != cause || got.Err.File != "app/kustomization.yaml" || got.Err.Line != 3 {
					t.Errorf("%+v", got.Err)
				}
				return
			}
			want, problem := kustomizeBuild(t, filepath.Join(onDisk(t, files, nil), "app"), h.commandEnv()...)
			switch {
			case problem != "" && got.Err == nil:
				t.Errorf("rendered, the command says %s", problem)
			case problem != "":
				t.Logf("%s: %v\nkustomize: %.300s", got.Err.Cause, got.Err, problem)
				if got.Err.File != "app/kustomization.yaml" || got.Err.Line != 3 || strings.Contains(got.Err.Error(), "/.remote") {
					t.Errorf("place: %+v", got.Err)
				}
			case got.Err != nil:
				t.Errorf("%s: %v", got.Err.Cause, got.Err)
			default:
				if diff := cmp.Diff(want, string(got.YAML())); diff != "" {
					t.Errorf("-kustomize +ours\n%s", diff)
				}
			}
		})
	}
}

// TestRemoteSecure compares scp-style and SSH addresses, which are fetched by
// https, and https files.
func TestRemoteSecure(t *testing.T) {
	h, _ := library(t, true)
	r := newRenderer(t, Options{Remote: h.remotes("127.0.0.1")})
	for _, entry := range []string{
		"git@127.0.0.1:org/one.git//base?ref=v1", "git@127.0.0.1:org/one?ref=v1", "git::git@127.0.0.1:org/one.git/base?ref=main",
		"https://127.0.0.1/org/one.git//base?ref=v1", "https://127.0.0.1/raw/r.yaml",
	} {
		files := map[string]string{"app/kustomization.yaml": "resources: ['" + entry + "']\n"}
		want, problem := kustomizeBuild(t, filepath.Join(onDisk(t, files, nil), "app"), h.commandEnv()...)
		if problem != "" {
			t.Fatal(problem)
		}
		if got := renders(t, r, memory(files), "app"); got != want {
			t.Errorf("%s: -kustomize +ours\n%s", entry, cmp.Diff(want, got))
		}
	}
}

// TestRemoteMoves moves a branch while two trees are compared: it stands for one
// commit on both sides.
func TestRemoteMoves(t *testing.T) {
	h, _ := library(t, false)
	remotes := h.remotes()
	r := newRenderer(t, Options{Remote: remotes})
	files := map[string]string{"app/kustomization.yaml": "resources: ['" + h.url + "/org/one.git?ref=main']\n"}
	base := memory(files)
	before := renders(t, r, base, "app")
	h.push("org/one.git", map[string]string{"kustomization.yaml": "resources: [root.yaml]\n", "root.yaml": named("moved")})
	head := memory(map[string]string{"app/kustomization.yaml": files["app/kustomization.yaml"] + "# changed\n"})
	if after := renders(t, r, head, "app"); after != before {
		t.Errorf("the branch moved between the sides: %s", cmp.Diff(before, after))
	}
	for pair, err := range r.Compare(t.Context(), comparisons(base, head, "app"), nil) {
		if err != nil || !pair.Same {
			t.Errorf("a difference: %+v %v", pair, err)
		}
	}
	later := newRenderer(t, Options{Remote: h.remotes()})
	if got := renders(t, later, head, "app"); got == before || !strings.Contains(got, "moved") {
		t.Errorf("a later comparison has the old commit:\n%s", got)
	}
}

// TestRemoteRefused names what is not allowed, with file and line.
func TestRemoteRefused(t *testing.T) {
	h, _ := library(t, false)
	inside := newHost(t, false) // not allowed: what an attacker would like to read
	inside.files["/latest/meta-data.yaml"] = named("stolen")
	inside.push("org/secret.git", map[string]string{"kustomization.yaml": "resources: [r.yaml]\n", "r.yaml": named("stolen")})
	h.moved["/raw/moved.yaml"] = inside.url + "/latest/meta-data.yaml"
	h.moved["/raw/metadata.yaml"] = "http://169.254.169.254/latest/meta-data"
	h.moved["/org/moved.git/info/refs"] = inside.url + "/org/secret.git/info/refs?service=git-upload-pack"
	h.push("org/lured.git", map[string]string{"kustomization.yaml": "resources: ['" + inside.url + "/org/secret.git?ref=main']\n"})
	h.push("org/raw.git", map[string]string{"kustomization.yaml": "configMapGenerator: [{name: g, files: ['x=" + inside.url + "/latest/meta-data.yaml']}]\n"})
	r := newRenderer(t, Options{Remote: h.remotes()})
	for name, entry := range map[string]string{
		"another host":               inside.url + "/org/secret.git?ref=main",
		"file of another host":       inside.url + "/latest/meta-data.yaml",
		"file that redirects":        h.url + "/raw/moved.yaml",
		"file that redirects away":   h.url + "/raw/metadata.yaml",
		"repository that redirects":  h.url + "/org/moved.git//x?ref=main",
		"base that names another":    h.url + "/org/lured.git?ref=main",
		"base that reads another":    h.url + "/org/raw.git?ref=main",
		"user that looks like it":    strings.Replace(h.url, "http://", "http://"+h.addr+"@", 1) + ".example/org/one.git?ref=main",
		"local repository":           "file://" + h.root + "/org/one.git?ref=main",
		"https instead of http":      strings.Replace(h.url, "http://", "https://", 1) + "/org/one.git?ref=main",
		"metadata":                   "http://169.254.169.254/latest/meta-data.yaml",
		"scp to an option":           "git@-oProxyCommand=x:org/one.git?ref=main",
		"percent signs in a path":    h.url + "/org/%2e%2e/one.git?ref=main",
		"name server of the machine": "http://localhost/org/one.git?ref=main",
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"app/kustomization.yaml": "namePrefix: x-\nresources:\n- r.yaml\n- " + entry + "\n", "app/r.yaml": configMap}
			got := render(t, r, memory(files), "app")
			if got.Err == nil {
				t.Fatalf("rendered\n%s", got.YAML())
			}
			t.Logf("%s %s: %v", got.Err.Code, got.Err.Cause, got.Err)
			if got.Err.Cause != gitops.CauseRemote || got.Err.File != "app/kustomization.yaml" || got.Err.Line != 4 {
				t.Errorf("%+v", got.Err)
			}
		})
	}
	if n := inside.fetch.Load(); n != 0 {
		t.Errorf("the host that is not allowed was asked %d times", n)
	}
}

// TestRemoteBounded has a repository that names itself under names that all
// differ: it ends.
func TestRemoteBounded(t *testing.T) {
	h := newHost(t, false)
	var entries strings.Builder
	for i := range maxMounts + 10 {
		fmt.Fprintf(&entries, "- %s/raw/%d.yaml\n", h.url, i)
		h.files[fmt.Sprintf("/raw/%d.yaml", i)] = named(fmt.Sprintf("c%d", i))
	}
	r := newRenderer(t, Options{Remote: h.remotes()})
	got := render(t, r, memory(map[string]string{"app/kustomization.yaml": "resources:\n" + entries.String()}), "app")
	if got.Err == nil || got.Err.Cause != gitops.CauseLimit || !strings.Contains(got.Err.Message, "512") || got.Err.Line == 0 {
		t.Errorf("%+v", got.Err)
	}
	if n := h.fetch.Load(); n > 0 {
		t.Errorf("%d requests", n)
	}
}
