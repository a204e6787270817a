package render

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

// said is what a render gives: the YAML, or the error.
func said(got gitops.Rendered) string {
	if got.Err != nil {
		return got.Err.Error()
	}
	return string(got.YAML())
}

// TestDestination gives objects the namespace of an Application's destination, whichever
// engine made them.
func TestDestination(t *testing.T) {
	const objects = `apiVersion: v1
kind: ConfigMap
metadata: {name: none}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: own, namespace: mine}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: role, namespace: mine}
---
apiVersion: rbac.authorization.k8s.io/v1alpha1
kind: ClusterRole
metadata: {name: old}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Widget}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: mine}
---
apiVersion: example.com/v1
kind: Gadget
metadata: {name: g}
`
	want := []string{"ConfigMap/team/none", "ConfigMap/mine/own", "ClusterRole//role", "ClusterRole//old", "CustomResourceDefinition//widgets.example.com", "Widget//w", "Gadget/team/g"}
	src := memory(map[string]string{"d/kustomization.yaml": "resources: [x.yaml]\nsortOptions: {order: fifo}\n", "d/x.yaml": objects})
	r := newRenderer(t, Options{Workers: 1})
	argo := &gitops.ArgoBuild{Namespace: "team"}
	for name, b := range map[string]gitops.Build{
		"kustomize": {Argo: argo}, "directory": {Engine: gitops.Directory, Files: []string{"d/x.yaml"}, Argo: argo},
	} {
		got := buildOf(t, r, src, "d", b)
		var list []string
		for _, o := range got.Objects {
			list = append(list, o.Kind+"/"+o.Namespace+"/"+o.Name)
			if has := strings.Contains(string(o.YAML), "\n  namespace: "); has != (o.Namespace != "") {
				t.Errorf("%s: namespace %q of\n%s", name, o.Namespace, o.YAML)
			}
		}
		if got.Err != nil || !cmp.Equal(list, want) {
			t.Errorf("%s: %v\n%s", name, got.Err, cmp.Diff(want, list))
		}
	}
}

// TestArgoLast keeps the last of several objects that are one in the cluster.
func TestArgoLast(t *testing.T) {
	src := memory(map[string]string{"d/kustomization.yaml": "resources: [x.yaml]\nsortOptions: {order: fifo}\n",
		"d/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: first}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: team}\ndata: {v: last}\n"})
	r := newRenderer(t, Options{Workers: 1})
	got := buildOf(t, r, src, "d", gitops.Build{Argo: &gitops.ArgoBuild{Namespace: "team"}})
	if len(got.Objects) != 2 || got.Objects[0].Kind != "Secret" || !strings.Contains(string(got.Objects[1].YAML), "v: last") {
		t.Errorf("%s", said(got))
	}
}

// TestArgoLists takes apart what kustomize leaves whole: anything that has items.
func TestArgoLists(t *testing.T) {
	src := memory(map[string]string{"d/kustomization.yaml": "resources: [x.yaml]\n",
		"d/x.yaml": "apiVersion: v1\nkind: Roster\nmetadata: {name: r}\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n---\napiVersion: v1\nkind: Map\nmetadata: {name: m}\nitems: {a: b}\n---\napiVersion: v1\nkind: None\nmetadata: {name: n}\nitems: null\n"})
	r := newRenderer(t, Options{Workers: 1})
	got := buildOf(t, r, src, "d", gitops.Build{Argo: &gitops.ArgoBuild{}})
	want := "apiVersion: v1\nitems:\n  a: b\nkind: Map\nmetadata:\n  name: m\n---\n" + mapOf("a") + "---\n" + mapOf("b")
	if said(got) != want {
		t.Errorf("-want +got\n%s", cmp.Diff(want, said(got)))
	}
}

