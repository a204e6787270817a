package flux_test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops/layout/flux"
	"github.com/sealift/sealift/gitops/tree"
)

// TestFiles is what Flux makes the resources of directories without a kustomization.
func TestFiles(t *testing.T) {
	tests := []struct {
		name, files, want string
	}{
		{"files", "apps/a.yaml apps/b.yml apps/c.json apps/sub/d.yaml", "apps/a.yaml apps/b.yml apps/sub/d.yaml"},
		{"in the order of a walk", "apps/a/x.yaml apps/a-b.yaml apps/a.yaml", "apps/a/x.yaml apps/a-b.yaml apps/a.yaml"},
		{"a directory with a kustomization", "apps/a/kustomization.yaml apps/a/x.yaml apps/a/b/y.yaml apps/z.yaml", "apps/a apps/z.yaml"},
		{"one without an extension", "apps/a/Kustomization apps/a/x.yaml", "apps/a"},
		{"the outermost", "apps/a/b/c/kustomization.yml apps/a/b/kustomization.yml apps/a/x.yaml", "apps/a/b apps/a/x.yaml"},
		{"what the source leaves out", "apps/a.yaml apps/.sops.yaml apps/.github/x.yaml apps/cloudbuild.yaml", "apps/a.yaml"},
		{"one kustomization", "apps/kustomization.yaml apps/a.yaml", ""},
		{"no directory", "x.yaml", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := deploy(t, room(strings.Fields(tt.files)...), kustomization("path: apps\n"+fromFleet), world(t, fleet))
			if len(got.Units) != 1 {
				t.Fatalf("%+v, want a unit", got)
			}
			if list := strings.Join(got.Units[0].Build.Files, " "); list != tt.want {
				t.Errorf("files %s\nwant  %s", list, tt.want)
			}
		})
	}
}

// TestFilesMany is a directory that nobody can look at.
func TestFilesMany(t *testing.T) {
	all := map[string]string{}
	for i := range 5001 {
		all[path.Join("apps", strings.Repeat("x", i%50), string(rune('a'+i%26))+strings.Repeat("y", i/50)+".yaml")] = ""
	}
	for i := 0; len(all) < 5001; i++ {
		all["apps/z"+strings.Repeat("z", i%200)+string(rune('a'+i/200%26))+".yaml"] = ""
	}
	got := deploy(t, &flux.Room{Tree: tree.Memory(all), Reach: reach}, kustomization("path: apps\n"+fromFleet), world(t, fleet))
	if comes := comesTo(got); comes != "reads apps/**" {
		t.Errorf("comes to %s", comes)
	}
}

// TestFilesAsFlux compares random trees with a walk of a disk as Flux does it.
func TestFilesAsFlux(t *testing.T) {
	names := []string{"a.yaml", "b.yml", "kustomization.yaml", "kustomization.yml", "Kustomization", "c.json", "a-b.yaml"}
	dirs := []string{"a", "a-b", "a.yaml", "b", "kustomization.yaml"}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		disk := t.TempDir()
		all := map[string]string{}
		for range 1 + rnd.IntN(15) {
			p := "apps"
			for range rnd.IntN(4) {
				p = path.Join(p, dirs[rnd.IntN(len(dirs))])
			}
			name := names[rnd.IntN(len(names))]
			if p == "apps" && strings.Contains(strings.ToLower(name), "kustom") {
				name = "x.yaml"
			}
			p = path.Join(p, name)
			if os.MkdirAll(filepath.Join(disk, path.Dir(p)), 0o777) == nil && os.WriteFile(filepath.Join(disk, p), nil, 0o666) == nil {
				all[p] = ""
			}
		}
		if len(all) == 0 || isFile(filepath.Join(disk, "apps/kustomization.yaml")) {
			continue
		}
		got := deploy(t, &flux.Room{Tree: tree.Memory(all), Reach: reach}, kustomization("path: apps\n"+fromFleet), world(t, fleet))
		var list []string
		if len(got.Units) > 0 {
			list = got.Units[0].Build.Files
		}
		if diff := cmp.Diff(scanned(t, disk, "apps"), list); diff != "" {
			t.Fatalf("seed %d, %q: Flux - ours +\n%s", seed, all, diff)
		}
	}
}

// scanned walks a directory as scanManifests of fluxcd/pkg/kustomize does.
func scanned(t *testing.T, disk, base string) (list []string) {
	t.Helper()
	err := filepath.Walk(filepath.Join(disk, base), func(p string, info fs.FileInfo, err error) error {
		rel := strings.TrimPrefix(p, disk+"/")
		switch {
		case err != nil || rel == base:
			return err
		case info.IsDir():
			for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
				if isFile(filepath.Join(p, name)) {
					list = append(list, rel)
					return filepath.SkipDir
				}
			}
		case filepath.Ext(p) == ".yaml" || filepath.Ext(p) == ".yml":
			list = append(list, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func isFile(p string) bool {
	info, err := os.Stat(p)
	return err == nil && !info.IsDir()
}
