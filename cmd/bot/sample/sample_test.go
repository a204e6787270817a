package sample_test

import (
	"encoding/base64"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/cmd/bot/sample"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
	"github.com/sealift/sealift/gitops/tree"
)

func TestMain(m *testing.M) {
	if render.IsWorker() {
		os.Exit(render.WorkerMain())
	}
	os.Exit(m.Run())
}

// broken is the overlay that the pull request breaks.
const broken = "environments/prod/apps/store/overlays"

// rendered returns the layout of files and the render of every directory that
// can be rendered by itself.
func rendered(t *testing.T, files map[string]string) (*layout.Layout, map[string]*gitops.Rendered) {
	t.Helper()
	r, err := render.New(render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	tr := tree.Memory(files)
	cfg, problems := layout.ReadConfig(t.Context(), tr)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	l, err := layout.Read(t.Context(), tr, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*gitops.Rendered{}
	for _, dir := range l.Kustomizations {
		if l.Component(dir) {
			continue
		}
		got, err := r.Render(t.Context(), tr, dir)
		if err != nil {
			t.Fatal(err)
		}
		out[dir] = &got
	}
	return l, out
}

// TestBaseLayout finds the apps and environments that the demo speaks of, without
// configuration.
func TestBaseLayout(t *testing.T) {
	l, _ := rendered(t, sample.Base())
	if diff := cmp.Diff([]string{"dev", "staging", "prod"}, l.Environments); diff != "" {
		t.Errorf("environments (-want +got):\n%s", diff)
	}
	if len(l.Notes) > 0 {
		t.Errorf("notes: %v", l.Notes)
	}
	var want []gitops.Overlay
	for _, env := range []string{"dev", "prod", "staging"} {
		dir := "environments/" + env + "/"
		want = append(want,
			gitops.Overlay{Path: dir + "apps/store/overlays", App: "store", Environment: env},
			gitops.Overlay{Path: dir + "env", App: "env", Environment: env},
			gitops.Overlay{Path: dir + "services/kafka", App: "kafka", Environment: env},
			gitops.Overlay{Path: dir + "services/mq", App: "mq", Environment: env})
	}
	want = append([]gitops.Overlay{{Path: "config/argocd", App: "argocd"}, {Path: "config/cicd", App: "cicd"}}, want...)
	if diff := cmp.Diff(want, l.Overlays); diff != "" {
		t.Errorf("overlays (-want +got):\n%s", diff)
	}
	for _, o := range l.Overlays {
		if got := l.Source(o.Path); got != layout.SourceArgoCD {
			t.Errorf("%s: found as %q, want an Application that points at it", o.Path, got)
		}
	}
}

func TestBaseRenders(t *testing.T) {
	_, all := rendered(t, sample.Base())
	for dir, r := range all {
		if r.Err != nil {
			t.Errorf("%s: %v", dir, r.Err)
		}
	}
}

// TestChange breaks one overlay, changes some and leaves others: what the demo shows.
func TestChange(t *testing.T) {
	base := sample.Base()
	l, before := rendered(t, base)
	_, after := rendered(t, sample.Change().Apply(base))
	var changed []string
	for _, o := range l.Overlays {
		r := after[o.Path]
		if o.Path != broken && r.Err != nil {
			t.Errorf("%s: %v", o.Path, r.Err)
		}
		if o.Path != broken && string(r.YAML()) != string(before[o.Path].YAML()) {
			changed = append(changed, o.Path)
		}
	}
	want := []string{
		"environments/dev/apps/store/overlays",
		"environments/dev/services/kafka",
		"environments/staging/apps/store/overlays",
		"environments/staging/services/kafka",
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Errorf("changed overlays (-want +got):\n%s", diff)
	}
	if err := after[broken].Err; err == nil || err.Cause != gitops.CauseMissing {
		t.Errorf("%s: %v, want a missing file", broken, err)
	}
}

// TestChangeShows checks what the pull request is there to show.
func TestChangeShows(t *testing.T) {
	base := sample.Base()
	_, before := rendered(t, base)
	_, after := rendered(t, sample.Change().Apply(base))
	dev := "environments/dev/apps/store/overlays"
	for _, kind := range []string{"ConfigMap", "Secret"} {
		if slices.Equal(names(before[dev], kind), names(after[dev], kind)) {
			t.Errorf("no %s of dev has another name", kind)
		}
	}
	for dir, text := range map[string]string{
		dev: "image: registry.example.com/store/orders:v1.5.0\n",
		"environments/staging/apps/store/overlays": "image: registry.example.com/store/orders:v1.5.0\n",
		"environments/dev/services/kafka":          "partitions: 6\n",
		"environments/staging/services/kafka":      "name: orders-retry\n",
	} {
		if strings.Contains(string(before[dir].YAML()), text) || !strings.Contains(string(after[dir].YAML()), text) {
			t.Errorf("%s: does not gain %q", dir, text)
		}
	}
}

// names returns the names of the objects of one kind.
func names(r *gitops.Rendered, kind string) []string {
	var out []string
	for _, o := range r.Objects {
		if o.Kind == kind {
			out = append(out, o.Name)
		}
	}
	return out
}

// TestChangeFindings gives the findings that the demo shows.
func TestChangeFindings(t *testing.T) {
	base := sample.Base()
	_, before := rendered(t, base)
	head := sample.Change().Apply(base)
	l, after := rendered(t, head)
	in := check.Input{Tree: tree.Memory(head), Base: tree.Memory(base)}
	for _, o := range l.Overlays {
		in.Overlays = append(in.Overlays, check.Overlay{Head: after[o.Path], Base: before[o.Path]})
	}
	found, err := check.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		if f.Rule == "render-error" && f.File == broken+"/kustomization.yaml" {
			continue // says the same as missing-file
		}
		got = append(got, f.Rule+" "+string(f.Severity)+" "+f.File)
	}
	orders := "environments/dev/apps/store/services/orders/base/config/"
	want := []string{
		"plain-secret error " + orders + "alerts-secret.yaml",
		"plain-secret error " + orders + "kustomization.yaml", // the value changes
		"missing-file error " + broken + "/kustomization.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestSealed checks that what is sealed has the form of a sealed value: two
// bytes of length, as many of RSA-4096, and AES-GCM with a tag of 16.
func TestSealed(t *testing.T) {
	value := regexp.MustCompile(`(?m)^    [a-z-]+: (Ag\S+)$`)
	seen := 0
	for name, text := range sample.Base() {
		if !strings.HasSuffix(name, "sealed-secrets.yaml") {
			continue
		}
		for _, m := range value.FindAllStringSubmatch(text, -1) {
			seen++
			data, err := base64.StdEncoding.DecodeString(m[1])
			if err != nil || len(data) <= 2+512+16 || data[0] != 2 || data[1] != 0 {
				t.Errorf("%s: a value of %d bytes (%v) is not in the form of a sealed one", name, len(data), err)
			}
		}
	}
	if want := 3 + 4 + 4; seen != want {
		t.Errorf("%d sealed values, want %d", seen, want)
	}
}

func TestChangeFiles(t *testing.T) {
	base := sample.Base()
	pr := sample.Change()
	if pr.Title == "" || pr.Branch == "" || pr.Body == "" || len(pr.Files) == 0 {
		t.Errorf("the pull request lacks something: %q, %q, %q, %d files", pr.Title, pr.Branch, pr.Body, len(pr.Files))
	}
	for name, text := range pr.Files {
		if text == base[name] {
			t.Errorf("%s: is the same as in the base", name)
		}
	}
}

func TestApply(t *testing.T) {
	pr := sample.PullRequest{Files: map[string]string{"a": "new", "b": "new"}, Delete: []string{"c"}}
	base := map[string]string{"a": "old", "c": "old", "d": "old"}
	if diff := cmp.Diff(map[string]string{"a": "new", "b": "new", "d": "old"}, pr.Apply(base)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if base["a"] != "old" || base["c"] != "old" {
		t.Error("the base changed")
	}
}

// TestRelease checks that the second pull request changes dev alone, and leaves
// something to promote.
func TestRelease(t *testing.T) {
	base := sample.Base()
	l, before := rendered(t, base)
	_, after := rendered(t, sample.Release().Apply(base))
	var changed []string
	for _, o := range l.Overlays {
		if string(after[o.Path].YAML()) != string(before[o.Path].YAML()) {
			changed = append(changed, o.Path)
		}
	}
	dev := "environments/dev/apps/store/overlays"
	if diff := cmp.Diff([]string{dev}, changed); diff != "" {
		t.Errorf("changed overlays (-want +got):\n%s", diff)
	}
	if image := "store/notifier:v1.0.0\n"; !strings.Contains(string(after[dev].YAML()), image) {
		t.Errorf("dev has no %q", image)
	}
}
