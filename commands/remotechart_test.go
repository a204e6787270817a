package commands

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"strings"
	"testing"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/render"
	"github.com/sealift/sealift/gitops/tree"
)

// chartHost is a host of charts of which each version says its own.
type chartHost struct{ t *testing.T }

// Git implements [render.Remote]: there is none.
func (chartHost) Git(context.Context, string, string) (gitops.Tree, error) {
	return nil, &gitops.Error{Code: gitops.Denied, Cause: gitops.CauseRemote, Message: "not allowed"}
}

// File implements [render.Remote].
func (h chartHost) File(_ context.Context, url string) ([]byte, error) {
	if strings.HasSuffix(url, "/index.yaml") {
		return []byte("entries:\n  redis:\n  - {version: 2.0.0, urls: [redis-2.0.0.tgz]}\n  - {version: 1.0.0, urls: [redis-1.0.0.tgz]}\n"), nil
	}
	version := strings.TrimSuffix(url[strings.LastIndex(url, "-")+1:], ".tgz")
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	for name, text := range map[string]string{
		"redis/Chart.yaml":       "apiVersion: v2\nname: redis\nversion: " + version + "\n",
		"redis/templates/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: redis}\ndata: {version: {{ .Chart.Version }}, size: {{ .Values.size | quote }}}\n",
	} {
		if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			h.t.Error(err)
		}
		_, _ = out.Write([]byte(text))
	}
	_ = out.Close()
	_ = zip.Close()
	return b.Bytes(), nil
}

// TestRemoteChart compares an Application of a chart of a repository: a new version and new
// values of this repository show what they change, where the repository is allowed.
func TestRemoteChart(t *testing.T) {
	app := func(version string) string {
		return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: redis-prod, namespace: argocd}
spec:
  destination: {namespace: cache, server: https://kubernetes.default.svc}
  sources:
  - {repoURL: https://git.example.com/shop/config.git, ref: config}
  - {repoURL: https://charts.example.com, chart: redis, targetRevision: ` + version + `, helm: {valueFiles: [$config/values/prod.yaml]}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: plain, namespace: argocd}
spec: {source: {repoURL: https://git.example.com/shop/config.git, path: plain}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: flux-system}
spec: {url: https://charts.example.com}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: cache, namespace: flux-system}
spec:
  targetNamespace: released
  chart: {spec: {chart: redis, version: "` + version + `", sourceRef: {kind: HelmRepository, name: charts}}}
`
	}
	base := tree.Memory(map[string]string{"argo/redis.yaml": app("1.0.0"), "values/prod.yaml": "size: 1\n", "plain/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"})
	head := tree.Memory(map[string]string{"argo/redis.yaml": app("2.x"), "values/prod.yaml": "size: 2\n", "plain/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"})
	r, err := render.New(render.Options{Workers: 1, Remote: chartHost{t}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	got, err := Diff{Base: base, Head: head, Overlays: AutoOverlays, Renderer: r}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := reply.Text(&b, got.Report, reply.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"ConfigMap cache/redis (changed)", "ConfigMap released/redis (changed)", `-  size: "1"`, `+  size: "2"`, "-  version: 1.0.0", "+  version: 2.0.0"} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("no %q in\n%s", line, b.String())
		}
	}
	if strings.Contains(b.String(), "not compared") {
		t.Errorf("it is compared:\n%s", b.String())
	}
}
