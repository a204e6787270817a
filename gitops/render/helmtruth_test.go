package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/chart"
	"github.com/sealift/sealift/gitops/need"
	"github.com/sealift/sealift/gitops/tree"
)

// helmWorld are the charts that the kustomizations of the test are built of.
const helmWorld = `
-- app/charts/web/Chart.yaml --
apiVersion: v2
name: web
version: 1.0.0
-- app/charts/web/values.yaml --
replicas: 1
ports: [80, 81]
image: {name: web, tag: "1"}
-- app/charts/web/crds/c.yaml --
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, names: {kind: Thing, plural: things}, scope: Namespaced, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}
-- app/charts/web/templates/all.yaml --
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: web}, ports: {{ range .Values.ports }}[{port: {{ . }}}]{{ break }}{{ end }}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  # a comment
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "{{ .Values.image.name }}:{{ .Values.image.tag }}"}]
---
# nothing
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-config}
data:
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  extra: {{ .Values.extra | quote }}
  text: |
    a
      b
-- app/charts/web/templates/hook.yaml --
apiVersion: batch/v1
kind: Job
metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}
-- app/charts/web/templates/test.yaml --
apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: a, image: b}]}
-- app/vendor/lib-2.0.0/lib/Chart.yaml --
apiVersion: v2
name: lib
version: 2.0.0
-- app/vendor/lib-2.0.0/lib/templates/x.yaml --
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
-- app/empty/none/Chart.yaml --
apiVersion: v2
name: none
version: 2.0.0
-- app/empty/none/values.yaml --
-- app/more.yaml --
extra: more
image: {tag: "3"}
-- app/own.yaml --
replicas: 7
-- app/cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: plain}
-- app/generator.yaml --
apiVersion: builtin
kind: HelmChartInflationGenerator
metadata: {name: g}
name: web
releaseName: generated
valuesInline: {replicas: 9}
-- over/kustomization.yaml --
namespace: over
namePrefix: o-
resources: [../app]
-- again/kustomization.yaml --
namespace: again
resources: [../over/deep]
-- over/deep/kustomization.yaml --
resources: [../../app]
nameSuffix: -deep
-- twice/kustomization.yaml --
resources: [../over, ../again, ../app]
`

// helmKustomizations are app/kustomization.yaml, one for each test.
var helmKustomizations = map[string]string{
	"plain":       "helmCharts: [{name: web}]\n",
	"released":    "helmCharts: [{name: web, releaseName: live, namespace: shop}]\n",
	"crds":        "helmCharts: [{name: web, releaseName: live, includeCRDs: true, skipTests: true}]\n",
	"no hooks":    "helmCharts: [{name: web, releaseName: live, skipHooks: true}]\n",
	"inline":      "helmCharts: [{name: web, releaseName: live, valuesInline: {replicas: 4, image: {tag: '2'}, ports: [90]}}]\n",
	"merge":       "helmCharts: [{name: web, releaseName: live, valuesMerge: merge, valuesInline: {replicas: 4, extra: x}}]\n",
	"replace":     "helmCharts: [{name: web, releaseName: live, valuesMerge: replace, valuesInline: {replicas: 4}}]\n",
	"file":        "helmCharts: [{name: web, releaseName: live, valuesFile: own.yaml}]\n",
	"files":       "helmCharts: [{name: web, releaseName: live, additionalValuesFiles: [more.yaml, own.yaml], valuesInline: {replicas: 4}}]\n",
	"home":        "helmGlobals: {chartHome: vendor}\nhelmCharts: [{name: lib, version: 2.0.0, repo: https://example.com, valuesInline: {a: 1}, valuesMerge: replace}]\n",
	"kube":        "helmCharts: [{name: web, releaseName: live, kubeVersion: 1.30.0, apiVersions: [example.com/v1]}]\n",
	"two":         "helmCharts: [{name: web, releaseName: a, skipHooks: true}, {name: web, releaseName: b, skipHooks: true}]\n",
	"order":       "resources: [cm.yaml]\nconfigMapGenerator: [{name: made, literals: [a=b]}]\nsecretGenerator: [{name: made, literals: [a=b]}]\nhelmCharts: [{name: web, releaseName: live}]\n",
	"component":   "resources: [cm.yaml]\nhelmCharts: [{name: web, releaseName: live}]\ncomponents: [part]\n",
	"transformed": "namespace: mine\nnamePrefix: p-\ncommonAnnotations: {a: b}\nlabels: [{pairs: {c: d}}]\nimages: [{name: web, newTag: '9'}]\nreplicas: [{name: live, count: 3}]\nhelmCharts: [{name: web, releaseName: live}]\n",
	"patched":     "helmCharts: [{name: web, releaseName: live}]\npatches: [{target: {kind: Deployment}, patch: '- {op: replace, path: /spec/replicas, value: 12}'}]\n",
	"generator":   "resources: [cm.yaml]\ngenerators: [generator.yaml]\n",
	"named":       "helmCharts: [{name: web, nameTemplate: given, skipHooks: true}]\n",
	"no output":   "helmGlobals: {chartHome: empty}\nresources: [cm.yaml]\nhelmCharts: [{name: none}]\n",
	"outside":     "helmCharts: [{name: web, valuesFile: ../over/kustomization.yaml}]\n",
	"missing":     "helmCharts: [{name: nothing}]\n",
	"bad merge":   "helmCharts: [{name: web, valuesMerge: other, valuesInline: {a: b}}]\n",
	"bad field":   "helmCharts: [{name: web, value: own.yaml}]\n",
	"twice":       "resources: [cm.yaml, cm.yaml]\nhelmCharts: [{name: web}]\n",
	"duplicate":   "helmCharts: [{name: web}, {name: web}]\n",
	"twice key":   "namePrefix: a-\nhelmCharts: [{name: web, releaseName: '-x'}]\n",
	"deprecated":  "commonLabels: {a: b}\nhelmCharts: [{name: web, releaseName: live, debug: true, devel: true}]\nnameSuffix: -s\n",
}

