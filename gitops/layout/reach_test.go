package layout

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
)

// TestTouchedThroughLinks knows what a unit may read where the tree has symlinks: the files
// that they lead to and the links, and nothing else.
func TestTouchedThroughLinks(t *testing.T) {
	l, err := Read(t.Context(), newMemory(map[string]string{
		"README.md":                 "notes",
		"web/kustomization.yaml":    "resources: [gone.yaml, a.yaml, ../lib]\n",
		"web/a.yaml":                "-> files/a.yaml",
		"web/files/a.yaml":          "a",
		"web/README.md":             "notes",
		"lib":                       "-> lib-v2",
		"lib-v2/kustomization.yaml": "resources: [cm.yaml]\n",
		"lib-v2/cm.yaml":            "cm",
		"other/link":                "-> ../README.md",
	}), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	changed := []string{"README.md", "lib", "lib-v2/cm.yaml", "lib-v2/new.yaml", "other/link", "web/README.md", "web/a.yaml", "web/files/a.yaml", "web/gone.yaml"}
	slices.Sort(changed)
	got := l.Touched(gitops.Unit{Overlay: gitops.Overlay{Path: "web"}}, changed)
	want := []string{"lib", "lib-v2/cm.yaml", "web/a.yaml", "web/files/a.yaml", "web/gone.yaml"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("touched (-want +got):\n%s", d)
	}
}
