package layout

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden reads the tree under in/ of every case and compares its layout with
// want/layout.txt. The configuration is in/.sealift.yaml.
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
			in, want := map[string]string{}, ""
			var inputs []txtar.File
			for _, f := range a.Files {
				if p, ok := strings.CutPrefix(f.Name, "in/"); ok {
					text := string(f.Data)
					if strings.HasPrefix(text, "-> ") {
						text = strings.TrimSpace(text)
					}
					in[p] = strings.ReplaceAll(text, "<BOM>", "\ufeff")
					inputs = append(inputs, f)
				} else if f.Name == "want/layout.txt" {
					want = string(f.Data)
				}
			}
			got := golden(t, in)
			if *update {
				a.Files = append(inputs, txtar.File{Name: "want/layout.txt", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("layout (-want +got):\n%s", diff)
			}
		})
	}
}

// golden prints the layout of files.
func golden(t *testing.T, in map[string]string) string {
	t.Helper()
	tree := newMemory(in)
	cfg, errs := ReadConfig(t.Context(), tree)
	var b strings.Builder
	for _, e := range errs {
		fmt.Fprintln(&b, e)
	}
	if errs != nil {
		return b.String()
	}
	l, err := Read(t.Context(), tree, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "environments: %s\n", strings.Join(l.Environments, " "))
	for _, o := range l.Overlays {
		fmt.Fprintf(&b, "%s: app %q in %q (%s)\n", o.Path, o.App, o.Environment, l.Source(o.Path))
	}
	for _, dir := range l.Kustomizations {
		if l.Source(dir) == "" {
			fmt.Fprintf(&b, "not a unit: %s\n", dir)
		}
	}
	for _, n := range l.Notes {
		fmt.Fprintf(&b, "%s:%d: %s\n", n.File, n.Line, n.Message)
	}
	return b.String()
}
