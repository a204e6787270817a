package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// BenchmarkCommit stores one delivery in one transaction, the price of a commit
// that survives the loss of power.
func BenchmarkCommit(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "db") },
		"postgres": func() string { return postgres.Database(b) },
	} {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, url())
			n := 0
			for b.Loop() {
				n++
				err := s.Update(b.Context(), func(tx *store.Tx) error {
					_, err := tx.Add(b.Context(), []store.Delivery{{ID: fmt.Sprint(n), Event: "e", Payload: make([]byte, 8000)}})
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
