package layout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
)

// application is one document; source is YAML in flow style, without the repository.
func application(name, source string) string {
	return "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: " + name + "}\nspec:\n  source: {repoURL: https://example.com/acme/gitops, " + source + "}\n"
}

func read(t *testing.T, files map[string]string, m Memo) *Layout {
	t.Helper()
	l, err := Read(t.Context(), newMemory(files), nil, m)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func unitPaths(l *Layout) []string {
	var out []string
	for _, o := range l.Overlays {
		out = append(out, o.Path)
	}
	return out
}

func TestMemo(t *testing.T) {
	tree := generated(5)
	m := memo{}
	want, err := Read(t.Context(), tree, nil, m)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Overlays) != 20 {
		t.Fatalf("%d overlays", len(want.Overlays))
	}
	kept := string(m[memoName])
	again := func(m memo) int {
		t.Helper()
		before := tree.reads
		got, err := Read(t.Context(), tree, nil, m)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Overlays, got.Overlays); diff != "" {
			t.Error(diff)
		}
		return tree.reads - before
	}
	if n := again(m); n != 0 {
		t.Errorf("%d reads with a full memo", n)
	}
	all := again(memo{})
	for name, data := range map[string]string{
		"empty":     "",
		"short":     kept[:10],
		"cut":       kept[:len(kept)-1],
		"bit":       kept[:100] + string(kept[100]^1) + kept[101:],
		"not ours":  strings.Repeat("x", 1000),
		"too large": kept + strings.Repeat(" ", maxMemo),
	} {
		if n := again(memo{memoName: []byte(data)}); n != all {
			t.Errorf("memo %s: %d reads, want %d", name, n, all)
		}
	}
}

// TestMemoBlobs checks that only blobs that differ are read, and that a file's
// name counts too.
func TestMemoBlobs(t *testing.T) {
	m := memo{}
	files := map[string]string{"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "namespace: x\n", "c/other.yaml": "resources: [../b]\n"}
	read(t, files, m)
	files["c/kustomization.yaml"] = files["a/kustomization.yaml"]
	files["d/kustomization.yaml"] = "namespace: d\n"
	delete(files, "a/kustomization.yaml")
	tree := newMemory(files)
	l, err := Read(t.Context(), tree, nil, m)
	if err != nil {
		t.Fatal(err)
	}
	if tree.reads != 1 {
		t.Errorf("%d reads, want 1", tree.reads)
	}
	if diff := cmp.Diff([]string{"c", "d"}, unitPaths(l)); diff != "" {
		t.Error(diff)
	}
}

func TestMemoBounded(t *testing.T) {
	m := memo{}
	for round := range 5 {
		files := map[string]string{}
		for i := range 1_500 {
			files[fmt.Sprintf("d%d/kustomization.yaml", i)] = fmt.Sprintf("resources: [r%d-%d]\n", round, i)
		}
		read(t, files, m)
	}
	if k := loadKnown(m); len(k.said) != 1_500+spare {
		t.Errorf("%d blobs are kept", len(k.said))
	}
}

type brokenMemo struct{}

func (brokenMemo) Load(string) ([]byte, bool) { return []byte("x"), true }
func (brokenMemo) Store(string, []byte) error { return errors.New("no space left on device") }

func TestBrokenMemo(t *testing.T) {
	l := read(t, map[string]string{"a/kustomization.yaml": "namespace: x\n"}, brokenMemo{})
	if diff := cmp.Diff([]string{"a"}, unitPaths(l)); diff != "" {
		t.Error(diff)
	}
}

func TestRefs(t *testing.T) {
	l := read(t, map[string]string{
		"a/kustomization.yaml": `
resources: [r.yaml, ../b, https://example.org/x.yaml, gone.yaml, /etc/passwd, ../../out]
bases: [../c]
components: [../comp]
patches: [{path: p1.yaml}, {patch: inline}]
patchesStrategicMerge: [p2.yaml, "kind: X\nname: y\n"]
patchesJson6902: [{path: p3.yaml}]
generators: [g.yaml]
transformers: [t.yaml]
validators: [v.yaml]
configurations: [conf.yaml]
crds: [crd.json]
openapi: {path: o.json}
replacements: [{path: rep.yaml}]
configMapGenerator: [{files: [k=f1.txt, f2.txt, "x=y"], envs: [e1.env], env: e2.env}]
secretGenerator: [{files: [s.txt]}]
helmCharts: [{valuesFile: values.yaml, additionalValuesFiles: [more.yaml]}]
`,
		"b/kustomization.yaml": "", "c/kustomization.yaml": "", "comp/kustomization.yaml": "kind: Component",
		"a/r.yaml": "", "a/p1.yaml": "", "a/p2.yaml": "", "a/p3.yaml": "", "a/g.yaml": "", "a/t.yaml": "", "a/v.yaml": "", "a/conf.yaml": "",
		"a/crd.json": "", "a/o.json": "", "a/rep.yaml": "", "a/f1.txt": "", "a/f2.txt": "", "a/x=y": "", "a/e1.env": "", "a/e2.env": "",
		"a/s.txt": "", "a/values.yaml": "", "a/more.yaml": "", "etc/passwd": "",
	}, nil)
	want := strings.Fields("a/conf.yaml a/crd.json a/e1.env a/e2.env a/f1.txt a/f2.txt a/g.yaml a/more.yaml a/o.json a/p1.yaml a/p2.yaml a/p3.yaml a/r.yaml a/rep.yaml a/s.txt a/t.yaml a/v.yaml a/values.yaml a/x=y b c comp")
	if diff := cmp.Diff(want, l.Refs("a")); diff != "" {
		t.Error(diff)
	}
	if !l.Component("comp") || l.Component("b") {
		t.Error("Component is wrong")
	}
}

func TestChain(t *testing.T) {
	l := read(t, map[string]string{
		"web/overlays/prod/kustomization.yaml": "", "web/overlays/dev/kustomization.yaml": "",
		"api/overlays/staging/kustomization.yaml": "", "api/overlays/prod/kustomization.yaml": "",
	}, nil)
	if diff := cmp.Diff([]string{"dev", "staging", "prod"}, l.Environments); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"dev", "prod"}, l.Chain("web")); diff != "" {
		t.Error(diff)
	}
	if l.Rank("staging") != 1 || l.Rank("none") != -1 {
		t.Error("Rank is wrong")
	}
}

