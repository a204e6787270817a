package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook"
)

const (
	secret = "It's a Secret to Everybody"
	guid   = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
	sha1   = "1111111111111111111111111111111111111111"
	sha2   = "2222222222222222222222222222222222222222"
	opened = `{"action":"opened","number":7,"installation":{"id":3},"repository":{"id":5,"full_name":"acme/shop"},` +
		`"sender":{"id":1,"login":"ann","type":"User"},"pull_request":{"head":{"sha":"` + sha1 + `"},"base":{"sha":"` + sha2 + `"}}}`
)

// inbox keeps deliveries in memory. With err it refuses them, with block it
// waits for it after it told seen.
type inbox struct {
	mu    sync.Mutex
	got   map[string]webhook.Delivery
	err   error
	seen  chan struct{}
	block chan struct{}
	hurry error // of the context of the last call, when it came
	bound bool  // whether that call might not take for ever
}

func (b *inbox) Accept(ctx context.Context, d webhook.Delivery) (bool, error) {
	if b.block != nil {
		b.seen <- struct{}{}
		<-b.block
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hurry = ctx.Err()
	_, b.bound = ctx.Deadline()
	if b.err != nil {
		return false, b.err
	}
	_, twice := b.got[d.ID]
	if b.got == nil {
		b.got = map[string]webhook.Delivery{}
	}
	b.got[d.ID] = d
	return twice, nil
}

// edge is a server under test with its inbox and log.
type edge struct {
	http.Handler
	inbox *inbox
	log   *bytes.Buffer
}

// newEdge returns an edge whose log holds every line. change may change its
// configuration.
func newEdge(t testing.TB, change func(*webhook.Config)) *edge {
	t.Helper()
	e := &edge{inbox: &inbox{}, log: &bytes.Buffer{}}
	c := webhook.Config{
		Secrets: [][]byte{[]byte(secret)}, Inbox: e.inbox,
		Log: slog.New(slog.NewTextHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	s, err := webhook.New(c)
	if err != nil {
		t.Fatal(err)
	}
	e.Handler = s.Handler()
	return e
}

// sign returns the signature header for a body.
func sign(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// request is a signed delivery.
func request(event, id, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", id)
	r.Header.Set("X-Hub-Signature-256", sign(secret, []byte(body)))
	return r
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	Code   gitops.Code `json:"code"`
	Status string      `json:"status"`
	// Message is that of an error.
	Message string `json:"message"`
}

func (e *edge) do(t testing.TB, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("answer %q: %v", a.body, err)
		}
	}
	return a
}
