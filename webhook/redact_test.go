package webhook_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/webhook"
)

// What a comment must not keep is left out of what is stored; all else is as GitHub
// sent it, ids to the last digit.
func TestRedact(t *testing.T) {
	const value = "hunter2"
	payload := func(body string) string {
		text, _ := json.Marshal(body)
		return `{"action":"created","issue":{"number":7,"pull_request":{}},"comment":{"id":9007199254740993,"user":{"id":12345678901234567,"login":"dana","type":"User"},"body":` + string(text) +
			`,"body_html":` + string(text) + `,"created_at":"2026-01-02T03:04:05Z","html_url":"https://github.com/acme/shop/pull/7#issuecomment-1"},` +
			`"repository":{"id":1,"full_name":"acme/shop","default_branch":"main"},"sender":{"id":12345678901234567,"login":"dana","type":"User"},"installation":{"id":5}}`
	}
	e := newEdge(t, func(c *webhook.Config) {
		c.Redact = func(body string) string { return strings.ReplaceAll(body, value, "…") }
	})
	for id, body := range map[string]string{"one": "/seal db k=" + value, "two": "/diff"} {
		if a := e.do(t, request("issue_comment", id, payload(body))); a.status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", id, a.status, a.body)
		}
	}
	if got := string(e.inbox.got["two"].Payload); got != payload("/diff") {
		t.Errorf("a comment without a value was changed:\n%s", cmp.Diff(payload("/diff"), got))
	}
	edited := strings.Replace(payload("/seal db k="+value), `"created",`, `"edited","changes":{"body":{"from":"`+value+` before"}},`, 1)
	if a := e.do(t, request("issue_comment", "three", edited)); a.status != http.StatusAccepted || strings.Contains(string(e.inbox.got["three"].Payload), value) {
		t.Errorf("edited: %d %s", a.status, e.inbox.got["three"].Payload)
	}
	if a := e.do(t, request("issue_comment", "four", strings.Replace(payload("/diff"), `"created"`, `"edited"`, 1))); a.status != http.StatusOK || len(e.inbox.got) != 3 {
		t.Errorf("edited, without a value: %d %s", a.status, a.body)
	}
	checkSilent(t, e, value)
	stored := string(e.inbox.got["one"].Payload)
	if strings.Contains(stored, value) {
		t.Errorf("the value is stored: %s", stored)
	}
	ev, known, err := webhook.Decode("issue_comment", "one", []byte(stored))
	if err != nil || !known {
		t.Fatalf("what is stored cannot be read: %v", err)
	}
	want, _, _ := webhook.Decode("issue_comment", "one", []byte(payload("/seal db k=…")))
	if d := cmp.Diff(want, ev); d != "" {
		t.Error(d)
	}
}
