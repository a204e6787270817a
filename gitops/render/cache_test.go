package render

import (
	"bytes"
	"context"
	"encoding/base64"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/monorepo"
)

var testKey = [32]byte{1, 2, 3}

func openCache(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := OpenCache(dir, testKey, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cachedRun is a run of the program on a cache: open, render one path, close.
func cachedRun(t *testing.T, dir string, src gitops.Tree, p string, remote Remote) (gitops.Rendered, Stats) {
	t.Helper()
	r := newRenderer(t, Options{Cache: openCache(t, dir), Remote: remote})
	got := render(t, r, src, p)
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	return got, r.Stats()
}

// cacheFiles are the files of a cache, relative to it.
func cacheFiles(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestCacheHit renders nothing when the reads are the same, a failure too.
func TestCacheHit(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		fails bool
	}{
		"objects": {map[string]string{"app/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\n", "base/kustomization.yml": "resources: [r.yaml]\n", "base/r.yaml": configMap}, false},
		"failure": {app("resources:\n- r.yaml\n- gone.yaml\n"), true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			first, stats := cachedRun(t, dir, memory(c.files), "app", nil)
			if stats.Renders != 1 || stats.Hits != 0 || (first.Err != nil) != c.fails {
				t.Fatalf("first run: %+v %v", stats, first.Err)
			}
			files := maps.Clone(c.files)
			files["docs/README.md"] = "unread"
			files["other/kustomization.yaml"] = "resources: [x]\n"
			again, stats := cachedRun(t, dir, memory(files), "app", nil)
			if stats.Renders != 0 || stats.Hits != 1 {
				t.Errorf("second run: %+v", stats)
			}
			if diff := cmp.Diff(first, again); diff != "" {
				t.Errorf("a hit differs: %s", diff)
			}
		})
	}
}

// TestCacheMiss changes what a render read, or looked for in vain.
func TestCacheMiss(t *testing.T) {
	base := map[string]string{
		"app/kustomization.yaml":     "resources: [r.yaml, ../base, l.yaml]\nconfigMapGenerator: [{name: g, files: [e.txt]}]\n",
		"app/r.yaml":                 configMap,
		"app/e.txt":                  "one\n",
		"base/kustomization.yml":     "resources: [x.yaml]\n",
		"base/x.yaml":                "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n",
		"real/y.yaml":                "apiVersion: v1\nkind: Secret\nmetadata: {name: y}\n",
		"real/z.yaml":                "apiVersion: v1\nkind: Secret\nmetadata: {name: z}\n",
		"broken/kustomization.yaml":  "resources: [d/gone.yaml, ../base]\n",
		"twisted/kustomization.yaml": "resources: [l.yaml, r.yaml]\n",
		"twisted/r.yaml":             configMap,
	}
	links := map[string]string{"app/l.yaml": "../real/y.yaml", "twisted/l.yaml": "gone/../r.yaml"}
	type change struct {
		path         string
		files, links map[string]string
		remove       []string
	}
	set := func(kv ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		return m
	}
	for name, c := range map[string]change{
		"resource":                       {path: "app", files: set("app/r.yaml", configMap+"data: {a: b}\n")},
		"kustomization":                  {path: "app", files: set("app/kustomization.yaml", "resources: [r.yaml]\n")},
		"generated from":                 {path: "app", files: set("app/e.txt", "two\n")},
		"base":                           {path: "app", files: set("base/kustomization.yml", "resources: [x.yaml]\nnamePrefix: b-\n")},
		"resource of a base":             {path: "app", files: set("base/x.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: t}\n")},
		"first name appears in a base":   {path: "app", files: set("base/kustomization.yaml", "resources: []\nnamePrefix: c-\n")},
		"third name appears":             {path: "app", files: set("app/Kustomization", "resources: []\n")},
		"base is gone":                   {path: "app", remove: []string{"base/kustomization.yml", "base/x.yaml"}},
		"base becomes a file":            {path: "app", remove: []string{"base/kustomization.yml", "base/x.yaml"}, files: set("base", configMap)},
		"base becomes a link":            {path: "app", remove: []string{"base/kustomization.yml", "base/x.yaml"}, files: set("b2/kustomization.yaml", "resources: [q.yaml]\n", "b2/q.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: q}\n"), links: set("base", "b2")},
		"file becomes a link":            {path: "app", remove: []string{"app/r.yaml"}, links: set("app/r.yaml", "../real/z.yaml")},
		"link points elsewhere":          {path: "app", links: set("app/l.yaml", "../real/z.yaml")},
		"what a link points at":          {path: "app", files: set("real/y.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: other}\n")},
		"what was missing appears":       {path: "broken", files: set("broken/d/gone.yaml", configMap)},
		"it appears behind a link":       {path: "broken", links: set("broken/d", "../far"), files: set("far/gone.yaml", configMap)},
		"what a twisted link goes over":  {path: "twisted", files: set("twisted/gone/x", ""), remove: []string{"twisted/r.yaml"}},
		"a twisted link's way comes up":  {path: "twisted", files: set("twisted/gone/x", "")},
		"kustomization is only a folder": {path: "app", remove: []string{"app/kustomization.yaml"}, files: set("app/kustomization.yaml/x", "")},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cachedRun(t, dir, withLinks(base, links), c.path, nil)
			files, headLinks := maps.Clone(base), maps.Clone(links)
			for _, p := range c.remove {
				delete(files, p)
			}
			maps.Copy(files, c.files)
			maps.Copy(headLinks, c.links)
			head := withLinks(files, headLinks)
			got, stats := cachedRun(t, dir, head, c.path, nil)
			want := render(t, newRenderer(t, Options{}), head, c.path)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-fresh +cached: %s", diff)
			}
			if stats.Hits != 0 {
				t.Errorf("a stale hit: %+v", stats)
			}
			if _, stats := cachedRun(t, dir, withLinks(base, links), c.path, nil); stats.Hits != 1 {
				t.Errorf("the first render is forgotten: %+v", stats)
			}
		})
	}
}

