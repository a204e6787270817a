package promote

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/golden"
)

// TestMergeGolden merges in/base, in/source and in/target of every case, which have
// the same name. The lines "take: PATH source", "keep: FIELD", "carry: FIELD",
// "names: dev" and "rename: dev prod" are the policy. <BOM>, <CR> and <EOF> (cut
// from there) stand for what a text file cannot show.
func TestMergeGolden(t *testing.T) {
	golden.Run(t, "testdata/merge/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		in, name := map[string][]byte{}, ""
		for p, text := range c.Files("in") {
			version, base, _ := strings.Cut(p, "/")
			in[version], name = []byte(golden.Unmark(text)), base
		}
		p := policyOf(t, c.Comment)
		m := mergeFile(name, in["base"], in["source"], in["target"], p)
		if again := mergeFile(name, in["base"], in["source"], m.data, p); !bytes.Equal(again.data, m.data) || len(again.edits) > 0 {
			t.Errorf("merged twice is not merged once: %v\n%s", again.edits, again.data)
		}
		return map[string]string{name: golden.Mark(string(m.data)), "report": reportOf(m)}
	})
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
	for _, w := range m.only {
		fmt.Fprintf(&b, "only in source %s\n", w.Path)
	}
	for _, c := range m.conflicts {
		fmt.Fprintf(&b, "conflict %s: base %q, source %q, target %q\n", c.Path, c.Base, c.Source, c.Target)
	}
	return b.String()
}
