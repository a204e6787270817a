package chart

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkRender renders charts of SEALIFT_CHARTS, as TestTruthHelm does, with their own
// values.
func BenchmarkRender(b *testing.B) {
	for _, root := range filepath.SplitList(os.Getenv("SEALIFT_CHARTS")) {
		var files []File
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(p)
			rel, _ := filepath.Rel(root, p)
			files = append(files, File{Name: filepath.ToSlash(rel), Data: data})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(root), func(b *testing.B) {
			for b.Loop() {
				c, err := Load(files, nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := c.Render(Release{Name: "rel", Namespace: "ns", CRDs: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
