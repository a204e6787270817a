package hub_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
)

// raw calls the API and returns the status, or 0 when no answer came.
func (w *world) raw(ctx context.Context, method, path, body string) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, w.APIURL()+"repos/"+repository+path, strings.NewReader(body))
	must(w.t, err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestFaults(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("feature", map[string]string{"a": "1"})
	comments := "/repos/*/*/issues/*/comments"
	post := func() int { return w.raw(t.Context(), "POST", "/issues/1/comments", `{"body":"x"}`) }
	have := func() int { return len(w.Comments(repository, 1)) }

	remove := w.Fault(hub.Fault{Method: "POST", Path: comments, Status: 502})
	if got := post(); got != 502 || have() != 0 {
		t.Errorf("failed before doing: %d with %d comments", got, have())
	}
	remove()
	w.Fault(hub.Fault{Method: "POST", Path: comments, Times: 1, After: true, Status: 502})
	if got := post(); got != 502 || have() != 1 {
		t.Errorf("answered after doing: %d with %d comments", got, have())
	}
	w.ClearFaults()
	w.Fault(hub.Fault{Path: "/repos/acme/**", Nth: 2, Reset: true})
	if a, b, c := post(), post(), post(); a != 201 || b != 0 || c != 201 || have() != 3 {
		t.Errorf("reset of the second call: %d %d %d with %d comments", a, b, c, have())
	}
	w.ClearFaults()
	w.Fault(hub.Fault{Path: comments, After: true, Reset: true})
	if got := post(); got != 0 || have() != 4 {
		t.Errorf("cut after doing: %d with %d comments", got, have())
	}
	w.ClearFaults()
	w.Fault(hub.Fault{Path: comments, Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := w.raw(ctx, "POST", "/issues/1/comments", `{"body":"x"}`); got != 0 || have() != 4 {
		t.Errorf("hang: %d with %d comments", got, have())
	}
	w.ClearFaults()
	w.Fault(hub.Fault{Path: comments, Status: 403, Header: http.Header{"Retry-After": {"7"}}, Body: `{}`})
	if r := w.bot("POST", "/issues/1/comments", `{"body":"x"}`); r.status != 403 || r.header.Get("Retry-After") != "7" {
		t.Errorf("403 with retry-after: %d %v", r.status, r.header)
	}
	w.events()
}

func TestFaultsByChanceRepeat(t *testing.T) {
	pattern := func() string {
		w := newWorld(t, hub.Options{Seed: 7})
		w.Fault(hub.Fault{Path: "/repos/*/*", Probability: 0.5, Status: 500})
		var b strings.Builder
		for range 20 {
			fmt.Fprint(&b, w.raw(t.Context(), "GET", "", "")/100)
		}
		return b.String()
	}
	one, two := pattern(), pattern()
	if one != two || !strings.Contains(one, "2") || !strings.Contains(one, "5") {
		t.Errorf("faults by chance: %s and %s", one, two)
	}
}

func TestGitFaults(t *testing.T) {
	w := newWorld(t, hub.Options{})
	dir := w.clone(w.token)
	w.commitIn(dir, "x", "x", "1")
	w.Fault(hub.Fault{Path: "/*/*/git-receive-pack", Times: 1, After: true, Reset: true})
	if _, err := w.git(dir, w.token, "push", "-q", "origin", "x"); err == nil {
		t.Error("a push whose answer was lost succeeded")
	}
	if head, _ := w.git(dir, "", "rev-parse", "HEAD"); w.Tip(repository, "x") != head {
		t.Error("the push was not done")
	}
	w.Fault(hub.Fault{Path: "/*/*/info/refs", Times: 1, Status: 503})
	if _, err := w.git(dir, w.token, "fetch", "-q"); err == nil {
		t.Error("a fetch that was answered with 503 succeeded")
	}
	w.events()
}

func TestCallsAreCounted(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.ResetCalls()
	w.bot("GET", "", "").want(200)
	w.bot("GET", "/branches/main", "").want(200)
	w.bot("GET", "/branches/nothing", "").want(404)
	w.clone(w.token)
	if w.RESTCalls() != 3 || w.Calls()["GET /repos/{owner}/{repo}/branches/{branch...}"] != 2 || w.Calls()["git-upload-pack"] == 0 {
		t.Errorf("calls %v", w.Calls())
	}
}

func TestPrimaryLimit(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w := newWorld(t, hub.Options{Now: func() time.Time { return now }})
	w.SetLimits(hub.Limits{Hourly: 3})
	r := w.bot("GET", "", "").want(200)
	if r.header.Get("X-RateLimit-Remaining") != "2" || r.header.Get("X-RateLimit-Limit") != "3" || r.header.Get("X-RateLimit-Resource") != "core" {
		t.Errorf("headers %v", r.header)
	}
	for range 5 {
		again := w.call("GET", "repos/"+repository, w.token, "", "If-None-Match", r.header.Get("ETag")).want(304)
		if again.header.Get("X-RateLimit-Remaining") != "2" || again.raw != "" {
			t.Errorf("a 304 was charged: %v", again.header)
		}
	}
	w.bot("GET", "/branches", "").want(200)
	w.bot("GET", "/branches", "").want(200)
	no := w.bot("GET", "/branches", "")
	no.says(403, "API rate limit exceeded for installation ID")
	if no.header.Get("X-RateLimit-Remaining") != "0" || no.header.Get("X-RateLimit-Reset") != fmt.Sprint(now.Add(time.Hour).Unix()) {
		t.Errorf("headers %v", no.header)
	}
	w.call("GET", "rate_limit", w.token, "").want(200).is("rate.remaining", "0")
	w.call("GET", "app", w.appToken(), "").want(200)
	now = now.Add(59 * time.Minute)
	w.bot("GET", "", "").want(403)
	now = now.Add(time.Minute)
	w.token = w.mint("")
	w.bot("GET", "", "").want(200)
	w.SetLimits(hub.Limits{Hourly: 1, Status: 429})
	w.bot("GET", "", "").want(429)
}

func TestSecondaryLimits(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w := newWorld(t, hub.Options{Now: func() time.Time { return now }})
	w.pull("feature", map[string]string{"a": "1"})
	post := func() reply { return w.bot("POST", "/issues/1/comments", `{"body":"x"}`) }
	w.SetLimits(hub.Limits{Content: 2})
	post().want(201)
	post().want(201)
	no := post()
	no.says(403, "secondary rate limit")
	if no.header.Get("Retry-After") != "60" {
		t.Errorf("retry-after %q", no.header.Get("Retry-After"))
	}
	now = now.Add(time.Minute)
	post().want(201)
	w.SetLimits(hub.Limits{ContentHourly: 3, Silent: true, Status: 429})
	if no := post().want(429); no.header.Get("Retry-After") != "" {
		t.Error("a silent refusal has retry-after")
	}
	now = now.Add(2 * time.Minute)
	w.SetLimits(hub.Limits{Points: 6})
	post().want(201)
	w.bot("GET", "", "").want(200)
	w.bot("GET", "", "").says(403, "secondary")
	w.events()
}

func TestConcurrencyLimit(t *testing.T) {
	w := newWorld(t, hub.Options{Limits: hub.Limits{Concurrent: 1}})
	w.Fault(hub.Fault{Path: "/repos/*/*", Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan int)
	go func() { done <- w.raw(ctx, "GET", "", "") }()
	for w.Calls()["GET /repos/{owner}/{repo}"] == 0 || w.raw(t.Context(), "GET", "/branches", "") != 403 {
		// The first call is not under way yet.
	}
	cancel()
	<-done
}
