package webhook_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook"
)

// TestReceive takes a delivery, and calls a second one of the same id a duplicate.
func TestReceive(t *testing.T) {
	e := newEdge(t, nil)
	a := e.do(t, request("pull_request", guid, opened))
	if a.status != http.StatusAccepted || a.Status != "accepted" {
		t.Fatalf("first delivery: %d %s", a.status, a.body)
	}
	want := webhook.Delivery{ID: guid, Event: "pull_request", Key: "acme/shop#7", Class: webhook.ClassRender, Payload: []byte(opened)}
	got := e.inbox.got[guid]
	if got.ID != want.ID || got.Event != want.Event || got.Key != want.Key || got.Class != want.Class || !bytes.Equal(got.Payload, want.Payload) {
		t.Errorf("stored %+v, want %+v", got, want)
	}
	if a := e.do(t, request("pull_request", guid, opened)); a.status != http.StatusOK || a.Status != "duplicate" {
		t.Errorf("second delivery: %d %s", a.status, a.body)
	}
}

// TestReceiveIgnores answers what is none of our business, and keeps nothing of it.
func TestReceiveIgnores(t *testing.T) {
	tests := map[string][2]string{
		"ping":            {"ping", `{"zen":"Design for failure."}`},
		"unknown event":   {"brand_new_event", `{"action":"opened"}`},
		"unread event":    {"star", `not JSON, and never read`},
		"unknown action":  {"pull_request", strings.Replace(opened, "opened", "enqueued", 1)},
		"no installation": {"pull_request", strings.Replace(opened, `"installation":{"id":3},`, "", 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, nil)
			a := e.do(t, request(tt[0], guid, tt[1]))
			if a.status != http.StatusOK || a.Status != "ignored" || len(e.inbox.got) > 0 {
				t.Errorf("answer %d %s, stored %d", a.status, a.body, len(e.inbox.got))
			}
		})
	}
}

// TestReceiveRefuses lets nothing in that is not signed as it should be.
func TestReceiveRefuses(t *testing.T) {
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	good := sign(secret, []byte(opened))
	const signature = "X-Hub-Signature-256"
	tests := map[string]struct {
		change func(*http.Request)
		status int
		says   string
	}{
		"no signature":         {header(signature), 403, "missing"},
		"wrong secret":         {header(signature, sign("guess", []byte(opened))), 403, "does not match"},
		"empty secret":         {header(signature, sign("", []byte(opened))), 403, "does not match"},
		"other body":           {header(signature, sign(secret, []byte("{}"))), 403, "does not match"},
		"doubled":              {header(signature, good, good), 403, "2 times"},
		"good after bad":       {header(signature, sign("guess", nil), good), 403, "2 times"},
		"doubled in one":       {header(signature, good+", "+good), 403, "64 lower-case"},
		"upper case":           {header(signature, "sha256="+strings.ToUpper(good[7:])), 403, "64 lower-case"},
		"upper case algorithm": {header(signature, "SHA256="+good[7:]), 403, "64 lower-case"},
		"no algorithm":         {header(signature, good[7:]), 403, "64 lower-case"},
		"short":                {header(signature, good[:len(good)-2]), 403, "64 lower-case"},
		"long":                 {header(signature, good+"00"), 403, "64 lower-case"},
		"empty":                {header(signature, ""), 403, "64 lower-case"},
		"not hex":              {header(signature, "sha256="+strings.Repeat("g", 64)), 403, "64 lower-case"},
		"SHA-1 only": {func(r *http.Request) {
			r.Header.Del(signature)
			r.Header.Set("X-Hub-Signature", "sha1=0123456789012345678901234567890123456789")
		}, 403, "SHA-1"},
		"SHA-1 in its place": {header(signature, "sha1=0123456789012345678901234567890123456789"), 403, "64 lower-case"},
		"no event":           {header("X-GitHub-Event"), 400, "0 times"},
		"two events":         {header("X-GitHub-Event", "push", "pull_request"), 400, "2 times"},
		"malformed event":    {header("X-GitHub-Event", "pull request"), 400, "malformed"},
		"no id":              {header("X-GitHub-Delivery"), 400, "0 times"},
		"malformed id":       {header("X-GitHub-Delivery", "../../etc/passwd"), 400, "malformed"},
		"long id":            {header("X-GitHub-Delivery", strings.Repeat("a", 65)), 400, "malformed"},
		"form":               {header("Content-Type", "application/x-www-form-urlencoded"), 415, "application/json"},
		"no content type":    {header("Content-Type"), 415, "application/json"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, nil)
			r := request("pull_request", guid, opened)
			tt.change(r)
			a := e.do(t, r)
			if a.status != tt.status || !strings.Contains(a.Message, tt.says) || a.Code == "" || len(e.inbox.got) > 0 {
				t.Errorf("answer %d %s, stored %d; want %d and %q", a.status, a.body, len(e.inbox.got), tt.status, tt.says)
			}
			checkSilent(t, e, good[7:], secret, "acme/shop")
		})
	}
}

