package render

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

func TestMain(m *testing.M) {
	if IsWorker() {
		os.Exit(WorkerMain())
	}
	if os.Args[0] == probeName {
		os.Exit(probe(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func newRenderer(t testing.TB, o Options) *Renderer {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute // a slow machine is no failure
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func memory(files map[string]string) gitops.Tree { return tree.Memory(files) }

// render renders and fails the test on an error that is not the overlay's.
func render(t *testing.T, r *Renderer, src gitops.Tree, p string) gitops.Rendered {
	t.Helper()
	got, err := r.Render(t.Context(), src, p)
	if err != nil {
		t.Fatalf("render %s: %v", p, err)
	}
	return got
}

// renders is render for an overlay that must render.
func renders(t *testing.T, r *Renderer, src gitops.Tree, p string) string {
	t.Helper()
	got := render(t, r, src, p)
	if got.Err != nil {
		t.Fatalf("render %s: %v", p, got.Err)
	}
	return string(got.YAML())
}

// kustomizeProgram returns the command whose output ours equals. It is installed
// when it is not there.
var kustomizeProgram = sync.OnceValues(func() (string, error) {
	bin, err := filepath.Abs("../../.cache/bin")
	if err != nil {
		return "", err
	}
	for _, name := range []string{filepath.Join(bin, "kustomize"), "kustomize"} {
		if out, err := exec.Command(name, "version").Output(); err == nil && strings.TrimSpace(string(out)) == Version {
			return exec.LookPath(name)
		}
	}
	install := exec.Command("go", "install", "sigs.k8s.io/kustomize/kustomize/v5@"+Version)
	install.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	install.Stderr = os.Stderr
	return filepath.Join(bin, "kustomize"), install.Run()
})

// kustomizeBuild runs the command on a directory, in a process of its own.
func kustomizeBuild(t *testing.T, dir string, env ...string) (out string, problem string) {
	t.Helper()
	program, err := kustomizeProgram()
	if err != nil {
		t.Fatalf("kustomize %s: %v", Version, err)
	}
	cmd := exec.CommandContext(t.Context(), program, "build", dir)
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", err.Error() + ": " + stderr.String()
	}
	return stdout.String(), ""
}

// onDisk writes files below a new directory; links are symlinks by path.
func onDisk(t *testing.T, files, links map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	place := func(p string) string {
		p = filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for p, text := range files {
		if err := os.WriteFile(place(p), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for p, target := range links {
		if err := os.Symlink(target, place(p)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// withLinks is a tree of files and symlinks.
func withLinks(files, links map[string]string) gitops.Tree {
	all := map[string]tree.File{}
	for p, text := range files {
		all[p] = tree.File{Content: text}
	}
	for p, target := range links {
		all[p] = tree.File{Content: target, Kind: gitops.Symlink}
	}
	return tree.MemoryWith(all)
}

// TestReads says what a render looks at: what it reads, and what it looks for
// and does not find.
func TestReads(t *testing.T) {
	r := newRenderer(t, Options{})
	src := withLinks(map[string]string{
		"app/kustomization.yaml": "namePrefix: a-\nresources: [cm.yaml, ../base, ../linked]\n",
		"app/cm.yaml":            configMap,
		"base/kustomization.yml": "resources: [cm.yaml]\n",
		"base/cm.yaml":           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n",
		"real/kustomization.yaml": "resources: [../unread.yaml]\n" +
			"", "unread.yaml": configMap,
		"other/kustomization.yaml": "resources: [x]\n",
	}, map[string]string{"linked": "real"})
	got := render(t, r, src, "app")
	kinds := map[string]gitops.Kind{}
	for _, read := range got.Reads {
		kinds[read.Path] = read.Kind
		if e := src.Lookup(read.Path); e.Kind != read.Kind || read.Kind == gitops.File && e.ID != read.ID {
			t.Errorf("read %+v, the tree has %+v", read, e)
		}
	}
	for p, want := range map[string]gitops.Kind{
		"app": gitops.Dir, "app/kustomization.yaml": gitops.File, "app/kustomization.yml": gitops.Missing, "app/Kustomization": gitops.Missing,
		"app/cm.yaml": gitops.File, "base/kustomization.yaml": gitops.Missing, "base/kustomization.yml": gitops.File,
		"base/cm.yaml": gitops.File, "linked": gitops.Symlink, "real/kustomization.yaml": gitops.File,
	} {
		if kind, ok := kinds[p]; !ok || kind != want {
			t.Errorf("read of %s: %v %t, want %v", p, kind, ok, want)
		}
	}
	if _, ok := kinds["other/kustomization.yaml"]; ok {
		t.Error("it read what nothing names")
	}
}

// killing is a tree whose files, read the first time, kill something.
type killing struct {
	gitops.Tree
	once *sync.Once
	kill func()
}

func (k *killing) Read(ctx context.Context, p string) ([]byte, error) {
	k.once.Do(k.kill)
	return k.Tree.Read(ctx, p)
}

// TestWorkerKilled kills a worker in the middle of a render, as the kernel does
// when memory runs out. That overlay fails and the next one renders.
func TestWorkerKilled(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	p, err := r.spawn(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	r.release(p, false)
	src := memory(app("resources: [r.yaml]\n"))
	got := render(t, r, &killing{src, &sync.Once{}, func() { _ = p.cmd.Process.Kill() }}, "app")
	if got.Err == nil || got.Err.Cause != gitops.CauseLimit || !strings.Contains(got.Err.Message, "killed") {
		t.Errorf("a killed worker: %+v", got.Err)
	}
	if renders(t, r, src, "app") == "" {
		t.Error("nothing rendered afterwards")
	}
	if s := r.Stats(); s.Broken != 1 || s.Workers != 2 {
		t.Errorf("%+v, want one broken worker of two", s)
	}
}
