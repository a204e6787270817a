package sealtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// Controller answers as the controller of a cluster does: /v1/cert.pem has the
// certificates, newest first, /v1/rotate decrypts with any key and encrypts with the
// newest, both with the real kubeseal. Like release 0.36.6 it copies the metadata over
// that of the template, and returns what the template's data renders to as keys.
type Controller struct {
	*httptest.Server
	keys []*Key
}

// NewController starts a controller with keys, newest first.
func NewController(t testing.TB, keys ...*Key) *Controller {
	t.Helper()
	program := path(t)
	c := &Controller{keys: keys}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/cert.pem", func(w http.ResponseWriter, _ *http.Request) {
		for _, k := range keys {
			_, _ = w.Write(k.Cert)
		}
	})
	mux.HandleFunc("POST /v1/rotate", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			body, err = c.rotate(program, body)
		}
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError) // without a word, as the real one
			return
		}
		_, _ = w.Write(body)
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func (c *Controller) rotate(program string, body []byte) ([]byte, error) {
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, err
	}
	if spec, ok := object["spec"].(map[string]any); ok {
		inner, _ := spec["template"].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
		}
		inner["metadata"] = object["metadata"]
		spec["template"] = inner
	}
	body, err := yaml.Marshal(object)
	if err != nil {
		return nil, err
	}
	plain, err := unseal(program, body, slices.Clone(c.keys)...)
	if err != nil {
		return nil, err
	}
	return run(program, plain.plainManifest(), "--cert", c.keys[0].CertFile)
}
