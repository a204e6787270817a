package pages

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParsePatch does not take lines of a file for lines of the patch.
func TestParsePatch(t *testing.T) {
	in := `diff --git a/x b/x
index 1..2 100644
--- a/x
+++ b/x
@@ -1,3 +1,2 @@ where
 keep
--- a/evil
-diff --git a/y b/y
+@@ -1 +1 @@
\ No newline at end of file
diff --git a/with space b/with space
new file mode 100644
--- /dev/null
` + "+++ b/with space\t\n" + `@@ -0,0 +1 @@
+one
diff --git "a/a\303\244\n" "b/a\303\244\n"
deleted file mode 100644
Binary files "a/a\303\244\n" and /dev/null differ
diff --git a/old b/new
similarity index 100%
rename from old
rename to new
`
	want := []fileDiff{
		{Path: "x", Status: "changed", Add: 1, Del: 2, Lines: []diffLine{
			{Class: "hunk", Text: "@@ -1,3 +1,2 @@ where"}, {Old: "1", New: "1", Text: "keep"}, {Class: "del", Old: "2", Text: "-- a/evil"},
			{Class: "del", Old: "3", Text: "diff --git a/y b/y"}, {Class: "add", New: "2", Text: "@@ -1 +1 @@"}, {Class: "note", Text: `\ No newline at end of file`},
		}},
		{Path: "with space", Status: "added", Add: 1, Lines: []diffLine{{Class: "hunk", Text: "@@ -0,0 +1 @@"}, {Class: "add", New: "1", Text: "one"}}},
		{Path: "aä\n", Status: "removed", Binary: true},
		{Path: "new", Old: "old", Status: "renamed"},
	}
	if diff := cmp.Diff(want, parsePatch(in)); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
}

// FuzzParsePatch looks for a patch whose counts do not fit its lines.
func FuzzParsePatch(f *testing.F) {
	f.Add("diff --git a/x b/x\n@@ -1 +1 @@\n-a\n+b\n")
	f.Add("@@ -1,9 +1,9 @@\n@@\n+++\n---\ndiff --git \n\\\nrename to \"\n@@ -,- + @@")
	f.Fuzz(func(t *testing.T, in string) {
		for _, file := range parsePatch(in) {
			add, del := 0, 0
			for _, l := range file.Lines {
				switch l.Class {
				case "add":
					add++
				case "del":
					del++
				}
			}
			if add != file.Add || del != file.Del {
				t.Errorf("%q: %d and %d lines, counted as %d and %d", in, add, del, file.Add, file.Del)
			}
		}
	})
}
