package flux_test

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fluxcd/pkg/sourceignore"
	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/flux"
	"github.com/sealift/sealift/gitops/tree"
)

// files are the paths of the files of a tree.
func files(t gitops.Tree) (list []string) {
	for e := range t.Entries() {
		list = append(list, e.Path)
	}
	return list
}

func TestArtifact(t *testing.T) {
	all := map[string]tree.File{
		"apps/a.yaml": {}, "apps/logo.png": {}, ".github/x.yaml": {}, ".gitignore": {}, "apps/.sops.yaml": {},
		"apps/link": {Kind: gitops.Symlink, Content: "a.yaml"}, "docs/x.md": {}, "docs/y.yaml": {},
	}
	tests := []struct {
		name, key string
		more      map[string]string
		want      string
	}{
		{name: "nothing is left out", key: "", want: ".github/x.yaml .gitignore apps/.sops.yaml apps/a.yaml apps/link apps/logo.png docs/x.md docs/y.yaml"},
		{name: "defaults", key: "{}", want: "apps/a.yaml docs/x.md docs/y.yaml"},
		{name: "patterns replace the defaults", key: `{"ignore":"*.md"}`, want: ".github/x.yaml apps/.sops.yaml apps/a.yaml apps/logo.png docs/y.yaml"},
		{name: "patterns that are comments do not", key: `{"ignore":"# nothing"}`, want: "apps/a.yaml docs/x.md docs/y.yaml"},
		{name: "files are taken from what is left out", key: `{"ignore":"/*\n!/apps/a.yaml"}`, want: "apps/a.yaml"},
		{name: "a file of patterns", key: "{}", more: map[string]string{"docs/.sourceignore": "*.md"}, want: ".github/x.yaml apps/.sops.yaml apps/a.yaml apps/logo.png docs/.sourceignore docs/y.yaml"},
		{name: "the source counts after files", key: `{"ignore":"!docs/x.md"}`, more: map[string]string{".sourceignore": "docs"}, want: ".github/x.yaml .sourceignore apps/.sops.yaml apps/a.yaml apps/logo.png docs/x.md"},
		{name: "a root", key: `{"root":"apps"}`, want: "apps/a.yaml"},
		{name: "patterns in a root", key: `{"root":"docs","ignore":"/x.md"}`, want: "docs/y.yaml"},
		{name: "sparse", key: `{"sparse":["docs"]}`, want: "docs/x.md docs/y.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			with := maps.Clone(all)
			for p, content := range tt.more {
				with[p] = tree.File{Content: content}
			}
			whole := tree.MemoryWith(with)
			got, err := flux.Artifact(t.Context(), whole, tt.key)
			if err != nil {
				t.Fatal(err)
			}
			if list := strings.Join(files(got), " "); list != tt.want {
				t.Errorf("has  %s\nwant %s", list, tt.want)
			}
			consistent(t, whole, got)
		})
	}
}

// consistent checks that an artifact says one thing, however it is asked.
func consistent(t *testing.T, whole, cut gitops.Tree) {
	t.Helper()
	has := map[string]bool{}
	for _, p := range files(cut) {
		has[p] = true
	}
	for e := range whole.Entries() {
		got := cut.Lookup(e.Path)
		data, err := cut.Read(t.Context(), e.Path)
		switch {
		case has[e.Path] && (got != e || err != nil):
			t.Errorf("%s is there, but found as %+v, %v", e.Path, got, err)
		case !has[e.Path] && (got.Kind != gitops.Missing || data != nil || gitops.CodeOf(err) != gitops.NotFound):
			t.Errorf("%s is not there, but found as %+v, %v", e.Path, got, err)
		}
		for dir := path.Dir(e.Path); has[e.Path] && dir != "."; dir = path.Dir(dir) {
			if cut.Lookup(dir).Kind != gitops.Dir {
				t.Errorf("%s is there, but its directory %s is not", e.Path, dir)
			}
		}
	}
}

// TestArtifactLimit is about sources that nobody can look at.
func TestArtifactLimit(t *testing.T) {
	many := strings.Repeat("a\n", 2000)
	for _, tt := range []struct{ name, file, key string }{
		{"in a file", many, "{}"},
		{"in the source", "", fmt.Sprintf(`{"ignore":%q}`, many)},
		{"long", strings.Repeat("x", 70_000), "{}"},
		{"no key", "", "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := flux.Artifact(t.Context(), tree.Memory(map[string]string{"a/.sourceignore": tt.file}), tt.key)
			if gitops.CodeOf(err) != gitops.Invalid {
				t.Errorf("error %v, want one of code invalid", err)
			}
		})
	}
}

