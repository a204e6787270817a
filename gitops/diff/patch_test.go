package diff

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPatch lets git apply the patches of files that change, come and go, under
// names that git quotes.
func TestPatch(t *testing.T) {
	for name, run := range map[string]bool{"a.yaml": false, "with space.yaml": true, "dir/tab\there \"quoted\" ü.yaml": false} {
		for _, c := range [][2][]byte{
			{[]byte("a\nb\n"), []byte("a\nc")}, {nil, []byte("new\n")}, {[]byte("old"), nil}, {nil, {}},
		} {
			dir := t.TempDir()
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if c[0] != nil {
				if err := os.WriteFile(file, c[0], 0o644); err != nil {
					t.Fatal(err)
				}
			}
			patch := filepath.Join(t.TempDir(), "patch")
			if err := os.WriteFile(patch, []byte(Patch(name, c[0], c[1], run)), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("git", "apply", patch)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%q: %v\n%s\n%s", name, err, out, Patch(name, c[0], c[1], run))
			}
			got, err := os.ReadFile(file)
			if info, err := os.Stat(file); err == nil && c[0] == nil && (info.Mode()&0o100 != 0) != run {
				t.Errorf("%q: mode of the new file is %v", name, info.Mode())
			}
			if (err != nil) != (c[1] == nil) || string(got) != string(c[1]) {
				t.Errorf("%q: file is %q, %v, want %q", name, got, err, c[1])
			}
		}
	}
	if p := Patch("a", []byte("x"), []byte("x"), false); p != "" {
		t.Errorf("patch of nothing: %q", p)
	}
}
