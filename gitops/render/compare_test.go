package render

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/monorepo"
)

// editor changes the files of a repository at random, as people do: values,
// references, files and directories come, go and move.
type editor struct {
	rand  *rand.Rand
	files map[string]string
}

func (e *editor) pick(match func(string) bool) string {
	list := slices.DeleteFunc(slices.Sorted(maps.Keys(e.files)), func(p string) bool { return !match(p) })
	if len(list) == 0 {
		return ""
	}
	return list[e.rand.IntN(len(list))]
}

func anyFile(string) bool { return true }

func (e *editor) dir() string {
	dirs := kustomizationDirs(e.files)
	return dirs[e.rand.IntN(len(dirs))]
}

// edit makes one change and says which.
func (e *editor) edit(n int) string {
	p, dir, other := e.pick(anyFile), e.dir(), e.dir()
	k := e.pick(isKustomization)
	switch e.rand.IntN(15) {
	case 0:
		e.files[p] += "# a comment\n"
	case 1:
		e.files[p] = strings.ReplaceAll(e.files[p], "1", "2")
	case 2:
		e.files[p] = e.files[e.pick(func(q string) bool { return path.Base(q) == path.Base(p) })]
	case 3:
		delete(e.files, p)
	case 4:
		e.files[p] = "a: [\n"
	case 5: // a new overlay of something
		e.files[fmt.Sprintf("new/n%d/kustomization.yaml", n)] = "namePrefix: n-\nresources: [../../" + dir + "]\n"
	case 6: // an overlay is no more
		delete(e.files, k)
	case 7: // a reference moves
		e.files[k] = strings.Replace(e.files[k], "../../base", relativeTo(path.Dir(k), other), 1)
	case 8:
		e.files[k] += "resources: [" + relativeTo(path.Dir(k), other) + "]\n" // twice the key, or the first
	case 9: // a directory moves
		for q, text := range maps.Clone(e.files) {
			if rest, ok := strings.CutPrefix(q, dir+"/"); ok {
				delete(e.files, q)
				e.files[fmt.Sprintf("%s-%d/%s", dir, n, rest)] = text
			}
		}
	case 10: // another of the three names appears
		e.files[path.Join(dir, kustomizationNames[1+e.rand.IntN(2)])] = "namePrefix: z-\n"
	case 11: // a file is renamed and the reference follows
		f := path.Base(p)
		if q := path.Dir(p) + "/kustomization.yaml"; !isKustomization(p) && e.files[q] != "" {
			e.files[path.Dir(p)+"/renamed-"+f] = e.files[p]
			delete(e.files, p)
			e.files[q] = strings.ReplaceAll(e.files[q], f, "renamed-"+f)
		}
	case 12: // a file where a reference pointed in vain, or not
		e.files[path.Join(dir, fmt.Sprintf("extra-%d.yaml", e.rand.IntN(3)))] = configMap
	case 13:
		e.files[k] += fmt.Sprintf("configMapGenerator: [{name: x%d, files: [extra-%d.yaml]}]\n", n, e.rand.IntN(3))
	case 14:
		e.files["docs/"+path.Base(p)] = "text\n"
	}
	return p
}

func relativeTo(from, to string) string {
	return strings.Repeat("../", strings.Count(from, "/")+1) + to
}

