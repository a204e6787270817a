package tree

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
)

// TestBeside lists trees by their differences and compares with a list of their
// own: files and directories changed, added, removed, turned into each other.
func TestBeside(t *testing.T) {
	files := func(list ...string) map[string]string {
		m := map[string]string{}
		for _, p := range list {
			m[p] = "content of " + p
		}
		return m
	}
	base := files("a", "a-b", "x", "d/e/f", "d/e.txt", "k/one", "k/two", "z")
	edited := files("a", "a-b", "d/e/f", "d/e.txt", "k/one", "k/two", "z", "x")
	edited["d/e/f"] = "other"
	for name, head := range map[string]map[string]string{
		"nothing":            base,
		"edited":             edited,
		"added":              files("a", "a-b", "x", "d/e/f", "d/e.txt", "k/one", "k/two", "z", "d/e/g/h", "new/dir/file"),
		"removed":            files("a", "k/two"),
		"file to directory":  files("a/b", "a-b", "x", "d/e/f", "d/e.txt", "k/one", "k/two", "z/z"),
		"directory to file":  files("a", "a-b", "x", "d/e", "d/e.txt", "k", "z"),
		"everything is gone": {},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			first := f.commit(base)
			f.git("rm", "-rq", ".")
			f.git("commit", "-q", "--allow-empty", "-m", "empty")
			second := f.git("rev-parse", "HEAD")
			if len(head) > 0 {
				second = f.commit(head)
			}
			beside, fresh := f.open(Options{}), f.open(Options{})
			if _, err := beside.Tree(t.Context(), first); err != nil {
				t.Fatal(err)
			}
			if _, ok := beside.listBeside(t.Context(), second, second); !ok {
				t.Fatal("not listed by differences")
			}
			got, err := beside.Tree(t.Context(), second)
			if err != nil {
				t.Fatal(err)
			}
			want, err := fresh.Tree(t.Context(), second)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(slices.Collect(want.Entries()), slices.Collect(got.Entries())); d != "" {
				t.Error(d)
			}
			for _, p := range []string{"a", "a/b", "d", "d/e", "d/e/f", "d/e/g", "k", "k/one", "new", "new/dir", "z", "z/z", "."} {
				if w, g := want.Lookup(p), got.Lookup(p); w != g {
					t.Errorf("%s: %v, want %v", p, g, w)
				}
			}
			if w, g := want.Commit(), got.Commit(); w != g {
				t.Errorf("commit %s, want %s", g, w)
			}
		})
	}
}

// TestParseRaw refuses what git would not print.
func TestParseRaw(t *testing.T) {
	id := "0123456789012345678901234567890123456789"
	for name, fields := range map[string][]string{
		"no path":    {":100644 100644 " + id + " " + id + " M"},
		"climbing":   {":100644 100644 " + id + " " + id + " M", "../x"},
		"short id":   {":100644 100644 12 34 M", "x"},
		"no fields":  {"", "x"},
		"a bad mode": {":100644 999 " + id + " " + id + " M", "x"},
	} {
		if list, err := parseRaw(fields, 40); err == nil && !(name == "removed" && list[0].kind == gitops.Missing) {
			t.Errorf("%s: %v", name, list)
		}
	}
}
