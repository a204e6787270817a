package seal_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/tree"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden puts a secret into an overlay of the tree under in/, and compares the
// files that change with those under want/, or the error with want/error. Of the lines
// above, overlay is required; name, namespace, type, scope, existing and items (keys,
// which get a ciphertext that stands for one) say what is put. want/list has the
// SealedSecrets of the overlay before, and its namespace.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in, want, inputs := map[string]string{}, map[string]string{}, []txtar.File{}
			for _, f := range a.Files {
				if p, ok := strings.CutPrefix(f.Name, "in/"); ok {
					in[p] = string(f.Data)
					inputs = append(inputs, f)
				} else {
					want[f.Name] = string(f.Data)
				}
			}
			got := golden(t, string(a.Comment), in)
			if *update {
				a.Files = inputs
				for _, name := range slices.Sorted(maps.Keys(got)) {
					a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(got[name])})
				}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func golden(t *testing.T, comment string, in map[string]string) map[string]string {
	t.Helper()
	keys := map[string]string{}
	for line := range strings.Lines(comment) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			keys[key] = value
		}
	}
	s := seal.Secret{
		Name: cmp.Or(keys["name"], "db"), Namespace: cmp.Or(keys["namespace"], "web"), Type: keys["type"],
		Scope: seal.Scope(cmp.Or(keys["scope"], "strict")), Items: map[string]string{},
	}
	for _, key := range strings.Fields(cmp.Or(keys["items"], "password")) {
		s.Items[key] = "NEW" + strings.ToUpper(strings.Trim(key, "."))
	}
	out := map[string]string{}
	x, err := seal.Scan(t.Context(), tree.Memory(in))
	if err != nil {
		t.Fatal(err)
	}
	out["want/list"] = list(t, x, keys["overlay"])
	edits, err := x.Put(t.Context(), keys["overlay"], keys["existing"], s)
	if err != nil {
		out["want/error"] = fmt.Sprintf("%s: %v\n", gitops.CodeOf(err), err)
	}
	for _, e := range edits {
		out["want/"+e.Path] = string(e.Content)
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
