package hubtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Secret signs the deliveries of an [Inbox].
const Secret = "It's a Secret to Everybody"

// Got is a delivery that arrived.
type Got struct {
	Event, GUID string
	Body        []byte
}

// Inbox receives deliveries, checks their signature and validates their payload.
type Inbox struct {
	URL string

	mu     sync.Mutex
	got    []Got
	status int
}

// Receive serves an inbox until the test ends.
func Receive(t testing.TB) *Inbox {
	t.Helper()
	in := &Inbox{status: http.StatusAccepted}
	schemas := Schemas(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mac := hmac.New(sha256.New, []byte(Secret))
		mac.Write(body)
		if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get("X-Hub-Signature-256") != want {
			t.Errorf("delivery %s: wrong signature", r.Header.Get("X-GitHub-Event"))
		}
		event := r.Header.Get("X-GitHub-Event")
		if err := schemas.Check(event, body); err != nil {
			t.Errorf("delivery %s: %v\n%.400s", event, err, body)
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.got = append(in.got, Got{event, r.Header.Get("X-GitHub-Delivery"), body})
		w.WriteHeader(in.status)
	}))
	t.Cleanup(srv.Close)
	in.URL = srv.URL
	return in
}

// Answer sets the status of the next answers.
func (in *Inbox) Answer(status int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.status = status
}

// Take returns what arrived since the last call.
func (in *Inbox) Take() []Got {
	in.mu.Lock()
	defer in.mu.Unlock()
	got := in.got
	in.got = nil
	return got
}

// SchemaSet is the published schemas of webhook payloads.
type SchemaSet struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
}

// Schemas loads the webhook schemas from npm.
func Schemas(t testing.TB) *SchemaSet {
	t.Helper()
	f, err := os.Open(NPM(t, "@octokit", "webhooks-schemas", "schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	// The library takes {/x} for a mistake, which RFC 6570 allows.
	c.RegisterFormat(&jsonschema.Format{Name: "uri-template", Validate: func(any) error { return nil }})
	amend(doc)
	if err := c.AddResource("webhooks.json", doc); err != nil {
		t.Fatal(err)
	}
	return &SchemaSet{compiler: c}
}

// amend adds what the schemas lag behind in: hooks can hear merge_group.
func amend(doc any) {
	events := doc.(map[string]any)["definitions"].(map[string]any)["webhook-events"].(map[string]any)
	items := events["oneOf"].([]any)[0].(map[string]any)["items"].(map[string]any)
	items["enum"] = append(items["enum"].([]any), "merge_group")
}

// Check validates a payload against the schema of its event and action.
func (s *SchemaSet) Check(event string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	name := event + "$event"
	if m, ok := doc.(map[string]any); ok {
		if action, ok := m["action"].(string); ok {
			name = event + "$" + action
		}
	}
	schema, err := s.compiler.Compile("webhooks.json#/definitions/" + name)
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}
