package render

import (
	"context"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/monorepo"
)

// BenchmarkMonorepo renders the 800 overlays of the generated repository, in
// sandboxed workers and with nothing cached.
func BenchmarkMonorepo(b *testing.B) {
	files := map[string]string{}
	for p, data := range monorepo.Files(200) {
		files[p] = string(data)
	}
	t := memory(files)
	paths := monorepo.Overlays(200)
	for b.Loop() {
		r := newRenderer(b, Options{})
		for done, err := range r.All(b.Context(), t, paths) {
			if err != nil || done.Err != nil {
				b.Fatal(err, done.Err)
			}
		}
		r.Close()
		b.ReportMetric(float64(r.Stats().WorkerRSS)/1024, "MiB/worker")
	}
}

// BenchmarkKustomize renders the first 100 of them in this process, one after
// another, without pipes and walls: what kustomize itself costs.
func BenchmarkKustomize(b *testing.B) {
	files := map[string]string{}
	for p, data := range monorepo.Files(25) {
		files[p] = string(data)
	}
	t := memory(files)
	for b.Loop() {
		for _, p := range monorepo.Overlays(25) {
			s := &server{tree: t, reads: map[string]gitops.Read{}}
			fs := newFiles(func(qs []question) ([]found, error) { return s.inProcess(b.Context(), qs), nil })
			w := &workerSide{}
			m, err := build(fs, treeRoot+"/"+p, gitops.Build{})
			if err != nil {
				b.Fatal(err)
			}
			w.result(fs, p, m)
		}
	}
}

// inProcess answers questions without encoding them.
func (s *server) inProcess(ctx context.Context, qs []question) []found {
	var list []found
	for _, q := range qs {
		list = s.look(ctx, q, list)
	}
	for i := range list {
		list[i].path = strings.TrimSuffix(treeRoot+"/"+list[i].path, "/.")
	}
	return list
}
