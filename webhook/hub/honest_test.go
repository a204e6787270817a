package hub_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// TestEveryOperationIsGitHubs keeps the hub from serving what GitHub does not have.
func TestEveryOperationIsGitHubs(t *testing.T) {
	spec := hubtest.Description(t)
	h, err := hub.New(hub.Options{Dir: t.TempDir()})
	must(t, err)
	for _, op := range h.Operations() {
		if !spec.Has(op) {
			t.Errorf("GitHub's description has no %s", op)
		}
	}
}

// TestTheValidatorsBite breaks calls and payloads and wants them refused.
func TestTheValidatorsBite(t *testing.T) {
	spec := hubtest.Description(t)
	check := func(method, path, body string, status int, answer string) error {
		r := httptest.NewRequest(method, "/api/v3"+path, strings.NewReader(body))
		header := http.Header{"Content-Type": {"application/json"}, "X-Github-Request-Id": {"1"}}
		return spec.Check(r, []byte(body), status, header, []byte(answer))
	}
	good := `{"ref":"refs/heads/a/b","node_id":"x","url":"http://x/","object":{"type":"commit","sha":"` + strings.Repeat("1", 40) + `","url":"http://x/"}}`
	if err := check("GET", "/repos/a/b/git/ref/heads/a/b", "", 200, good); err != nil {
		t.Errorf("a good call is refused: %v", err)
	}
	for name, err := range map[string]error{
		"a missing member":     check("GET", "/repos/a/b/git/ref/heads/x", "", 200, `{"ref":"x"}`),
		"a wrong type":         check("GET", "/repos/a/b/git/ref/heads/x", "", 200, strings.Replace(good, `"commit"`, `1`, 1)),
		"an undocumented 2xx":  check("GET", "/repos/a/b/git/ref/heads/x", "", 202, good),
		"an unknown operation": check("GET", "/repos/a/b/git/nothing", "", 200, `{}`),
		"an error of no form":  check("GET", "/repos/a/b/git/ref/heads/x", "", 401, `{"oops":1}`),
		"a bad request":        check("POST", "/repos/a/b/git/refs", `{"ref":"x"}`, 201, good),
	} {
		if err == nil {
			t.Errorf("%s is taken for good", name)
		}
	}
	schemas := hubtest.Schemas(t)
	for event, payload := range map[string]string{"push": `{}`, "pull_request": `{"action":"opened"}`, "nothing": `{}`} {
		if schemas.Check(event, []byte(payload)) == nil {
			t.Errorf("%s %s is taken for good", event, payload)
		}
	}
}