// TestTruthHelmCharts builds kustomizations with charts as the kustomize command does with
// the helm command beside it, byte for byte, alone and below others that give namespaces.
func TestTruthHelmCharts(t *testing.T) {
	kustomize, helm := need.Command(t, "kustomize"), need.Command(t, "helm")
	r := newRenderer(t, Options{})
	same, failed := 0, 0
	for name, text := range helmKustomizations {
		files := map[string]string{
			"app/kustomization.yaml":      text,
			"app/part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: part-\nresources: [more.yaml]\n",
			"app/part/more.yaml":          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n",
		}
		for _, f := range txtar.Parse([]byte(helmWorld)).Files {
			files[f.Name] = string(f.Data)
		}
		dir := t.TempDir()
		for p, content := range files {
			p = filepath.Join(dir, filepath.FromSlash(p))
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, at := range []string{"app", "over", "again", "twice"} {
			for _, unrestricted := range []bool{false, true} {
				restrictor := "LoadRestrictionsRootOnly"
				if unrestricted {
					restrictor = "LoadRestrictionsNone"
				}
				cmd := exec.Command(kustomize, "build", "--enable-helm", "--helm-command", helm, "--helm-kube-version", chart.KubeVersion, "--load-restrictor", restrictor, at)
				cmd.Dir = dir
				if strings.Contains(text, "kubeVersion") {
					cmd.Args = append(cmd.Args[:5], cmd.Args[7:]...)
				}
				var stderr strings.Builder
				cmd.Stderr = &stderr
				want, wrong := cmd.Output()
				got, err := r.Build(t.Context(), Source{Tree: tree.Memory(files), Path: at, Build: gitops.Build{Unrestricted: unrestricted}})
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case (wrong != nil) != (got.Err != nil):
					t.Errorf("%s in %s: fails here with %v, there with %v %s", name, at, got.Err, wrong, stderr.String())
				case wrong != nil:
					failed++
				default:
					same++
					if diff := cmp.Diff(string(want), string(got.YAML())); diff != "" {
						t.Errorf("%s in %s differs from kustomize (-kustomize +here):\n%s", name, at, diff)
					}
				}
			}
		}
	}
	t.Logf("%d builds are equal, %d fail in both", same, failed)
}
