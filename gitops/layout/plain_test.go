package layout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// application is one document; source is YAML in flow style, without the repository.
func application(name, source string) string {
	return "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: " + name + "}\nspec:\n  source: {repoURL: https://example.com/acme/gitops, " + source + "}\n"
}

func TestArgoGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"*.yaml", "a.yaml", true},
		{"*.yaml", "sub/a.yaml", true}, // there are no separators
		{"sub/*", "sub/a/b.yaml", true},
		{"**/a.yaml", "a.yaml", false},
		{"**/a.yaml", "x/y/a.yaml", true},
		{"{a,b}.yaml", "b.yaml", true},
		{"{a,b}.yaml", "c.yaml", false},
		{"{a,{b,c}d}.yaml", "cd.yaml", true},
		{"{a*,b?}", "bx", true},
		{"?.yaml", "/.yaml", true},
		{"[abc].yaml", "b.yaml", true},
		{"[!abc].yaml", "b.yaml", false},
		{"[!a-c].yaml", "d.yaml", true},
		{"[a-c].yaml", "d.yaml", false},
		{"[a-cx].yaml", "x.yaml", false}, // malformed: one range, or a list
		{"[z-a].yaml", "z.yaml", false},
		{"[].yaml", "a.yaml", false},
		{"[a.yaml", "a.yaml", false},
		{`\*.yaml`, "*.yaml", true},
		{`\*.yaml`, "a.yaml", false},
		{"a,b}.yaml", "a,b}.yaml", true},
		{"[.^\\]]", "]", true},
		{"[.^]", "^", true},
		{"[.^]", "x", false},
		{"a.yaml", "aXyaml", false},
		{"*", "a\nb.yaml", true},
	} {
		re := argoGlob(c.pattern)
		if got := re != nil && re.MatchString(c.path); got != c.want {
			t.Errorf("%s matches %q: %v", c.pattern, c.path, got)
		}
	}
}

func FuzzArgoGlob(f *testing.F) {
	f.Add("{a,[!b-c]}*?.yaml", "a.yaml")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		re := argoGlob(pattern)
		if !strings.ContainsAny(pattern, `*?[]{},\`) && re != nil && utf8.ValidString(path) && re.MatchString(path) != (path == pattern) {
			t.Errorf("%q matches %q: %v", pattern, path, path != pattern)
		}
	})
}

// FuzzQuoteYAML reads the names in a kustomization back.
func FuzzQuoteYAML(f *testing.F) {
	for _, s := range []string{"a.yaml", "- a: b #c", "x\ny.yaml", "\x7f\u0085\u2028é😀\ufeff", `"\`, "{{ x }}", "!tag", "~"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !utf8.ValidString(name) || name == "" {
			return
		}
		var k struct{ Resources []string }
		if err := yaml.Unmarshal(kustomizationOf("d", []string{"d/" + name, "d/" + name}), &k); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"./" + name, "./" + name}, k.Resources); diff != "" {
			t.Error(diff)
		}
	})
}

