package render

import (
	"testing"

	"github.com/sealift/sealift/gitops/tree"
)

// TestSays compares what failures read like: the words of people, at the place that
// has to change, without the path that kustomize took.
func TestSays(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"helm chart": {app("resources: [r.yaml]\nhelmCharts: [{name: db, repo: https://example.com, version: 1.0.0}]\n"),
			`app/kustomization.yaml:2:14: Helm chart "db" of "https://example.com" is not in the repository, and its address is not allowed: "https://example.com/index.yaml" (allow it with --allow-remote example.com)`},
		"helm generator": {map[string]string{"app/" + kustomization: "resources: [../base]\n", "base/" + kustomization: "generators: [g.yaml]\n",
			"base/g.yaml": "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: db\nrepo: https://example.com\n"},
			`base/kustomization.yaml:1:14: Helm chart "db" of "https://example.com" is not in the repository, and its address is not allowed: "https://example.com/index.yaml" (allow it with --allow-remote example.com)`},
		"indentation in a base": {map[string]string{"app/" + kustomization: "resources: [../base]\n", "base/" + kustomization: "resources: [r.yaml]\n",
			"base/r.yaml": "kind: List\nitems:\n- a: 1\n  b: 2\n c: 3\n"},
			`base/r.yaml:4: invalid YAML: did not find expected key`},
		"key twice": {one(configMap + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nkind: Secret\n"),
			`app/r.yaml:8: invalid YAML: mapping key "kind" already defined at line 6`},
		"plugin": {map[string]string{"app/" + kustomization: "generators: [t.yaml]\n", "app/t.yaml": "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: t}\nfiles: [s.yaml]\n"},
			`app/kustomization.yaml: plugin "ksops" is not run here`},
		"patch without target": {app("resources: [r.yaml]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: x}\n"),
			`app/kustomization.yaml: patch has no target: there is no "Secret.v1.[noGrp]/x.[noNs]"`},
		"object twice": {map[string]string{"app/" + kustomization: "resources: [r.yaml, s.yaml]\n", "app/r.yaml": configMap, "app/s.yaml": configMap},
			`app/kustomization.yaml: object is there twice: "ConfigMap.v1.[noGrp]/c.[noNs]", again in "s.yaml"`},
		"string for a list": {app("resources: r.yaml\n"),
			`app/kustomization.yaml:1:1: field "resources" holds a string where a list is expected`},
		"remote base": {app("resources:\n- https://github.com/org/repo//base?ref=main\n"),
			`app/kustomization.yaml:2:3: remote base is not allowed: "https://github.com/org/repo?ref=main" (allow it with --allow-remote github.com/org/repo)`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := r.Render(t.Context(), tree.Memory(c.files), "app")
			if err != nil || got.Err == nil {
				t.Fatalf("error %v, failure %v, want a failure", err, got.Err)
			}
			if got.Err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", got.Err, c.want)
			}
		})
	}
}
