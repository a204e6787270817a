package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook"
)

func get(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

// TestNewRefuses refuses a server that would take unsigned deliveries or lose them.
func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]webhook.Config{
		"no secret":    {Inbox: discard{}},
		"empty secret": {Inbox: discard{}, Secrets: [][]byte{{}}},
		"no inbox":     {Secrets: [][]byte{[]byte(secret)}},
	} {
		if _, err := webhook.New(c); gitops.CodeOf(err) != gitops.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// readiness is an error, or nil, as webhook.Readiness.
type readiness struct{ err error }

func (r readiness) Ready(context.Context) error { return r.err }

// TestReady is alive without a database, and not ready; the reason is for the log only.
func TestReady(t *testing.T) {
	tests := map[string]struct {
		path   string
		ready  webhook.Readiness
		status int
	}{
		"alive":                      {"/healthz", readiness{errors.New("locked")}, 200},
		"ready":                      {"/readyz", readiness{}, 200},
		"ready when nobody is asked": {"/readyz", nil, 200},
		"not ready":                  {"/readyz", readiness{errors.New("database at 10.0.0.1 is locked")}, 503},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, func(c *webhook.Config) { c.Ready = tt.ready })
			a := e.do(t, get(tt.path))
			if a.status != tt.status || strings.Contains(a.body, "10.0.0.1") {
				t.Errorf("answer %d %s", a.status, a.body)
			}
			if tt.status != 200 && !strings.Contains(e.log.String(), "10.0.0.1") {
				t.Errorf("log does not say why:\n%s", e.log)
			}
		})
	}
}

// TestErrors asks for what is not there.
func TestErrors(t *testing.T) {
	e := newEdge(t, nil)
	for _, tt := range []struct {
		method, path string
		status       int
		code         gitops.Code
	}{
		{"GET", "/", 404, gitops.NotFound},
		{"GET", "/webhook", 405, gitops.Invalid},
		{"PUT", "/webhook", 405, gitops.Invalid},
		{"POST", "/webhook/", 404, gitops.NotFound},
		{"GET", "/metrics", 404, gitops.NotFound},
	} {
		a := e.do(t, httptest.NewRequest(tt.method, tt.path, nil))
		if a.status != tt.status || a.Code != tt.code || a.Message == "" {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, a.status, a.body)
		}
	}
}

// TestPages serves pages beside the webhook and the health checks, with an id to refer
// to.
func TestPages(t *testing.T) {
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if w.Header().Get("X-Request-Id") == "" {
			t.Error("a page has no id to refer to")
		}
		io.WriteString(w, r.Method+" "+r.URL.Path)
	})
	e := newEdge(t, func(c *webhook.Config) { c.Pages = pages })
	for _, tt := range []struct{ method, path, want string }{
		{"GET", "/", "GET /"}, {"POST", "/setup", "POST /setup"}, {"GET", "/acme/shop/pull/7", "GET /acme/shop/pull/7"}, {"GET", "/healthz", "ok\n"},
	} {
		if a := e.do(t, httptest.NewRequest(tt.method, tt.path, nil)); a.status != 200 || a.body != tt.want {
			t.Errorf("%s %s: %d %q", tt.method, tt.path, a.status, a.body)
		}
	}
	if a := e.do(t, request("pull_request", guid, opened)); a.status != http.StatusAccepted {
		t.Errorf("delivery beside pages: %d %s", a.status, a.body)
	}
}

// panicking is an inbox with a bug, which has the payload in its hands.
type panicking struct{ value any }

func (p panicking) Accept(_ context.Context, d webhook.Delivery) (bool, error) {
	if p.value != nil {
		panic(p.value)
	}
	panic(string(d.Payload))
}

// TestPanic answers 500 with an id, and logs neither payload nor secret.
func TestPanic(t *testing.T) {
	for name, value := range map[string]any{"payload": nil, "error with secrets": errors.New(secret)} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, func(c *webhook.Config) { c.Inbox = panicking{value} })
			r := request("pull_request", guid, opened)
			r.Header.Set("X-Request-Id", "chosen-by-the-sender")
			a := e.do(t, r)
			id := a.header.Get("X-Request-Id")
			if a.status != 500 || a.Code != gitops.Internal || !strings.Contains(a.Message, id) || strings.Contains(a.body, "goroutine") {
				t.Errorf("answer %d %s", a.status, a.body)
			}
			if id == "" || !strings.Contains(e.log.String(), id) || !strings.Contains(e.log.String(), "server_test.go") {
				t.Errorf("log has no reference or stack:\n%s", e.log)
			}
			checkSilent(t, e, secret, "acme/shop", r.Header.Get("X-Hub-Signature-256"), "chosen-by-the-sender")
		})
	}
}

