package check_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
)

// TestHostile runs the rules over files made to hurt; beside each stands a
// plain Secret that must be found as if nothing were there.
func TestHostile(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), ","))
	}
	hostile := map[string]string{
		"alias bomb":     bomb + "resources: *j\nsecretGenerator: [{literals: *j}]\n",
		"list bomb":      "kind: List # kind: Secret\nx: &x {kind: Secret, data: &d {" + strings.Repeat("a: '',", 50_000) + "}}\nitems: [" + strings.Repeat("*x,", 50_000) + "]\n",
		"own ancestor":   "resources: &r [*r]\npatches: &p {path: *p}\n",
		"deep":           "kind: Secret\n" + strings.Repeat("[", 100_000),
		"deep indent":    "data:" + strings.Repeat(" - a:", 20_000),
		"nul":            "kind: Secret\x00\ndata: {a: b}\n",
		"invalid utf-8":  "kind: Secret\nmetadata: {name: \"\xff\xfe\"}\ndata: {a: b}\n",
		"huge scalar":    "kind: ConfigMap\ndata: {a: " + strings.Repeat("x", 50<<20) + "}\n",
		"huge secret":    "kind: Secret\ndata: {a: " + strings.Repeat("x", check.MaxFile) + "}\n",
		"documents":      strings.Repeat("kind: Secret\n---\n", 50_000),
		"missing files":  "resources: [" + strings.Repeat("mising,", 30_000) + "]\n",
		"climbing":       "resources: [" + strings.Repeat("../", 10_000) + "x]\n",
		"null":           "resources: null\npatches: [null, ~]\nsecretGenerator: {literals: [a=b]}\nopenapi: []\n",
		"wrong kinds":    "resources: {a: b}\nbases: text\npatches: [text]\nconfigMapGenerator: [[a]]\n",
		"long name":      "resources: [" + strings.Repeat("x", 10<<10) + "]\n",
		"merge key":      "a: &a {resources: [b]}\n<<: *a\n",
		"unknown anchor": "resources: [*nothing]\n",
	}
	for name, data := range hostile {
		t.Run(name, func(t *testing.T) {
			tree := memory{"a/kustomization.yaml": data, "a/other.yaml": data, "good/s.yaml": plain}
			broken := &gitops.Rendered{
				Path:  "a",
				Err:   &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseDuplicate, Message: "duplicate"},
				Reads: []gitops.Read{{Path: "a/kustomization.yaml", Kind: gitops.File}, {Path: "a/other.yaml", Kind: gitops.File}},
			}
			in := check.Input{Tree: tree, Overlays: []check.Overlay{{Head: broken}}, Files: []string{"a/kustomization.yaml", "a/other.yaml", "good/s.yaml"}}
			found, err := check.Run(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(found, func(f gitops.Finding) bool { return f.File == "good/s.yaml" && f.Rule == "plain-secret" }) {
				t.Errorf("the good file's Secret is not found:\n%.2000s", format(found))
			}
			for _, f := range found {
				if len(f.Message) > 1000 || strings.ContainsAny(f.Message, "\n\x00") {
					t.Errorf("message is not one short line: %.200q", f.Message)
				}
			}
		})
	}
}

// TestTooLarge says that a Secret too large to parse was not looked at, and
// says nothing of a large file without one.
func TestTooLarge(t *testing.T) {
	fill := strings.Repeat("# fill\n", check.MaxFile/7+1)
	tree := memory{"crd.yaml": fill + "kind: CustomResourceDefinition\n", "s.yaml": fill + "kind: Secret\n"}
	found, err := check.Run(t.Context(), check.Input{Tree: tree, Files: []string{"crd.yaml", "s.yaml"}})
	if err != nil || len(found) != 1 || found[0].File != "s.yaml" || found[0].Severity != gitops.SeverityNote {
		t.Errorf("found %s, error %v", format(found), err)
	}
}

// FuzzRun looks for a file that breaks a rule, a value that leaks, or an
// answer that is not the same twice.
func FuzzRun(f *testing.F) {
	f.Add("resources: [a, ../b, https://x/y//z?ref=main]\n", "kind: Secret\ndata: {a: SEALIFTVALUE}\n")
	f.Add("secretGenerator:\n- literals: [a=SEALIFTVALUE]\n", "kind: List\nitems: [{kind: Secret, stringData: {a: SEALIFTVALUE}}]\n")
	sealed := "kind: SealedSecret\nmetadata: {name: a, namespace: b, annotations: {sealedsecrets.bitnami.com/cluster-wide: yes}}\nspec:\n  encryptedData: {k: " + cipher("k") + ", l: SEALIFTVALUE}\n"
	f.Add(strings.ReplaceAll(sealed, "name: a", "name: c"), sealed+"  template: {metadata: {name: d, namespace: e}}\n")
	f.Add("a: &a [*a]\nresources: *a\n", "a: &a\n  <<: *a\nkind: Secret\n")
	f.Fuzz(func(t *testing.T, kustomization, file string) {
		tree := memory{"a/kustomization.yaml": kustomization, "a/f.yaml": file, "b/kustomization.yaml": kustomization}
		reads := []gitops.Read{{Path: "a/f.yaml", Kind: gitops.File}, {Path: "a/kustomization.yaml", Kind: gitops.File}}
		in := check.Input{Tree: tree, Overlays: []check.Overlay{{Head: &gitops.Rendered{
			Path: "a", Err: &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseDuplicate, Message: "duplicate"}, Reads: reads,
		}}, {Head: &gitops.Rendered{
			Path: "b", Reads: reads, Objects: []gitops.Object{{Kind: "SealedSecret", YAML: []byte(file)}, {Kind: "SealedSecret", YAML: []byte(kustomization)}},
		}}}, Files: []string{"a/f.yaml", "b/kustomization.yaml"}}
		found, err := check.Run(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := check.Run(t.Context(), in)
		if format(found) != format(again) {
			t.Errorf("two runs differ:\n%s\n%s", format(found), format(again))
		}
		if !slices.IsSortedFunc(found, func(a, b gitops.Finding) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		}) {
			t.Errorf("findings are not sorted:\n%s", format(found))
		}
		for _, f := range found {
			if strings.ContainsAny(f.Message+f.Fix, "\n\r\x00\u202e") {
				t.Errorf("message is not one line: %q", f.Message)
			}
			if strings.Contains(f.Message, "SEALIFTVALUE") && !strings.Contains(keysOf(kustomization+file), "SEALIFTVALUE") {
				t.Errorf("message shows a value: %q", f.Message)
			}
		}
		in.Base, in.OnlyNew = tree, true
		in.Overlays[0].Base, in.Overlays[1].Base = in.Overlays[0].Head, in.Overlays[1].Head
		if left, err := check.Run(t.Context(), in); err != nil || len(left) > 0 {
			t.Errorf("findings are new although nothing changed (error %v):\n%s", err, format(left))
		}
	})
}

// keysOf returns what may be a name or a key rather than a value: the fuzzer
// moves the marked value there too.
func keysOf(s string) string {
	s = strings.ReplaceAll(s, "data: {a: SEALIFTVALUE}", "")
	s = strings.ReplaceAll(s, ", l: SEALIFTVALUE}", "")
	s = strings.ReplaceAll(s, "stringData: {a: SEALIFTVALUE}", "")
	return strings.ReplaceAll(s, "a=SEALIFTVALUE", "")
}
