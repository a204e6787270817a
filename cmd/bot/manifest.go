package main

import (
	"crypto/rand"
	_ "embed"
	"net/http"

	"sigs.k8s.io/yaml"
)

// manifestYAML is a copy of app.yml, which stands at the top of the repository; a
// test holds the two together.
//
//go:embed app.yml
var manifestYAML []byte

// appManifest returns app.yml as JSON.
func appManifest() []byte {
	data, err := yaml.YAMLToJSON(manifestYAML)
	if err != nil {
		panic("app.yml: " + err.Error()) // a test reads it
	}
	return data
}

// setupHandler serves the pages of the set-up, and says that the process is well.
func setupHandler(pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	well := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }
	mux.HandleFunc("GET /healthz", well)
	mux.HandleFunc("GET /readyz", well)
	mux.Handle("/", pages)
	return mux
}

func randomKey() (key [32]byte) {
	_, _ = rand.Read(key[:]) // never fails
	return key
}
