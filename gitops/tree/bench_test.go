package tree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// monorepo commits dirs*3 files, 200 of them to a directory level.
func monorepo(b testing.TB, dirs int) (*fixture, string) {
	f := newFixture(b)
	var in strings.Builder
	in.WriteString("commit refs/heads/main\ncommitter a <a@example.com> 1700000000 +0000\ndata 1\nx\n")
	for i := range dirs {
		for _, name := range []string{"deployment.yaml", "kustomization.yaml", "service.yaml"} {
			content := fmt.Sprintf("%s %d\n%s", name, i, strings.Repeat("some: content of a manifest\n", 20))
			fmt.Fprintf(&in, "M 100644 inline apps/app-%03d/overlays/env-%d/%s\ndata %d\n%s\n", i/20, i%20, name, len(content), content)
		}
	}
	f.gitIn(strings.NewReader(in.String()), "fast-import", "--quiet")
	return f, f.git("rev-parse", "main")
}

// BenchmarkOpen is what every command costs before it reads anything.
func BenchmarkOpen(b *testing.B) {
	f, _ := monorepo(b, 1)
	for b.Loop() {
		r, err := Open(b.Context(), f.dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

// BenchmarkTree12000 lists a tree of 4,000 apps.
func BenchmarkTree12000(b *testing.B) {
	f, head := monorepo(b, 4000)
	r := f.open(Options{})
	for b.Loop() {
		treeOf(b, r, head)
	}
}

// BenchmarkRead3000 reads 3,000 files for the first time.
func BenchmarkRead3000(b *testing.B) {
	f, head := monorepo(b, 4000)
	r := f.open(Options{})
	tr := treeOf(b, r, head)
	var paths []string
	for e := range tr.Entries() {
		if paths = append(paths, e.Path); len(paths) == 3000 {
			break
		}
	}
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			r.blobs = newCache(DefaultCacheBytes)
			for _, p := range paths {
				if _, err := tr.Read(b.Context(), p); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("prefetch", func(b *testing.B) {
		for b.Loop() {
			r.blobs = newCache(DefaultCacheBytes)
			if err := tr.(Prefetcher).Prefetch(b.Context(), paths); err != nil {
				b.Fatal(err)
			}
		}
	})
}

var _ gitops.Tree = (*commitTree)(nil)
