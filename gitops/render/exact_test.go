package render

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d # comment\nspec:\n  template:\n    spec:\n      containers:\n      - {name: c, image: 'nginx:1.0', args: [\"$(NAME)\"]}\n"
	service    = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n"
	bom        = "\uFEFF"
	// widget is an object that only the schema below knows how to merge.
	widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec:\n  parts:\n  - {name: a, size: 1}\n  - {name: b, size: 2}\n"
	schema = `{"definitions":{"v1.Widget":{"properties":{"spec":{"properties":{"parts":{"type":"array",
"items":{"type":"object"},"x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge"}},"type":"object"}},"type":"object",
"x-kubernetes-group-version-kind":[{"group":"example.com","kind":"Widget","version":"v1"}]}}}`
	widgetPatch = "patches:\n- patch: |\n    apiVersion: example.com/v1\n    kind: Widget\n    metadata: {name: w}\n    spec: {parts: [{name: b, size: 3}]}\n"
)

// exactCases are directories "app" that use what a real repository seldom does.
// Each must give the command's bytes, or fail as the command does.
func exactCases() map[string]map[string]string {
	k := func(text string, more ...string) map[string]string {
		files := map[string]string{"app/kustomization.yaml": text, "app/d.yaml": deployment, "app/s.yaml": service, "app/cm.yaml": configMap}
		for i := 0; i < len(more); i += 2 {
			files[more[i]] = more[i+1]
		}
		return files
	}
	base := []string{"base/kustomization.yaml", "resources: [d.yaml]\n", "base/d.yaml", deployment}
	cases := map[string]map[string]string{
		"managedByLabel":            k("resources: [d.yaml]\nbuildMetadata: [managedByLabel]\n"),
		"managedByLabel as a value": k("resources: [d.yaml, x.yaml]\nbuildMetadata: [managedByLabel]\n", "app/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  note: |\n    labels:\n      app.kubernetes.io/managed-by: kustomize-(devel)\n"),
		"originAnnotations":         k("resources: [d.yaml, ../base]\nnamePrefix: a-\nbuildMetadata: [originAnnotations]\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n", "base/kustomization.yaml", "resources: [s.yaml]\n", "base/s.yaml", service),
		"transformerAnnotations":    k("resources: [d.yaml]\nnamePrefix: a-\nbuildMetadata: [originAnnotations, transformerAnnotations, managedByLabel]\ncommonLabels: {a: b}\n"),
		"deprecated fields":         k("bases: [../base]\nresources: [s.yaml]\ncommonLabels: {a: b}\ncommonAnnotations: {c: d}\npatchesStrategicMerge:\n- p.yaml\n- |-\n  apiVersion: v1\n  kind: Service\n  metadata: {name: s}\n  spec: {type: NodePort}\npatchesJson6902:\n- target: {version: v1, kind: Service, name: s}\n  path: j.yaml\nimageTags: [{name: nginx, newTag: '2'}]\n", append(base, "app/p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 3}\n", "app/j.yaml", "- {op: add, path: /metadata/labels, value: {x: y}}\n")...),
		"vars":                      k("resources: [d.yaml, s.yaml]\nnameSuffix: -x\nvars:\n- name: NAME\n  objref: {kind: Service, name: s, apiVersion: v1}\n"),
		"env of a generator":        k("configMapGenerator: [{name: g, env: e.env}, {name: h, envs: [e.env], literals: [x=y]}]\n", "app/e.env", "A=1\n# comment\n\nB=two words\nC\n"),
		"binary file":               k("configMapGenerator: [{name: g, files: [b.bin, renamed=b.bin, t.txt]}]\nsecretGenerator: [{name: h, type: Opaque, files: [b.bin]}]\n", "app/b.bin", "\x00\xff\xfe\x80", "app/t.txt", "a\r\nb\n"),
		"BOM in a kustomization":    k(bom + "resources: [cm.yaml]\n"),
		"BOM in a resource":         k("resources: [x.yaml]\n", "app/x.yaml", bom+configMap),
		"CRLF":                      k("resources:\r\n- cm.yaml\r\nnamePrefix: a-\r\n", "app/cm.yaml", strings.ReplaceAll(configMap, "\n", "\r\n")),
		"second name":               {"app/kustomization.yml": "resources: [cm.yaml]\n", "app/cm.yaml": configMap},
		"third name":                {"app/Kustomization": "resources: [cm.yaml]\n", "app/cm.yaml": configMap},
		"first and third name":      k("resources: [cm.yaml]\n", "app/Kustomization", "resources: [s.yaml]\n"),
		"first and second name":     k("resources: [cm.yaml]\n", "app/kustomization.yml", "resources: [s.yaml]\n"),
		"documents, lists, anchors": k("resources: [m.yaml]\n", "app/m.yaml", "# head\n---\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: l1}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: l2}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: a, labels: &l {x: y}}\ndata: {<<: *l, k: v}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: e}\ndata: {n: 010, t: yes, s: '1', f: 1e3, z: ~, d: 2020-01-01}\n"),
		"anchors":                   k("resources: [m.yaml]\n", "app/m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: &l {x: y}}\ndata:\n  <<: *l\n  k: v\n"),
		"scalars":                   k("resources: [m.yaml]\n", "app/m.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: e}\ndata: {n: '010', t: \"yes\", u: \"\\u00e9\\u2028\", long: '"+strings.Repeat("word ", 60)+"'}\n"),
		"replacements":              k("resources: [d.yaml, s.yaml]\nreplacements:\n- source: {kind: Service, fieldPath: metadata.name}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [spec.template.spec.containers.0.image]\n    options: {delimiter: ':', index: 1}\n- path: r.yaml\n", "app/r.yaml", "source: {kind: Service, fieldPath: spec.ports.0.port}\ntargets:\n- select: {kind: Deployment}\n  fieldPaths: [metadata.annotations.port]\n  options: {create: true}\n"),
		"images, replicas, labels":  k("resources: [d.yaml, s.yaml]\nimages: [{name: nginx, newName: example.com/n, digest: 'sha256:" + strings.Repeat("a", 64) + "'}]\nreplicas: [{name: d, count: 4}]\nlabels: [{pairs: {a: b}, includeSelectors: true, includeTemplates: true}]\nnamespace: ns\n"),
		"sortOptions":               k("resources: [d.yaml, s.yaml, cm.yaml]\nsortOptions: {order: legacy}\n"),
		"sortOptions fifo":          k("resources: [d.yaml, s.yaml, cm.yaml]\nsortOptions: {order: fifo}\n"),
		"component":                 k("resources: [d.yaml]\ncomponents: [../c]\n", "c/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -c\npatches: [{target: {kind: Deployment}, path: p.yaml}]\n", "c/p.yaml", "- {op: add, path: /spec/replicas, value: 2}\n"),
		"generator behaviour":       k("resources: [../base]\nconfigMapGenerator: [{name: g, behavior: merge, literals: [b=2], options: {annotations: {x: z}}}, {name: i, literals: [a=1], options: {immutable: true, disableNameSuffixHash: true}}]\ngeneratorOptions: {labels: {l: m}}\n", "base/kustomization.yaml", "configMapGenerator: [{name: g, literals: [a=1]}]\n"),
		"configurations":            k("resources: [x.yaml, cm.yaml]\nnamePrefix: a-\nconfigurations: [conf.yaml]\n", "app/x.yaml", "apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\nspec: {configName: c}\n", "app/conf.yaml", "nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs: [{kind: X, path: spec/configName}]\n"),
		"transformer and generator": k("resources: [d.yaml]\ntransformers:\n- t.yaml\n- |-\n  apiVersion: builtin\n  kind: AnnotationsTransformer\n  metadata: {name: t}\n  annotations: {q: r}\n  fieldSpecs: [{path: metadata/annotations, create: true}]\ngenerators: [g.yaml]\n", "app/t.yaml", "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: t}\nprefix: p-\nfieldSpecs: [{path: metadata/name}]\n", "app/g.yaml", "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nname: made\nliterals: [a=b]\n"),
		"patch that deletes":        k("resources: [d.yaml, s.yaml]\npatches:\n- patch: |\n    $patch: delete\n    apiVersion: v1\n    kind: Service\n    metadata: {name: s}\n"),
		"crds":                      k("resources: [w.yaml]\nnamePrefix: a-\ncrds: [crd.json]\n", "app/w.yaml", widget, "app/crd.json", `{"example.com/v1.Widget":{"Schema":{"description":"w","properties":{"spec":{"x-kubernetes-object-ref-api-version":"v1"}}}}}`),
		"openapi":                   k("resources: [w.yaml]\nopenapi: {path: schema.json}\n"+widgetPatch, "app/w.yaml", widget, "app/schema.json", schema),
		"openapi version":           k("resources: [d.yaml]\nopenapi: {version: v1.21.2}\nnamePrefix: a-\n"),
		"local dir like a host":     k("resources: [rbac.authorization.k8s.io/x]\n", "app/rbac.authorization.k8s.io/x/kustomization.yaml", "resources: [cm.yaml]\n", "app/rbac.authorization.k8s.io/x/cm.yaml", configMap),
		"empty result":              k("resources: []\nnamePrefix: a-\n"),
		"unknown kind":              k("apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomizations\nresources: [cm.yaml]\n"),
		"two documents":             k("resources: [cm.yaml]\n---\nresources: [s.yaml]\n"),
		"key twice":                 k("resources: [cm.yaml]\nresources: [s.yaml]\n"),
		"file outside of its root":  k("configMapGenerator: [{name: g, files: [../base/x]}]\n", "base/x", "y"),
		"absolute path":             k("resources: [/etc/hostname]\n"),
	}
	maps.Copy(cases, map[string]map[string]string{
		"merge without a schema": k("resources: [w.yaml]\n"+widgetPatch, "app/w.yaml", widget),
	})
	return cases
}