// checkSilent fails when the log holds any of what must not be there.
func checkSilent(t *testing.T, e *edge, never ...string) {
	t.Helper()
	for _, s := range never {
		if strings.Contains(strings.ToLower(e.log.String()), strings.ToLower(s)) {
			t.Errorf("log holds %q:\n%s", s, e.log)
		}
	}
}

// TestReceiveMalformed refuses signed payloads that are not what they say.
func TestReceiveMalformed(t *testing.T) {
	tests := map[string]string{
		"not JSON":       "%",
		"empty":          "",
		"cut off":        opened[:len(opened)-1],
		"two values":     opened + opened,
		"other types":    strings.Replace(opened, `"number":7`, `"number":"7"`, 1),
		"no number":      strings.Replace(opened, `"number":7`, `"number":0`, 1),
		"ref as commit":  strings.Replace(opened, sha1, "../../../etc/passwd", 1),
		"no commit":      strings.Replace(opened, sha1, "", 1),
		"no repository":  strings.Replace(opened, `"full_name":"acme/shop"`, `"full_name":""`, 1),
		"path as name":   strings.Replace(opened, "acme/shop", "acme/../other", 1),
		"parent as name": strings.Replace(opened, "acme/shop", "acme/..", 1),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, nil)
			if a := e.do(t, request("pull_request", guid, body)); a.status != http.StatusBadRequest || a.Code != gitops.Invalid || len(e.inbox.got) > 0 {
				t.Errorf("answer %d %s, stored %d", a.status, a.body, len(e.inbox.got))
			} else if name == "other types" && !strings.Contains(a.Message, `field "number"`) {
				t.Errorf("answer does not name the field: %s", a.body)
			}
		})
	}
}

// endless counts how much of it is read.
type endless struct{ n, max int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.n >= e.max {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.max-e.n)
	e.n += n
	return int(n), nil
}

// TestReceiveTooLarge stops reading at the limit, announced or not.
func TestReceiveTooLarge(t *testing.T) {
	for name, announced := range map[string]int64{"announced": 30 << 20, "not announced": -1} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, nil)
			in := &endless{max: 30 << 20}
			r := request("pull_request", guid, "")
			r.Body, r.ContentLength = io.NopCloser(in), announced
			if a := e.do(t, r); a.status != http.StatusRequestEntityTooLarge || a.Code != gitops.Invalid || len(e.inbox.got) > 0 {
				t.Errorf("answer %d %s", a.status, a.body)
			}
			if announced > 0 && in.n > 0 || in.n > webhook.MaxBody+1 {
				t.Errorf("%d bytes were read", in.n)
			}
		})
	}
}

// TestReceiveLargest takes a payload of exactly the limit.
func TestReceiveLargest(t *testing.T) {
	e := newEdge(t, nil)
	body := strings.TrimSuffix(opened, "}") + `,"x":"`
	body += strings.Repeat("x", webhook.MaxBody-len(body)-2) + `"}`
	if a := e.do(t, request("pull_request", guid, body)); len(body) != webhook.MaxBody || a.status != http.StatusAccepted {
		t.Errorf("%d bytes: %d %s", len(body), a.status, a.body)
	}
}