// TestCacheDamaged damages every file of a cache in several ways. The worst that
// may happen is a miss.
func TestCacheDamaged(t *testing.T) {
	files := map[string]string{
		"a/kustomization.yaml": "resources: [r.yaml]\n", "a/r.yaml": configMap,
		"b/kustomization.yaml": "resources: [r.yaml]\n", "b/r.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter2}\n",
	}
	src := memory(files)
	plain := newRenderer(t, Options{})
	want := map[string]string{"a": renders(t, plain, src, "a"), "b": renders(t, plain, src, "b")}
	pristine := t.TempDir()
	for _, p := range []string{"a", "b"} {
		cachedRun(t, pristine, src, p, nil)
	}
	each := func(change func(data []byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			for _, p := range cacheFiles(t, dir) {
				data, err := os.ReadFile(p)
				if err == nil {
					err = os.WriteFile(p, change(data), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, damage := range map[string]func(t *testing.T, dir string){
		"emptied":      each(func([]byte) []byte { return nil }),
		"cut in half":  each(func(b []byte) []byte { return b[:len(b)/2] }),
		"cut by one":   each(func(b []byte) []byte { return b[:len(b)-1] }),
		"longer":       each(func(b []byte) []byte { return append(b, 0) }),
		"first byte":   each(func(b []byte) []byte { b[0] ^= 1; return b }),
		"middle":       each(func(b []byte) []byte { b[len(b)/2] ^= 0x80; return b }),
		"last byte":    each(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }),
		"zeros":        each(func(b []byte) []byte { clear(b); return b }),
		"garbage":      each(func(b []byte) []byte { return bytes.Repeat([]byte("garbage"), 99) }),
		"index gone":   func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "index")) },
		"renders gone": func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "renders")) },
		"index a directory": func(t *testing.T, dir string) {
			remove(t, filepath.Join(dir, "index"))
			mkdir(t, filepath.Join(dir, "index"))
		},
		"renders swapped": swapRenders,
		"left by a crash": func(t *testing.T, dir string) { write(t, filepath.Join(dir, "renders", ".new-1"), "x") },
		"renders not a place": func(t *testing.T, dir string) {
			remove(t, filepath.Join(dir, "renders"))
			write(t, filepath.Join(dir, "renders"), "x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			if err := os.CopyFS(dir, os.DirFS(pristine)); err != nil {
				t.Fatal(err)
			}
			damage(t, dir)
			c := openCache(t, dir)
			r := newRenderer(t, Options{Cache: c})
			for p, yaml := range want {
				if got := renders(t, r, src, p); got != yaml {
					t.Errorf("%s: %q, want %q", p, got, yaml)
				}
			}
			_ = r.Close() // an index that cannot be written is an error that the program ignores
		})
	}
	t.Run("another key", func(t *testing.T) {
		c, err := OpenCache(pristine, [32]byte{9}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := c.get(t.Context(), Source{Tree: src, Path: "a"}, nil); ok {
			t.Error("a hit with another key")
		}
	})
}

