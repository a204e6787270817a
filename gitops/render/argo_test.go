package render

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/yaml"
)

// argoTruth does to files on disk what Argo CD does: it runs the command for each option,
// in the order of its util/kustomize/kustomize.go, and builds. problem is what the first
// command said that failed.
func argoTruth(t *testing.T, root, dir string, o *gitops.ArgoKustomize, env map[string]string) (out, problem string) {
	t.Helper()
	program, err := kustomizeProgram()
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) {
		if problem != "" {
			return
		}
		cmd := exec.CommandContext(t.Context(), program, append([]string{"edit"}, args...)...)
		cmd.Dir = filepath.Join(root, dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			problem = fmt.Sprintf("%v: %s", args, out)
		}
	}
	for _, args := range argoEdits(o, env) {
		run(args...)
	}
	if len(o.Patches) > 0 && problem == "" {
		problem = patchOnDisk(t, filepath.Join(root, dir), o.Patches)
	}
	components := slices.DeleteFunc(slices.Clone(o.Components), func(c string) bool {
		_, err := os.Stat(filepath.Join(root, dir, c))
		return o.IgnoreMissingComponents && err != nil
	})
	if len(components) > 0 {
		run(append([]string{"add", "component"}, components...)...)
	}
	if problem != "" {
		return "", problem
	}
	return kustomizeBuild(t, filepath.Join(root, dir))
}

