package flux_test

import (
	"encoding/json"
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
		{"of this repository", spec("chart: ./charts/web, " + git), "unit charts/lib charts/web"},
		{"with values files", spec("chart: ./charts/odd, valuesFiles: [./charts/odd/prod.yaml, values/x.yaml], " + git), "unit charts/odd charts/odd/prod.yaml values/x.yaml"},
		{"packed", spec("chart: charts/packed-1.0.tgz, " + git), "charts/packed-1.0.tgz"},
		{"of another repository", spec("chart: charts/web, sourceRef: {kind: GitRepository, name: other}"), ""},
		{"of a repository that is not defined", spec("chart: charts/web, sourceRef: {kind: GitRepository, name: x}"), "charts/web/** charts/lib/**"},
		{"of one that is not defined, and is not here", spec("chart: charts/x, sourceRef: {kind: GitRepository, name: x}"), ""},
		{"with a variable", spec("chart: \"charts/${X}\", " + git), "charts/**"},
		{"by reference", "chartRef: {kind: HelmChart, name: web}", "unit charts/lib charts/web"},
		{"by reference to nothing", "chartRef: {kind: HelmChart, name: x}", ""},
		{"by reference to an artifact", "chartRef: {kind: OCIRepository, name: web}", ""},
		{"of nothing", "values: {}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := deploy(t, r, release(tt.spec), world(t, fleet+other+chart))
			if rest, unit := strings.CutPrefix(tt.want, "unit "); unit {
				if len(got.Units) != 1 || len(got.Opaque) > 0 || strings.Join(got.Units[0].Near, " ") != rest {
					t.Errorf("%+v, want a unit near %s", got, rest)
				}
				return
			}
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

// TestReleased is about how a release renders a chart of the tree.
func TestReleased(t *testing.T) {
	r := &flux.Room{Reach: reach, Tree: tree.Memory(map[string]string{"charts/web/Chart.yaml": "name: web\n"})}
	const config = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, namespace: flux-system}\ndata: {values.yaml: \"a: 1\", tag: \"'7'\"}\n"
	const chart = "chart: {spec: {chart: charts/web, valuesFiles: [x.yaml], ignoreMissingValuesFiles: true, sourceRef: {kind: GitRepository, name: fleet}}}\n"
	tests := []struct{ name, spec, want string }{
		{"plain", "", `{"name":"flux-instance","namespace":"flux-system","own":[{"file":"x.yaml","optional":true}],"skipTests":true,"cluster":true}`},
		{"named", "targetNamespace: shop\nreleaseName: web\ninstall: {crds: Skip, disableSchemaValidation: true}\ntest: {enable: true}\n",
			`{"name":"web","namespace":"shop","own":[{"file":"x.yaml","optional":true}],"skipCRDs":true,"skipSchema":true,"cluster":true}`},
		{"a long name", "targetNamespace: " + strings.Repeat("n", 60) + "\n",
			`{"name":"` + strings.Repeat("n", 40) + `-b5c3df92ca48","namespace":"` + strings.Repeat("n", 60) + `","own":[{"file":"x.yaml","optional":true}],"skipTests":true,"cluster":true}`},
		{"values", "valuesFrom: [{kind: ConfigMap, name: v}, {kind: ConfigMap, name: v, valuesKey: tag, targetPath: image.tag}, {kind: ConfigMap, name: gone, optional: true}]\nvalues: {b: 2}\n",
			`{"name":"flux-instance","namespace":"flux-system","values":[{"text":"a: 1"},{"text":"'7'","at":"image.tag"},{"text":"b: 2\n"}],"own":[{"file":"x.yaml","optional":true}],"skipTests":true,"cluster":true}`},
		{"values of elsewhere", "valuesFrom: [{kind: Secret, name: v, optional: true}, {kind: ConfigMap, name: gone}, {kind: ConfigMap, name: v, valuesKey: z}]\n",
			`{"name":"flux-instance","namespace":"flux-system","own":[{"file":"x.yaml","optional":true}],"skipTests":true,"cluster":true,"unknown":["Secret \"flux-system/v\"","ConfigMap \"flux-system/gone\"","key \"z\" of ConfigMap \"v\", which has none of that name"]}`},
		{"post-renderers", "postRenderers: [{kustomize: {patches: [{patch: p, target: {kind: K}}], images: [{name: i, newTag: t}]}}]\ncommonMetadata: {labels: {a: b}}\n",
			`{"name":"flux-instance","namespace":"flux-system","own":[{"file":"x.yaml","optional":true}],"skipTests":true,"cluster":true,"patches":[{"patch":"p","target":{"kind":"K"}}],"images":[{"name":"i","newTag":"t"}],"labels":{"a":"b"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := deploy(t, r, release(chart+tt.spec), world(t, fleet+config))
			if len(got.Units) != 1 {
				t.Fatalf("%+v, want one unit", got)
			}
			text, err := json.Marshal(got.Units[0].Build.Chart)
			if err != nil {
				t.Fatal(err)
			}
			if string(text) != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
}