func swapRenders(t *testing.T, dir string) {
	list := cacheFiles(t, filepath.Join(dir, "renders"))
	if len(list) != 2 {
		t.Fatalf("%d renders", len(list))
	}
	tmp := filepath.Join(dir, "tmp")
	for _, move := range [][2]string{{list[0], tmp}, {list[1], list[0]}, {tmp, list[1]}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
}

func remove(t *testing.T, p string) {
	t.Helper()
	if err := os.RemoveAll(p); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, p string) {
	t.Helper()
	if err := os.Mkdir(p, 0o700); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, p, text string) {
	t.Helper()
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCacheUnwritable renders with a cache that takes nothing.
func TestCacheUnwritable(t *testing.T) {
	src := memory(app("resources: [r.yaml]\nnamePrefix: p-\n"))
	for name, prepare := range map[string]func(t *testing.T) string{
		"a file in its place": func(t *testing.T) string {
			p := filepath.Join(t.TempDir(), "cache")
			write(t, p, "x")
			return p
		},
		"below a file": func(t *testing.T) string {
			p := filepath.Join(t.TempDir(), "cache")
			write(t, p, "x")
			return filepath.Join(p, "deeper")
		},
		"read-only": func(t *testing.T) string {
			if os.Getuid() == 0 {
				return noFiles // root may write anywhere else
			}
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o500); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"disk full": fullDisk,
	} {
		t.Run(name, func(t *testing.T) {
			dir := prepare(t)
			r := newRenderer(t, Options{Cache: openCache(t, dir)})
			for range 2 {
				if got := renders(t, r, src, "app"); !strings.Contains(got, "name: p-c") {
					t.Errorf("rendered %q", got)
				}
			}
			_ = r.Close()
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return
			}
			for _, p := range cacheFiles(t, dir) {
				if filepath.Base(p) != "filler" {
					t.Errorf("left behind: %s", p)
				}
			}
		})
	}
}

// TestCacheShared has two runs at once work on one directory, as two processes.
func TestCacheShared(t *testing.T) {
	files := map[string]string{}
	for p, data := range monorepo.Files(2) {
		files[p] = string(data)
	}
	src := memory(files)
	plain := newRenderer(t, Options{})
	want := map[string]string{}
	for _, p := range monorepo.Overlays(2) {
		want[p] = renders(t, plain, src, p)
	}
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 3 {
				c, err := OpenCache(dir, testKey, 0)
				if err != nil {
					t.Error(err)
					return
				}
				r, err := New(Options{Cache: c, Workers: 1})
				if err != nil {
					t.Error(err)
					return
				}
				for done, err := range r.All(t.Context(), src, monorepo.Overlays(2)) {
					if err != nil || string(done.YAML()) != want[done.Path] {
						t.Errorf("%s: wrong output, %v", done.Path, err)
					}
				}
				if err := r.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
		})
	}
	wg.Wait()
	r := newRenderer(t, Options{Cache: openCache(t, dir)})
	for _, p := range monorepo.Overlays(2) {
		renders(t, r, src, p)
	}
	if s := r.Stats(); s.Hits != len(want) || s.Renders != 0 {
		t.Errorf("afterwards %+v, want hits only", s)
	}
}

