package hub_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// BenchmarkHub measures what the hub itself costs, so that figures of the bot against it
// can be read: a pull request read, a comment written, a push with its events.
func BenchmarkHub(b *testing.B) {
	h, err := hub.New(hub.Options{Dir: b.TempDir(), EagerMerge: true})
	must(b, err)
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	must(b, h.SetURL(srv.URL))
	must(b, h.AddRepo(b.Context(), "dev/app", hub.RepoOptions{Files: map[string]string{"a": "1"}}))
	dev, token := h.User("dev"), h.PersonalToken("dev")
	push := func(n int) {
		_, err := dev.Push(b.Context(), "dev/app", "feature", "m", map[string]string{"b": fmt.Sprint(n)})
		must(b, err)
	}
	push(0)
	_, err = dev.OpenPull(b.Context(), "dev/app", hub.NewPull{Title: "T", Head: "feature"})
	must(b, err)
	call := func(method, path, body string) {
		req := httptest.NewRequestWithContext(b.Context(), method, "/api/v3/repos/dev/app"+path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+token)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code >= http.StatusBadRequest {
			b.Fatal(rec.Code, rec.Body)
		}
	}
	b.Run("pull", func(b *testing.B) {
		for b.Loop() {
			call("GET", "/pulls/1", "")
		}
	})
	b.Run("comment", func(b *testing.B) {
		for b.Loop() {
			call("POST", "/issues/1/comments", `{"body":"x"}`)
		}
	})
	b.Run("push", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			push(n + 1)
		}
	})
}
