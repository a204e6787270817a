package check_test

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/monorepo"
	"github.com/sealift/sealift/gitops/tree"
)

// BenchmarkRun checks 800 overlays: every file that they read, and only what a
// change of one app's base touches; then all of them with a SealedSecret in each.
func BenchmarkRun(b *testing.B) {
	all := monorepoInput(nil)
	b.Run("all", bench(all))
	b.Run("one-app", bench(oneApp(all)))
	sealed := monorepoInput(func(overlay string) string {
		return strings.ReplaceAll(sealedForBench, "CIPHER", cipher(overlay))
	})
	b.Run("all-sealed", bench(sealed))
	b.Run("one-app-sealed", bench(oneApp(sealed)))
}

const sealedForBench = `apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: db
  namespace: web
spec:
  encryptedData:
    password: CIPHER
  template:
    metadata:
      name: db
      namespace: web
`

// oneApp is a change of one app's base, which reaches four overlays.
func oneApp(in check.Input) check.Input {
	in.Base = in.Tree
	in.Overlays = in.Overlays[:4]
	in.Files = []string{"apps/app-0000/base/deployment.yaml"}
	return in
}

func bench(in check.Input) func(*testing.B) {
	return func(b *testing.B) {
		for b.Loop() {
			if found, err := check.Run(b.Context(), in); err != nil || len(found) > 0 {
				b.Fatal(err, format(found))
			}
		}
	}
}

// monorepoInput is the generated repository of 800 overlays, each with the
// SealedSecret that sealed returns, if it is not nil.
func monorepoInput(sealed func(overlay string) string) check.Input {
	files := monorepo.Files(200)
	text := map[string]string{}
	for name, data := range files {
		text[name] = string(data)
	}
	var overlays []check.Overlay
	for _, o := range monorepo.Overlays(200) {
		r := &gitops.Rendered{Path: o}
		if sealed != nil {
			text[o+"/sealed.yaml"] = sealed(o)
			r.Reads = append(r.Reads, gitops.Read{Path: o + "/sealed.yaml", Kind: gitops.File})
			r.Objects = append(r.Objects, gitops.Object{Kind: "SealedSecret", Name: "db", Namespace: "web", YAML: []byte(text[o+"/sealed.yaml"])})
		}
		base := path.Join(o, "../../base")
		for _, dir := range []string{o, base, "components/hardening", "components/ownership"} {
			for _, name := range []string{"kustomization.yaml", "deployment.yaml", "service.yaml", "network.yaml", "monitor.yaml", "autoscaler.yaml", "replicas.yaml", "patch.yaml"} {
				if _, ok := files[dir+"/"+name]; ok {
					r.Reads = append(r.Reads, gitops.Read{Path: dir + "/" + name, Kind: gitops.File})
				}
			}
		}
		slices.SortFunc(r.Reads, func(x, y gitops.Read) int { return cmp.Compare(x.Path, y.Path) })
		overlays = append(overlays, check.Overlay{Head: r, Base: r})
	}
	return check.Input{Tree: tree.Memory(text), Overlays: overlays}
}
