package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestControllers asks controllers that behave and others. What they answer, and where
// they are, is in no message.
func TestControllers(t *testing.T) {
	const inside = "inside-of-the-network"
	asked := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/cert.pem", func(w http.ResponseWriter, _ *http.Request) { asked++; io.WriteString(w, "PEM") })
	mux.HandleFunc("POST /v1/rotate", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != "sealed" {
			http.Error(w, inside, http.StatusInternalServerError)
			return
		}
		io.WriteString(w, "anew")
	})
	mux.Handle("/moved/", http.RedirectHandler("/v1/cert.pem", http.StatusFound))
	mux.HandleFunc("/large/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxSealed+1)) })
	mux.HandleFunc("/broken/", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, inside, http.StatusBadGateway) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	file := filepath.Join(t.TempDir(), "dev.pem")
	if err := os.WriteFile(file, []byte("FILE"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSealControllers([]controller{
		{Name: "good", URL: srv.URL}, {Name: "moved", URL: srv.URL + "/moved"}, {Name: "large", URL: srv.URL + "/large"},
		{Name: "broken", URL: srv.URL + "/broken"}, {Name: "gone", URL: gone.URL}, {Name: "file", File: file}, {Name: "no-file", File: file + inside},
	})
	for range 3 {
		if data, err := s.Certificates(t.Context(), "good"); string(data) != "PEM" || err != nil {
			t.Errorf("certificates %q, %v", data, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
	if data, err := s.Certificates(t.Context(), "file"); string(data) != "FILE" || err != nil {
		t.Errorf("file: %q, %v", data, err)
	}
	if data, err := s.Rotate(t.Context(), "good", []byte("sealed")); string(data) != "anew" || err != nil {
		t.Errorf("rotated %q, %v", data, err)
	}
	for name, want := range map[string]gitops.Code{
		"moved": gitops.Unavailable, "large": gitops.Unavailable, "broken": gitops.Unavailable, "gone": gitops.Unavailable, "no-file": gitops.Unavailable, "other": gitops.Invalid,
	} {
		data, err := s.Certificates(t.Context(), name)
		if gitops.CodeOf(err) != want || data != nil || strings.Contains(err.Error(), inside) || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for name, want := range map[string]gitops.Code{"good": gitops.Invalid, "file": gitops.Invalid, "broken": gitops.Unavailable, "large": gitops.Unavailable, "other": gitops.Invalid} {
		data, err := s.Rotate(t.Context(), name, []byte("of another key"))
		if gitops.CodeOf(err) != want || data != nil || strings.Contains(err.Error(), inside) {
			t.Errorf("rotate %s: %q, %v", name, data, err)
		}
	}
}

// TestControllerSetting reads names of controllers with URLs and files.
func TestControllerSetting(t *testing.T) {
	for text, want := range map[string]string{
		"prod=https://sealed.example.com":    "prod=https://sealed.example.com",
		"prod=https://sealed.example.com/a/": "prod=https://sealed.example.com/a",
		"dev=/etc/dev.pem":                   "dev=/etc/dev.pem",
		"local=http://127.0.0.1:8080":        "local=http://127.0.0.1:8080",
		"a=https://x.example,b=dev.pem":      "a=https://x.example b=dev.pem",
		"prod=http://sealed.example.com":     "",
		"prod=https://u:hunter2@example.com": "",
		"prod=https://example.com/?a=b":      "",
		"prod=ftp://example.com":             "",
		"prod=":                              "",
		"https://example.com":                "",
		"../x=a.pem":                         "",
		"a=a.pem,a=b.pem":                    "",
	} {
		list, err := controllers(text)
		var got []string
		for _, c := range list {
			got = append(got, c.String())
		}
		if strings.Join(got, " ") != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("quotes a password: %v", err)
		}
	}
}
