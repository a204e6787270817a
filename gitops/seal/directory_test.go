package seal_test

import (
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/seal/sealtest"
	"github.com/sealift/sealift/gitops/tree"
)

// TestIndexAdd keeps SealedSecrets in a directory of plain manifests, where nothing
// has to name a file.
func TestIndexAdd(t *testing.T) {
	key := sealtest.NewKey(t)
	c := certificate(t, key)
	sealed := func(name string) seal.Secret {
		return must[seal.Secret](t)(c.Seal(seal.Secret{Name: name, Namespace: "web", Scope: seal.Strict}, map[string][]byte{"k": []byte("v")}))
	}
	x := must[*seal.Index](t)(seal.Scan(t.Context(), tree.Memory(map[string]string{
		"prod/a.yaml": "kind: A\n", "prod/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: web}\nstringData: {k: v}\n",
		"prod/old-sealed.yaml":          string(must[[]byte](t)(seal.New(sealed("old")))),
		"prod/built/kustomization.yaml": "resources: [in.yaml]\n", "prod/built/in.yaml": string(must[[]byte](t)(seal.New(sealed("in")))),
		"prod/left-out.yaml": string(must[[]byte](t)(seal.New(sealed("left-out")))),
	})))
	if _, err := x.Place(t.Context(), "prod", sealed("new")); gitops.CodeOf(err) != gitops.NotFound {
		t.Errorf("before: %v", err)
	}
	x.Add("prod", []string{"prod/a.yaml", "prod/built", "prod/old-sealed.yaml", "prod/secret.yaml"})
	var names []string
	for _, e := range must[[]seal.Existing](t)(x.List(t.Context(), "prod")) {
		names = append(names, e.File)
	}
	if len(names) != 2 || names[0] != "prod/old-sealed.yaml" || names[1] != "prod/built/in.yaml" {
		t.Errorf("%q", names)
	}
	if ns, err := x.Namespace(t.Context(), "prod"); ns != "web" || err != nil {
		t.Errorf("namespace %q: %v", ns, err)
	}
	out, _, err := x.Replace(t.Context(), "prod", "prod/secret.yaml", c, seal.Target{})
	if err != nil {
		t.Fatal(err)
	}
	if s := key.Unseal(t, out); s.Metadata.Name != "s" || s.Metadata.Namespace != "web" {
		t.Errorf("%v", s.Metadata)
	}

	flat := must[*seal.Index](t)(seal.Scan(t.Context(), tree.Memory(map[string]string{"prod/a.yaml": "kind: A\n"})))
	flat.Add("prod", []string{"prod/a.yaml"})
	edits := must[[]gitops.FileEdit](t)(flat.Place(t.Context(), "prod", sealed("new")))
	if len(edits) != 1 || edits[0].Path != "prod/new-sealedsecret.yaml" {
		t.Errorf("%v", edits)
	}
}
