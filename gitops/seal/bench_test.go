package seal_test

import (
	"testing"

	"github.com/sealift/sealift/gitops/monorepo"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/seal/sealtest"
	"github.com/sealift/sealift/gitops/tree"
)

// BenchmarkIndex reads the kustomizations of 200 apps in 4 environments and lists the
// SealedSecrets of all overlays, as the form does.
func BenchmarkIndex(b *testing.B) {
	files := map[string]string{}
	for name, data := range monorepo.Files(200) {
		files[name] = string(data)
	}
	t := tree.Memory(files)
	for b.Loop() {
		x, err := seal.Scan(b.Context(), t)
		if err != nil {
			b.Fatal(err)
		}
		for _, overlay := range monorepo.Overlays(200) {
			if _, err := x.List(b.Context(), overlay); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkSeal seals one password.
func BenchmarkSeal(b *testing.B) {
	c := certificate(b, sealtest.NewKey(b))
	for b.Loop() {
		if _, err := c.Seal(seal.Secret{Name: "db", Namespace: "web"}, map[string][]byte{"password": []byte("correct horse")}); err != nil {
			b.Fatal(err)
		}
	}
}
