package argocd

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/tree"
)

// pathspecFiles are the files that patterns are tried on.
var pathspecFiles = []string{
	"a", "b/a", "b/c/a.yaml", "b/c/b.yaml", "b/x[1].yaml", "b/x1.yaml", "b*/a", "c/-", "c/]", "d/A9", `e/back\slash`, "apps/web/config.json",
	"apps/web/deep/config.json", "apps/config.json", "b.yaml", ".hidden/config.json",
}

// gitRepository makes a repository with the files in its index.
func gitRepository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not there")
	}
	dir := t.TempDir()
	for _, f := range pathspecFiles {
		p := filepath.Join(dir, filepath.FromSlash(f))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gitOutput(t, dir, "init", "-q")
	gitOutput(t, dir, "add", "-A")
	return dir
}

// gitOutput runs git as nobody in particular; what it refuses gives "refused".
func gitOutput(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.Output()
	if err != nil {
		return "refused"
	}
	return string(out)
}

// TestPathspec compares the patterns of a git generator over files with git itself, which
// Argo CD asks.
func TestPathspec(t *testing.T) {
	dir := gitRepository(t)
	files := map[string]string{}
	for _, f := range pathspecFiles {
		files[f] = ""
	}
	room := &Room{Tree: tree.Memory(files)}
	patterns := []string{
		"", ".", "./", "apps", "apps/", "./apps/*", "apps/*/config.json", "**/config.json", "*.yaml", "b/../a", "../a", "/a", "a/..", "b//c/*", "b/c",
		"b/x[1].yaml", "[[:alpha:]]", "b/[!a]", "b/[^a]", "b/x[[:digit:]].yaml", "c/[]-]", "c/[[-a]", "d/[[:upper:]][[:xdigit:]]", "d/[[:nope:]]9",
		`e/back\\slash`, `e/back\slash`, "b[*]/a", `b\*/a`, "[", "b/[a", "b/[[:a", "x[", "d/[A-", "d/[A-]9", "d/[@-B]9", "?", "b?a", ".hidden/*", "a/",
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		patterns = append(patterns, random(r, []string{"a", "b", "c", "/", "*", "**", "?", "[", "]", "-", "!", `\`, "apps", ".yaml", "config.json", ".", "[:alpha:]", "^"}, 6))
	}
	for _, p := range patterns {
		if strings.HasPrefix(p, "-") {
			continue
		}
		arg := p
		if arg == "" {
			arg = "."
		}
		want := gitOutput(t, dir, "ls-files", "--full-name", "-z", "--", arg)
		got := "refused"
		if matches, err := room.filePattern(p); err == nil {
			var b strings.Builder
			for _, f := range slices.Sorted(slices.Values(pathspecFiles)) {
				if matches(f) {
					b.WriteString(f + "\x00")
				}
			}
			got = b.String()
		}
		if got != want {
			t.Errorf("%q: %q, git says %q", p, got, want)
		}
	}
}
