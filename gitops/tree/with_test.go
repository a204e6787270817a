package tree

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

// TestWith replaces, adds and removes files, and the directories that come and go with
// them.
func TestWith(t *testing.T) {
	base := MemoryWith(map[string]File{
		"a/x": {Content: "1", Executable: true}, "a-b": {Content: "2"}, "only/one": {Content: "3"}, "deep/er/file": {Content: "4"}, "z": {Content: "5"},
	})
	got := With(base, map[string][]byte{
		"a/x":          []byte("new"),
		"a/new/y":      []byte(""),
		"only/one":     nil,
		"deep/er/file": nil,
		"deep/other":   []byte("6"),
		"../out":       []byte("no"),
		"gone":         nil,
	})
	want := MemoryWith(map[string]File{
		"a/x": {Content: "new", Executable: true}, "a-b": {Content: "2"}, "a/new/y": {}, "deep/other": {Content: "6"}, "z": {Content: "5"},
	})
	if diff := cmp.Diff(readAll(t, want), readAll(t, got)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	var order, wantOrder []gitops.Entry
	for e := range got.Entries() {
		order = append(order, e)
	}
	for e := range want.Entries() {
		wantOrder = append(wantOrder, e)
	}
	if diff := cmp.Diff(wantOrder, order); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	for _, p := range []string{".", "a", "a/new", "a/new/y", "only", "only/one", "deep", "deep/er", "deep/other", "z", "nothing"} {
		if g, w := got.Lookup(p).Kind, want.Lookup(p).Kind; g != w {
			t.Errorf("Lookup(%q) = %v, want %v", p, g, w)
		}
	}
	if data, err := base.Read(t.Context(), "a/x"); err != nil || string(data) != "1" {
		t.Errorf("the tree itself has %q now, %v", data, err)
	}
	if _, err := got.Read(t.Context(), "only/one"); gitops.CodeOf(err) != gitops.NotFound {
		t.Errorf("a removed file reads: %v", err)
	}
}

// TestWithFileForDirectory puts a file in the place of a directory: nothing is below it
// any more.
func TestWithFileForDirectory(t *testing.T) {
	got := With(Memory(map[string]string{"a/b/c": "1", "a/d": "2"}), map[string][]byte{"a/b": []byte("file")})
	if diff := cmp.Diff(map[string]string{"a/b": "file", "a/d": "2"}, readAll(t, got)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if k := got.Lookup("a/b/c").Kind; k != gitops.Missing {
		t.Errorf("below the file there is a %v", k)
	}
}
