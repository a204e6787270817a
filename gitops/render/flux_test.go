package render

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fluxcd/pkg/envsubst"
	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

// TestFlux builds Kustomizations of Flux.
func TestFlux(t *testing.T) {
	const component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
	files := map[string]string{
		"d/kustomization.yaml": "# head\nresources: [cm.yaml]\nnamespace: mine\nnamePrefix: own-\nodd: 1\ncomponents: [../c1]\n", "d/cm.yaml": configMap,
		"im/kustomization.yaml": "resources: [d.yaml]\nimages: [{name: nginx, newName: own/n, newTag: '1.1', digest: 'sha256:abc'}]\n", "im/d.yaml": deployment,
		"c1/kustomization.yaml": component + "nameSuffix: -one\n", "c2/kustomization.yaml": component + "nameSuffix: -two\n",
		"only/kustomization.yaml": component + "components: [../c3]\n", "none/kustomization.yaml": "components: [../c3]\n", "c3/kustomization.yaml": component + "resources: [cm.yaml]\n", "c3/cm.yaml": configMap,
		"list/kustomization.yaml": "resources: [r.yaml]\n", "list/r.yaml": "apiVersion: v1\nkind: Roster\nmetadata: {name: r}\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {c: d}}}\n- {kind: Odd}\n",
		"plain/cm.yaml": configMap, "up/kustomization.yaml": "resources: [../plain/cm.yaml]\n", "bad/kustomization.yaml": "resources:\n- gone.yaml\n",
		"wrong/kustomization.yaml": "resources: []\nimages: x\n", "yaml/kustomization.yaml": "resources: []\na: [\n",
		"meta/kustomization.yaml": "resources: [x.yaml]\n", "meta/x.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: k}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {a: b, on: 'true'}}\n",
	}
	b := func(f gitops.FluxBuild) gitops.Build { return gitops.Build{Flux: &f} }
	cm := func(name, namespace string) string {
		if namespace != "" {
			namespace = "  namespace: " + namespace + "\n"
		}
		return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n" + namespace
	}
	image := func(ref string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  template:\n    spec:\n      containers:\n      - args:\n        - $(NAME)\n        image: " + ref + "\n        name: c\n"
	}
	r := newRenderer(t, Options{Workers: 1})
	for name, c := range map[string]struct {
		path string
		b    gitops.Build
		want string
	}{
		"nothing":             {"d", b(gitops.FluxBuild{}), cm("own-c-one", "mine")},
		"replaced":            {"d", b(gitops.FluxBuild{TargetNamespace: "team", NamePrefix: "p-", NameSuffix: "-s"}), cm("p-c-one-s", "team")},
		"components":          {"d", b(gitops.FluxBuild{Components: []string{"../c2", "../gone"}, IgnoreMissingComponents: true}), cm("own-c-one-two", "mine")},
		"missing component":   {"d", b(gitops.FluxBuild{Components: []string{"../gone"}}), `spec.components of the Kustomization: no such file or directory: "gone"`},
		"remote component":    {"d", b(gitops.FluxBuild{Components: []string{"https://github.com/o/r"}}), `spec.components of the Kustomization: component must be a path in the repository: "https://github.com/o/r"`},
		"patches":             {"d", b(gitops.FluxBuild{Patches: []gitops.Patch{{Patch: "- {op: add, path: /data, value: {a: b}}", Target: &gitops.Selector{Kind: "ConfigMap"}}}}), strings.Replace(cm("own-c-one", "mine"), "kind", "data:\n  a: b\nkind", 1)},
		"patch of nothing":    {"d", b(gitops.FluxBuild{Patches: []gitops.Patch{{Patch: "apiVersion: v1\nkind: X\nmetadata: {name: x}"}}}), `spec.patches of the Kustomization: patch has no target: there is no "X.v1.[noGrp]/x.[noNs]"`},
		"tag clears digest":   {"im", b(gitops.FluxBuild{Images: []gitops.FluxImage{{Name: "nginx", NewTag: "2"}}}), image("own/n:2")},
		"digest clears tag":   {"im", b(gitops.FluxBuild{Images: []gitops.FluxImage{{Name: "nginx", Digest: "sha256:def"}}}), image("own/n@sha256:def")},
		"name alone":          {"im", b(gitops.FluxBuild{Images: []gitops.FluxImage{{Name: "nginx", NewName: "their/n"}, {Name: "other", NewTag: "1"}}}), image("their/n:1.1@sha256:abc")},
		"without resources":   {"none", b(gitops.FluxBuild{}), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    config.kubernetes.io/origin: |\n      path: ../c3/cm.yaml\n  name: c\n"},
		"outside of its root": {"up", b(gitops.FluxBuild{}), cm("c", "")},
		"generated":           {"plain", gitops.Build{Files: []string{"plain/cm.yaml"}, Flux: &gitops.FluxBuild{NamePrefix: "p-"}}, cm("p-c", "")},
		"generated, empty":    {"plain", b(gitops.FluxBuild{NamePrefix: "p-"}), ""},
		"no directory":        {"gone", b(gitops.FluxBuild{}), `no such directory: "gone"`},
		"own fault":           {"bad", b(gitops.FluxBuild{NamePrefix: "p-"}), `bad/kustomization.yaml:2:3: no such file or directory: "bad/gone.yaml"`},
		"own wrong field":     {"wrong", b(gitops.FluxBuild{NamePrefix: "p-"}), `wrong/kustomization.yaml:2:1: field "images" holds a string where a list is expected`},
		"own invalid YAML":    {"yaml", b(gitops.FluxBuild{NamePrefix: "p-"}), `yaml/kustomization.yaml:2: invalid YAML: did not find expected node content`},
		"a list":              {"list", b(gitops.FluxBuild{Labels: map[string]string{"a": "b"}}), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    a: b\n    c: d\n  name: x\n---\nkind: Odd\nmetadata:\n  labels:\n    a: b\n"},
		"metadata":            {"meta", b(gitops.FluxBuild{Labels: map[string]string{"a": "c", "n": "1"}, Annotations: map[string]string{"x": "yes"}}), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    x: \"yes\"\n  labels:\n    a: c\n    \"n\": \"1\"\n    \"on\": \"true\"\n  name: c\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(buildOf(t, r, memory(files), c.path, c.b)); got != c.want {
				t.Errorf("-want +got\n%s", cmp.Diff(c.want, got))
			}
		})
	}
}

