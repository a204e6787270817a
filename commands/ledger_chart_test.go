package commands

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

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops/need"
	"github.com/sealift/sealift/gitops/tree"
)

// chartWorld is a repository of charts that Applications deploy, with how the helm command
// renders each.
type chartWorld struct {
	*rand.Rand
	files map[string]string
	apps  []string
}

// chartEdits is how many edits are made; SEALIFT_LEDGER_EDITS says another number.
const chartEdits = 400

// newChartWorld makes up three charts: one uses values, files and a chart in it, and all have
// what no template uses.
func newChartWorld(seed uint64) *chartWorld {
	w := &chartWorld{rand.New(rand.NewPCG(seed, 17)), map[string]string{}, []string{"cart", "stock", "till"}}
	for _, app := range w.apps {
		w.chart("charts/"+app, app)
		w.files["envs/prod/"+app+".yaml"] = fmt.Sprintf("level: %s\nunused: %d\nsub: {size: %d}\n", w.word(), w.IntN(9), w.IntN(9))
		w.application(app, "")
	}
	return w
}

func (w *chartWorld) word() string { return []string{"alpha", "beta", "gamma", "delta"}[w.IntN(4)] }

// chart makes up the files of one chart.
func (w *chartWorld) chart(dir, name string) {
	w.files[dir+"/Chart.yaml"] = "apiVersion: v2\nname: " + name + "\nversion: 1.0.0\n"
	w.files[dir+"/values.yaml"] = fmt.Sprintf("level: %s\nreplicas: %d\nextra: {}\nsub: {size: 1}\n", w.word(), 1+w.IntN(3))
	w.files[dir+"/conf/app.ini"] = "mode = " + w.word() + "\n"
	w.files[dir+"/templates/_help.tpl"] = `{{- define "name" }}{{ .Release.Name }}-` + w.word() + "{{ end }}"
	w.files[dir+"/templates/cm.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include \"name\" . }}\n" +
		"data:\n  level: {{ .Values.level }}\n  conf: {{ .Files.Get \"conf/app.ini\" | quote }}\n{{- range $k, $v := .Values.extra }}\n  {{ $k }}: {{ $v | quote }}\n{{- end }}\n"
	w.files[dir+"/templates/deployment.yaml"] = "{{- if gt (int .Values.replicas) 1 }}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: {{ .Values.replicas }}}\n{{- end }}\n"
	w.files[dir+"/templates/NOTES.txt"] = "Thank you: " + w.word() + "\n"
	w.files[dir+"/crds/a.yaml"] = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a." + name + "}\n"
	w.files[dir+"/charts/sub/Chart.yaml"] = "apiVersion: v2\nname: sub\nversion: 0.1.0\n"
	w.files[dir+"/charts/sub/values.yaml"] = "size: 1\n"
	w.files[dir+"/charts/sub/templates/s.yaml"] = "apiVersion: v1\nkind: Service\nmetadata: {name: sub-{{ .Values.size }}}\n"
	w.files[dir+"/README.md"] = w.word() + "\n"
}

// application deploys a chart; more is added to its Helm options.
func (w *chartWorld) application(app, more string) {
	w.files["argo/"+app+".yaml"] = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: " + app + ", namespace: argocd}\nspec:\n  project: default\n" +
		"  source:\n    repoURL: " + worldURL + "\n    targetRevision: HEAD\n    path: charts/" + app + "\n    helm:\n      valueFiles: [../../envs/prod/" + app + ".yaml]\n" + more +
		"  destination: {namespace: " + app + ", server: https://kubernetes.default.svc}\n"
}

