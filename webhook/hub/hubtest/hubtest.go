// Package hubtest starts a hub for tests and keeps it honest: every call of the
// API that passes through it is validated against GitHub's OpenAPI description,
// every delivery against the published webhook schemas.
//
// The descriptions come from beside the checkout (../shared/testdata) or from the
// npm packages that testdata/npm of package hub pins, installed in .cache/npm of the
// module by the test command. Without them the tests that need them end
// with need.Missing.
package hubtest

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sealift/sealift/gitops/need"
	"github.com/sealift/sealift/webhook/hub"
)

// Start serves a hub on loopback until the test ends. Its calls are validated.
// Dir may be left empty.
func Start(t testing.TB, o hub.Options) *hub.Hub {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	h, err := hub.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(Description(t).Handler(t, h))
	t.Cleanup(srv.Close)
	t.Cleanup(h.Close)
	if err := h.SetURL(srv.URL); err != nil {
		t.Fatal(err)
	}
	return h
}

// key is made once: making one takes a while.
var key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Key returns a private key for Apps, the same within a test binary.
func Key(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := key()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Root returns the directory of the module.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("go.mod is nowhere above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// NPM returns a path below the npm packages of the module. When it is not there the
// test ends with need.Missing.
func NPM(t testing.TB, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{Root(t), ".cache", "npm", "node_modules"}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		need.Missing(t, "the npm packages of webhook/hub/testdata/npm are not installed in .cache/npm")
	}
	return p
}
