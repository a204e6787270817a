package flux_test

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/flux"
	"github.com/sealift/sealift/gitops/tree"
)

// TestReleaseReads is about what a chart is made of.
func TestReleaseReads(t *testing.T) {
	r := &flux.Room{Reach: reach, Tree: tree.Memory(map[string]string{
		"charts/web/Chart.yaml":  "name: web\ndependencies:\n- {name: lib, repository: \"file://../lib\"}\n- {name: db, repository: https://x}\n",
		"charts/lib/Chart.yaml":  "name: lib\ndependencies:\n- {name: web, repository: \"file://../web\"}\n",
		"charts/odd/Chart.yaml":  "{",
		"charts/packed-1.0.tgz":  "",
		"charts/web/values.yaml": "",
	})}
	other := "\n---\n" + strings.ReplaceAll(strings.ReplaceAll(fleet, "name: fleet", "name: other"), "acme/fleet", "other/x")
	chart := "\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: web, namespace: flux-system}\nspec: {chart: charts/web, sourceRef: {kind: GitRepository, name: fleet}}\n"
	spec := func(s string) string { return "chart: {spec: {" + s + "}}" }
	const git = "sourceRef: {kind: GitRepository, name: fleet}"
	tests := []struct{ name, spec, want string }{
		{"of a repository of charts", spec("chart: web, sourceRef: {kind: HelmRepository, name: x}"), ""},
		{"of this repository", spec("chart: ./charts/web, " + git), "charts/web/** charts/lib/**"},
		{"with values files", spec("chart: ./charts/odd, valuesFiles: [./charts/odd/prod.yaml, values/x.yaml], " + git), "charts/odd/** charts/odd/prod.yaml values/x.yaml"},
		{"packed", spec("chart: charts/packed-1.0.tgz, " + git), "charts/packed-1.0.tgz"},
		{"of another repository", spec("chart: charts/web, sourceRef: {kind: GitRepository, name: other}"), ""},
		{"of a repository that is not defined", spec("chart: charts/web, sourceRef: {kind: GitRepository, name: x}"), "charts/web/** charts/lib/**"},
		{"of one that is not defined, and is not here", spec("chart: charts/x, sourceRef: {kind: GitRepository, name: x}"), ""},
		{"with a variable", spec("chart: \"charts/${X}\", " + git), "charts/**"},
		{"by reference", "chartRef: {kind: HelmChart, name: web}", "charts/web/** charts/lib/**"},
		{"by reference to nothing", "chartRef: {kind: HelmChart, name: x}", ""},
		{"by reference to an artifact", "chartRef: {kind: OCIRepository, name: web}", ""},
		{"of nothing", "values: {}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := deploy(t, r, release(tt.spec), world(t, fleet+other+chart))
			if len(got.Opaque) != 1 || got.Opaque[0].Reason != gitops.ReasonChart {
				t.Fatalf("%+v, want something opaque", got)
			}
			if reads := strings.Join(got.Opaque[0].Reads, " "); reads != tt.want {
				t.Errorf("reads %s, want %s", reads, tt.want)
			}
		})
	}
}

// TestReleaseKey is about what a release is deployed with: what no render shows.
func TestReleaseKey(t *testing.T) {
	const values = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values, namespace: flux-system}\ndata: {values.yaml: \"a: 1\"}\n"
	const spec = "chart: {spec: {chart: web, sourceRef: {kind: HelmRepository, name: x}}}\nvaluesFrom: [{kind: ConfigMap, name: values}]\nvalues: {b: 1}"
	unit := &gitops.Unit{}
	key := func(spec, values string, rendered, renderedValues bool) string {
		d, v := document(t, release(spec)), document(t, values)
		if rendered {
			d.From = unit
		}
		if renderedValues {
			v.From = unit
		}
		w := &flux.World{}
		w.Add(v)
		got, err := room("x").Deploy(t.Context(), d, w)
		if err != nil {
			t.Fatal(err)
		}
		return got.Opaque[0].Key
	}
	changedSpec, changedValues := strings.Replace(spec, "b: 1", "b: 2", 1), strings.Replace(values, "a: 1", "a: 2", 1)
	if key(spec, values, false, false) == key(changedSpec, values, false, false) {
		t.Error("values of a release in a file do not count")
	}
	if key(spec, values, false, false) != key("# said\n"+spec, values, false, false) {
		t.Error("a comment counts")
	}
	if key(spec, values, true, false) == key(spec, changedValues, true, false) {
		t.Error("values of a ConfigMap in a file do not count")
	}
	if key(spec, values, true, true) != key(changedSpec, changedValues, true, true) {
		t.Error("what renders show counts twice")
	}
}