func TestEnvironmentOrder(t *testing.T) {
	n := newNamer(&Config{}, []string{"b-dev", "a-stage", "odd"}, nil)
	var overlays []gitops.Overlay
	for _, env := range strings.Fields("ring-10 ring-2 prod PreProd uat qa test dev odd a-stage int zone") {
		overlays = append(overlays, gitops.Overlay{Environment: env})
	}
	want := strings.Fields("b-dev dev test qa int a-stage odd uat PreProd prod ring-2 ring-10 zone")
	if diff := cmp.Diff(want, n.order(overlays)); diff != "" {
		t.Error(diff)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Read(ctx, generated(1), nil, nil)
	if !errors.Is(err, context.Canceled) || gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("error = %v", err)
	}
}

// failing is a tree whose disk fails.
type failing struct{ *memory }

func (failing) Read(context.Context, string) ([]byte, error) {
	return nil, gitops.Errorf(gitops.Unavailable, "git is gone")
}

func TestUnavailable(t *testing.T) {
	_, err := Read(t.Context(), failing{generated(1)}, nil, nil)
	if gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("error = %v", err)
	}
}

func TestHostileTree(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9))
	}
	set := func(generators, path string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: x}\nspec:\n  goTemplate: true\n  generators:\n  " + generators +
			"\n  template: {spec: {source: {path: '" + path + "'}}}\n"
	}
	list := "- list: {elements: [" + strings.Repeat("{a: b},", 3_000) + "]}"
	matrix := func(n int) string {
		m := "{list: {elements: [" + strings.Repeat("{a: b},", 200) + "]}}"
		for range n {
			m = "{matrix: {generators: [" + m + "," + m + "]}}"
		}
		return "- " + m
	}
	many := map[string]string{}
	for i := range 20_000 {
		many[fmt.Sprintf("d/%d.yaml", i)] = "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
	}
	deep := strings.Repeat("a/", 2_000)
	chain := map[string]string{}
	for i := range 5_000 {
		chain[fmt.Sprintf("d%d/kustomization.yaml", i)] = fmt.Sprintf("resources: [../d%d]\n", i+1)
	}
	for name, files := range map[string]map[string]string{
		"alias bomb":          {"k/kustomization.yaml": bomb + "resources: *j\n", "a.yaml": bomb + set(list, "{{.a}}")},
		"bomb as generators":  {"a.yaml": bomb + "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {generators: *j, template: {spec: {source: {path: '{{.x}}'}}}}\n"},
		"self alias":          {"k/kustomization.yaml": "resources: &d [*d]\n", "a.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: &s {generators: [*s], template: {spec: {source: {path: '{{.x}}'}}}}\n"},
		"deep nesting":        {"k/kustomization.yaml": "resources: " + strings.Repeat("[", 500_000), "a.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: " + strings.Repeat("{a: ", 9_000) + strings.Repeat("}", 9_000)},
		"50 MB":               {"k/kustomization.yaml": "resources: [" + strings.Repeat("x", 50<<20) + "]"},
		"many entries":        {"k/kustomization.yaml": "resources: [" + strings.Repeat("a,", 300_000) + "]"},
		"matrix of matrices":  {"a.yaml": set(matrix(2), "{{.a}}"), "b.yaml": set(matrix(6), "{{.a}}")},
		"template that grows": {"a.yaml": set(list, `{{ "a" | replace "a" "`+strings.Repeat("a", 500)+`" | replace "a" "`+strings.Repeat("a", 500)+`" }}`)},
		"template that loops": {"a.yaml": set(list, `{{ range 10000000000 }}{{ end }}`), "b.yaml": set(list, `{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}`)},
		"wide printf":         {"a.yaml": set(list, `{{ printf "%%1000000000d" 1 }}`), "b.yaml": set(list, `{{ printf "%1000000000d" 1 }}`)},
		"many notes":          many,
		"names":               {"`@team`/<!-- -->\u202e\n\x00/kustomization.yaml": "resources: [\"\\0\", \"\\n\"]", "-n/kustomization.yaml": "", deep + "kustomization.yaml": "", "\xff/overlays/\xfe/kustomization.yaml": ""},
		"links":               {"k/kustomization.yaml": "-> kustomization.yaml", "l/kustomization.yaml": "-> /etc/passwd", "m/kustomization.yaml": "-> ../../../etc/passwd", "loop": "-> loop", "n/kustomization.yaml": "resources: [../loop/x, ../dir]", "dir": "-> ."},
		"long chain":          chain,
		"bad bytes":           {"k/kustomization.yaml": "resources: [\xff\xfe]\x00", "a.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\xff\x00"},
		"a file as directory": {"pipelines.yaml/kustomization.yaml": "", ".sealift.yaml/x": ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := read(t, files, memo{})
			if len(l.Notes) > maxNotes+1 {
				t.Errorf("%d notes", len(l.Notes))
			}
			for _, n := range l.Notes {
				if strings.ContainsAny(n.Message, "\n\x00\u202e") {
					t.Errorf("note with control characters: %q", n.Message)
				}
			}
			if !slices.IsSorted(l.Kustomizations) || !slices.IsSorted(unitPaths(l)) {
				t.Error("not sorted")
			}
		})
	}
}

