package layout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/golden"
)

// TestGolden reads the tree under in/ of every case and compares its layout with
// want/layout.txt. The configuration is in/.sealift.yaml.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		in := c.Files("in")
		for p, text := range in {
			if strings.HasPrefix(text, "-> ") { // a symlink
				text = strings.TrimSpace(text)
			}
			in[p] = golden.Unmark(text)
		}
		return map[string]string{"layout.txt": printed(t, in)}
	})
}

// printed prints the layout of files.
func printed(t *testing.T, in map[string]string) string {
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
	for _, o := range l.Overlays {
		if l.Plain(o.Path) {
			fmt.Fprintf(&b, "%s deploys %q\n", o.Path, l.Refs(o.Path))
		}
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
