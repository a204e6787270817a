package commands

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/render"
	"github.com/sealift/sealift/gitops/tree"
)

func TestMain(m *testing.M) {
	if render.IsWorker() {
		os.Exit(render.WorkerMain())
	}
	os.Exit(m.Run())
}

func newRenderer(t *testing.T) *render.Renderer {
	t.Helper()
	r, err := render.New(render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// edited returns files with others in their place; "" removes one.
func edited(files map[string]string, kv ...string) map[string]string {
	out := maps.Clone(files)
	for i := 0; i < len(kv); i += 2 {
		if out[kv[i]] = kv[i+1]; kv[i+1] == "" {
			delete(out, kv[i])
		}
	}
	return out
}

func configMap(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"
}

// store is two environments of an app, a base, a component and a document.
func store() map[string]string {
	return map[string]string{
		"apps/web/base/kustomization.yaml":          "resources: [c.yaml]\n",
		"apps/web/base/c.yaml":                      configMap("web"),
		"apps/web/overlays/dev/kustomization.yaml":  "resources: [../../base]\nnamespace: dev\n",
		"apps/web/overlays/prod/kustomization.yaml": "resources: [../../base]\nnamespace: prod\ncomponents: [../../../../components/c]\n",
		"components/c/kustomization.yaml":           "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {a: b}\n",
		"docs/README.md":                            "# Hello\n",
	}
}

// brief is a report on a few lines.
func brief(r gitops.Report) []string {
	var list []string
	for _, o := range r.Overlays {
		line := string(o.Status) + " " + o.Path
		if o.MovedFrom != "" {
			line += " from " + o.MovedFrom
		}
		if o.After != nil && o.After.Err != nil {
			line += " " + string(o.After.Err.Cause)
		}
		list = append(list, line)
	}
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s %s %s:%d", f.Severity, f.Rule, f.File, f.Line))
	}
	return list
}

func TestDiff(t *testing.T) {
	const dev, prod, base = "apps/web/overlays/dev", "apps/web/overlays/prod", "apps/web/base"
	r := newRenderer(t)
	for name, c := range map[string]struct {
		base, head map[string]string
		overlays   string
		want       []string
		considered int
	}{
		"a document":           {store(), edited(store(), "docs/README.md", "# Bye\n", "docs/new.md", "x"), AutoOverlays, nil, 2},
		"nothing":              {store(), store(), AllOverlays, nil, 4},
		"the base, prod first": {store(), edited(store(), base+"/c.yaml", configMap("site")), AutoOverlays, []string{"changed " + prod, "changed " + dev}, 2},
		"the base, all":        {store(), edited(store(), base+"/c.yaml", configMap("site")), AllOverlays, []string{"changed " + prod, "changed " + dev, "changed " + base}, 4},
		"the component":        {store(), edited(store(), "components/c/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {a: c}\n"), AutoOverlays, []string{"changed " + prod}, 2},
		"a glob":               {store(), edited(store(), base+"/c.yaml", configMap("site")), "**/dev", []string{"changed " + dev}, 1},
		"a comment":            {store(), edited(store(), base+"/c.yaml", "# why\n"+configMap("web")), AllOverlays, nil, 4},
		"a new environment":    {store(), edited(store(), "apps/web/overlays/test/kustomization.yaml", "resources: [../../base]\nnamespace: test\n"), AutoOverlays, []string{"added apps/web/overlays/test"}, 3},
		"an environment goes":  {store(), edited(store(), dev+"/kustomization.yaml", ""), AutoOverlays, []string{"removed " + dev}, 2},
		"an environment moves": {store(), edited(store(), dev+"/kustomization.yaml", "", "apps/web/overlays/qa/kustomization.yaml", store()[dev+"/kustomization.yaml"]), AutoOverlays, []string{"moved apps/web/overlays/qa from " + dev}, 3},
		"it breaks, worst first": {store(), edited(store(), dev+"/kustomization.yaml", "resources: [../../base, gone.yaml]\nnamespace: dev\n", base+"/c.yaml", configMap("site")), AutoOverlays,
			[]string{"render-error-after " + dev + " missing-file", "changed " + prod, "error missing-file " + dev + "/kustomization.yaml:1"}, 2},
		"it is repaired": {edited(store(), dev+"/kustomization.yaml", "resources: [../../base, gone.yaml]\n"), store(), AutoOverlays, []string{"render-error-before " + dev}, 2},
		"it stays broken": {edited(store(), dev+"/kustomization.yaml", "resources: [gone.yaml]\n"), edited(store(), dev+"/kustomization.yaml", "resources: [gone.yaml]\nnamespace: x\n"), AutoOverlays,
			[]string{"render-error-both " + dev + " missing-file"}, 2},
		"a component alone":                       {store(), edited(store(), "components/d/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"), AutoOverlays, nil, 2},
		"configuration that is wrong at the head": {store(), edited(store(), ".sealift.yaml", "version: 1\ncolour: red\n"), AutoOverlays, []string{"error config .sealift.yaml:2"}, 2},
		"a secret, allowed by the base": {edited(store(), ".sealift.yaml", "version: 1\nchecks:\n  plain-secret: {allow: ['apps/**']}\n"),
			edited(store(), ".sealift.yaml", "version: 1\nchecks:\n  plain-secret: {allow: ['apps/**']}\n", base+"/c.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: b}\n"), "**/dev", []string{"changed " + dev}, 1},
		"a secret, allowed by itself": {store(), edited(store(), ".sealift.yaml", "version: 1\nchecks:\n  plain-secret: {severity: 'off'}\n", base+"/c.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: b}\n"), "**/dev",
			[]string{"changed " + dev, "error plain-secret " + base + "/c.yaml:4"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var steps atomic.Int64
			got, err := Diff{Base: tree.Memory(c.base), Head: tree.Memory(c.head), Overlays: c.overlays, Renderer: r,
				Progress: func(done, total int) {
					if done < 1 || done > total {
						t.Errorf("progress %d of %d", done, total)
					}
					steps.Add(1)
				}}.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, brief(got.Report)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got.Report.Considered != c.considered {
				t.Errorf("%d overlays, want %d", got.Report.Considered, c.considered)
			}
			if len(got.Report.Overlays) > 0 && steps.Load() == 0 {
				t.Error("no progress")
			}
		})
	}
}

func TestDiffErrors(t *testing.T) {
	r := newRenderer(t)
	for name, c := range map[string]struct {
		base     map[string]string
		overlays string
		code     gitops.Code
		says     string
	}{
		"glob of nothing":        {store(), "nope/**", gitops.NotFound, `"nope/**"`},
		"no glob":                {store(), "[", gitops.Invalid, "not a glob"},
		"configuration is wrong": {edited(store(), ".sealift.yaml", "version: 1\ncolour: red\n"), AutoOverlays, gitops.Invalid, "colour"},
	} {
		_, err := Diff{Base: tree.Memory(c.base), Head: tree.Memory(edited(c.base, "x", "y")), Overlays: c.overlays, Renderer: r}.Run(t.Context())
		if gitops.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Diff{Base: tree.Memory(store()), Head: tree.Memory(edited(store(), "apps/web/base/c.yaml", configMap("x"))), Overlays: AllOverlays, Renderer: r}.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
}

func TestValidation(t *testing.T) {
	r := newRenderer(t)
	secret := edited(store(), "apps/web/base/c.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: b}\n")
	broken := edited(store(), "apps/web/overlays/dev/kustomization.yaml", "resources: [gone.yaml]\n")
	remote := edited(store(), "apps/web/overlays/dev/kustomization.yaml", "resources: ['https://example.com/o/r//d?ref=main']\n")
	for name, c := range map[string]struct {
		files  map[string]string
		want   []string
		failed bool
	}{
		"nothing wrong":   {store(), nil, false},
		"secret":          {secret, []string{"error plain-secret apps/web/base/c.yaml:4"}, true},
		"secret, off":     {edited(secret, ".sealift.yaml", "version: 1\nchecks: {plain-secret: {severity: 'off'}}\n"), nil, false},
		"secret, a note":  {edited(secret, ".sealift.yaml", "version: 1\nchecks: {plain-secret: {severity: note}}\n"), []string{"note plain-secret apps/web/base/c.yaml:4"}, false},
		"secret, allowed": {edited(secret, ".sealift.yaml", "version: 1\nchecks: {plain-secret: {allow: ['apps/web/base/*']}}\n"), nil, false},
		"never fails":     {edited(secret, ".sealift.yaml", "version: 1\nfail-on: never\n"), []string{"error plain-secret apps/web/base/c.yaml:4"}, false},
		"a warning fails": {edited(secret, ".sealift.yaml", "version: 1\nfail-on: warning\nchecks: {plain-secret: {severity: warning}}\n"), []string{"warning plain-secret apps/web/base/c.yaml:4"}, true},
		"broken":          {broken, []string{"error missing-file apps/web/overlays/dev/kustomization.yaml:1"}, true},
		"remote":          {remote, []string{"warning render-error apps/web/overlays/dev/kustomization.yaml:1", "warning unpinned-remote apps/web/overlays/dev/kustomization.yaml:1"}, false},
		"configuration": {edited(store(), ".sealift.yaml", "version: 1\ncolour: red\nfail-on: maybe\n"),
			[]string{"error config .sealift.yaml:2", "error config .sealift.yaml:3"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Validation{Tree: tree.Memory(c.files), Renderer: r}.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, brief(gitops.Report{Findings: got.Findings})); diff != "" || got.Failed != c.failed || got.Overlays != 2 {
				t.Errorf("failed %t, %d overlays: -want +got\n%s", got.Failed, got.Overlays, diff)
			}
		})
	}
	list, err := Validation{Tree: tree.Memory(store()), Renderer: r}.List(t.Context())
	if want := []gitops.Overlay{{Path: "apps/web/overlays/dev", App: "web", Environment: "dev"}, {Path: "apps/web/overlays/prod", App: "web", Environment: "prod"}}; err != nil || !slices.Equal(list, want) {
		t.Errorf("%+v %v", list, err)
	}
}

// TestDiffElsewhere breaks an overlay in a way that says something against the change,
// and in ways that do not: Helm, plugins and other repositories are not at hand here.
func TestDiffElsewhere(t *testing.T) {
	r := newRenderer(t)
	for text, failed := range map[string]bool{
		"resources: [gone.yaml]\n": true,
		"helmCharts: [{name: db, repo: https://example.com, version: 1.0.0}]": false,
		"resources:\n- https://github.com/org/repo?ref=v1\n":                  false,
	} {
		files := store()
		base := tree.Memory(files)
		head := tree.Memory(edited(files, "apps/web/overlays/dev/kustomization.yaml", text))
		got, err := Diff{Base: base, Head: head, Overlays: AutoOverlays, Renderer: r}.Run(t.Context())
		if err != nil || got.Failed != failed || len(got.Report.Overlays) != 1 {
			t.Errorf("%s: failed %t, want %t; error %v\n%s", text, got.Failed, failed, err, brief(got.Report))
		}
	}
}
