package render

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
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
)

func mapOf(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
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