// TestArtifactKept is the same tree for the same artifact, so that it can be a key.
func TestArtifactKept(t *testing.T) {
	r := room("a.yaml")
	var got []gitops.Tree
	for _, key := range []string{"{}", "{}", `{"root":"a"}`, ""} {
		a, err := r.Artifact(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a)
	}
	if got[0] != got[1] || got[0] == got[2] || got[3] != r.Tree {
		t.Error("trees of one artifact differ, or those of two are the same")
	}
}

// TestArtifactName is another name for another artifact, also where only files differ that
// say what is left out.
func TestArtifactName(t *testing.T) {
	name := func(alias string, files map[string]string) string {
		r := &flux.Room{Tree: tree.Memory(files), Reach: reach, Options: flux.Options{Aliases: []flux.Alias{{Name: "fleet", Path: alias}}}}
		return deploy(t, r, kustomization(fromFleet), world(t, fleet)).Units[0].Artifact
	}
	plain := name("", map[string]string{"a.yaml": "x"})
	if plain != name("", map[string]string{"a.yaml": "y", "b.yaml": ""}) {
		t.Error("files that are deployed make another artifact")
	}
	docs := name("", map[string]string{"a.yaml": "x", "b/.sourceignore": "docs"})
	if docs == plain || docs == name("", map[string]string{"a.yaml": "x", "b/.sourceignore": "doc"}) || docs == name("", map[string]string{"a.yaml": "x", ".sourceignore": "docs"}) {
		t.Error("files that say what is left out do not count")
	}
	if name("a", map[string]string{"a/x.yaml": "", "b/.sourceignore": "x"}) != name("a", map[string]string{"a/x.yaml": ""}) {
		t.Error("files that are not in the artifact count")
	}
}

// TestArtifactAsFlux writes random trees to a disk, where Flux's own code reads the
// patterns, and compares what is left.
func TestArtifactAsFlux(t *testing.T) {
	names := []string{"a", "b", "apps", "x.yaml", "y.md", "z.png", ".github", ".sops.yaml", "k.tar.gz", ".gitignore"}
	patterns := []string{"*", "/*", "a", "/a", "a/", "!a", "*.yaml", "!x.yaml", "**/x.yaml", "apps/**", "!apps/*", "a/*/x.yaml", "# no", "", "[", "!/apps/x.yaml", "b/ ", "y*"}
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		pick := func(list []string) string { return list[rnd.IntN(len(list))] }
		text := func() string {
			var lines []string
			for range rnd.IntN(4) {
				lines = append(lines, pick(patterns))
			}
			return strings.Join(lines, "\n")
		}
		all := map[string]string{}
		for range 1 + rnd.IntN(25) {
			var elements []string
			for range rnd.IntN(4) {
				elements = append(elements, pick(names[:4])+"d")
			}
			all[path.Join(append(elements, pick(names))...)] = ""
		}
		for range rnd.IntN(3) {
			all[path.Join(pick([]string{".", "ad", "bd", "ad/bd"}), ".sourceignore")] = text()
		}
		key, ignore := "{}", ""
		if rnd.IntN(2) == 0 {
			ignore = text()
			key = fmt.Sprintf(`{"ignore":%q}`, ignore)
		}
		whole := tree.Memory(all)
		got, err := flux.Artifact(t.Context(), whole, key)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(archived(t, all, ignore), files(got)); diff != "" {
			t.Fatalf("seed %d, %q, source %q: Flux - ours +\n%s", seed, all, ignore, diff)
		}
		consistent(t, whole, got)
	}
}

// archived is what Storage.Archive of fluxcd/pkg/artifact takes of files on a disk, with
// the filter of SourceIgnoreFilter.
func archived(t *testing.T, all map[string]string, ignore string) (list []string) {
	t.Helper()
	dir := t.TempDir()
	for p, content := range all {
		if err := os.MkdirAll(filepath.Join(dir, path.Dir(p)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, p), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	domain := strings.Split(dir, "/")
	ps, err := sourceignore.LoadIgnorePatterns(dir, domain)
	if err != nil {
		t.Fatal(err)
	}
	ps = append(ps, sourceignore.ReadPatterns(strings.NewReader(ignore), domain)...)
	matcher := sourceignore.NewDefaultMatcher(nil, domain)
	if len(ps) > 0 {
		matcher = sourceignore.NewMatcher(append(sourceignore.VCSPatterns(domain), ps...))
	}
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !matcher.Match(strings.Split(p, "/"), false) {
			list = append(list, strings.TrimPrefix(p, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}
