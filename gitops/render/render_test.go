package render

import (
	"os"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

func TestMain(m *testing.M) {
	if IsWorker() {
		os.Exit(WorkerMain())
	}
	os.Exit(m.Run())
}

func newRenderer(t testing.TB, o Options) *Renderer {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func memory(files map[string]string) gitops.Tree { return tree.Memory(files) }

func TestRenderOne(t *testing.T) {
	r := newRenderer(t, Options{})
	got, err := r.Render(t.Context(), memory(map[string]string{
		"app/kustomization.yaml": "namePrefix: a-\nresources: [cm.yaml, ../base]\n",
		"app/cm.yaml":            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
		"base/kustomization.yml": "resources: [cm.yaml]\n",
		"base/cm.yaml":           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n",
	}), "app")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r.Walls(), got.Err)
	t.Logf("%s", got.YAML())
	for _, rd := range got.Reads {
		t.Log(rd)
	}
}