// edited is the repository after a random edit, with what the edit was.
func (w *chartWorld) edited() (head *chartWorld, what string) {
	head = &chartWorld{w.Rand, maps.Clone(w.files), w.apps}
	app := w.apps[w.IntN(len(w.apps))]
	dir := "charts/" + app + "/"
	names := slices.Sorted(maps.Keys(w.files))
	switch w.IntN(8) {
	case 0, 1: // a word in any file becomes another
		name := names[w.IntN(len(names))]
		head.files[name] = strings.Replace(w.files[name], w.word(), w.word(), 1)
		return head, "word of " + name
	case 2:
		head.files["envs/prod/"+app+".yaml"] += []string{"replicas: 3\n", "extra: {a: b}\n", "other: x\n", "# note\n"}[w.IntN(4)]
		return head, "values of " + app
	case 3:
		head.application(app, []string{
			"      parameters: [{name: level, value: set}]\n", "      parameters: [{name: unused, value: x}]\n", "      releaseName: other\n", "      skipCrds: true\n",
			"      values: |\n        sub: {size: 7}\n", "      valuesObject: {extra: {c: d}}\n", "      fileParameters: [{name: level, path: conf/app.ini}]\n",
		}[w.IntN(7)])
		return head, "Application " + app
	case 4: // a file goes
		name := []string{"templates/deployment.yaml", "charts/sub/templates/s.yaml", "conf/app.ini", "README.md", "crds/a.yaml", "values.yaml"}[w.IntN(6)]
		delete(head.files, dir+name)
		return head, "removed " + dir + name
	case 5: // a file comes
		name := []string{"templates/new.yaml", "templates/deep/new.yaml", "crds/b.yaml", "conf/other.ini", "docs/new.md"}[w.IntN(5)]
		head.files[dir+name] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n"
		return head, "added " + dir + name
	case 6:
		head.files[dir+".helmignore"] = []string{"templates/deployment.yaml\n", "conf/\n", "*.md\n"}[w.IntN(3)]
		return head, "ignored in " + dir
	}
	head.files[dir+"templates/cm.yaml"] += []string{"# note\n", "{{/* note */}}\n", "  more: {{ .Values.sub.size | quote }}\n"}[w.IntN(3)]
	return head, "template of " + app
}

// deployed are the objects that the helm command renders of each Application, "fails" for
// what it does not.
func (w *chartWorld) deployed(t *testing.T, helm string) map[string]string {
	t.Helper()
	root := t.TempDir()
	for name, text := range w.files {
		p := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := map[string]string{}
	for _, app := range w.apps {
		cmd := exec.CommandContext(t.Context(), helm, slices.Concat([]string{"template"}, w.arguments(root, app))...)
		cmd.Dir = filepath.Join(root, "charts", app)
		text, err := cmd.Output()
		if err != nil {
			out[app] = "fails"
			continue
		}
		docs, err := documentsIn(text)
		if err != nil {
			t.Fatal(err)
		}
		out[app] = listOf(docs)
	}
	return out
}

// arguments are those of the command for an Application as [chartWorld.application] writes it.
func (w *chartWorld) arguments(root, app string) []string {
	text, name := w.files["argo/"+app+".yaml"], app
	if strings.Contains(text, "releaseName: other") {
		name = "other"
	}
	args := []string{name, ".", "--namespace", app, "--values", filepath.Join(root, "envs", "prod", app+".yaml")}
	if !strings.Contains(text, "skipCrds") {
		args = append(args, "--include-crds")
	}
	inline := ""
	switch {
	case strings.Contains(text, "sub: {size: 7}"):
		inline = "sub: {size: 7}\n"
	case strings.Contains(text, "valuesObject"):
		inline = "extra: {c: d}\n"
	}
	if inline != "" {
		file := filepath.Join(root, app+"-inline.yaml")
		if os.WriteFile(file, []byte(inline), 0o644) != nil {
			return nil
		}
		args = append(args, "--values", file)
	}
	switch {
	case strings.Contains(text, "name: level, value: set"):
		args = append(args, "--set", "level=set")
	case strings.Contains(text, "name: unused, value: x"):
		args = append(args, "--set", "unused=x")
	case strings.Contains(text, "fileParameters"):
		args = append(args, "--set-file", "level=conf/app.ini")
	}
	return args
}

// TestTruthHelmLedger makes random edits of charts, values and Applications: nothing is said
// to change only when the helm command renders the same before and after.
func TestTruthHelmLedger(t *testing.T) {
	helm, r := need.Command(t, "helm"), newRenderer(t)
	edits, changes := chartEdits, 0
	if n, err := strconv.Atoi(os.Getenv(ledgerEdits)); err == nil {
		edits = n
	}
	var base *chartWorld
	var before map[string]string
	for i := range edits {
		if i%20 == 0 {
			base = newChartWorld(uint64(i))
			before = base.deployed(t, helm)
		}
		head, what := base.edited()
		after := head.deployed(t, helm)
		d := Diff{
			Base: tree.Memory(base.files), Head: tree.Memory(head.files), Overlays: AutoOverlays, Renderer: r,
			Repository: Identity{Addresses: []string{worldURL}, Branch: worldBranch, DefaultBranch: worldBranch},
		}
		got, err := d.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same := maps.Equal(before, after)
		if !same {
			changes++
		}
		if shown := len(got.Report.Overlays) > 0; !same && reply.Nothing(got.Report) || same && shown && !strings.HasPrefix(what, "Application") {
			t.Errorf("edit %d, %s: the command renders the same %t, shown %t, nothing said %t", i, what, same, shown, reply.Nothing(got.Report))
		}
	}
	t.Logf("%d edits, of which %d change what is deployed", edits, changes)
}