// TestExact compares with the command, each case in a fresh process of it.
func TestExact(t *testing.T) {
	cases := exactCases()
	failed := 0
	r := newRenderer(t, Options{})
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			want, problem := kustomizeBuild(t, filepath.Join(onDisk(t, cases[name], nil), "app"))
			got := render(t, r, memory(cases[name]), "app")
			switch {
			case problem != "" && got.Err == nil:
				t.Errorf("rendered, the command says %s", problem)
			case problem != "":
				failed++
				t.Logf("%v\nkustomize: %s", got.Err, problem)
			case got.Err != nil:
				t.Errorf("%s: %v", got.Err.Cause, got.Err)
			default:
				if diff := cmp.Diff(want, string(got.YAML())); diff != "" {
					t.Errorf("-kustomize +ours\n%s", diff)
				}
			}
		})
	}
	if failed > len(cases)/3 {
		t.Errorf("the command fails on %d of %d cases", failed, len(cases))
	}
}

// TestExactLinks compares directories and files behind symlinks.
func TestExactLinks(t *testing.T) {
	files := map[string]string{
		"app/kustomization.yaml": "resources: [l.yaml, ../linked, here]\n", "app/real.yaml": configMap,
		"base/kustomization.yaml": "resources: [s.yaml]\n", "base/s.yaml": service,
		"third/d.yaml": deployment, "third/k": "resources: [d.yaml]\n",
	}
	links := map[string]string{"app/l.yaml": "real.yaml", "linked": "base", "app/here": "../third", "third/kustomization.yaml": "k"}
	want, problem := kustomizeBuild(t, filepath.Join(onDisk(t, files, links), "app"))
	if problem != "" {
		t.Fatal(problem)
	}
	r := newRenderer(t, Options{})
	if got := renders(t, r, withLinks(files, links), "app"); got != want {
		t.Errorf("-kustomize +ours\n%s", cmp.Diff(want, got))
	}
}

