package seal_test

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/tree"
)

// TestComponents follows the namespaces and names that components give, as kustomize
// v5.8.2 rendered these: a component is applied to all that was read before it.
func TestComponents(t *testing.T) {
	sealed := func(name string) string {
		return "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: " + name + ", namespace: old}\nspec: {encryptedData: {k: abc}, template: {metadata: {name: " + name + ", namespace: old}}}\n"
	}
	component := func(text string) string {
		return "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n" + text
	}
	files := map[string]string{
		"prod/kustomization.yaml": "resources: [../base, own.yaml]\ncomponents: [../a, ../b]\n", "prod/own.yaml": sealed("own"),
		"base/kustomization.yaml": "namespace: base\nresources: [s.yaml]\n", "base/s.yaml": sealed("base"),
		"a/kustomization.yaml": component("resources: [s.yaml]\ncomponents: [../nested]\nnamePrefix: x-\n"), "a/s.yaml": sealed("a"),
		"b/kustomization.yaml": component("resources: [s.yaml]\n"), "b/s.yaml": sealed("b"),
		"nested/kustomization.yaml": component("namespace: nested\ncomponents: [../a]\n"),
	}
	for _, c := range []struct {
		name, file, text string
		want, overlay    string
	}{
		{name: "nested", want: "own nested, base nested, a nested, b old", overlay: "nested"},
		{name: "a later one", file: "b/kustomization.yaml", text: component("namespace: bee\nresources: [s.yaml]\n"), want: "own bee, base bee, a bee, b bee", overlay: "bee"},
		{name: "the overlay's own", file: "prod/kustomization.yaml", text: "namespace: final\nresources: [../base, own.yaml]\ncomponents: [../a, ../b]\n", want: "own final, base final, a final, b final", overlay: "final"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.file != "" {
				files[c.file] = c.text
			}
			x := must[*seal.Index](t)(seal.Scan(t.Context(), tree.Memory(files)))
			var got []string
			for _, e := range must[[]seal.Existing](t)(x.List(t.Context(), "prod")) {
				got = append(got, e.Name+" "+e.Namespace)
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("got %s, want %s", text, c.want)
			}
			if ns := must[string](t)(x.Namespace(t.Context(), "prod")); ns != c.overlay {
				t.Errorf("namespace of the overlay is %q, want %q", ns, c.overlay)
			}
		})
	}
	x := must[*seal.Index](t)(seal.Scan(t.Context(), tree.Memory(map[string]string{
		"prod/kustomization.yaml": "components: [../a]\n", "a/kustomization.yaml": component("namespace: web\nnamePrefix: x-\n"),
	})))
	for ns, want := range map[string]string{
		"other": `prod/kustomization.yaml: kustomize puts what is here into namespace "web", the secret is for "other"`,
		"web":   `a/kustomization.yaml: kustomize renames what is here (namePrefix "x-", nameSuffix ""), a strict secret could then not be decrypted`,
	} {
		_, err := x.Place(t.Context(), "prod", seal.Secret{Name: "new", Namespace: ns, Scope: seal.Strict, Items: map[string]string{"k": "abc"}})
		if message(err) != want {
			t.Errorf("placed for %s: %v", ns, err)
		}
	}
}
