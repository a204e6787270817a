package render

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// chartRepository is a repository of charts at https://charts.example/stable.
type chartRepository map[string][]byte

// Git implements [Remote]: there is none.
func (chartRepository) Git(context.Context, string, string) (gitops.Tree, error) {
	return nil, &gitops.Error{Code: gitops.Denied, Cause: gitops.CauseRemote, Message: "not allowed"}
}

// File implements [Remote].
func (r chartRepository) File(_ context.Context, url string) ([]byte, error) {
	data, ok := r[strings.TrimPrefix(url, "https://charts.example/stable/")]
	if !ok {
		return nil, &gitops.Error{Code: gitops.NotFound, Cause: gitops.CauseRemote, Message: "remote file not found: " + gitops.Quote(url)}
	}
	return data, nil
}

// packChart packs files below one directory.
func packChart(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	for name, text := range files {
		if err := out.WriteHeader(&tar.Header{Name: "chart/" + name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		_, _ = out.Write([]byte(text))
	}
	_ = out.Close()
	_ = zip.Close()
	return b.Bytes()
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// newRepository has web 1.0.0, 1.1.0 and 2.0.0, of which the last has another digest than
// its archive.
func newRepository(t *testing.T) chartRepository {
	t.Helper()
	r := chartRepository{}
	index := "apiVersion: v1\nentries:\n  other:\n  - version: 9.9.9\n    urls: [other.tgz]\n  web:\n"
	for _, v := range []string{"2.0.0", "1.1.0", "1.0.0"} {
		data := packChart(t, map[string]string{
			"Chart.yaml":       "apiVersion: v2\nname: web\nversion: " + v + "\n",
			"values.yaml":      "size: 1\n",
			"templates/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {version: {{ .Chart.Version }}, size: {{ .Values.size | quote }}}\n",
		})
		sum := digest(data)
		if v == "2.0.0" {
			sum = digest(nil)
		}
		r["web-"+v+".tgz"] = data
		index += "  - name: web\n    version: " + v + "\n    digest: " + sum + "\n    urls:\n    - web-" + v + ".tgz\n"
	}
	r["index.yaml"] = []byte(index + "generated: today\n")
	return r
}

func TestRemoteChart(t *testing.T) {
	r := newRenderer(t, Options{Remote: newRepository(t)})
	for _, tt := range []struct{ name, chart, want, err string }{
		{"a version", "name: web, repo: https://charts.example/stable, version: 1.0.0", "1.0.0", ""},
		{"a range", "name: web, repo: https://charts.example/stable/, version: 1.x", "1.1.0", ""},
		{"another digest", "name: web, repo: https://charts.example/stable, version: 2.0.0", "", "its digest is another"},
		{"the newest", "name: web, repo: https://charts.example/stable", "", "its digest is another"},
		{"no such version", "name: web, repo: https://charts.example/stable, version: 3.0.0", "", "no version 3.0.0 of chart web"},
		{"no such chart", "name: none, repo: https://charts.example/stable, version: 3.0.0", "", "no chart none"},
		{"no archive", "name: other, repo: https://charts.example/stable", "", "remote file not found"},
		{"no repository", "name: web, repo: https://charts.example/none", "", "remote file not found"},
		{"a registry", "name: web, repo: 'oci://charts.example/stable'", "", "only charts of repositories with an index"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := tree.Memory(map[string]string{"app/kustomization.yaml": "helmCharts:\n- {" + tt.chart + ", releaseName: x, valuesInline: {size: 7}}\n"})
			got, err := r.Render(t.Context(), src, "app")
			if err != nil {
				t.Fatal(err)
			}
			if tt.err != "" {
				if got.Err == nil || !got.Err.Cause.Elsewhere() || !strings.Contains(got.Err.Message, tt.err) || got.Err.Line != 2 {
					t.Errorf("fails with %v, want %q at its line", got.Err, tt.err)
				}
				return
			}
			if want := "size: \"7\"\n  version: " + tt.want + "\n"; got.Err != nil || !strings.Contains(string(got.YAML()), want) {
				t.Errorf("%v\n%s, want %s", got.Err, got.YAML(), want)
			}
		})
	}
}

// TestRemoteDependency builds a chart of the tree with one of a repository, whose version
// Chart.lock says.
func TestRemoteDependency(t *testing.T) {
	r := newRenderer(t, Options{Remote: newRepository(t)})
	files := map[string]string{
		"app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: web, version: 1.x, repository: 'https://charts.example/stable'}]\n",
		"app/Chart.lock": "dependencies: [{name: web, version: 1.0.0, repository: 'https://charts.example/stable'}]\n",
	}
	build := gitops.Build{Engine: gitops.Helm, Chart: &gitops.ChartBuild{Name: "x"}}
	got, err := r.Build(t.Context(), Source{Tree: tree.Memory(files), Path: "app", Build: build})
	if err != nil {
		t.Fatal(err)
	}
	if got.Err != nil || !strings.Contains(string(got.YAML()), "version: 1.0.0") {
		t.Errorf("%v\n%s", got.Err, got.YAML())
	}
	remote := 0
	for _, read := range got.Reads {
		if read.Kind == gitops.Remote {
			remote++
		}
	}
	if remote != 2 {
		t.Errorf("index and archive are not noted: %v", got.Reads)
	}
}

// TestRemoteRelease renders a chart of a repository with values of the tree.
func TestRemoteRelease(t *testing.T) {
	r := newRenderer(t, Options{Remote: newRepository(t)})
	build := gitops.Build{Engine: gitops.Helm, Chart: &gitops.ChartBuild{
		Repo: "https://charts.example/stable", Chart: "web", Version: "1.*", Name: "x", Values: []gitops.ChartValues{{File: "values/prod.yaml"}},
	}}
	files := map[string]string{"argo/app.yaml": "", "values/prod.yaml": "size: 5\n"}
	got, err := r.Build(t.Context(), Source{Tree: tree.Memory(files), Path: "argo", Build: build})
	if err != nil {
		t.Fatal(err)
	}
	if got.Err != nil || !strings.Contains(string(got.YAML()), "size: \"5\"\n  version: 1.1.0") {
		t.Errorf("%v\n%s", got.Err, got.YAML())
	}
}