// TestTree shows a kustomization to the render of its directory and to nothing else.
func TestTree(t *testing.T) {
	files := map[string]string{
		"app.yaml": application("a", "path: plain"), "plain/b.yaml": "kind: B\n", "plain/a.yaml": "kind: A\n",
		"wrap/kustomization.yaml": "resources: [../plain]\n",
	}
	from := tree.Memory(files)
	l, err := Read(t.Context(), from, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := l.Tree(from)
	const name = "plain/kustomization.yaml"
	for _, other := range []gitops.Tree{seen, gitops.View(seen, "wrap"), gitops.View(seen, "."), gitops.View(from, "plain")} {
		if other.Lookup(name).Kind != gitops.Missing {
			t.Errorf("%T has it", other)
		}
		if _, err := other.Read(t.Context(), name); gitops.CodeOf(err) != gitops.NotFound {
			t.Errorf("%T: %v", other, err)
		}
	}
	view := gitops.View(seen, "plain")
	if view != gitops.View(seen, "plain") || gitops.View(view, "plain") != view {
		t.Error("a view is another one each time")
	}
	data, err := view.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	const want = "resources:\n- \"./a.yaml\"\n- \"./b.yaml\"\n"
	e := view.Lookup(name)
	if same := tree.Memory(map[string]string{name: want}).Lookup(name); string(data) != want || e != same {
		t.Errorf("%s %v, want %v", data, e, same)
	}
	for e := range view.Entries() {
		if e.Path == name {
			t.Error("it is listed")
		}
	}
}

// TestManyFiles does not render a directory beyond the limit, and says so.
func TestManyFiles(t *testing.T) {
	files := map[string]string{"app.yaml": application("a", "path: plain") + application("b", "path: plain, directory: {include: 'f00001.yaml'}")}
	for i := range maxPlain + 1 {
		files[fmt.Sprintf("plain/f%05d.yaml", i)] = "kind: A\n"
	}
	l := read(t, files, nil)
	if l.Plain("plain") && len(l.Refs("plain")) > maxPlain {
		t.Errorf("%d files", len(l.Refs("plain")))
	}
	found := l.NotCompared(l, []string{"plain/f00007.yaml"})
	if len(found) != 1 || !strings.Contains(found[0].Message, "more files than are looked at") {
		t.Errorf("%v", found)
	}
}

// TestManyListings bounds how often a large directory is listed for one attacker.
func TestManyListings(t *testing.T) {
	var apps strings.Builder
	files := map[string]string{}
	for i := range 4_000 {
		apps.WriteString(application(fmt.Sprint("a", i), fmt.Sprintf("path: plain, directory: {include: 'x%d'}", i)))
	}
	files["app.yaml"] = apps.String()
	for i := range 3_000 {
		files[fmt.Sprintf("plain/f%05d.yaml", i)] = "kind: A\n"
	}
	l := read(t, files, nil)
	if found := l.NotCompared(l, []string{"plain/f00007.yaml"}); len(found) != 1 || !strings.Contains(found[0].Message, "more files than are looked at") {
		t.Errorf("%v", found)
	}
}

func TestPlainReached(t *testing.T) {
	l := read(t, map[string]string{
		"app.yaml":     application("a", "path: flat") + application("b", "path: deep, directory: {recurse: true}") + application("c", "path: ."),
		"flat/a.yaml":  "kind: A\n",
		"deep/x/a.yml": "kind: A\n",
		"clusters/prod/gotk.yaml": `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system}
spec: {path: clusters/prod, sourceRef: {kind: GitRepository, name: flux-system}}
`,
		"clusters/prod/sub/kustomization.yaml": "resources: [../../../base]\n",
		"base/kustomization.yaml":              "resources: [b.yaml]\n",
	}, nil)
	for _, c := range []struct {
		dir, file string
		want      bool
	}{
		{"flat", "flat/a.yaml", true}, {"flat", "flat/new.yaml", true}, {"flat", "flat/sub/x.yaml", false}, {"flat", "other.yaml", false},
		{"deep", "deep/x/new.yaml", true}, {"deep", "deeper/x.yaml", false},
		{".", "app.yaml", true}, {".", "flat/a.yaml", false},
		{"clusters/prod", "clusters/prod/x.yaml", true}, {"clusters/prod", "base/b.yaml", true}, {"clusters/prod", "flat/a.yaml", false},
	} {
		if got := l.Reached(c.dir, []string{c.file}); got != c.want {
			t.Errorf("%s reaches %s: %v", c.file, c.dir, got)
		}
	}
}

// TestPlainNext reads a layout again when a file becomes an object or stops being one.
func TestPlainNext(t *testing.T) {
	base := map[string]string{"app.yaml": application("a", "path: p"), "p/a.yaml": "kind: A\n", "p/b.json": "{}\n"}
	for name, c := range map[string]struct {
		file, text string
		same       bool
	}{
		"a value":      {"p/a.yaml", "kind: A\nx: y\n", true},
		"no object":    {"p/a.yaml", "x: y\n", false},
		"a marker":     {"p/a.yaml", "# +argocd:skip-file-rendering\nkind: A\n", false},
		"a new object": {"p/b.json", `{"kind": "B"}`, false},
		"no name":      {"p/a.yaml", "kind: A\nmetadata: {generateName: a-}\n", false},
		"no object of": {"p/b.json", `{"x": "B"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			head := map[string]string{}
			for p, text := range base {
				head[p] = text
			}
			head[c.file] = c.text
			m := memo{}
			l := read(t, base, m)
			next, err := l.Next(t.Context(), newMemory(base), newMemory(head), []string{c.file}, m)
			if err != nil {
				t.Fatal(err)
			}
			if (next == l) != c.same {
				t.Errorf("same layout: %v, want %v", next == l, c.same)
			}
			if want := read(t, head, nil); !slices.Equal(want.Refs("p"), next.Refs("p")) {
				t.Errorf("%q, want %q", next.Refs("p"), want.Refs("p"))
			}
		})
	}
}

// TestPlainMemo reads nothing again.
func TestPlainMemo(t *testing.T) {
	files := map[string]string{"app.yaml": application("a", "path: p"), "p/a.yaml": "kind: A\n", "p/values.yaml": "a: b\n", "p/b.json": "{}\n"}
	m := memo{}
	want := read(t, files, m)
	again := newMemory(files)
	got, err := Read(t.Context(), again, nil, m)
	if err != nil {
		t.Fatal(err)
	}
	if again.reads != 0 || !slices.Equal(got.Refs("p"), want.Refs("p")) || len(got.Refs("p")) != 1 {
		t.Errorf("%d reads, %q and %q", again.reads, got.Refs("p"), want.Refs("p"))
	}
}

func TestTakes(t *testing.T) {
	l := read(t, map[string]string{
		"app.yaml":    application("a", "path: p, directory: {exclude: '*-sealedsecret.yaml'}") + application("b", "path: q"),
		"p/a.yaml":    "kind: A\n",
		"q/a.yaml":    "kind: A\n",
		"prod/k.yaml": "",
	}, nil)
	for file, want := range map[string]bool{"p/b.yaml": true, "p/sub/b.yaml": false, "p/b-sealedsecret.yaml": false} {
		if l.Takes("p", file) != want {
			t.Errorf("takes %s: %v", file, !want)
		}
	}
	if !l.Takes("q", "q/b-sealedsecret.yaml") || !l.Takes("no/unit", "no/unit/b.yaml") {
		t.Error("leaves out what nothing leaves out")
	}
}

func TestNotCompared(t *testing.T) {
	files := map[string]string{
		"apps.yaml": application("web", "path: charts/web, helm: {valueFiles: [values.yaml, ../../env/web.yaml, /top.yaml, 'https://example.com/v.yaml']}") +
			application("web2", "path: charts/web") +
			application("plugged", "path: plugged, plugin: {name: x}") +
			application("jsonnet", "path: js") +
			application("kustom", "path: k") +
			application("jobs", "path: jobs") +
			"---\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set}\nspec:\n  template:\n    spec:\n      sources:\n" +
			"      - {repoURL: https://charts.example.com, chart: redis, helm: {valueFiles: ['$values/clusters/{{name}}/redis.yaml', '$values/env/$ARGOCD_APP_NAME.yaml']}}\n" +
			"      - {repoURL: https://example.com/acme/gitops, ref: values}\n",
		"release.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: rel}\nspec: {chart: {spec: {chart: ./charts/rel, sourceRef: {kind: GitRepository, name: x}, valuesFiles: [charts/rel/prod.yaml]}}}\n" +
			"---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: far}\nspec: {chart: {spec: {chart: charts/web, sourceRef: {kind: HelmRepository, name: x}}}}\n",
		"charts/rel/Chart.yaml": "name: rel\n",
		"charts/web/Chart.yaml": "name: web\n", "charts/web/values.yaml": "a: b\n", "env/web.yaml": "a: b\n", "top.yaml": "a: b\n",
		"jobs/a.yaml": "kind: Job\nmetadata: {name: a}\n---\nkind: Job\nmetadata: {generateName: b-}\n", "jobs/c.yaml": "kind: Job\nmetadata: {name: c, generateName: c-}\n",
		"jobs/local.yaml": "kind: X\nmetadata: {name: l, annotations: {config.kubernetes.io/local-config: 'true'}}\n",
		"plugged/x.yaml":  "kind: X\n", "js/a.jsonnet": "{}\n", "js/b.yaml": "kind: B\n", "clusters/a/redis.yaml": "a: b\n",
		"k/kustomization.yaml": "resources: [a.yaml]\n", "k/a.yaml": "kind: A\n", "k/.argocd-source-kustom.yaml": "kustomize: {}\n",
	}
	l := read(t, files, nil)
	for changed, want := range map[string][]string{
		"README.md":                  nil,
		"js/b.yaml":                  nil,
		"jobs/c.yaml":                nil,
		"jobs/a.yaml":                {`"jobs/a.yaml" has objects that kustomize does not take, which are not compared; Application "jobs" deploys it`},
		"jobs/local.yaml":            {`"jobs/local.yaml" has objects that kustomize does not take, which are not compared; Application "jobs" deploys it`},
		"js/lib.libsonnet":           {`"js" has jsonnet files, which are not compared; Application "jsonnet" deploys it`},
		"charts/web/t/x.yaml":        {`"charts/web" is a Helm chart, which is not compared; Application "web" and 1 more deploy it`},
		"charts/webby/x":             nil,
		"charts/rel/prod.yaml":       {`"charts/rel" is a Helm chart, which is not compared; HelmRelease "rel" deploys it`, `"charts/rel/prod.yaml" has values of a Helm chart, which are not compared; HelmRelease "rel" deploys it`},
		"charts/web/values.yaml":     {`"charts/web" is a Helm chart, which is not compared; Application "web" and 1 more deploy it`, `"charts/web/values.yaml" has values of a Helm chart, which are not compared; Application "web" deploys it`},
		"env/web.yaml":               {`"env/web.yaml" has values of a Helm chart, which are not compared; Application "web" and 1 more deploy it`},
		"top.yaml":                   {`"top.yaml" has values of a Helm chart, which are not compared; Application "web" deploys it`},
		"plugged/new.txt":            {`"plugged" is rendered by a plugin and is not compared; Application "plugged" deploys it`},
		"clusters/b/redis.yaml":      {`"clusters/b/redis.yaml" has values of a Helm chart, which are not compared; ApplicationSet "set" deploys it`},
		"k/.argocd-source.yaml":      {`"k/.argocd-source.yaml" overrides options of an Application, which are not compared`},
		"elsewhere/.argocd-source.y": nil,
	} {
		var got []string
		for _, f := range l.NotCompared(l, []string{changed}) {
			if f.Rule != gitops.NotCompared || f.File == "" || f.Line == 0 {
				t.Errorf("%v", f)
			}
			got = append(got, f.Message)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", changed, diff)
		}
	}
	// What is deployed anew counts, and what is not deployed any more.
	before := read(t, map[string]string{"apps.yaml": application("other", "path: k"), "charts/web/Chart.yaml": "name: web\n", "k/a.yaml": "kind: K\n"}, nil)
	after := read(t, map[string]string{"apps.yaml": application("web", "path: charts/web"), "charts/web/Chart.yaml": "name: web\n"}, nil)
	for _, c := range []struct {
		base, head *Layout
		changed    string
		line       int
	}{{before, after, "apps.yaml", 6}, {after, before, "charts/web/Chart.yaml", 0}} {
		if found := c.head.NotCompared(c.base, []string{c.changed}); len(found) != 1 || found[0].Line != c.line {
			t.Errorf("%s: %v", c.changed, found)
		}
	}
}