// TestReceiveTwoSecrets takes the old secret and the new one, and no third.
func TestReceiveTwoSecrets(t *testing.T) {
	e := newEdge(t, func(c *webhook.Config) { c.Secrets = [][]byte{[]byte("new"), []byte("old")} })
	for key, want := range map[string]int{"new": 202, "old": 202, secret: 403} {
		r := request("pull_request", hex.EncodeToString([]byte(key)), opened)
		r.Header.Set("X-Hub-Signature-256", sign(key, []byte(opened)))
		if a := e.do(t, r); a.status != want {
			t.Errorf("secret %q: %d %s, want %d", key, a.status, a.body, want)
		}
	}
}

// TestReceiveOverloaded tells GitHub that it failed, so that the delivery can be
// repeated.
func TestReceiveOverloaded(t *testing.T) {
	e := newEdge(t, nil)
	e.inbox.err = gitops.Errorf(gitops.Unavailable, "too many wait")
	a := e.do(t, request("pull_request", guid, opened))
	if a.status != http.StatusServiceUnavailable || a.Code != gitops.Unavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("answer %d %s %v", a.status, a.body, a.header)
	}
}

// TestReceiveFailed tells of the deliveries that GitHub thinks are lost for a reason of
// ours, and of nothing else.
func TestReceiveFailed(t *testing.T) {
	failed := 0
	count := func(c *webhook.Config) { c.Failed = func() { failed++ } }
	e := newEdge(t, count)
	unsigned := request("pull_request", "unsigned", opened)
	unsigned.Header.Del("X-Hub-Signature-256")
	for _, r := range []*http.Request{
		request("pull_request", guid, opened), request("pull_request", guid, opened), request("ping", "ping", "{}"),
		request("pull_request", "damaged", "{"), unsigned, httptest.NewRequest(http.MethodGet, "/nowhere", nil),
	} {
		if a := e.do(t, r); failed != 0 {
			t.Fatalf("failed after the answer %d %s", a.status, a.body)
		}
	}
	e.inbox.err = gitops.Errorf(gitops.Unavailable, "too many wait")
	e.do(t, request("pull_request", "a", opened))
	broken := newEdge(t, func(c *webhook.Config) { count(c); c.Inbox = panicking{"x"} })
	broken.do(t, request("pull_request", "b", opened))
	down := newEdge(t, func(c *webhook.Config) { count(c); c.Ready = readiness{errors.New("no")} })
	if a := down.do(t, httptest.NewRequest(http.MethodGet, "/readyz", nil)); a.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d", a.status)
	}
	if failed != 2 {
		t.Errorf("%d failed, want that without room and that with the bug", failed)
	}
}

// TestReceiveAfterHangUp stores a delivery although the sender is gone.
func TestReceiveAfterHangUp(t *testing.T) {
	e := newEdge(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := e.do(t, request("pull_request", guid, opened).WithContext(ctx))
	if a.status != http.StatusAccepted || e.inbox.hurry != nil || !e.inbox.bound {
		t.Errorf("answer %d %s; the inbox was told %v, bounded %t", a.status, a.body, e.inbox.hurry, e.inbox.bound)
	}
}

// TestReceiveConcurrent gives every delivery twice at the same time: all are
// stored, and each is accepted once.
func TestReceiveConcurrent(t *testing.T) {
	e := newEdge(t, func(c *webhook.Config) { c.Log = nil })
	var mu sync.Mutex
	count := map[string]int{}
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			a := e.do(t, request("pull_request", "id-"+strconv.Itoa(i/2), opened))
			mu.Lock()
			defer mu.Unlock()
			count[a.Status]++
		})
	}
	wg.Wait()
	if count["accepted"] != 100 || count["duplicate"] != 100 || len(e.inbox.got) != 100 {
		t.Errorf("answers %v, stored %d", count, len(e.inbox.got))
	}
}

// BenchmarkReceive is the way of a delivery of usual size, without the disk.
func BenchmarkReceive(b *testing.B) {
	e := newEdge(b, func(c *webhook.Config) { c.Log, c.Inbox = nil, discard{} })
	body := strings.TrimSuffix(opened, "}") + `,"x":"` + strings.Repeat("x", 30<<10) + `"}` // as large as GitHub's
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, request("pull_request", guid, body))
		if w.Code != http.StatusAccepted {
			b.Fatal(w.Code, w.Body)
		}
	}
}

type discard struct{}

func (discard) Accept(context.Context, webhook.Delivery) (bool, error) { return false, nil }
