package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
)

var docsFile = filepath.Join("..", "..", "docs", "checks.md")

// TestDocs keeps docs/checks.md the page that the rules give.
func TestDocs(t *testing.T) {
	want := page(t)
	if *update {
		if err := os.WriteFile(docsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("docs/checks.md is not current (make docs), -want +got:\n%s", d)
	}
}

// TestExamples holds every rule to its own documentation.
func TestExamples(t *testing.T) {
	for _, r := range check.Rules() {
		if strings.Count(r.Doc, ".") != 1 || !strings.HasSuffix(r.Doc, ".") {
			t.Errorf("rule %s: Doc is not one sentence: %q", r.Name, r.Doc)
		}
		if found := example(t, r.Bad); !slices.ContainsFunc(found, func(f gitops.Finding) bool { return f.Rule == r.Name }) {
			t.Errorf("rule %s finds nothing in its bad example", r.Name)
		}
		if found := example(t, r.Good); len(found) > 0 {
			t.Errorf("rule %s: findings in the good example:\n%s", r.Name, format(found))
		}
	}
}

func example(t *testing.T, text string) []gitops.Finding {
	t.Helper()
	found, err := check.Run(t.Context(), parseCase(t, txtar.Parse([]byte(text))))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func page(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Checks\n\nWhat Sealift looks for in a repository. This page is made from the rules by `make docs`.\n")
	b.WriteString("Files can be allowed by path in `.sealift.yaml`, rule by rule.\n\n| rule | severity | finds |\n|---|---|---|\n")
	for _, r := range check.Rules() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", r.Name, r.Name, r.Severity, r.Doc)
	}
	for _, r := range check.Rules() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s\n\n### Found\n", r.Name, r.Doc, r.Long)
		files(&b, r.Bad)
		b.WriteString("\n```\n")
		for _, f := range example(t, r.Bad) {
			if f.Rule == r.Name {
				b.WriteString(strings.TrimSuffix(format([]gitops.Finding{f}), "\n") + "\n")
			}
		}
		b.WriteString("```\n\n### Fine\n")
		files(&b, r.Good)
	}
	return b.String()
}

// ciphertext matches values that are too long to read.
var ciphertext = regexp.MustCompile(`([A-Za-z0-9+/]{12})[A-Za-z0-9+/=]{80,}`)

func files(b *strings.Builder, text string) {
	for _, f := range txtar.Parse([]byte(text)).Files {
		name := strings.TrimPrefix(f.Name, "in/")
		if base, ok := strings.CutPrefix(f.Name, "base/"); ok {
			name = base + "` before the change"
		} else {
			name += "`"
		}
		fmt.Fprintf(b, "\n`%s:\n\n```yaml\n%s```\n", name, ciphertext.ReplaceAll(f.Data, []byte("$1…")))
	}
}
