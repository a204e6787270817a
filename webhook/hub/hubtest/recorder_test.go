package hubtest

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestRecorder sends a text in the forms that must be found.
func TestRecorder(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	defer srv.Close()
	for how, text := range map[string]string{"body": "the plain text", "base64": base64.StdEncoding.EncodeToString([]byte("xxthe plain text!")), "hex": "74686520706c61696e2074657874"} {
		r := NewRecorder(t)
		proxy, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
		if r.Shows("the plain text") != "" {
			t.Error("found before it was sent")
		}
		resp, err := client.Post(srv.URL, "text/plain", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if r.Shows("the plain text") == "" || r.Shows("another plain text") != "" {
			t.Errorf("%s: found %q", how, r.Shows("the plain text"))
		}
	}
}
