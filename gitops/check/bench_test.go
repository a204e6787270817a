package check_test

import (
	"cmp"
	"path"
	"slices"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/monorepo"
	"github.com/sealift/sealift/gitops/tree"
)

// BenchmarkRun checks 800 overlays: every file that they read, and only what a
// change of one app's base touches.
func BenchmarkRun(b *testing.B) {
	files := monorepo.Files(200)
	text := map[string]string{}
	for name, data := range files {
		text[name] = string(data)
	}
	in := check.Input{Tree: tree.Memory(text)}
	for _, o := range monorepo.Overlays(200) {
		r := &gitops.Rendered{Path: o}
		base := path.Join(o, "../../base")
		for _, dir := range []string{o, base, "components/hardening", "components/ownership"} {
			for _, name := range []string{"kustomization.yaml", "deployment.yaml", "service.yaml", "network.yaml", "monitor.yaml", "autoscaler.yaml", "replicas.yaml", "patch.yaml"} {
				if _, ok := files[dir+"/"+name]; ok {
					r.Reads = append(r.Reads, gitops.Read{Path: dir + "/" + name, Kind: gitops.File})
				}
			}
		}
		slices.SortFunc(r.Reads, func(x, y gitops.Read) int { return cmp.Compare(x.Path, y.Path) })
		in.Overlays = append(in.Overlays, check.Overlay{Head: r, Base: r})
	}
	run := func(in check.Input) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				if found, err := check.Run(b.Context(), in); err != nil || len(found) > 0 {
					b.Fatal(err, format(found))
				}
			}
		}
	}
	b.Run("all", run(in))
	in.Base = in.Tree
	in.Files = []string{"apps/app-0000/base/deployment.yaml"}
	b.Run("one-app", run(in))
}
