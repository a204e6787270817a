package layout

import (
	"testing"

	"github.com/sealift/sealift/gitops/tree"
)

// TestNext reads a layout again only when the change may have changed it.
func TestNext(t *testing.T) {
	base := map[string]string{
		"a/kustomization.yaml": "resources: [r.yaml]\nimages: [{name: x, newTag: v1}]\n", "a/r.yaml": "kind: ConfigMap\n",
		"argo.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {path: a, repoURL: https://example.com/r}}\n",
		"README.md": "hello\n", "pipelines.yaml": "environments: [{name: dev}]\n",
	}
	for name, c := range map[string]struct {
		file, text string
		same       bool
	}{
		"an image":          {"a/kustomization.yaml", "resources: [r.yaml]\nimages: [{name: x, newTag: v2}]\n", true},
		"a manifest":        {"a/r.yaml", "kind: ConfigMap\ndata: {}\n", true},
		"a document":        {"README.md", "bye\n", true},
		"a resource":        {"a/kustomization.yaml", "resources: [s.yaml]\n", false},
		"a new file":        {"b/kustomization.yaml", "resources: []\n", false},
		"an Application":    {"argo.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {path: b, repoURL: https://example.com/r}}\n", false},
		"the environments":  {"pipelines.yaml", "environments: [{name: prod}]\n", false},
		"a new Application": {"a/r.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: b}\nspec: {source: {path: a, repoURL: https://example.com/r}}\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			changed := map[string]string{c.file: c.text}
			for p, text := range base {
				if p != c.file {
					changed[p] = text
				}
			}
			from, to := tree.Memory(base), tree.Memory(changed)
			l, err := Read(t.Context(), from, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			next, err := l.Next(t.Context(), from, to, []string{c.file})
			if err != nil {
				t.Fatal(err)
			}
			if (next == l) != c.same {
				t.Errorf("same layout: %v, want %v", next == l, c.same)
			}
		})
	}
}
