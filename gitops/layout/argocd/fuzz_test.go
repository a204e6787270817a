package argocd_test

import (
	"bytes"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/argocd"
	"github.com/sealift/sealift/gitops/tree"
)

// FuzzDeploy deploys any document twice: it comes to the same, without a panic, and
// further documents can be read.
func FuzzDeploy(f *testing.F) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	files := map[string]string{}
	for _, c := range cases {
		a, err := txtar.ParseFile(c)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			if path, ok := filepath.Rel("in", filepath.FromSlash(file.Name)); ok == nil {
				files[path] = string(file.Data)
			}
			if filepath.Dir(file.Name) == "in" {
				for _, d := range bytes.Split(file.Data, []byte("\n---\n")) {
					f.Add(d, bytes.Contains(d, []byte("ApplicationSet")))
				}
			}
		}
	}
	room := func() *argocd.Room { return &argocd.Room{Tree: tree.Memory(files)} }
	f.Fuzz(func(t *testing.T, data []byte, set bool) {
		d := gitops.Document{APIVersion: "argoproj.io/v1alpha1", Kind: "Application", Name: "fuzz", YAML: data, File: "fuzz.yaml", Line: 1}
		if set {
			d.Kind = "ApplicationSet"
		}
		got, err := room().Deploy(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := room().Deploy(t.Context(), d)
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Fatalf("%v, then %v, %v", got, again, err)
		}
		r := room()
		for _, more := range got.Documents {
			deployed, err := r.Deploy(t.Context(), more)
			if err != nil || len(deployed.Documents) > 0 {
				t.Fatalf("%s: %v, %v", more.YAML, deployed, err)
			}
			for _, o := range deployed.Opaque {
				if o.Message == `Application "`+more.Name+`" cannot be read` {
					t.Fatalf("cannot be read: %s", more.YAML)
				}
			}
		}
	})
}