// TestCacheBound keeps a cache below its bound, down to nothing.
func TestCacheBound(t *testing.T) {
	for _, most := range []int64{1, 6000} {
		dir := t.TempDir()
		for i := range 12 {
			src := memory(map[string]string{"app/kustomization.yaml": "resources: [r.yaml]\n", "app/r.yaml": configMap + "data: {a: " + strings.Repeat(string(rune('a'+i)), 1000) + "}\n"})
			c, err := OpenCache(dir, testKey, most)
			if err != nil {
				t.Fatal(err)
			}
			r := newRenderer(t, Options{Cache: c})
			if got := renders(t, r, src, "app"); len(got) < 1000 {
				t.Errorf("rendered %d bytes", len(got))
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			size := int64(0)
			for _, p := range cacheFiles(t, dir) {
				info, err := os.Stat(p)
				if err != nil {
					t.Fatal(err)
				}
				size += info.Size()
			}
			if size > most {
				t.Fatalf("%d bytes, the bound is %d", size, most)
			}
			if most > 1 && size == 0 {
				t.Error("nothing is kept")
			}
		}
	}
}

// TestCacheSecrets looks for values in the names and the bytes on disk.
func TestCacheSecrets(t *testing.T) {
	dir := t.TempDir()
	const value = "correct-horse-battery-staple"
	src := memory(map[string]string{
		"app/kustomization.yaml": "resources: [r.yaml]\nsecretGenerator: [{name: g, literals: [a=" + value + "]}]\nconfigMapGenerator: [{name: h, literals: [a=" + value + "]}]\n",
		"app/r.yaml":             "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: " + value + "}\n",
		"bad/kustomization.yaml": value + ": x\n",
	})
	done, _ := cachedRun(t, dir, src, "app", nil)
	failed, _ := cachedRun(t, dir, src, "bad", nil)
	c := openCache(t, dir)
	if err := c.Store("names", []byte(value)); err != nil {
		t.Fatal(err)
	}
	if failed.Err == nil || !bytes.Contains(done.YAML(), []byte(value)) {
		t.Fatal("the value is not in what was rendered")
	}
	list := cacheFiles(t, dir)
	if len(list) != 4 { // two renders, the index, a memo
		t.Errorf("%d files: %v", len(list), list)
	}
	for _, p := range list {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{value, base64.StdEncoding.EncodeToString([]byte(value)), "kustomization.yaml", "ConfigMap"} {
			if bytes.Contains(data, []byte(s)) || strings.Contains(p, s) {
				t.Errorf("%s holds %q", p, s)
			}
		}
		if strings.Contains(p, done.SHA256()) {
			t.Errorf("%s is named by the hash of the output", p)
		}
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", p, info.Mode(), err)
		}
	}
}

// fakeRemote serves trees and files from memory.
type fakeRemote struct {
	git   map[string]gitops.Tree // by "repo?ref=ref"
	files map[string]string
	asked []string
}

func (f *fakeRemote) Git(_ context.Context, repo, ref string) (gitops.Tree, error) {
	f.asked = append(f.asked, repo+"?ref="+ref)
	if t, ok := f.git[repo+"?ref="+ref]; ok {
		return t, nil
	}
	return nil, &gitops.Error{Code: gitops.Denied, Cause: gitops.CauseRemote, Message: "remote is not allowed"}
}

func (f *fakeRemote) File(_ context.Context, address string) ([]byte, error) {
	f.asked = append(f.asked, address)
	if text, ok := f.files[address]; ok {
		return []byte(text), nil
	}
	return nil, &gitops.Error{Code: gitops.NotFound, Cause: gitops.CauseRemote, Message: "remote file not found"}
}

// at is a tree with a commit.
type at struct {
	gitops.Tree
	commit string
}

func (a *at) Commit() string { return a.commit }