// TestArgoSays compares what the command is not asked about: what fails says which option
// it is, and has a place only where the repository has one.
func TestArgoSays(t *testing.T) {
	files := map[string]string{
		"d/kustomization.yaml": "# head\nresources: [cm.yaml]\ncommonLabels: {a: b}\n", "d/cm.yaml": configMap,
		"c1/kustomization.yaml": "kind: Component\nnamePrefix: one-\n", "c2/kustomization.yaml": "kind: Component\nnamePrefix: two-\n", "c2/x/y.yaml": configMap,
		"bad/kustomization.yaml": "kind: Component\npatches:\n- path: gone.yaml\n", "plain/cm.yaml": configMap,
		"two/kustomization.yaml": "resources: []\n", "two/Kustomization": "resources: []\n",
		"broken/kustomization.yaml": "resources:\n- gone.yaml\n",
		"empty/kustomization.yaml":  "# nothing yet\n",
	}
	r := newRenderer(t, Options{Workers: 1})
	for name, c := range map[string]struct {
		path string
		k    gitops.ArgoKustomize
		want string
	}{
		"label that is there":      {"d", gitops.ArgoKustomize{CommonLabels: map[string]string{"a": "c"}}, `kustomize.commonLabels of the Application: label "a" is in the kustomization already, and is not forced`},
		"count":                    {"d", gitops.ArgoKustomize{Replicas: []gitops.ArgoReplicas{{Name: "d", Count: "two"}}}, `kustomize.replicas of the Application: count of "d" is no whole number: "two"`},
		"patch without target":     {"d", gitops.ArgoKustomize{Namespace: "n", Patches: []gitops.Patch{{Patch: "kind: X\napiVersion: v1\nmetadata: {name: x}\n"}}}, `kustomize.patches of the Application: patch has no target: there is no "X.v1.[noGrp]/x.[noNs]"`},
		"component's own fault":    {"d", gitops.ArgoKustomize{Components: []string{"../bad"}}, `bad/kustomization.yaml:3:9: kustomize.components of the Application: no such file or directory: "bad/gone.yaml"`},
		"component that leads out": {"d", gitops.ArgoKustomize{Components: []string{"../../../c"}}, `kustomize.components of the Application: no such directory: "../../../c"`},
		"absolute component":       {"d", gitops.ArgoKustomize{Components: []string{"/c"}}, `kustomize.components of the Application: component must be relative: "/c"`},
		"remote component":         {"d", gitops.ArgoKustomize{Components: []string{"https://github.com/o/r//c?ref=v1"}}, `kustomize.components of the Application: remote base is not allowed: "https://github.com/o/r?ref=v1" (allow it with --allow-remote github.com/o/r)`},
		"ignored, all missing":     {"d", gitops.ArgoKustomize{Components: []string{"../gone", "../../out", "https://github.com/o/r"}, IgnoreMissingComponents: true}, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    a: b\n  name: c\n"},
		"components by a pattern":  {"d", gitops.ArgoKustomize{Components: []string{"../c[12]", "../c?"}}, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    a: b\n  name: two-one-c\n"},
		"no kustomization":         {"plain", gitops.ArgoKustomize{NamePrefix: "p-"}, `kustomize.namePrefix of the Application: directory has no kustomization: "plain"`},
		"two kustomizations":       {"two", gitops.ArgoKustomize{NamePrefix: "p-"}, `two/Kustomization: directory has several kustomizations: "kustomization.yaml" and "Kustomization"`},
		"no directory":             {"gone", gitops.ArgoKustomize{NamePrefix: "p-"}, `no such directory: "gone"`},
		"the repository's fault":   {"broken", gitops.ArgoKustomize{NamePrefix: "p-"}, `broken/kustomization.yaml:2:3: no such file or directory: "broken/gone.yaml"`},
		"no longer empty":          {"empty", gitops.ArgoKustomize{Components: []string{"../gone"}}, `kustomize.components of the Application: no such directory: "../gone"`},
		"a bad prefix of nothing":  {"empty", gitops.ArgoKustomize{NamePrefix: "p-"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := buildOf(t, r, memory(files), c.path, gitops.Build{Argo: &gitops.ArgoBuild{Kustomize: &c.k}})
			if said(got) != c.want {
				t.Errorf("-want +got\n%s", cmp.Diff(c.want, said(got)))
			}
		})
	}
}

// TestArgoPatternReads reads the names in a directory: another one there is another
// render, another file below it is not.
func TestArgoPatternReads(t *testing.T) {
	files := map[string]string{"d/kustomization.yaml": "resources: [cm.yaml]\n", "d/cm.yaml": configMap, "c/a/kustomization.yaml": "kind: Component\nnamePrefix: a-\n"}
	r := newRenderer(t, Options{Workers: 1})
	got := buildOf(t, r, memory(files), "d", gitops.Build{Argo: &gitops.ArgoBuild{Kustomize: &gitops.ArgoKustomize{Components: []string{"../c/*"}}}})
	if got.Err != nil || got.Objects[0].Name != "a-c" {
		t.Fatalf("%s", said(got))
	}
	for more, want := range map[string]bool{"": true, "c/a/README.md": true, "d/x.yaml": true, "c/b/kustomization.yaml": false, "c/README.md": false} {
		with := maps.Clone(files)
		if more != "" {
			with[more] = "kind: Component\n"
		}
		if r.holds(t.Context(), memory(with), got.Reads) != want {
			t.Errorf("with %q: holds, want %t", more, want)
		}
	}
}

// TestGenerated builds files that the deployer names as a kustomization would, and says
// what is wrong with the file that it is wrong in.
func TestGenerated(t *testing.T) {
	files := map[string]string{
		"d/b.yaml": mapOf("b"), "d/a.yaml": mapOf("a"), "d/sub/kustomization.yaml": "namePrefix: x-\nresources: [../../out/in.yaml]\n", "out/in.yaml": mapOf("in"),
		"d/- a: b #c.yaml": mapOf("odd"), "d/twice.yaml": mapOf("a"), "d/bad.yaml": "kind: A\nx:\n  a: 1\n b: 2\n", "d/github.com/o/r.yaml": mapOf("r"),
		"own/kustomization.yaml": "resources: [gone.yaml]\n", "own/a.yaml": mapOf("a"), "d/broken/kustomization.yaml": "resources:\n- gone.yaml\n",
	}
	r := newRenderer(t, Options{Workers: 1})
	for name, c := range map[string]struct {
		path string
		b    gitops.Build
		want string
	}{
		"files":               {"d", gitops.Build{Files: []string{"d/b.yaml", "d/a.yaml", "d/- a: b #c.yaml"}}, mapOf("a") + "---\n" + mapOf("b") + "---\n" + mapOf("odd")},
		"like a repository":   {"d", gitops.Build{Files: []string{"d/github.com/o/r.yaml"}}, mapOf("r")},
		"directories":         {"d", gitops.Build{Files: []string{"d/sub"}, Unrestricted: true}, mapOf("x-in")},
		"restricted":          {"d", gitops.Build{Files: []string{"d/sub"}}, `d/sub/kustomization.yaml:2:13: file "out/in.yaml" is not in or below "d/sub", and kustomize reads no others from there`},
		"twice":               {"d", gitops.Build{Files: []string{"d/a.yaml", "d/twice.yaml"}}, `d/twice.yaml: object is there twice: "ConfigMap.v1.[noGrp]/a.[noNs]"`},
		"bad YAML":            {"d", gitops.Build{Files: []string{"d/a.yaml", "d/bad.yaml"}}, `d/bad.yaml:3: invalid YAML: did not find expected key`},
		"missing":             {"d", gitops.Build{Files: []string{"d/gone.yaml"}}, `no such file or directory: "d/gone.yaml"`},
		"a fault in one":      {"d", gitops.Build{Files: []string{"d/broken"}}, `d/broken/kustomization.yaml:2:3: no such file or directory: "d/broken/gone.yaml"`},
		"in place of its own": {"own", gitops.Build{Files: []string{"own/a.yaml"}}, mapOf("a")},
		"no directory":        {"gone", gitops.Build{Files: []string{"d/a.yaml"}}, `no such directory: "gone"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(buildOf(t, r, memory(files), c.path, c.b)); got != c.want {
				t.Errorf("-want +got\n%s", cmp.Diff(c.want, got))
			}
		})
	}
}

// TestNothingThere compares sources whose directory is on one side, or on none. Where a
// deployer says how a source is built, that it is not there is said.
func TestNothingThere(t *testing.T) {
	with, without := memory(map[string]string{"d/kustomization.yaml": "resources: []\nnamePrefix: a-\n", "d/x.yaml": mapOf("x")}), memory(map[string]string{"e/x": ""})
	r := newRenderer(t, Options{Workers: 1})
	for name, b := range map[string]gitops.Build{
		"directory": plainly("d/x.yaml"), "no files": plainly(), "files": {Files: []string{"d/x.yaml"}}, "argo": {Argo: &gitops.ArgoBuild{}},
		"argo's options": {Argo: &gitops.ArgoBuild{Kustomize: &gitops.ArgoKustomize{NamePrefix: "b-"}}}, "flux": {Flux: &gitops.FluxBuild{}}, "no engine": {Engine: "none"},
	} {
		for pair, err := range r.Compare(t.Context(), []Comparison{{Source{with, "d", b}, Source{without, "d", b}}, {Source{without, "d", b}, Source{without, "d", b}}}, nil) {
			if err != nil {
				t.Fatal(err)
			}
			if pair.After == nil || pair.After.Err == nil || pair.After.Err.File != "" || !strings.Contains(pair.After.Err.Message, "no such directory") {
				t.Errorf("%s: %d: %+v", name, pair.Index, pair.After)
			}
		}
	}
}

// TestHostileManifests gives the engines that read manifests themselves what an attacker
// may put into a pull request.
func TestHostileManifests(t *testing.T) {
	const head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
	vars := &gitops.FluxBuild{Substitute: true, Unknown: true, Vars: map[string]string{"A": strings.Repeat("x", 1<<20)}}
	flux := func(text string) (map[string]string, gitops.Build) {
		return map[string]string{"d/x.yaml": text, "d/kustomization.yaml": "resources: [x.yaml]\n"}, gitops.Build{Flux: vars}
	}
	plain := func(file, text string) func() (map[string]string, gitops.Build) {
		return func() (map[string]string, gitops.Build) {
			return map[string]string{"d/" + file: text}, plainly("d/" + file)
		}
	}
	for name, c := range map[string]struct {
		source func() (map[string]string, gitops.Build)
		cause  gitops.Cause // "" when it must render
	}{
		"alias bomb":      {plain("x.yaml", aliasBomb()), gitops.CauseYAML},
		"alias of itself": {plain("x.yaml", head+"data: &d [*d]\n"), gitops.CauseYAML},
		"deep YAML":       {plain("x.yaml", head+"data: "+strings.Repeat("[", 200_000)+"\n"), gitops.CauseYAML},
		"deep JSON":       {plain("x.json", `{"kind":"A","a":`+strings.Repeat("[", 200_000)), gitops.CauseYAML},
		"many documents":  {plain("x.yaml", strings.Repeat("---\nkind: A\n", 20_000)), ""},
		"Git LFS":         {plain("x.yaml", lfsPrefix+"v1\n"), gitops.CauseLFS},
		"values that swell": {func() (map[string]string, gitops.Build) {
			return flux(head + "data: {a: '" + strings.Repeat("${A}", 2000) + "'}\n")
		}, gitops.CauseLimit},
		"many openings": {func() (map[string]string, gitops.Build) {
			return flux(head + "data: {a: '" + strings.Repeat("${B:-", 5_000) + strings.Repeat("}", 5_000) + "'}\n")
		}, "*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRenderer(t, Options{Workers: 1, Timeout: 4 * time.Second})
			files, b := c.source()
			got := buildOf(t, r, memory(files), "d", b)
			checkHostile(t, &got, c.cause, "", "")
		})
	}
}
