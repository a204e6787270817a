package monorepo_test

import (
	"bytes"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/sealift/sealift/gitops/monorepo"
)

func TestFiles(t *testing.T) {
	files := monorepo.Files(200)
	if len(files) != 3083 {
		t.Errorf("%d files of 200 apps, want 3,083", len(files))
	}
	overlays := monorepo.Overlays(200)
	if len(overlays) != 800 {
		t.Errorf("%d overlays of 200 apps, want 800", len(overlays))
	}
	for _, o := range overlays {
		if files[o+"/kustomization.yaml"] == nil {
			t.Errorf("overlay %s has no kustomization", o)
		}
	}
	if !maps.EqualFunc(files, monorepo.Files(200), bytes.Equal) {
		t.Error("two runs differ")
	}
	for name, data := range files {
		for _, word := range []string{"APP", "ENV", "TAG", "COUNT", "REVISION"} {
			if bytes.Contains(data, []byte(word)) && !bytes.Contains(data, []byte("POD_NAME")) {
				t.Errorf("%s: %s is not filled in", name, word)
			}
		}
	}
}

// TestStream lets git import the repository and looks at its branches.
func TestStream(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, nil, "init", "-q", "--bare")
	var stream bytes.Buffer
	if err := monorepo.Stream(&stream, 11); err != nil {
		t.Fatal(err)
	}
	git(t, dir, &stream, "fast-import", "--quiet", "--done")
	want := map[string]string{
		monorepo.OneApp:    "M\tapps/app-0000/base/deployment.yaml",
		monorepo.Documents: "A\tdocs/README.md",
		monorepo.Shared:    "M\tcomponents/hardening/patch.yaml",
	}
	for branch, changed := range want {
		if got := git(t, dir, nil, "diff", "--name-status", monorepo.Main, branch); got != changed {
			t.Errorf("%s changes %q, want %q", branch, got, changed)
		}
	}
	names := strings.Split(git(t, dir, nil, "ls-tree", "-r", "--name-only", monorepo.Main), "\n")
	if files := slices.Sorted(maps.Keys(monorepo.Files(11))); !slices.Equal(names, files) {
		t.Errorf("main has %d files, want %d", len(names), len(files))
	}
}

func git(t *testing.T, dir string, stdin *bytes.Buffer, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestBuild lets kustomize build every overlay of eleven apps, which have all
// the shapes, at each branch.
func TestBuild(t *testing.T) {
	for _, branch := range []string{monorepo.Main, monorepo.OneApp, monorepo.Shared} {
		files := monorepo.Files(11)
		maps.Copy(files, monorepo.Changes(branch))
		fs := filesys.MakeFsInMemory()
		for name, data := range files {
			if err := fs.WriteFile("/"+name, data); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range monorepo.Overlays(11) {
			resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, "/"+o)
			if err != nil {
				t.Fatalf("%s: %v", o, err)
			}
			if resources.Size() != 6 {
				t.Errorf("%s has %d objects, want 6", o, resources.Size())
			}
		}
	}
}
