package check_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestErr compares what the rules find in testdata/err with want/findings.
func TestErr(t *testing.T) {
	for _, file := range cases(t, "err") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found, err := check.Run(t.Context(), parseCase(t, ar))
			if err != nil {
				t.Fatal(err)
			}
			got := format(found)
			if rule := ruleOf(file); !slices.ContainsFunc(found, func(f gitops.Finding) bool { return f.Rule == rule }) {
				t.Errorf("no finding of rule %s:\n%s", rule, got)
			}
			golden(t, file, ar, got)
		})
	}
}

// TestOK wants nothing of any rule in testdata/ok.
func TestOK(t *testing.T) {
	for _, file := range cases(t, "ok") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found, err := check.Run(t.Context(), parseCase(t, ar))
			if err != nil || len(found) > 0 {
				t.Errorf("findings where none are due (error %v):\n%s", err, format(found))
			}
		})
	}
}

// TestEveryRuleHasCases keeps the rules and their cases together.
func TestEveryRuleHasCases(t *testing.T) {
	for _, r := range check.Rules() {
		for _, dir := range []string{"ok", "err"} {
			if got, _ := filepath.Glob(filepath.Join("testdata", dir, r.Name+"-*.txtar")); len(got) == 0 {
				t.Errorf("rule %s has no case in testdata/%s", r.Name, dir)
			}
		}
	}
}

func cases(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", dir, err)
	}
	return files
}

func ruleOf(file string) string {
	for _, r := range check.Rules() {
		if strings.HasPrefix(filepath.Base(file), r.Name+"-") {
			return r.Name
		}
	}
	return ""
}

func golden(t *testing.T, file string, ar *txtar.Archive, got string) {
	t.Helper()
	i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want/findings" })
	if *update {
		if i < 0 {
			ar.Files = append(ar.Files, txtar.File{Name: "want/findings"})
			i = len(ar.Files) - 1
		}
		ar.Files[i].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := ""
	if i >= 0 {
		want = string(ar.Files[i].Data)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings differ, -want +got (-update rewrites):\n%s", d)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := check.Run(ctx, check.Input{
		Tree:  memory{"a/kustomization.yaml": "resources: [x]\n"},
		Files: []string{"a/kustomization.yaml"},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// TestOnlyTheGivenFiles proves that a check of a change does not read the rest.
func TestOnlyTheGivenFiles(t *testing.T) {
	head := memory{"a/kustomization.yaml": "resources: [secret.yaml]\n", "a/secret.yaml": plain, "b/secret.yaml": plain}
	tree := &counting{memory: head, read: map[string]int{}}
	in := check.Input{Tree: tree, Overlays: []check.Overlay{{Head: rendered(t, head, "a")}}, Files: []string{"b/secret.yaml"}}
	found, err := check.Run(t.Context(), in)
	if err != nil || len(found) != 1 || found[0].File != "b/secret.yaml" || found[0].Overlays != nil {
		t.Errorf("found %s, error %v", format(found), err)
	}
	if d := cmp.Diff(map[string]int{"b/secret.yaml": 1}, tree.read); d != "" {
		t.Errorf("files read, -want +got:\n%s", d)
	}
}

const plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {password: hunter2}\n"

type counting struct {
	memory
	read map[string]int
}

func (c *counting) Read(ctx context.Context, p string) ([]byte, error) {
	c.read[p]++
	return c.memory.Read(ctx, p)
}
