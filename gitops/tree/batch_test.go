package tree

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestCatFileDies kills git between reads: the next one starts another and answers.
func TestCatFileDies(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1", "b": "2", "c": "3"})
	r := f.open(Options{})
	tr := treeOf(t, r, head)
	for _, p := range []string{"a", "b", "c"} {
		for range lanes { // both processes, whichever is next
			l := <-r.batch.pool
			if l != nil {
				l.cmd.Process.Kill()
			}
			r.batch.pool <- l
		}
		if data, err := tr.Read(t.Context(), p); err != nil || len(data) != 1 {
			t.Errorf("Read(%s) = %q, %v", p, data, err)
		}
	}
}

// TestMaxBlob reads beside a file that is too large: that one is refused by name, the
// others stay readable.
func TestMaxBlob(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"fits.yaml": strings.Repeat("a", 100), "large.yaml": strings.Repeat("b", 101), "next.yaml": "c", "z": ""})
	tr := treeOf(t, f.open(Options{MaxBlob: 100}), head)
	_, err := tr.Read(t.Context(), "large.yaml")
	wantError(t, err, gitops.Invalid, "larger than 100 bytes", "large.yaml")
	if err.(*gitops.Error).Cause != gitops.CauseLimit {
		t.Errorf("cause = %q", err.(*gitops.Error).Cause)
	}
	for p, n := range map[string]int{"fits.yaml": 100, "next.yaml": 1, "z": 0} {
		if data, err := tr.Read(t.Context(), p); err != nil || len(data) != n {
			t.Errorf("Read(%s) = %d bytes, %v", p, len(data), err)
		}
	}
	if err := tr.(Prefetcher).Prefetch(t.Context(), []string{"z", "large.yaml", "nope", "."}); err != nil {
		t.Errorf("Prefetch: %v", err)
	}
}

// TestConcurrentReads reads with more goroutines than processes, and a cache that holds
// next to nothing.
func TestConcurrentReads(t *testing.T) {
	f := newFixture(t)
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprintf("d%d/f%d.yaml", i%7, i)] = strings.Repeat(fmt.Sprintln(i), i)
	}
	head := f.commit(files)
	r := f.open(Options{CacheBytes: 1 << 10})
	tr := treeOf(t, r, head)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for p, want := range files {
				if got, err := tr.Read(t.Context(), p); err != nil || string(got) != want {
					t.Errorf("Read(%s) = %d bytes, %v", p, len(got), err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestReadAfterClose says that the repository is closed, and does not hang.
func TestReadAfterClose(t *testing.T) {
	f := newFixture(t)
	head := f.commit(map[string]string{"a": "1"})
	r := f.open(Options{})
	tr := treeOf(t, r, head)
	r.Close()
	_, err := tr.Read(t.Context(), "a")
	wantError(t, err, gitops.Unavailable, "closed")
}

// TestManyFilesInOneDirectory lists a directory of 100,000 files.
func TestManyFilesInOneDirectory(t *testing.T) {
	f := newFixture(t)
	f.commit(map[string]string{"x": "x"})
	line := "100644 blob " + f.git("rev-parse", "HEAD:x") + "\t"
	var in strings.Builder
	const files = 100_000
	for i := range files {
		fmt.Fprintf(&in, "%s%06d\n", line, i)
	}
	dir := f.gitIn(strings.NewReader(in.String()), "mktree")
	root := f.gitIn(strings.NewReader("040000 tree "+dir+"\td\n"), "mktree")
	head := f.git("commit-tree", "-m", "x", root)
	r := f.open(Options{})
	tr := treeOf(t, r, head)
	n := 0
	for range tr.Entries() {
		n++
	}
	if n != files || tr.Lookup("d/099999").Kind != gitops.File {
		t.Errorf("%d entries, want %d", n, files)
	}
	if data, err := tr.Read(t.Context(), "d/050000"); err != nil || string(data) != "x" {
		t.Errorf("Read = %q, %v", data, err)
	}
}

// TestCacheIsBounded fills the cache a hundred times over: what is asked for stays a
// while, and what is larger than half of it is not kept.
func TestCacheIsBounded(t *testing.T) {
	c := newCache(10_000)
	for i := range 1000 {
		c.put(fmt.Sprint(i), make([]byte, 100))
		if _, ok := c.get("0"); !ok && i < 20 {
			t.Fatal("forgotten too early")
		}
	}
	c.put("huge", make([]byte, 6000))
	if n := len(c.young) + len(c.old); n > 10_000/(100+overhead)+1 {
		t.Errorf("%d blobs are kept", n)
	}
	if _, ok := c.get("huge"); ok {
		t.Error("a blob of more than half the bound is kept")
	}
	if _, ok := c.get("0"); !ok {
		t.Error("a blob that is asked for all the time was forgotten")
	}
}