// TestSubstitute substitutes variables in one object.
func TestSubstitute(t *testing.T) {
	head := "apiVersion: v1\ndata:\n"
	tail := "kind: ConfigMap\nmetadata:\n  name: c\n"
	r := newRenderer(t, Options{Workers: 1})
	for name, c := range map[string]struct {
		data, want string // lines of data, or the error
		o          gitops.FluxBuild
	}{
		"value":         {"a: ${A}-${A}", "a: x-x", gitops.FluxBuild{}},
		"undefined":     {"a: '[${GONE}]'\nb: ${GONE:-d}", "a: '[]'\nb: d", gitops.FluxBuild{}},
		"unknown":       {"a: '[${GONE}]'\nb: ${GONE:-d} ${A}\nc: ${A:-${GONE}} ${EMPTY:-${GONE:=q}}\nd: ${#GONE}", "a: '[${GONE}]'\nb: d x\nc: x q\nd: ${#GONE}", gitops.FluxBuild{Unknown: true}},
		"type":          {"a: ${N}", "a: 1", gitops.FluxBuild{}},
		"quoted":        {"a: \"${N}\"", "a: 1", gitops.FluxBuild{}},
		"lines":         {"a: ${LINES}", "a: xy", gitops.FluxBuild{}},
		"escaped":       {"a: $${A} $$${A}", "a: ${A} $x", gitops.FluxBuild{Unknown: true}},
		"other dollars": {"a: $A $(A) $", "a: $A $(A) $", gitops.FluxBuild{}},
		"functions":     {"a: ${A^^}${A/x/z}${B:1:2}", "a: Xzel", gitops.FluxBuild{}},
		"large numbers": {"a: 12345678901234567", "a: 12345678901234568", gitops.FluxBuild{}},
		"ordinary ones": {"a: 1000000\nb: 0.1", "a: 1000000\nb: 0.1", gitops.FluxBuild{}},
		"no braces end": {"a: ${A", `postBuild of the Kustomization: missing closing brace: "${A", in "ConfigMap/c"`, gitops.FluxBuild{}},
		"no name":       {"a: ok ${A} ${-x}", `postBuild of the Kustomization: unable to parse variable name: "${-x}", in "ConfigMap/c"`, gitops.FluxBuild{Unknown: true}},
		"too long":      {"a: '${GONE:-" + strings.Repeat("x", 5000) + "}'", `postBuild of the Kustomization: expression does not end within 4096 bytes: "${GONE:-` + strings.Repeat("x", 192) + `…", in "ConfigMap/c"`, gitops.FluxBuild{Unknown: true}},
		"no YAML":       {"a: ${BAD}", `postBuild of the Kustomization: object is no YAML any more: did not find expected ',' or ']', in "ConfigMap/c"`, gitops.FluxBuild{}},
		"name of none":  {"a: b", `postBuild of the Kustomization: name of a variable is none: "a-b"`, gitops.FluxBuild{Vars: map[string]string{"a-b": "x"}}},
		"encrypted":     {"a: ENC[AES256_GCM,data:d2hhdA==,iv:+/x=,type:str]", "a: ENC[AES256_GCM,data:d2hhdA==,iv:+/x=,type:str]", gitops.FluxBuild{}},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.o
			o.Substitute = true
			if o.Vars == nil {
				o.Vars = map[string]string{"A": "x", "B": "hello", "N": "1", "LINES": "x\ny\n", "BAD": "[", "EMPTY": ""}
			}
			indent := "  " + strings.ReplaceAll(c.data, "\n", "\n  ") + "\n"
			want := c.want
			if !strings.HasPrefix(want, "postBuild") {
				want = head + "  " + strings.ReplaceAll(c.want, "\n", "\n  ") + "\n" + tail
			}
			src := memory(map[string]string{"d/kustomization.yaml": "resources: [x.yaml]\n", "d/x.yaml": head + indent + tail})
			if got := said(buildOf(t, r, src, "d", gitops.Build{Flux: &o})); got != want {
				t.Errorf("-want +got\n%s", cmp.Diff(want, got))
			}
		})
	}
}

