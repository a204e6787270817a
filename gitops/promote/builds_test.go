package promote_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// kustomize finds the command that the repository's tools install, "" for none.
func kustomize() string {
	for _, name := range []string{filepath.Join("..", "..", ".cache", "bin", "kustomize"), "kustomize"} {
		if found, err := exec.LookPath(name); err == nil {
			if abs, err := filepath.Abs(found); err == nil {
				return abs
			}
		}
	}
	return ""
}

// checkBuilds checks with the kustomize command that an overlay of the target that built
// before the plan does so after it.
func checkBuilds(t testing.TB, r promote.Request, plan *promote.Plan) {
	t.Helper()
	command := kustomize()
	if command == "" || plan.Empty() {
		return
	}
	after := tree.With(r.Target, plan.Files())
	for _, a := range r.Apps {
		for _, dir := range a.To {
			if build(t, command, r.Target, dir) != "" {
				continue
			}
			if message := build(t, command, after, dir); message != "" {
				t.Errorf("%s built before and does not after: %s", dir, message)
			}
		}
	}
}

// build runs kustomize in a directory of a tree and returns its message when it fails.
func build(t testing.TB, command string, from gitops.Tree, dir string) string {
	t.Helper()
	root := t.TempDir()
	for e := range from.Entries() {
		name := filepath.Join(root, filepath.FromSlash(e.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		data, err := from.Read(t.Context(), e.Path)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == gitops.Symlink {
			err = os.Symlink(string(data), name)
		} else {
			err = os.WriteFile(name, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(command, "build", filepath.Join(root, filepath.FromSlash(dir)))
	cmd.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "GIT_ALLOW_PROTOCOL=file") // remote bases fail at once
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out)
	}
	return ""
}
