package tree

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
)

// asNobody lets the rest of a test look at files as a user who owns none of them.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return // chmod is enough
	}
	runtime.LockOSThread()
	ok(t, syscall.Setfsuid(65534))
	t.Cleanup(func() {
		ok(t, syscall.Setfsuid(0))
		runtime.UnlockOSThread()
	})
}

// TestDirUnread: a directory that nobody may look into is no empty one.
func TestDirUnread(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"a/x.yaml", "closed/x.yaml", "listed/x.yaml", "z.yaml"} {
		f.write(name, "a: b\n")
	}
	ok(t, os.Chmod(f.dir, 0o755))
	for name, mode := range map[string]os.FileMode{"a": 0o755, "closed": 0o700, "listed": 0o744} {
		ok(t, os.Chmod(filepath.Join(f.dir, name), mode))
	}
	if os.Geteuid() != 0 {
		ok(t, os.Chmod(filepath.Join(f.dir, "closed"), 0))
		ok(t, os.Chmod(filepath.Join(f.dir, "listed"), 0o400))
		t.Cleanup(func() {
			_ = os.Chmod(filepath.Join(f.dir, "closed"), 0o700)
			_ = os.Chmod(filepath.Join(f.dir, "listed"), 0o700)
		})
	}
	d := openDir(t, f.dir, 0)
	asNobody(t)
	var seen []string
	for e := range d.Entries() {
		seen = append(seen, e.Path)
	}
	if diff := cmp.Diff([]string{"a/x.yaml", "z.yaml"}, seen); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"closed", "listed"}, d.Unread()); diff != "" {
		t.Error(diff)
	}
	if _, err := d.Read(t.Context(), "listed/x.yaml"); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("a file that may not be looked at: %v", err)
	}
	if _, err := d.Read(t.Context(), "a/gone.yaml"); gitops.CodeOf(err) != gitops.NotFound {
		t.Errorf("a file that is not there: %v", err)
	}
	if diff := cmp.Diff([]string{"closed", "listed", "listed/x.yaml"}, d.Unread()); diff != "" {
		t.Error(diff)
	}
}