// TestSubstituteObjects is about which objects are substituted in, and what they become.
func TestSubstituteObjects(t *testing.T) {
	src := memory(map[string]string{"d/kustomization.yaml": "resources: [x.yaml]\n", "d/x.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: "${A}", namespace: "${A}"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "l${A}", labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "a${A}", annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "b", namespace: a}
`})
	names := func(got gitops.Rendered) string {
		if got.Err != nil {
			return got.Err.Error()
		}
		var list []string
		for _, o := range got.Objects {
			list = append(list, o.Namespace+"/"+o.Name)
		}
		return strings.Join(list, " ")
	}
	r := newRenderer(t, Options{Workers: 1})
	for _, c := range []struct {
		o    gitops.FluxBuild
		want string
	}{
		{gitops.FluxBuild{Substitute: true, Vars: map[string]string{"A": "a"}}, "a/a /l${A} /a${A} a/b"},
		{gitops.FluxBuild{Substitute: false, Vars: map[string]string{"A": "a"}}, "${A}/${A} /l${A} /a${A} a/b"},
		{gitops.FluxBuild{Substitute: true, Unknown: true}, "${A}/${A} /l${A} /a${A} a/b"},
	} {
		if got := names(buildOf(t, r, src, "d", gitops.Build{Flux: &c.o})); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
	twice := memory(map[string]string{"d/kustomization.yaml": "resources: [x.yaml]\n", "d/x.yaml": mapOf("a") + "---\n" + mapOf("\"${A}\"")})
	got := buildOf(t, r, twice, "d", gitops.Build{Flux: &gitops.FluxBuild{Substitute: true, Vars: map[string]string{"A": "a"}}})
	if want := `postBuild of the Kustomization: object is there twice: "ConfigMap.v1.[noGrp]/a.[noNs]", once as "ConfigMap/${A}"`; said(got) != want {
		t.Errorf("%s", said(got))
	}
}

// TestKeepUnknown substitutes in random texts: with every variable known nothing is kept,
// with some unknown their later values come out as if they had been there at once, and
// with none at all the text is as before.
func TestKeepUnknown(t *testing.T) {
	parts := []string{"${A}", "${B}", "${A:-", "${B:=", "${B/x/", "${A:+${B}}", "}", "$$", "$", "{", "x", " ", "${#B}", "${B^^}", "${A:1:2}", "${A%x}", "${B/}/", "\\}", "\uE000", "\n", "${", "é", "${A/$${B}/}"}
	rnd := rand.New(rand.NewPCG(3, 4))
	parsed := 0
	names := regexp.MustCompile(`\$\{#?([\pL\pN_]*)`)
	all := map[string]string{"A": "aXx", "B": "bxx"}
	from := func(vars map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { return vars[name], true }
	}
	for range 50_000 {
		text := ""
		for range 1 + rnd.IntN(7) {
			text += parts[rnd.IntN(len(parts))]
		}
		if slices.ContainsFunc(names.FindAllStringSubmatch(text, -1), func(m []string) bool { return m[1] != "A" && m[1] != "B" && m[1] != "" }) {
			continue
		}
		want, err := envsubst.Eval(text, from(all))
		masked, back, _ := keepUnknown(text, all)
		if got, bad := envsubst.Eval(masked, from(all)); (err == nil) != (bad == nil) || back(got) != want && err == nil {
			t.Fatalf("%q: %q %v, want %q %v", text, back(got), bad, want, err)
		}
		if err != nil {
			continue
		}
		parsed++
		if strings.Contains(text, ":-") || strings.Contains(text, ":=") {
			continue // a default is the best that is known
		}
		if strings.Contains(text, "$$") || strings.ContainsAny(text, "/\\") {
			continue // a dollar that is escaped is one afterwards, and what is cut from a value depends on it
		}
		for _, known := range []map[string]string{nil, {"A": all["A"]}, {"B": all["B"]}} {
			masked, back, _ = keepUnknown(text, known)
			half, bad := envsubst.Eval(masked, from(known))
			if len(known) == 0 && back(half) != text {
				t.Fatalf("nothing known: %q became %q", text, back(half))
			}
			if got, worse := envsubst.Eval(back(half), from(all)); bad != nil || worse != nil || got != want {
				t.Fatalf("%v known: %q became %q and %q %v %v, want %q", known, text, back(half), got, bad, worse, want)
			}
		}
	}
	if parsed < 10_000 {
		t.Errorf("only %d texts parse", parsed)
	}
}