// TestLogHasNoPathsOfPages has a token in the path of a page that was found, and of
// one that was refused before.
func TestLogHasNoPathsOfPages(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /seal/{token}", func(http.ResponseWriter, *http.Request) {})
	e := newEdge(t, func(c *webhook.Config) { c.Pages = http.NewCrossOriginProtection().Handler(mux) })
	for _, path := range []string{"/seal/verysecret", "//seal/verysecret", "/seal/%76erysecret", "/nothing/verysecret"} {
		e.do(t, get(path))
	}
	r := httptest.NewRequest("POST", "/seal/verysecret", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := e.do(t, r); a.status != http.StatusForbidden {
		t.Errorf("from another site: %d", a.status)
	}
	if !strings.Contains(e.log.String(), `path="GET /seal/{token}"`) {
		t.Errorf("log misses the request:\n%s", e.log)
	}
	checkSilent(t, e, "verysecret")
}

// TestLogHasNoQueries logs paths without what follows the question mark.
func TestLogHasNoQueries(t *testing.T) {
	e := newEdge(t, nil)
	e.do(t, get("/setup/callback?code=verysecret"))
	if !strings.Contains(e.log.String(), "path=/setup/callback") {
		t.Errorf("log misses the request:\n%s", e.log)
	}
	checkSilent(t, e, "verysecret")
}

// TestMetrics counts deliveries by event and result, with a name for events that nobody
// knows.
func TestMetrics(t *testing.T) {
	m := webhook.NewMetrics()
	e := newEdge(t, func(c *webhook.Config) { c.Metrics, c.ServeMetrics = m, true })
	e.do(t, request("pull_request", guid, opened))
	e.do(t, request("pull_request", guid, opened))
	e.do(t, request("never_heard_of", guid, "{}"))
	bad := request("push", guid, "{}")
	bad.Header.Del("X-Hub-Signature-256")
	e.do(t, bad)
	m.Rendered(300 * time.Millisecond)
	m.Cached(3, 2)
	m.Called("pulls.get", 304)
	m.Quota(3, 4999)
	m.Error(gitops.Errorf(gitops.Stale, "moved"))
	m.Error(nil)
	m.Watch(func(context.Context) (webhook.Depth, error) {
		return webhook.Depth{Ready: 4, Failed: 1, Oldest: time.Now().Add(-time.Hour)}, nil
	})
	body := e.do(t, get("/metrics")).body
	for _, want := range []string{
		`sealift_deliveries_total{event="pull_request",outcome="accepted"} 1`,
		`sealift_deliveries_total{event="pull_request",outcome="duplicate"} 1`,
		`sealift_deliveries_total{event="other",outcome="ignored"} 1`,
		`sealift_deliveries_total{event="push",outcome="refused"} 1`,
		`sealift_delivery_seconds_count 4`,
		`sealift_render_seconds_bucket{le="0.5"} 1`,
		`sealift_render_cache_total{result="hit"} 3`,
		`sealift_render_cache_total{result="miss"} 2`,
		`sealift_github_calls_total{operation="pulls.get",status="304"} 1`,
		`sealift_github_quota_remaining{installation="3"} 4999`,
		`sealift_errors_total{code="stale"} 1`,
		`sealift_errors_total{code="denied"} 1`,
		`sealift_queue_jobs{state="ready"} 4`,
		`sealift_queue_jobs{state="failed"} 1`,
		`sealift_queue_oldest_seconds 36`, // 3600 and a little
		`go_goroutines`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics miss %s", want)
		}
	}
}

// TestMetricsWithoutDatabase leaves out the depth of the queue, and gives the rest.
func TestMetricsWithoutDatabase(t *testing.T) {
	m := webhook.NewMetrics()
	m.Watch(func(context.Context) (webhook.Depth, error) { return webhook.Depth{}, errors.New("locked") })
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, get("/metrics"))
	if w.Code != 200 || strings.Contains(w.Body.String(), "sealift_queue") || !strings.Contains(w.Body.String(), "go_goroutines") {
		t.Errorf("answer %d", w.Code)
	}
}

// TestMetricsDocumented finds every metric in the guide for operators.
func TestMetricsDocumented(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := webhook.NewMetrics()
	m.Watch(func(context.Context) (webhook.Depth, error) { return webhook.Depth{}, nil })
	e := newEdge(t, func(c *webhook.Config) { c.Metrics, c.ServeMetrics = m, true })
	e.do(t, request("pull_request", guid, "%"))
	m.Cached(0, 0)
	m.Called("x", 200)
	m.Quota(1, 1)
	for line := range strings.Lines(e.do(t, get("/metrics")).body) {
		name, ok := strings.CutPrefix(line, "# HELP sealift_")
		if !ok {
			continue
		}
		name = "sealift_" + name[:strings.IndexByte(name, ' ')]
		if !strings.Contains(string(guide), "`"+name+"`") {
			t.Errorf("docs/operations.md does not tell of %s", name)
		}
	}
}