// TestFileLimit checks that reading stops at the limit of a file and that the
// directory is a unit all the same.
func TestFileLimit(t *testing.T) {
	l := read(t, map[string]string{
		"big/kustomization.yaml":  "resources: [../base]\n#" + strings.Repeat("x", maxFile),
		"base/kustomization.yaml": "namespace: x\n",
	}, nil)
	if diff := cmp.Diff([]string{"base", "big"}, unitPaths(l)); diff != "" {
		t.Error(diff)
	}
}

func FuzzKustomization(f *testing.F) {
	f.Add([]byte("resources: [a, ../b]\nbases: &x [c]\ncomponents: *x\npatches: [{path: p, target: {kind: Application}}]\nkind: Component\n"), "overlays/prod")
	f.Add([]byte("\xef\xbb\xbfresources:\n- \n- configMapGenerator: [{files: [a=b]}]\n"), "components/x/production")
	f.Fuzz(func(t *testing.T, data []byte, dir string) {
		l := read(t, map[string]string{"k/kustomization.yaml": string(data), "k/x": "", "b/Kustomization": string(data)}, nil)
		for _, ref := range l.Refs("k") {
			if ref == ".." || strings.HasPrefix(ref, "../") || strings.HasPrefix(ref, "/") {
				t.Errorf("reference leaves the tree: %q", ref)
			}
		}
		l.Overlay(dir)
	})
}