// TestCacheRemote misses when a remote base moved or is no longer allowed.
func TestCacheRemote(t *testing.T) {
	src := memory(map[string]string{"app/kustomization.yaml": "resources:\n- https://example.com/o/r//base?ref=main\n- https://example.com/x.yaml\n"})
	base := func(commit, name string) *at {
		return &at{memory(map[string]string{"base/kustomization.yaml": "resources: [r.yaml]\n", "base/r.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"}), commit}
	}
	const repo, file = "https://example.com/o/r?ref=main", "https://example.com/x.yaml"
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: "
	one, two := strings.Repeat("1", 40), strings.Repeat("2", 40)
	dir := t.TempDir()
	for _, step := range []struct {
		what   string
		remote Remote
		hit    bool
		want   []string // names of objects; nil for a failure
	}{
		{"first", &fakeRemote{git: map[string]gitops.Tree{repo: base(one, "a")}, files: map[string]string{file: secret + "x}\n"}}, false, []string{"a", "x"}},
		{"nothing moved", &fakeRemote{git: map[string]gitops.Tree{repo: base(one, "a")}, files: map[string]string{file: secret + "x}\n"}}, true, []string{"a", "x"}},
		{"the branch moved", &fakeRemote{git: map[string]gitops.Tree{repo: base(two, "b")}, files: map[string]string{file: secret + "x}\n"}}, false, []string{"b", "x"}},
		{"the file changed", &fakeRemote{git: map[string]gitops.Tree{repo: base(two, "b")}, files: map[string]string{file: secret + "y}\n"}}, false, []string{"b", "y"}},
		{"no longer allowed", &fakeRemote{}, false, nil},
		{"no remotes at all", nil, false, nil},
		{"allowed again", &fakeRemote{git: map[string]gitops.Tree{repo: base(two, "b")}, files: map[string]string{file: secret + "y}\n"}}, true, []string{"b", "y"}},
	} {
		got, stats := cachedRun(t, dir, src, "app", step.remote)
		var names []string
		for _, o := range got.Objects {
			names = append(names, o.Name)
		}
		if !slices.Equal(names, step.want) || (stats.Hits == 1) != step.hit {
			t.Errorf("%s: %v, %+v, %v; want %v, hit %t", step.what, names, stats, got.Err, step.want, step.hit)
		}
		if step.want == nil && (got.Err == nil || got.Err.Cause != gitops.CauseRemote || got.Err.File != "app/kustomization.yaml" || got.Err.Line != 2) {
			t.Errorf("%s: %+v", step.what, got.Err)
		}
	}
}

// FuzzDecode gives every decoder of this package arbitrary bytes: a worker that
// was taken over, or a damaged file. None may panic or allocate without bounds.
func FuzzDecode(f *testing.F) {
	done := gitops.Rendered{Objects: []gitops.Object{{Kind: "K", Name: "n", YAML: []byte("a: b\n")}}}
	f.Add(encodeRender(&done))
	x := newIndex()
	x.add("app", trace{reads: x.intern([]gitops.Read{{Path: "app", Kind: gitops.Dir}})})
	f.Add(x.encode())
	e := newFrame(msgLookup)
	e.uint(1)
	for _, s := range []string{"/.tree/app", "app", "", "", ""} {
		e.string(s)
	}
	e.flag(true)
	f.Add(e.b[5:])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	src := memory(app("resources: [r.yaml]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, ok := decodeRender(data); ok && len(got.Objects) > len(data) {
			t.Errorf("%d objects from %d bytes", len(got.Objects), len(data))
		}
		x := newIndex()
		x.decode(data)
		if !x.sound() {
			t.Error("an index that points outside of itself")
		}
		_, _ = decodeFound(&decoder{b: data})
		_, _ = decodeResult(&decoder{b: data})
		_ = (&decoder{b: data}).failure().error().Error()
		s := &server{tree: src, reads: map[string]gitops.Read{}, clock: newClock(budgetOf(DefaultTimeout), handsOf(os.Getpid()), func() {})}
		defer s.clock.stop()
		if e, err := s.answer(t.Context(), &decoder{b: data}); err == nil && len(e.b) > maxFrame {
			t.Errorf("answer of %d bytes", len(e.b))
		}
		_, _, _, _ = readFrame(bytes.NewReader(data), nil)
	})
}