func kustomizationDirs(files map[string]string) []string {
	var dirs []string
	for p := range files {
		if isKustomization(p) {
			dirs = append(dirs, path.Dir(p))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

func changed(a, b map[string]string) []string {
	var list []string
	for p, text := range a {
		if other, ok := b[p]; !ok || other != text {
			list = append(list, p)
		}
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}

// everything renders all directories of a tree.
func everything(t *testing.T, r *Renderer, src gitops.Tree, dirs []string) map[string]gitops.Rendered {
	t.Helper()
	all := map[string]gitops.Rendered{}
	for done, err := range r.All(t.Context(), src, dirs) {
		if err != nil {
			t.Fatal(err)
		}
		all[done.Path] = done
	}
	return all
}

// comparisons are of the same paths in two trees.
func comparisons(base, head gitops.Tree, paths ...string) []Comparison {
	var list []Comparison
	for _, p := range paths {
		list = append(list, Comparison{Base: Source{Tree: base, Path: p}, Head: Source{Tree: head, Path: p}})
	}
	return list
}

// outcomes is what a comparison says of each path: the sides that differ.
func outcomes(t *testing.T, r *Renderer, base, head gitops.Tree, paths []string) map[string][2]string {
	t.Helper()
	got := map[string][2]string{}
	for pair, err := range r.Compare(t.Context(), comparisons(base, head, paths...), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if sides := [2]string{told(pair.Before), told(pair.After)}; sides[0] != sides[1] {
			got[paths[pair.Index]] = sides
		}
	}
	return got
}

func told(r *gitops.Rendered) string {
	switch {
	case r == nil:
		return "nothing"
	case r.Err != nil:
		return "error: " + r.Err.Error()
	}
	return string(r.YAML())
}

// TestCompareProperty edits a generated repository at random and compares: with
// a warm cache, with none, and by rendering all of both sides. All must say the
// same, and what differs must be reached as the layout of the base has it.
func TestCompareProperty(t *testing.T) {
	rounds, bases := 8, 5
	if testing.Short() {
		rounds, bases = 4, 1
	}
	plain := newRenderer(t, Options{})
	differences := 0
	for seed := range bases {
		e := &editor{rand: rand.New(rand.NewPCG(7, uint64(seed))), files: map[string]string{}}
		for p, data := range monorepo.Files(3) {
			e.files[p] = string(data)
		}
		for n := range seed * 3 { // not every base is without mistakes
			e.edit(1000 + n)
		}
		baseFiles := maps.Clone(e.files)
		base, baseDirs := memory(baseFiles), kustomizationDirs(baseFiles)
		truth := everything(t, plain, base, baseDirs)
		l, err := layout.Read(t.Context(), base, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for round := range rounds {
			e.files = maps.Clone(baseFiles)
			var edits []string
			for n := range 1 + e.rand.IntN(4) {
				edits = append(edits, e.edit(round*10+n))
			}
			head, headDirs := memory(e.files), kustomizationDirs(e.files)
			paths := slices.Compact(slices.Sorted(slices.Values(slices.Concat(baseDirs, headDirs))))
			want := differing(truth, everything(t, plain, head, headDirs), paths)
			differences += len(want)
			warm := newRenderer(t, Options{Cache: openCache(t, dir)}) // warm after the first round
			for name, r := range map[string]*Renderer{"cold": plain, "warm": warm} {
				if diff := cmp.Diff(want, outcomes(t, r, base, head, paths)); diff != "" {
					t.Errorf("seed %d, round %d, edits of %v: %s: -everything +compare\n%.3000s", seed, round, edits, name, diff)
				}
			}
			if err := warm.Close(); err != nil {
				t.Error(err)
			}
			files := changed(baseFiles, e.files)
			for p := range want {
				if !l.Reached(p, files) {
					t.Errorf("seed %d, round %d: %s differs, and is not reached by %v", seed, round, p, files)
				}
			}
		}
	}
	if differences < rounds*bases {
		t.Errorf("only %d differences: the edits do nothing", differences)
	}
	t.Logf("%d differences", differences)
}

// differing is what [outcomes] must say.
func differing(before, after map[string]gitops.Rendered, paths []string) map[string][2]string {
	want := map[string][2]string{}
	for _, p := range paths {
		sides := [2]string{"nothing", "nothing"}
		for i, all := range []map[string]gitops.Rendered{before, after} {
			if done, ok := all[p]; ok {
				sides[i] = told(&done)
			}
		}
		if sides[0] != sides[1] {
			want[p] = sides
		}
	}
	return want
}
