package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sealift/sealift/webhook/store/pgtest"
)

var postgres pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	if err := postgres.Close(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// onBoth runs a test over both databases, each time on an empty one.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "new", "s?a%20l#t.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, postgres.Database(t)) })
}
