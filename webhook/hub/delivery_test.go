package hub_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
)

// withoutSuites takes the permission for checks away, so that a push is one delivery.
func (w *world) withoutSuites() {
	w.t.Helper()
	must(w.t, w.app.SetPermissions(w.inst, map[string]string{"contents": "read", "pull_requests": "write"}))
}

// log returns the App's deliveries as "event code redelivery", newest first.
func (w *world) log(query string) []string {
	w.t.Helper()
	var out []string
	for _, d := range w.call("GET", "app/hook/deliveries"+query, w.appToken(), "").want(200).body.([]any) {
		m := d.(map[string]any)
		out = append(out, fmt.Sprint(m["event"], " ", m["status_code"], " ", m["redelivery"]))
	}
	return out
}

// TestRedelivery sends the same payload with the same id once more, when it is asked to
// and not before.
func TestRedelivery(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.withoutSuites()
	w.events()
	w.inbox.Answer(http.StatusServiceUnavailable)
	_, err := w.dev.Push(t.Context(), repository, "b", "B", map[string]string{"b": "1"})
	must(t, err)
	must(t, w.Idle(t.Context()))
	first := w.inbox.Take()
	if len(first) != 1 {
		t.Fatalf("%d deliveries, want 1: GitHub never repeats by itself", len(first))
	}
	w.inbox.Answer(http.StatusAccepted)
	list := w.call("GET", "app/hook/deliveries?status=failure", w.appToken(), "").want(200).is("0.status_code", "503").is("0.guid", first[0].GUID)
	path := "app/hook/deliveries/" + list.str("0.id")
	w.call("GET", path, w.appToken(), "").want(200).is("request.payload.ref", "refs/heads/b").is("request.headers.X-Github-Event", "push")
	w.call("POST", path+"/attempts", w.appToken(), "").want(202)
	must(t, w.Idle(t.Context()))
	second := w.inbox.Take()
	if len(second) != 1 || second[0].GUID != first[0].GUID || string(second[0].Body) != string(first[0].Body) {
		t.Errorf("redelivery %v is not the same as %v", second, first)
	}
	if got := strings.Join(w.log("?per_page=2"), ", "); got != "push 202 true, push 503 false" {
		t.Errorf("log %s", got)
	}
	w.call("GET", "app/hook/deliveries/1", w.appToken(), "").want(404)
	w.call("POST", "app/hook/deliveries/1/attempts", w.appToken(), "").want(404)
	w.call("GET", "app/hook/deliveries", w.token, "").want(401)
}

// TestDeliveryPages lists deliveries with a cursor, and forgets those of three days
// ago.
func TestDeliveryPages(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w := newWorld(t, hub.Options{InOrder: true, Now: func() time.Time { return now }})
	w.withoutSuites()
	for i := range 4 {
		_, err := w.dev.Push(t.Context(), repository, fmt.Sprint("b", i), "B", map[string]string{"b": "1"})
		must(t, err)
	}
	must(t, w.Idle(t.Context()))
	r := w.call("GET", "app/hook/deliveries?per_page=4", w.appToken(), "").want(200)
	next, _, found := strings.Cut(strings.TrimPrefix(r.header.Get("Link"), "<"), ">")
	u, err := url.Parse(next)
	if !found || err != nil || u.Query().Get("cursor") == "" {
		t.Fatalf("Link %q has no cursor", r.header.Get("Link"))
	}
	rest := w.call("GET", "app/hook/deliveries?"+u.RawQuery, w.appToken(), "").want(200)
	if n := len(rest.body.([]any)); n != 2 {
		t.Errorf("second page has %d deliveries, want installation and ping", n)
	}
	now = now.Add(73 * time.Hour)
	if got := w.log(""); len(got) != 0 {
		t.Errorf("deliveries are kept for more than 3 days: %v", got)
	}
}

// TestLostDeliveries drops, swallows, doubles, delays and holds back deliveries, and
// the log says what GitHub's would.
func TestLostDeliveries(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.withoutSuites()
	push := func() {
		t.Helper()
		_, err := w.dev.Push(t.Context(), repository, "b", "B", map[string]string{"b": time.Now().String()})
		must(t, err)
	}
	must(t, w.Idle(t.Context()))
	w.inbox.Take()
	w.Lose(hub.Loss{Event: "push", Times: 1, Drop: true})
	push()
	if got := w.events(); len(got) != 0 {
		t.Errorf("a dropped delivery arrived: %v", got)
	}
	if got := w.log("?per_page=1")[0]; got != "push 502 false" {
		t.Errorf("log %s", got)
	}
	w.ClearFaults()
	w.Lose(hub.Loss{Times: 1, Swallow: true})
	push()
	if got := w.log("?per_page=1")[0]; got != "push 200 false" || len(w.events()) != 0 {
		t.Errorf("log %s", got)
	}
	w.ClearFaults()
	w.Lose(hub.Loss{Times: 1, Double: true})
	push()
	must(t, w.Idle(t.Context()))
	if got := w.inbox.Take(); len(got) != 2 || got[0].GUID != got[1].GUID {
		t.Errorf("doubled delivery arrived as %v", got)
	}
	w.ClearFaults()
	w.pull("late", map[string]string{"l": "1"})
	must(t, w.Idle(t.Context()))
	w.inbox.Take()
	w.Lose(hub.Loss{Event: "pull_request", Times: 1, Late: true})
	must(t, w.dev.Label(t.Context(), repository, 1, "one"))
	must(t, w.dev.SetDraft(t.Context(), repository, 1, true))
	if got := strings.Join(w.events(), " "); got != "pull_request.converted_to_draft pull_request.labeled" {
		t.Errorf("events %s, want them in the other order", got)
	}
}

// TestIdleWaits is not idle while a delivery is held back.
func TestIdleWaits(t *testing.T) {
	w := newWorld(t, hub.Options{})
	must(t, w.Idle(t.Context()))
	w.Lose(hub.Loss{Late: true, Times: 1})
	must(t, w.app.Suspend(w.inst))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Idle(ctx); err == nil {
		t.Error("Idle returned with a delivery held back")
	}
	w.Release()
	must(t, w.Idle(t.Context()))
}

// TestHookConfig changes the secret that deliveries are signed with from then on.
func TestHookConfig(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.call("GET", "app/hook/config", w.appToken(), "").want(200).is("url", w.inbox.URL)
	w.call("PATCH", "app/hook/config", w.appToken(), `{"secret":"other"}`).want(200).is("secret", "********")
	if w.app.WebhookSecret() != "other" {
		t.Error("the secret did not change")
	}
	w.events()
}
