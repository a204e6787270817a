package render

import (
	"testing"

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
