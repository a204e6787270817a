package commands

import (
	"testing"

	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/tree"
)

// TestSealIndex knows the overlays without a kustomization.
func TestSealIndex(t *testing.T) {
	src := tree.Memory(map[string]string{
		"app.yaml":      "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: https://example.com/r, path: prod}}\n",
		"prod/a.yml":    "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: web}\nspec: {encryptedData: {k: AQ==}}\n",
		"prod/x/b.yaml": "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: not-deployed, namespace: web}\nspec: {encryptedData: {k: AQ==}}\n",
	})
	l, err := layout.Read(t.Context(), src, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	index, err := SealIndex(t.Context(), src, l)
	if err != nil {
		t.Fatal(err)
	}
	list, err := index.List(t.Context(), "prod")
	if err != nil || len(list) != 1 || list[0].Name != "db" || list[0].Namespace != "web" {
		t.Errorf("%+v, %v", list, err)
	}
}
