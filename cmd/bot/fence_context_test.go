package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// roots are the functions outside of tests that begin a context, each with what it is
// bound to instead of to a caller. Everything else passes on the one that it has, so that
// an interrupt, a deadline or the end of a service reaches all that runs.
var roots = map[string]string{
	"cmd/bot/bot.go run":                 "the process",
	"cmd/bot/demoworld.go stop":          "ends within its time after the demo's own context ended",
	"gitops/render/render.go New":        "Close ends the workers, which are shared by calls",
	"gitops/tree/batch.go newBatch":      "close ends the processes, which are shared by calls",
	"webhook/backlog.go Collect":         "prometheus gives none",
	"webhook/hub/delivery.go transmit":   "the hub: it ends when the hub is closed",
	"webhook/store/postgres.go rollback": "a transaction is ended also when the caller has gone",
}

// TestFenceContexts finds every call of context.Background and context.TODO.
func TestFenceContexts(t *testing.T) {
	left := maps.Clone(roots)
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, p, d.Name())
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") || layers[filepath.ToSlash(filepath.Dir(name))].tests {
			return nil
		}
		for _, at := range contextRoots(t, name, nil) {
			if roots[at] == "" {
				t.Errorf("%s begins a context: pass the caller's on, or say in roots what it is bound to", at)
			}
			delete(left, at)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for at := range left {
		t.Errorf("%s begins no context any more: take it out of roots", at)
	}
}

// contextRoots returns the functions of a file that begin a context, as "file func". A
// nil src is read from the disk.
func contextRoots(t *testing.T, name string, src any) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", filepath.FromSlash(name)), src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	local := ""
	for _, spec := range f.Imports {
		if spec.Path.Value == `"context"` {
			local = "context"
			if spec.Name != nil {
				local = spec.Name.Name
			}
		}
	}
	found := map[string]bool{}
	for _, decl := range f.Decls {
		at := name + " package"
		if fn, ok := decl.(*ast.FuncDecl); ok {
			at = name + " " + fn.Name.Name
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok || s.Sel.Name != "Background" && s.Sel.Name != "TODO" {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && local != "" && x.Name == local {
				found[at] = true
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// TestFenceContextsHolds feeds it files with and without.
func TestFenceContextsHolds(t *testing.T) {
	for src, want := range map[string]string{
		"package x\n\nimport \"context\"\n\nfunc f() { g(context.Background()) }\n":                    "x.go f",
		"package x\n\nimport c \"context\"\n\nfunc (t T) f() { go func() { g(c.TODO()) }() }\n":        "x.go f",
		"package x\n\nimport \"context\"\n\nvar all = context.Background()\n":                          "x.go package",
		"package x\n\nimport \"context\"\n\nfunc f(ctx context.Context) { context.WithCancel(ctx) }\n": "",
		"package x\n\nimport \"style\"\n\nfunc f() { style.Background() }\n":                           "",
	} {
		if got := strings.Join(contextRoots(t, "x.go", src), " "); got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}
