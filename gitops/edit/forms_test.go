package edit

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// TestForms edits YAML in rare forms: it is edited, or refused with the place and what
// to do.
func TestForms(t *testing.T) {
	set := func(f *File, root *yaml.Node) error { return f.SetKey(root, "new", Scalar("x")) }
	remove := func(key string) func(*File, *yaml.Node) error {
		return func(f *File, root *yaml.Node) error { return f.RemoveKey(root, key) }
	}
	value := func(text string) func(*File, *yaml.Node) error {
		return func(f *File, root *yaml.Node) error { return f.SetValue(root.Content[1].Content[1], text) }
	}
	for _, c := range []struct {
		name, in string
		edit     func(*File, *yaml.Node) error
		want     string // the file, or the place of the error
	}{
		{"no value at the end of a flow mapping", "{a: b, d: }\n", set, "{a: b, d: , new: x }\n"},
		{"a tag at the end of a flow mapping", "{a: b, d: !!str }\n", set, "{a: b, d: !!str , new: x }\n"},
		{"a block of text at the end without a line break", "a: |\n  x", set, "a: |-\n  x\nnew: x"},
		{"one with an indentation of its own", "a: >1\n  x", set, "a: >1-\n  x\nnew: x"},
		{"one that is kept", "a: |+\n  x", set, "f.yaml:1:1"},
		{"the same in a list", "- a: 1\n- b: |\n    x", func(f *File, root *yaml.Node) error { return f.InsertItem(root, 2, Scalar("z")) }, "- a: 1\n- b: |-\n    x\n- z"},
		{"a colon at the end of a flow value", "a: [\n  b, # c\n  d\n]\n", value("d:"), "a: [\n  b, # c\n  \"d:\"\n]\n"},
		{"keys without values", "x: 1\n? a\n? b\n", remove("a"), "f.yaml:1:1"},
		{"a pair in a list", "a: [x, b: c]\nd: e\n", func(f *File, root *yaml.Node) error { return set(f, root.Content[1].Content[1]) }, "f.yaml:1:8"},
		{"the second edit", "d: e\na: [x, b: c]\n", func(f *File, root *yaml.Node) error {
			if err := f.SetValue(root.Content[1], "f"); err != nil {
				return err
			}
			return set(f, root.Content[3].Content[1])
		}, "f.yaml:2:8"},
		{"a value under the comment of its anchor", "a: &x # c\n x\nb: *x\n", func(f *File, root *yaml.Node) error { return f.SetValue(root.Content[1], "y: z") }, "f.yaml:1:4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse("f.yaml", []byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.edit(f, f.Documents()[0]); err != nil {
				t.Fatal(err)
			}
			got, err := f.Bytes()
			if err == nil {
				if string(got) != c.want {
					t.Errorf("file:\n%s\nwant:\n%s", got, c.want)
				}
				return
			}
			e, ok := err.(*gitops.Error)
			if !ok || e.Code != gitops.Invalid || !strings.HasPrefix(e.Error(), c.want+": YAML is written in a form") || !strings.Contains(e.Hint, "by hand") {
				t.Errorf("error %v, want one at %s", err, c.want)
			}
		})
	}
}
