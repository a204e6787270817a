package seal_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/golden"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/tree"
)

// TestGolden puts a secret into an overlay of the tree under in/, and compares the
// files that change with those under want/, or the error with want/error. Of the lines
// above, overlay is required; name, namespace, type, scope, existing and items (keys,
// which get a ciphertext that stands for one) say what is put. want/list has the
// SealedSecrets of the overlay before, and its namespace.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", put)
}

func put(t *testing.T, c *golden.Case) map[string]string {
	s := seal.Secret{
		Name: cmp.Or(c.Value("name"), "db"), Namespace: cmp.Or(c.Value("namespace"), "web"), Type: c.Value("type"),
		Scope: seal.Scope(cmp.Or(c.Value("scope"), "strict")), Items: map[string]string{},
	}
	for _, key := range strings.Fields(cmp.Or(c.Value("items"), "password")) {
		s.Items[key] = "NEW" + strings.ToUpper(strings.Trim(key, "."))
	}
	out := map[string]string{}
	files := map[string]tree.File{}
	for name, text := range c.Files("in") {
		files[name] = tree.File{Content: text, Executable: slices.Contains(c.Values("executable"), name)}
	}
	x, err := seal.Scan(t.Context(), tree.MemoryWith(files))
	if err != nil {
		t.Fatal(err)
	}
	out["list"] = list(t, x, c.Value("overlay"))
	edits, err := x.Put(t.Context(), c.Value("overlay"), c.Value("existing"), s)
	if err != nil {
		out["error"] = fmt.Sprintf("%s: %v\n", gitops.CodeOf(err), err)
	}
	for _, e := range edits {
		out[e.Path] = string(e.Content)
		if e.Executable {
			out["executable"] += e.Path + "\n"
		}
	}
	return out
}

func list(t *testing.T, x *seal.Index, overlay string) string {
	t.Helper()
	found, err := x.List(t.Context(), overlay)
	if err != nil {
		t.Fatal(err)
	}
	ns, err := x.Namespace(t.Context(), overlay)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "namespace %q\n", ns)
	for _, e := range found {
		fmt.Fprintf(&b, "%s: %s/%s %s %s [%s] shared=%t\n", e.File, e.Namespace, e.Name, e.Scope, cmp.Or(e.Type, "-"), strings.Join(e.Keys, " "), e.Shared)
	}
	return b.String()
}
