package tree

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// A git that is killed in the middle of a fetch leaves files behind that would
// stop the next one.
func TestMirrorAfterAKill(t *testing.T) {
	g := newGuarded(t)
	tip := g.f.commit(map[string]string{"a": "1"})
	g.push(tip, "refs/heads/main")
	asked := make(chan struct{}, 8)
	g.let(func(_ string, r *http.Request) bool {
		if r.Method == http.MethodPost {
			io.Copy(io.Discard, r.Body) // the server sees the client go away only then
			asked <- struct{}{}
			<-r.Context().Done()
		}
		return true
	})
	m := g.open()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	_, err := m.FetchBranch(ctx, "main")
	wantError(t, err, gitops.Unavailable, "canceled")
	g.let(func(string, *http.Request) bool { return true })
	dir := m.GitDir()
	ok(t, os.MkdirAll(filepath.Join(dir, "objects", "pack"), 0o700))
	ok(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(localRef("refs/heads/main"))), 0o700))
	left := []string{localRef("refs/heads/main") + ".lock", "packed-refs.lock", "shallow.lock", "objects/pack/tmp_pack_x1", "objects/pack/pack-1.keep"}
	for _, name := range left {
		ok(t, writeFile(dir, name, "x"))
	}
	got, err := m.FetchBranch(t.Context(), "main")
	if err != nil || got != tip {
		t.Fatalf("FetchBranch = %s, %v", got, err)
	}
	for _, name := range left {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// What is damaged on disk is noticed and made anew.
func TestMirrorDamaged(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"pack cut off": func(t *testing.T, dir string) {
			packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
			if err != nil || len(packs) == 0 {
				t.Fatalf("packs %v, %v", packs, err)
			}
			ok(t, os.Chmod(packs[0], 0o600))
			ok(t, os.Truncate(packs[0], 40))
		},
		"no HEAD": func(t *testing.T, dir string) { ok(t, os.Remove(filepath.Join(dir, "HEAD"))) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t)
			tip := g.f.commit(map[string]string{"a": "1"})
			g.push(tip, "refs/heads/main")
			m := g.open()
			_, err := m.FetchBranch(t.Context(), "main")
			ok(t, err)
			m.Close()
			damage(t, m.GitDir())
			second := g.f.commit(map[string]string{"a": "2"})
			g.push(second, "refs/heads/main")
			for attempt := range 3 { // as the queue would
				m := g.open()
				if err = m.FetchCommits(t.Context(), second); err == nil {
					_, err = m.Tree(t.Context(), second)
				}
				m.Close()
				if err == nil {
					return
				}
				t.Logf("attempt %d: %v", attempt, err)
			}
			t.Errorf("it stays damaged: %v", err)
		})
	}
}

// A git that outlives us still holds the lock.
func TestMirrorLockIsInherited(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.lock")
	held, err := lock(t.Context(), name, true)
	ok(t, err)
	g, err := newGit("")
	ok(t, err)
	g.held = held
	f := newFixture(t)
	cmd := g.command(t.Context(), f.dir, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	ok(t, err)
	ok(t, cmd.Start())
	held.Close()
	again, err := os.OpenFile(name, os.O_RDWR, 0)
	ok(t, err)
	defer again.Close()
	if got, err := tryLock(again, true); got || err != nil {
		t.Errorf("the lock was free while git ran: %v", err)
	}
	in.Close()
	ok(t, cmd.Wait())
	if got, err := tryLock(again, true); !got {
		t.Errorf("the lock is held by nobody: %v", err)
	}
}

// TestMirrorsBounded removes the mirror that was not used for longest, and none that is
// open.
func TestMirrorsBounded(t *testing.T) {
	g := newGuarded(t, func(o *MirrorOptions) { o.MaxCount = 2 })
	fetch := func(key string) *Mirror {
		t.Helper()
		g.spec.Key = key
		m := g.open()
		_, err := m.FetchBranch(t.Context(), "main")
		ok(t, err)
		return m
	}
	there := func() string {
		var keys []string
		for _, key := range []string{"a", "b", "c", "d"} {
			if isDir(filepath.Join(g.mirrors.opts.Dir, keyName(key))) == nil {
				keys = append(keys, key)
			}
		}
		return strings.Join(keys, " ")
	}
	a := fetch("a") // in use, so it stays
	fetch("b").Close()
	fetch("c").Close()
	if got := there(); got != "a c" {
		t.Errorf("mirrors %q, want a and c", got)
	}
	a.Close()
	fetch("d").Close()
	if got := there(); got != "c d" {
		t.Errorf("mirrors %q, want c and d", got)
	}
	g.mirrors.opts.MaxBytes = 1
	fetch("d").Close()
	if got := there(); got != "d" {
		t.Errorf("mirrors %q, want only the one in use", got)
	}
}

// A mirror in use is not forgotten; one that is not in use is gone, with what
// belongs to it, and is made anew when it is needed.
func TestMirrorForgotten(t *testing.T) {
	g := newGuarded(t)
	fetch := func() *Mirror {
		t.Helper()
		m := g.open()
		_, err := m.FetchBranch(t.Context(), "main")
		ok(t, err)
		return m
	}
	dir := filepath.Join(g.mirrors.opts.Dir, keyName(g.spec.Key))
	calls := 0
	also := func() error { calls++; return nil }
	m := fetch()
	if err := g.mirrors.Forget(g.spec.Key, also); gitops.CodeOf(err) != gitops.Unavailable || calls != 0 || isDir(dir) != nil {
		t.Errorf("in use: error %v, %d calls, directory %v", err, calls, isDir(dir))
	}
	ok(t, m.Close())
	ok(t, g.mirrors.Forget(g.spec.Key, also))
	if calls != 1 || isDir(dir) == nil {
		t.Errorf("%d calls, directory %v", calls, isDir(dir))
	}
	ok(t, g.mirrors.Forget("never seen", also))
	fetch()
}

// TestMirrorTooLarge ends a fetch that grows beyond the limit.
func TestMirrorTooLarge(t *testing.T) {
	g := newGuarded(t, func(o *MirrorOptions) { o.MaxMirror = 300 })
	_, err := g.open().FetchBranch(t.Context(), "main")
	wantError(t, err, gitops.Invalid, "larger than 300 bytes")
}

// Many fetches make many packs, which become one that has everything.
func TestMirrorRepacks(t *testing.T) {
	g := newGuarded(t)
	g.mirrors.maxPacks = 2
	m := g.open()
	var commits []string
	for i := range 4 {
		g.f.git("checkout", "-q", "--detach")
		if i == 2 {
			g.f.git("reset", "-q", "--hard", "HEAD^") // the tip before is named by no branch
		}
		commits = append(commits, g.f.commit(map[string]string{"a": fmt.Sprint("new ", i)}))
		g.push("HEAD", "refs/heads/main")
		_, err := m.FetchBranch(t.Context(), "main")
		ok(t, err)
	}
	packs, err := filepath.Glob(filepath.Join(m.GitDir(), "objects/pack/*.pack"))
	if err != nil || len(packs) > 2 {
		t.Errorf("packs %v, %v", packs, err)
	}
	for i, id := range commits {
		tr, err := m.Tree(t.Context(), id)
		ok(t, err)
		if got := readAll(t, tr)["a"]; got != fmt.Sprint("new ", i) {
			t.Errorf("commit %d has %q", i, got)
		}
	}
}
