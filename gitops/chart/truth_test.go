package chart

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops/golden"
	"github.com/sealift/sealift/gitops/need"
)

// TestTruthHelm renders the charts of testdata as the helm command does, byte for byte,
// and beside them those of real repositories: every directory with a Chart.yaml below
// SEALIFT_CHARTS, a list of paths as PATH is, with its own values and with each file of
// its ci/ directory. `make truth-helm` runs it.
func TestTruthHelm(t *testing.T) {
	helm := need.Command(t, "helm")
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		e := exampleOf(t, c)
		if e.Value("random") == "" {
			againstHelm(t, helm, e.files, e.release(t), e.flags())
		}
		return rendered(t, e)
	})
	paths := filepath.SplitList(os.Getenv("SEALIFT_CHARTS"))
	if len(paths) == 0 {
		t.Log("SEALIFT_CHARTS is not set: charts of other repositories are left out")
	}
	for _, root := range paths {
		for _, dir := range chartsBelow(t, root) {
			realChart(t, helm, dir)
		}
	}
}

// flags are those of the command for a case.
func (e example) flags() []string {
	var out []string
	for key, flag := range map[string]string{"set": "--set", "set-string": "--set-string", "values": "--values", "api": "--api-versions"} {
		for _, v := range e.Values(key) {
			out = append(out, flag, v)
		}
	}
	for key, flag := range map[string]string{"crds": "--include-crds", "no-hooks": "--no-hooks", "no-tests": "--skip-tests"} {
		if e.Value(key) != "" {
			out = append(out, flag)
		}
	}
	return out
}

// againstHelm renders files in both ways.
func againstHelm(t *testing.T, helm string, files []File, r Release, flags []string) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		p := filepath.Join(dir, filepath.FromSlash(f.Name))
		check(t, os.MkdirAll(filepath.Dir(p), 0o755))
		check(t, os.WriteFile(p, f.Data, 0o644))
	}
	want, failed := template(helm, dir, r, flags)
	got, err := ours(files, r)
	switch {
	case (err != nil) != failed:
		t.Errorf("fails here: %v; fails there: %t %s", err, failed, want)
	case !failed && len(got.Random) == 0:
		if diff := cmp.Diff(string(want), string(got.Text())); diff != "" {
			t.Errorf("differs from helm template (-helm +here):\n%s", diff)
		}
	}
}

func ours(files []File, r Release) (*Output, error) {
	c, err := Load(files, nil)
	if err != nil {
		return nil, err
	}
	return c.Render(r)
}

// template runs the command.
func template(helm, dir string, r Release, flags []string) (out []byte, failed bool) {
	version := r.KubeVersion
	if version == "" {
		version = KubeVersion
	}
	args := append([]string{"template", r.Name, ".", "--namespace", r.Namespace, "--kube-version", version}, flags...)
	cmd := exec.Command(helm, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+dir+"/../cache")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return stderr.Bytes(), true
	}
	return out, false
}

// chartsBelow returns the directories of charts that are not in another one.
func chartsBelow(t *testing.T, root string) []string {
	t.Helper()
	var dirs []string
	check(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if _, err := os.Stat(filepath.Join(p, "Chart.yaml")); err != nil {
			return nil
		}
		dirs = append(dirs, p)
		return fs.SkipDir
	}))
	return dirs
}

// realChart compares a chart as it comes, with the first files of ci/, and with the
// definitions of its resources.
func realChart(t *testing.T, helm, dir string) {
	t.Run(filepath.Base(dir), func(t *testing.T) {
		var files []File
		check(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(p)
			rel, _ := filepath.Rel(dir, p)
			files = append(files, File{Name: filepath.ToSlash(rel), Data: data})
			return err
		}))
		values := []string{"", ""}
		for _, f := range files {
			if strings.HasPrefix(f.Name, "ci/") && strings.HasSuffix(f.Name, "values.yaml") && len(values) < 5 {
				values = append(values, f.Name)
			}
		}
		for i, name := range values {
			r := Release{Name: "rel", Namespace: "ns", CRDs: i == 1}
			var flags []string
			if r.CRDs {
				flags = append(flags, "--include-crds")
			}
			if name != "" {
				data := files[slices.IndexFunc(files, func(f File) bool { return f.Name == name })].Data
				check(t, r.Values.Layer(name, data))
				flags = append(flags, "--values", name)
			}
			againstHelm(t, helm, files, r, flags)
		}
	})
}