// argoEdits are the arguments of `kustomize edit`, up to those for components.
func argoEdits(o *gitops.ArgoKustomize, env map[string]string) (list [][]string) {
	expand := func(s string) string {
		return os.Expand(s, func(name string) string {
			if name == "$" {
				return "$"
			}
			return env[name]
		})
	}
	add := func(set bool, args ...string) {
		if set {
			list = append(list, args)
		}
	}
	add(o.NamePrefix != "", "set", "nameprefix", "--", o.NamePrefix)
	add(o.NameSuffix != "", "set", "namesuffix", "--", o.NameSuffix)
	images, replicas := []string{"set", "image"}, []string{"set", "replicas"}
	for _, im := range o.Images {
		images = append(images, expand(im))
	}
	add(len(o.Images) > 0, images...)
	for _, r := range o.Replicas {
		replicas = append(replicas, r.Name+"="+r.Count)
	}
	add(len(o.Replicas) > 0, replicas...)
	labels, annotations := []string{"add", "label"}, []string{"add", "annotation"}
	for _, flag := range []struct {
		list *[]string
		name string
		on   bool
	}{
		{&labels, "--force", o.ForceCommonLabels}, {&labels, "--without-selector", o.LabelWithoutSelector},
		{&labels, "--include-templates", o.LabelIncludeTemplates}, {&annotations, "--force", o.ForceCommonAnnotations},
	} {
		if flag.on {
			*flag.list = append(*flag.list, flag.name)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(o.CommonLabels)) {
		labels = append(labels, k+":"+expand(o.CommonLabels[k]))
	}
	add(len(o.CommonLabels) > 0, labels...)
	for _, k := range slices.Sorted(maps.Keys(o.CommonAnnotations)) {
		value := o.CommonAnnotations[k]
		if o.AnnotationsEnvsubst {
			value = expand(value)
		}
		annotations = append(annotations, k+":"+value)
	}
	add(len(o.CommonAnnotations) > 0, annotations...)
	add(o.Namespace != "", "set", "namespace", "--", o.Namespace)
	return list
}

// patchOnDisk appends patches to the kustomization of a directory.
func patchOnDisk(t *testing.T, dir string, patches []gitops.Patch) (problem string) {
	t.Helper()
	for _, name := range kustomizationNames {
		file := filepath.Join(dir, name)
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var k map[string]any
		if err := yaml.Unmarshal(text, &k); err != nil || k == nil {
			return "kustomization is no map"
		}
		old, ok := k["patches"].([]any)
		if !ok && k["patches"] != nil {
			return "patches is no list"
		}
		for _, p := range patches {
			old = append(old, p)
		}
		k["patches"] = old
		if text, err = yaml.Marshal(k); err == nil {
			err = os.WriteFile(file, text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return ""
	}
	return "no kustomization"
}

// some returns a few of a list, in a random order, and often none.
func some[T any](rnd *rand.Rand, list ...T) []T {
	if rnd.IntN(2) == 0 {
		return nil
	}
	list = slices.Clone(list)
	rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:1+rnd.IntN(min(3, len(list)))]
}

// oneOf returns one of a list.
func oneOf[T any](rnd *rand.Rand, list ...T) T { return list[rnd.IntN(len(list))] }

// seldom adds what cannot be to a list, so seldom that most options build.
func seldom[T any](rnd *rand.Rand, list []T, bad ...T) []T {
	if rnd.IntN(12) == 0 {
		list = append(list, oneOf(rnd, bad...))
	}
	return list
}

func someOf(rnd *rand.Rand, keys, values []string) map[string]string {
	m := map[string]string{}
	for _, k := range seldom(rnd, some(rnd, keys...), "") {
		m[k] = oneOf(rnd, values...)
	}
	return m
}

// randomPatches are patches of either form, and of neither.
func randomPatches(rnd *rand.Rand) []gitops.Patch {
	return seldom(rnd, some(rnd,
		gitops.Patch{Patch: "- op: replace\n  path: /spec/type\n  value: NodePort\n- {op: add, path: /metadata/annotations, value: {a: b}}\n", Target: &gitops.Selector{Kind: "Service", Version: "v1"}},
		gitops.Patch{Patch: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {paused: true}\n"},
		gitops.Patch{Path: "p.yaml", Target: &gitops.Selector{Group: "apps", Name: "d.*", LabelSelector: "a=b"}},
		gitops.Patch{Patch: "apiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {clusterIP: None}\n", Target: &gitops.Selector{Kind: "Service", Name: "s"}, Options: map[string]bool{"allowNameChange": true}},
	),
		gitops.Patch{Patch: "apiVersion: v1\nkind: Gone\nmetadata: {name: x}\n"}, gitops.Patch{Path: "gone.yaml"}, gitops.Patch{Path: "p.yaml", Options: map[string]bool{"odd": true}})
}

// randomArgo are options of which most build and some cannot.
func randomArgo(rnd *rand.Rand) *gitops.ArgoKustomize {
	digest := "@sha256:" + strings.Repeat("a", 64)
	keys, values := []string{"a", "x", "own", "example.com/y"}, []string{"1", "", "$APP", "$$APP", "${GONE}z", `"q"`, "a:b", `"`}
	o := &gitops.ArgoKustomize{
		NamePrefix: oneOf(rnd, "", "", "p-", "-q"), NameSuffix: oneOf(rnd, "", "", "-s", "."),
		Images: seldom(rnd, some(rnd, "nginx:2.0", "nginx=example.com/n", "nginx=example.com/n:3"+digest, "nginx"+digest, "busybox=*:$APP", "nginx=*:*"+digest, "nginx=*:4",
			"redis:${APP}", "reg.example.com:5000/x:1", "redis=example.com:5000/r", "a=b=c:1", "=x:1", "x:"), "nginx", "", "-x:1"),
		CommonLabels: someOf(rnd, keys, values), ForceCommonLabels: rnd.IntN(4) > 0, LabelWithoutSelector: rnd.IntN(2) == 0,
		CommonAnnotations: someOf(rnd, keys, values), ForceCommonAnnotations: rnd.IntN(4) > 0, AnnotationsEnvsubst: rnd.IntN(2) == 0,
		Namespace: oneOf(rnd, "", "", "team"), Patches: randomPatches(rnd),
		Components: seldom(rnd, some(rnd, "../c1", "../c2/", "./../c1", "../c?", "../.*", "../[b-c]*[0-9]", "./../../in/c*"), "../gone", "../base", "", "../c*/"), IgnoreMissingComponents: rnd.IntN(2) == 0,
	}
	o.LabelIncludeTemplates = rnd.IntN(3) == 0 && (o.LabelWithoutSelector || rnd.IntN(8) == 0)
	for _, name := range seldom(rnd, some(rnd, "d"), "e", "=", "-d") {
		o.Replicas = append(o.Replicas, gitops.ArgoReplicas{Name: name, Count: oneOf(rnd, "3", "0", "2", "-1")})
	}
	return o
}

// randomKustomization is one that has some of what the options change.
func randomKustomization(rnd *rand.Rand) string {
	fields := []string{"resources: [d.yaml, s.yaml]\n"}
	for _, f := range []string{
		"namePrefix: own-\n", "nameSuffix: -own\n", "namespace: mine\n", "images:\n# comment\n- {name: nginx, newTag: '1.1', newName: own/n}\n- {name: redis, digest: 'sha256:" + strings.Repeat("b", 64) + "'}\n- {name: nginx, newTag: twice}\n",
		"imageTags: [{name: nginx, newTag: old}]\n", "replicas: [{name: d, count: 7}]\n", "commonLabels: {own: o, a: b}\n", "labels:\n- pairs: {own: p}\n- {pairs: {a: q}, includeTemplates: true}\n- {pairs: {z: z}, includeSelectors: true}\n",
		"commonAnnotations: {own: o}\n", "patches:\n- path: p.yaml\n  target: {kind: Deployment}\n", "components: [../c1]\n", "bases: [../base]\n", "configMapGenerator: [{name: g, env: e.env}]\n", "buildMetadata: [originAnnotations]\n",
		"helmGlobals: {chartHome: x}\n", "patchesStrategicMerge: [m.yaml]\n", "generatorOptions: {disableNameSuffixHash: true}\n", "sortOptions: {order: fifo}\n",
	} {
		if rnd.IntN(5) == 0 {
			fields = append(fields, f)
		}
	}
	fields = seldom(rnd, fields, "unknown: 1\n", "patches: {}\n", "Patches: []\n", "labels: [{includeSelectors: false}]\n", "resources: []\n", "crds: 1\n")
	rnd.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return strings.Join(fields, "")
}

func argoFiles(rnd *rand.Rand) map[string]string {
	return map[string]string{
		"in/app/" + oneOf(rnd, kustomizationNames[:]...): randomKustomization(rnd),
		"in/app/d.yaml": deployment, "in/app/s.yaml": service, "in/app/e.env": "A=1\n", "in/app/p.yaml": "- {op: add, path: /spec/replicas, value: 4}\n", "in/app/m.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {sessionAffinity: None}\n",
		"in/base/kustomization.yaml": "resources: [cm.yaml]\n", "in/base/cm.yaml": configMap,
		"in/c1/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -c\n",
		"in/c2/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [cm.yaml]\n", "in/c2/cm.yaml": mapOf("c2"),
		"in/.c3/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: hidden-\n",
	}
}

// TestArgoExact compares options of Applications with what the command makes of them.
func TestArgoExact(t *testing.T) {
	rounds := 60
	if n, err := strconv.Atoi(os.Getenv("SEALIFT_ROUNDS")); err == nil {
		rounds = n
	}
	r := newRenderer(t, Options{Workers: 1})
	env := map[string]string{"APP": "shop"}
	rendered := 0
	for seed := range rounds {
		rnd := rand.New(rand.NewPCG(7, uint64(seed)))
		files, o := argoFiles(rnd), randomArgo(rnd)
		src := memory(files)
		want, problem := argoTruth(t, onDisk(t, files, nil), "in/app", o, env)
		got := buildOf(t, r, src, "in/app", gitops.Build{Argo: &gitops.ArgoBuild{Env: env, Kustomize: o}})
		switch {
		case problem == "" && got.Err == nil:
			if rendered++; string(got.YAML()) != want {
				t.Errorf("seed %d: %+v\n%v: -kustomize +ours\n%s", seed, *o, files, cmp.Diff(want, string(got.YAML())))
			}
		case problem == "" || got.Err == nil:
			t.Errorf("seed %d: %+v\n%v: ours %v, the command %s", seed, *o, files, got.Err, problem)
		default:
			t.Logf("seed %d: %v\n  %.300s", seed, got.Err, problem)
		}
	}
	if rendered < rounds/5 {
		t.Errorf("only %d of %d build", rendered, rounds)
	}
}
