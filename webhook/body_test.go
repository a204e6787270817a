package webhook

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestBodyBudget fills the memory for payloads: the next is refused for now, and
// what was taken is given back.
func TestBodyBudget(t *testing.T) {
	s, err := New(Config{Secrets: [][]byte{[]byte("x")}, Inbox: struct{ Inbox }{}})
	if err != nil {
		t.Fatal(err)
	}
	read := func() error {
		r := httptest.NewRequest("POST", webhookPath, strings.NewReader("hello"))
		b := s.body(s.echo.NewContext(r, httptest.NewRecorder()))
		defer b.release()
		_, err := b.read()
		return err
	}
	s.buffered.Store(maxBuffered - 4)
	if err := read(); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("beyond the budget: %v", err)
	}
	s.buffered.Store(maxBuffered - 5)
	if err := read(); err != nil {
		t.Errorf("within the budget: %v", err)
	}
	if n := s.buffered.Load(); n != maxBuffered-5 {
		t.Errorf("%d bytes are held, want %d", n, maxBuffered-5)
	}
}
