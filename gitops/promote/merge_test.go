package promote

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/gitops"
)

var updateMerge = flag.Bool("update-merge", false, "write the golden files of the merge anew")

// TestMergeGolden merges in/base, in/source and in/target of every case, which have
// the same name. The lines "take: PATH source", "keep: FIELD", "carry: FIELD",
// "names: dev" and "rename: dev prod" are the policy. <BOM>, <CR> and <EOF> (cut
// from there) stand for what a text file cannot show.
func TestMergeGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/merge/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in, want := map[string][]byte{}, map[string]string{}
			var inputs []txtar.File
			name := ""
			for _, f := range a.Files {
				dir, rest, _ := strings.Cut(f.Name, "/")
				if dir == "want" {
					want[f.Name] = string(f.Data)
					continue
				}
				version, base, _ := strings.Cut(rest, "/")
				in[version], name = shown(f.Data), base
				inputs = append(inputs, f)
			}
			p := policyOf(t, string(a.Comment))
			m := mergeFile(name, in["base"], in["source"], in["target"], p)
			got := map[string]string{"want/" + name: string(unshown(m.data)), "want/report": reportOf(m)}
			if *updateMerge {
				a.Files = append(inputs, txtar.File{Name: "want/" + name, Data: []byte(got["want/"+name])}, txtar.File{Name: "want/report", Data: []byte(got["want/report"])})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("merge (-want +got):\n%s", diff)
			}
			if again := mergeFile(name, in["base"], in["source"], m.data, p); !bytes.Equal(again.data, m.data) || len(again.edits) > 0 {
				t.Errorf("merged twice is not merged once: %v\n%s", again.edits, again.data)
			}
		})
	}
}

func shown(data []byte) []byte {
	data, _, _ = bytes.Cut(data, []byte("<EOF>"))
	data = bytes.ReplaceAll(data, []byte("<CR>"), []byte("\r"))
	return bytes.ReplaceAll(data, []byte("<BOM>"), []byte("\ufeff"))
}

func unshown(data []byte) []byte {
	if len(data) > 0 && data[len(data)-1] != '\n' {
		data = append(bytes.Clone(data), "<EOF>\n"...)
	}
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("<CR>"))
	return bytes.ReplaceAll(data, []byte("\ufeff"), []byte("<BOM>"))
}

func policyOf(t *testing.T, comment string) policy {
	t.Helper()
	var p policy
	take := map[string]string{}
	for line := range strings.Lines(comment) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		path, decision, _ := strings.Cut(value, " ")
		switch key {
		case "take":
			take[strings.TrimSuffix(path, "*")] = decision
			p.take = func(path string) string { return take[path] }
		case "keep":
			p.keep = covering(t, value)
		case "carry":
			p.carry = covering(t, value)
		case "secret":
			p.secret = true
		case "names":
			p.names = func(s string) string {
				if hasWord(s, value) {
					return value
				}
				return ""
			}
		case "rename":
			p.rename = func(name string) string { return replaceWord(name, path, decision) }
		}
	}
	return p
}

func covering(t *testing.T, field string) func([]gitops.FieldStep) bool {
	t.Helper()
	p, err := gitops.ParseFieldPath(field)
	if err != nil {
		t.Fatal(err)
	}
	return p.Covers
}

func reportOf(m merged) string {
	var b strings.Builder
	for _, e := range m.edits {
		fmt.Fprintf(&b, "edit %s: %q -> %q\n", e.Path, e.Old, e.New)
	}
	for _, w := range m.withheld {
		fmt.Fprintf(&b, "withheld %s: %s\n", w.Path, w.Reason)
	}
	for _, c := range m.conflicts {
		fmt.Fprintf(&b, "conflict %s: base %q, source %q, target %q\n", c.Path, c.Base, c.Source, c.Target)
	}
	return b.String()
}
