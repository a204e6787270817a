package render

import (
	"encoding/json"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

// TestFluxTruth compares random Kustomizations with what Flux's own code builds. That is a
// program of another module, see testdata/fluxtruth and `make truth-flux-kustomize`.
func TestFluxTruth(t *testing.T) {
	program := os.Getenv("SEALIFT_FLUXTRUTH")
	if program == "" {
		t.Skip("SEALIFT_FLUXTRUTH does not name the program; make truth-flux-kustomize builds it")
	}
	rounds := 400
	if n, err := strconv.Atoi(os.Getenv("SEALIFT_ROUNDS")); err == nil {
		rounds = n
	}
	ask := startTruth(t, program)
	r := newRenderer(t, Options{Workers: 1})
	rendered := 0
	for seed := range rounds {
		rnd := rand.New(rand.NewPCG(11, uint64(seed)))
		files, o := fluxFiles(rnd), randomFlux(rnd)
		root := onDisk(t, files, nil)
		want, problem := ask(root, filepath.Join(root, "in/app"), fluxSpec(o))
		b := gitops.Build{Flux: o}
		if !slices.ContainsFunc(kustomizationNames[:], func(name string) bool { _, ok := files["in/app/"+name]; return ok }) {
			b.Files = fluxScan(files, "in/app")
		}
		got := buildOf(t, r, memory(files), "in/app", b)
		switch {
		case problem == "" && got.Err == nil:
			if rendered++; strings.TrimSpace(string(got.YAML())) != strings.TrimSpace(want) {
				t.Errorf("seed %d: %+v\n%v: -Flux +ours\n%s", seed, *o, files, cmp.Diff(want, string(got.YAML())))
			}
		case problem == "" || got.Err == nil:
			t.Errorf("seed %d: %+v\n%v: ours %v, Flux %s", seed, *o, files, got.Err, problem)
		default:
			t.Logf("seed %d: %v\n  %.300s", seed, got.Err, problem)
		}
	}
	if rendered < rounds/4 {
		t.Errorf("only %d of %d build", rendered, rounds)
	}
}

// startTruth starts the program, which answers until the test ends.
func startTruth(t *testing.T, program string) func(root, dir string, kustomization any) (out, problem string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	to, from := json.NewEncoder(in), json.NewDecoder(out)
	return func(root, dir string, kustomization any) (string, string) {
		var answer struct{ YAML, Error string }
		if err := to.Encode(map[string]any{"Root": root, "Dir": dir, "Kustomization": kustomization}); err != nil {
			t.Fatal(err)
		}
		if err := from.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return answer.YAML, answer.Error
	}
}

// fluxSpec is the Kustomization that has these options.
func fluxSpec(o *gitops.FluxBuild) map[string]any {
	var spec map[string]any
	text, _ := json.Marshal(o)
	_ = json.Unmarshal(text, &spec)
	for _, own := range []string{"name", "namespace", "substitute", "vars", "labels", "annotations"} {
		delete(spec, own)
	}
	if len(o.Vars) > 0 {
		spec["postBuild"] = map[string]any{"substitute": o.Vars}
	}
	return map[string]any{"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": map[string]any{"name": "k"}, "spec": spec}
}

// randomFlux are options of which most build and some cannot.
func randomFlux(rnd *rand.Rand) *gitops.FluxBuild {
	o := &gitops.FluxBuild{
		TargetNamespace: oneOf(rnd, "", "", "team"), NamePrefix: oneOf(rnd, "", "", "p-"), NameSuffix: oneOf(rnd, "", "", "-s"),
		Components: seldom(rnd, some(rnd, "../c1", "../c2/", "./../c1"), "../gone", "../base", "https://github.com/o/r", "/c1"), IgnoreMissingComponents: rnd.IntN(2) == 0,
	}
	for _, p := range randomPatches(rnd) {
		if p.Path == "" && p.Options == nil {
			o.Patches = append(o.Patches, p)
		}
	}
	o.Images = some(rnd, gitops.FluxImage{Name: "nginx", NewTag: "2"}, gitops.FluxImage{Name: "nginx", NewName: "their/n"}, gitops.FluxImage{Name: "nginx", Digest: "sha256:" + strings.Repeat("c", 64)},
		gitops.FluxImage{Name: "busybox", NewTag: "1", NewName: "b"}, gitops.FluxImage{Name: "their/n", NewTag: "9"})
	if rnd.IntN(2) == 0 {
		o.Substitute = true
		o.Vars = map[string]string{"A": oneOf(rnd, "x", "1", "true", "a b", "", "a: b", "1e3", "x\ny\n"), "B": oneOf(rnd, "hello", "0x10", "[1, 2]", "{a: b}", "'q'"), oneOf(rnd, "C", "_c", "Z", "Y", "a-b"): "z"}
	}
	return o
}

// randomValue is a value of a manifest with a variable in it, or something like one.
func randomValue(rnd *rand.Rand) string {
	return oneOf(rnd, "${A}", `"${A}"`, "'${A}'", "${B}", "x${A}y", "${GONE}", `"${GONE:-d}"`, "${A:=${B}}", "$${A}", "$A", "${B^^}", "${B:1:2}", "${A/x/z}", "${#B}", "1000000", "12345678901234567", "1.50", "0.1", "'yes'", "1e21", "'${A'", "2020-01-01", "'0123456789012345678'")
}

// fluxFiles are files with a kustomization or without.
func fluxFiles(rnd *rand.Rand) map[string]string {
	files := argoFiles(rnd)
	cm := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: v\n"
	switch rnd.IntN(6) {
	case 0:
		cm += "  labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n"
	case 1:
		cm += "  annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n"
	}
	files["in/app/v.yaml"] = cm + "data:\n  a: " + randomValue(rnd) + "\n  b: " + randomValue(rnd) + "\n  c: " + randomValue(rnd) + "\n"
	name := ""
	for p, text := range files {
		if path.Dir(p) == "in/app" && isKustomization(p) {
			name = p
			files[p] = strings.Replace(text, "resources: [", "resources: [v.yaml, ", 1)
		}
	}
	if rnd.IntN(4) == 0 {
		delete(files, name)
		delete(files, "in/app/p.yaml") // no object
		delete(files, "in/app/m.yaml")
		maps.Copy(files, map[string]string{"in/app/sub/x.yml": mapOf("x"), "in/app/built/Kustomization": "resources: [deep/y.yaml]\n", "in/app/built/deep/y.yaml": mapOf("y"), "in/app/sub-2/z.yaml": "# none\n"})
	} else if rnd.IntN(6) == 0 {
		files[name] = oneOf(rnd, "components: [../c2]\n", "bases: [../base]\n", "namePrefix: x-\n", "configMapGenerator: [{name: g, literals: [a=b]}]\n", "resources: [v.yaml]\nodd: 1\n", "kind: Component\nresources: [v.yaml]\n", "", "a: [\n", "resources: v.yaml\n")
	}
	return files
}

// fluxScan returns what Flux lists in a kustomization of its own making.
func fluxScan(files map[string]string, dir string) []string {
	list := []string{}
	mem := map[string]bool{}
	for p := range files {
		for at := p; at != "."; at = path.Dir(at) {
			mem[at] = true
		}
	}
	var walk func(string)
	walk = func(at string) {
		var names []string
		for p := range mem {
			if path.Dir(p) == at {
				names = append(names, p)
			}
		}
		slices.Sort(names)
		for _, p := range names {
			_, file := files[p]
			switch {
			case file && (path.Ext(p) == ".yaml" || path.Ext(p) == ".yml"):
				list = append(list, p)
			case !file && slices.ContainsFunc(kustomizationNames[:], func(name string) bool { return fs.ValidPath(p) && mem[path.Join(p, name)] }):
				list = append(list, p)
			case !file:
				walk(p)
			}
		}
	}
	walk(dir)
	return list
}
