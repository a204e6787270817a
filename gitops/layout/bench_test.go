package layout

import (
	"fmt"
	"testing"

	"github.com/sealift/sealift/gitops/monorepo"
)

// generated returns the tree that all benchmarks of the project use, with an
// ApplicationSet over all overlays.
func generated(apps int) *memory {
	files := map[string]string{}
	for p, data := range monorepo.Files(apps) {
		files[p] = string(data)
	}
	files["argo/apps.yaml"] = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all}
spec:
  generators:
  - git:
      directories:
      - path: apps/*/overlays/*
  template:
    spec:
      source: {repoURL: https://github.com/acme/gitops, path: '{{path}}'}
`
	return newMemory(files)
}

// BenchmarkRead is the figures of reading a layout: 3,083 files cold and with
// what an earlier run kept, and four times as many.
func BenchmarkRead(b *testing.B) {
	for _, apps := range []int{200, 800} {
		t := generated(apps)
		m := memo{}
		if _, err := Read(b.Context(), t, nil, m); err != nil {
			b.Fatal(err)
		}
		for name, memo := range map[string]Memo{"cold": nil, "memo": m} {
			b.Run(fmt.Sprintf("files=%d/%s", len(t.order), name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					l, err := Read(b.Context(), t, nil, memo)
					if err != nil || len(l.Overlays) != apps*4 {
						b.Fatalf("%d overlays, %v", len(l.Overlays), err)
					}
				}
			})
		}
	}
}