// TestSchemaStays renders overlays with a schema of their own between others, in
// several orders and at once. kustomize keeps a schema for the whole process, so
// each is compared with a fresh process of the command.
func TestSchemaStays(t *testing.T) {
	files := map[string]string{}
	put := func(dir, kustomize string) {
		files[dir+"/kustomization.yaml"], files[dir+"/w.yaml"], files[dir+"/schema.json"] = kustomize, widget, schema
		files[dir+"/d.yaml"] = deployment
	}
	put("plain", "resources: [w.yaml, d.yaml]\n"+widgetPatch)
	put("own", "resources: [w.yaml, d.yaml]\nopenapi: {path: schema.json}\n"+widgetPatch)
	put("old", "resources: [w.yaml, d.yaml]\nopenapi: {version: v1.21.2}\n"+widgetPatch)
	put("broken", "resources: [w.yaml, gone.yaml]\nopenapi: {path: schema.json}\n")
	put("malformed", "resources: [w.yaml]\nopenapi: {path: bad.json}\n")
	files["malformed/bad.json"] = "{"
	dir := onDisk(t, files, nil)
	want := map[string]string{}
	for _, p := range []string{"plain", "own", "old"} {
		out, problem := kustomizeBuild(t, filepath.Join(dir, p))
		if problem != "" {
			t.Fatal(problem)
		}
		want[p] = out
	}
	if want["plain"] == want["own"] {
		t.Fatal("the schema makes no difference")
	}
	src := memory(files)
	for i, order := range [][]string{
		{"plain", "own", "plain"}, {"own", "plain", "own", "old", "plain"}, {"old", "own", "plain"}, {"broken", "plain", "own", "plain"},
		{"malformed", "plain", "malformed", "own", "plain"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			r := newRenderer(t, Options{Workers: 1})
			for _, p := range order {
				got := render(t, r, src, p)
				if _, ok := want[p]; ok != (got.Err == nil) {
					t.Errorf("%s: %v", p, got.Err)
				} else if string(got.YAML()) != want[p] {
					t.Errorf("%s in %v: -kustomize +ours\n%s", p, order, cmp.Diff(want[p], string(got.YAML())))
				}
			}
		})
	}
	r := newRenderer(t, Options{Workers: 2})
	for done, err := range r.All(t.Context(), src, slices.Repeat([]string{"plain", "own", "old"}, 6)) {
		if err != nil || done.Err != nil || string(done.YAML()) != want[done.Path] {
			t.Errorf("at once: %s differs: %v %v", done.Path, err, done.Err)
		}
	}
}