func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		"apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {path: a}, sources: [{path: b, repoURL: c}]}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {path: ./a, sourceRef: {kind: Bucket}}\n",
		"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  generators:\n  - matrix: {generators: [{git: {directories: [{path: '*'}, {path: b, exclude: true}], values: {x: '{{path[0]}}'}}}, {list: {elements: [{e: '1', f: {g: h}}]}}]}\n  - merge: {mergeKeys: [e], generators: [{clusters: {values: {e: '1'}}}, {list: {elements: [{e: '2'}]}}]}\n  - git: {files: [{path: '**/*.json'}], pathParamPrefix: p}\n  template: {spec: {source: {path: '{{path}}/{{e}}'}}}\n",
		"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  goTemplate: true\n  generators:\n  - git: {directories: [{path: '*'}]}\n  template: {spec: {source: {path: '{{ index .path.segments 0 | replace \"a\" \"b\" }}/{{ printf \"%s\" .path.basename }}{{ if .x }}y{{ end }}'}}}\n",
		application("p", "path: p, directory: {recurse: true, include: '{*,x}', exclude: '[!a]'}") + application("h", "path: h, helm: {valueFiles: [v.yaml, '$v/{{x}}.yaml', /$A/b]}") + application("j", "path: ., plugin: {}"),
		"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {sourceRef: {kind: GitRepository, name: flux-system}}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := read(t, map[string]string{
			"argo.yaml": string(data), "a/kustomization.yaml": "", "b/x/Kustomization": "", "c/config.json": `{"e": {"f": [1]}}`,
			"p/\xff\n.yaml": "kind: A\n", "p/x/a.yaml": "kind: A\nmetadata: {generateName: x}\n", "p/b.jsonnet": "", "h/Chart.yaml": "",
		}, memo{})
		for _, dir := range l.Directories() {
			l.Reached(dir, []string{"p/x/a.yaml"})
			for _, ref := range l.Refs(dir) {
				if l.Plain(dir) && !below(dir, []string{ref}) {
					t.Errorf("%q deploys %q", dir, ref)
				}
			}
		}
	})
}

// TestManyBuilds deploys one directory in more ways than are compared: one text says that
// the others are not, and what they are deployed with is part of it.
func TestManyBuilds(t *testing.T) {
	files := func(last string) map[string]string {
		var b strings.Builder
		b.WriteString("apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: shops}\nspec:\n  generators:\n  - list:\n      elements:\n")
		for i := range maxBuilds + 50 {
			fmt.Fprintf(&b, "      - {name: shop-%d}\n", i)
		}
		fmt.Fprintf(&b, "      - {name: %s}\n", last)
		b.WriteString("  template:\n    metadata: {name: '{{name}}'}\n    spec:\n      source: {repoURL: https://git.example.com/a/b, path: shop, kustomize: {namePrefix: '{{name}}-'}}\n      destination: {name: in-cluster, namespace: shop}\n")
		return map[string]string{"shops.yaml": b.String(), "shop/kustomization.yaml": "resources: [../base]\n", "base/kustomization.yaml": ""}
	}
	one, other := read(t, files("last"), nil), read(t, files("least"), nil)
	if len(one.Units) != maxBuilds || len(one.Opaque) != 1 {
		t.Fatalf("%d units, opaque %v", len(one.Units), one.Opaque)
	}
	o := one.Opaque[0]
	if o.Reason != gitops.ReasonBudget || !slices.Contains(o.Reads, "base/**") || o.File != "shops.yaml" {
		t.Errorf("it is %+v", o)
	}
	if o.Key == other.Opaque[0].Key {
		t.Error("another deployment beyond the bound is not told from the one that was there")
	}
}

// TestLargeFileMayYield renders what has an Application in a file that is larger than those
// that are taken apart: a render is left out for discovery only where nothing can come of it.
func TestLargeFileMayYield(t *testing.T) {
	large := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\n" + strings.Repeat("# more\n", maxFile/7+1)
	files := map[string]string{
		"a/kustomization.yaml": "resources: [all.yaml]\n", "a/all.yaml": large,
		"b/kustomization.yaml": "resources: [all.yaml]\n", "b/all.yaml": strings.ReplaceAll(large, "Application", "Deployment"),
	}
	var rendered []string
	r := Reader{Render: func(_ context.Context, _ gitops.Tree, list []Rendering, take func(int, gitops.Rendered)) error {
		for i, s := range list {
			rendered = append(rendered, s.Path)
			take(i, gitops.Rendered{Path: s.Path})
		}
		return nil
	}}
	if _, err := r.Read(t.Context(), newMemory(files)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rendered, []string{"a"}) {
		t.Errorf("rendered are %v", rendered)
	}
}
