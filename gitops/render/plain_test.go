package render

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/tree"
)

// deployed is a tree of files with what its units without a kustomization are
// rendered by.
func deployed(t *testing.T, files map[string]string) gitops.Tree {
	t.Helper()
	src := memory(files)
	l, err := layout.Read(t.Context(), src, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l.Tree(src)
}

const (
	argoApp = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: https://example.com/r, path: plain%s}}\n"
	fluxApp = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: ./plain, sourceRef: {kind: GitRepository, name: r}}\n"
)

func mapOf(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
}

// TestPlainExact compares the render of plain manifests with what the kustomize
// command makes of the same directory, once it has written a kustomization for it.
func TestPlainExact(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	for name, c := range map[string]struct {
		app    string
		create []string // options of kustomize create
		files  map[string]string
	}{
		"flat": {fmt.Sprintf(argoApp, ""), nil, map[string]string{
			"z.yaml": mapOf("z"), "a.yml": mapOf("a") + "---\n" + mapOf("b"),
			"list.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(mapOf("l")), "\n", "\n  ") + "\n",
		}},
		"deep": {fmt.Sprintf(argoApp, ", directory: {recurse: true}"), []string{"--recursive"}, map[string]string{
			"a/b.yaml": mapOf("b"), "a-b.yaml": mapOf("a-b"), "a.yaml": mapOf("a"), "a/b/c.yaml": mapOf("c"),
		}},
		"flux": {fluxApp, []string{"--recursive"}, map[string]string{
			"a/b.yaml": mapOf("b"), "built/kustomization.yaml": "namePrefix: x-\nresources: [in.yaml]\n", "built/in.yaml": mapOf("in"), "c.yml": mapOf("c"),
		}},
		"odd names": {fmt.Sprintf(argoApp, ""), nil, map[string]string{
			"- a: b #c.yaml": mapOf("a"), "x\ny.yaml": mapOf("b"), `"q"\.yaml`: mapOf("c"), "é😀.yaml": mapOf("d"), "~.yaml": mapOf("e"), "{{x}}.yaml": mapOf("f"),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			all := map[string]string{"app.yaml": c.app}
			for p, text := range c.files {
				all["plain/"+p] = text
			}
			got := renders(t, r, deployed(t, all), "plain")

			dir := filepath.Join(onDisk(t, all, nil), "plain")
			program, err := kustomizeProgram()
			if err != nil {
				t.Fatal(err)
			}
			create := exec.CommandContext(t.Context(), program, append([]string{"create", "--autodetect"}, c.create...)...)
			create.Dir = dir
			if out, err := create.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want, problem := kustomizeBuild(t, dir)
			if problem != "" {
				text, _ := os.ReadFile(filepath.Join(dir, "kustomization.yaml"))
				t.Fatalf("%s\n%s", problem, text)
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestPlainAlone lets nobody else build what has no kustomization.
func TestPlainAlone(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	src := deployed(t, map[string]string{
		"app.yaml": fmt.Sprintf(argoApp, ""), "plain/a.yaml": mapOf("a"), "wrap/kustomization.yaml": "resources: [../plain]\n",
	})
	if got := render(t, r, src, "wrap"); got.Err == nil || got.Err.Cause != gitops.CauseMissing {
		t.Errorf("%v", got.Err)
	}
}

// TestPlainRing is a unit whose sub-directory comes back to it.
func TestPlainRing(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1, Timeout: time.Minute})
	src := deployed(t, map[string]string{"app.yaml": fluxApp, "plain/a.yaml": mapOf("a"), "plain/sub/kustomization.yaml": "resources: [../]\n"})
	got := render(t, r, src, "plain")
	if got.Err == nil || got.Err.Cause != gitops.CauseCycle {
		t.Errorf("%v", got.Err)
	}
}

// TestPlainErrors name files that are there.
func TestPlainErrors(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	for name, c := range map[string]struct{ text, file string }{
		"no YAML":  {"kind: A\nx: [\n", "plain/b.yaml"},
		"no name":  {"apiVersion: v1\nkind: ConfigMap\n", "plain/b.yaml"},
		"twice":    {mapOf("a"), "plain/b.yaml"},
		"an alias": {"kind: A\nd: &d [*d]\n", ""},
		"LFS":      {lfsPrefix + "v1\nkind: A\n", "plain/b.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			src := deployed(t, map[string]string{"app.yaml": fmt.Sprintf(argoApp, ""), "plain/a.yaml": mapOf("a"), "plain/b.yaml": c.text})
			got := render(t, r, src, "plain")
			if got.Err == nil || strings.Contains(got.Err.Error(), "kustomization.yaml") {
				t.Fatalf("%v", got.Err)
			}
			if got.Err.File != c.file {
				t.Errorf("file %q, want %q: %v", got.Err.File, c.file, got.Err)
			}
		})
	}
	src := tree.MemoryWith(map[string]tree.File{
		"app.yaml": {Content: fmt.Sprintf(argoApp, "")}, "plain/a.yaml": {Content: mapOf("a")}, "out.yaml": {Content: mapOf("out")},
		"plain/link.yaml": {Kind: gitops.Symlink, Content: "../out.yaml"},
	})
	l, err := layout.Read(t.Context(), src, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := render(t, r, l.Tree(src), "plain"); got.Err == nil || got.Err.File != "plain/link.yaml" {
		t.Errorf("%v", got.Err)
	}
}

// TestPlainCompare has a kustomization on neither side, or on one of them.
func TestPlainCompare(t *testing.T) {
	cache, err := OpenCache(t.TempDir(), [32]byte{1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := newRenderer(t, Options{Workers: 1, Cache: cache})
	app := fmt.Sprintf(argoApp, "")
	base := map[string]string{"app.yaml": app, "plain/a.yaml": mapOf("a"), "other/x": "1"}
	for name, c := range map[string]struct {
		head map[string]string
		want string // how many objects before and after, "" for no pair
	}{
		"nothing":             {map[string]string{"app.yaml": app, "plain/a.yaml": mapOf("a"), "other/x": "2"}, ""},
		"a file more":         {map[string]string{"app.yaml": app, "plain/a.yaml": mapOf("a"), "plain/b.yaml": mapOf("b")}, "1 2"},
		"a real one":          {map[string]string{"app.yaml": app, "plain/a.yaml": mapOf("a"), "plain/kustomization.yaml": "resources: [a.yaml]\nnamePrefix: x-\n"}, "1 1"},
		"a real one, equal":   {map[string]string{"app.yaml": app, "plain/a.yaml": mapOf("a"), "plain/kustomization.yml": "resources: [a.yaml]\n"}, ""},
		"nothing deploys it":  {map[string]string{"plain/a.yaml": mapOf("a")}, "1 -"},
		"nothing is in there": {map[string]string{"app.yaml": app, "plain/README.md": ""}, "1 -"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // with a cold cache, and with a warm one
				for turned, sides := range [][2]map[string]string{{base, c.head}, {c.head, base}} {
					if got := compared(t.Context(), t, r, deployed(t, sides[0]), deployed(t, sides[1])); got != turnedTo(turned, c.want) {
						t.Errorf("turned %d: %q, want %q", turned, got, c.want)
					}
				}
			}
		})
	}
}

func turnedTo(turned int, want string) string {
	before, after, ok := strings.Cut(want, " ")
	if turned == 0 || !ok {
		return want
	}
	return after + " " + before
}

func compared(ctx context.Context, t *testing.T, r *Renderer, base, head gitops.Tree) string {
	t.Helper()
	count := func(r *gitops.Rendered) string {
		switch {
		case r == nil:
			return "-"
		case r.Err != nil:
			return r.Err.Error()
		}
		return fmt.Sprint(len(r.Objects))
	}
	for pair, err := range r.Compare(ctx, comparisons(base, head, "plain"), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if !pair.Same {
			return count(pair.Before) + " " + count(pair.After)
		}
	}
	return ""
}
