package hub_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

const repository = "acme/gitops"

// permissions are the bot's own.
func permissions() map[string]string {
	return map[string]string{"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "statuses": "write", "members": "read"}
}

// world is a hub with an organisation, three people, a repository and an App on it.
type world struct {
	*hub.Hub
	t     *testing.T
	inbox *hubtest.Inbox
	app   *hub.App
	inst  int64
	token string
	dev   hub.Person
	now   func() time.Time
}

func newWorld(t *testing.T, o hub.Options) *world {
	t.Helper()
	w := &world{t: t, Hub: hubtest.Start(t, o), inbox: hubtest.Receive(t), now: time.Now}
	if o.Now != nil {
		w.now = o.Now
	}
	w.AddOrg("acme", "admin")
	must(t, w.AddRepo(t.Context(), repository, hub.RepoOptions{Private: true, Files: map[string]string{"README.md": "# gitops\n", "apps/web/dev/kustomization.yaml": "namespace: dev\n"}}))
	w.AddTeam("acme", "developers", "dev")
	must(t, w.GrantTeam(repository, "developers", hub.Write))
	w.dev = w.User("dev")
	w.User("stranger")
	app, err := w.Register(hub.AppConfig{Name: "Sealift", Owner: "acme", WebhookURL: w.inbox.URL, WebhookSecret: hubtest.Secret, Permissions: permissions(),
		Events: []string{"pull_request", "issue_comment", "push", "merge_group", "check_run", "check_suite"}, Callbacks: []string{"http://127.0.0.1:1/oauth"}, Key: hubtest.Key(t)})
	must(t, err)
	w.app = app
	w.inst, err = app.Install("acme", repository)
	must(t, err)
	w.token = w.mint("")
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// jwt is the App's own credential at a time.
func (w *world) jwt(issued time.Time, life time.Duration) string {
	w.t.Helper()
	claims := jwt.RegisteredClaims{Issuer: fmt.Sprint(w.app.ID()), IssuedAt: jwt.NewNumericDate(issued), ExpiresAt: jwt.NewNumericDate(issued.Add(life))}
	s, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(hubtest.Key(w.t))
	must(w.t, err)
	return s
}

func (w *world) appToken() string { return w.jwt(w.now().Add(-30*time.Second), 5*time.Minute) }

// mint makes an installation token, narrowed by a JSON body.
func (w *world) mint(body string) string {
	w.t.Helper()
	a := w.call("POST", fmt.Sprintf("app/installations/%d/access_tokens", w.inst), w.appToken(), body)
	a.want(201)
	return a.str("token")
}

// reply is an answer of the API.
type reply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	raw    string
	body   any
}

// call calls the API; token "" is nobody.
func (w *world) call(method, path, token, body string, header ...string) reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(w.t.Context()), method, w.APIURL()+path, strings.NewReader(body))
	must(w.t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(w.t, err)
	r := reply{t: w.t, what: method + " " + path, status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.NewDecoder(bytes.NewReader(raw)).Decode(&r.body) // bodies may be raw
	return r
}

// bot calls the API of the repository as the bot.
func (w *world) bot(method, path, body string) reply {
	w.t.Helper()
	return w.call(method, "repos/"+repository+path, w.token, body)
}

func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: %d, want %d: %.400s", r.what, r.status, status, r.raw)
	}
	return r
}

// says wants an error with a text in it.
func (r reply) says(status int, text string) {
	r.t.Helper()
	r.want(status)
	if !strings.Contains(r.raw, text) {
		r.t.Fatalf("%s: %s does not say %q", r.what, r.raw, text)
	}
}

// get walks "a.b.0.c".
func (r reply) get(path string) any {
	r.t.Helper()
	v := r.body
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			fmt.Sscan(key, &i)
			if i >= len(x) {
				r.t.Fatalf("%s: %q is not in %.300s", r.what, path, r.raw)
			}
			v = x[i]
		default:
			r.t.Fatalf("%s: %q is not in %.300s", r.what, path, r.raw)
		}
	}
	return v
}

func (r reply) str(path string) string {
	r.t.Helper()
	if f, ok := r.get(path).(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(r.get(path))
}

func (r reply) num(path string) int64 {
	r.t.Helper()
	f, ok := r.get(path).(float64)
	if !ok {
		r.t.Fatalf("%s: %q is no number in %.300s", r.what, path, r.raw)
	}
	return int64(f)
}

// is compares a value in its printed form.
func (r reply) is(path, want string) reply {
	r.t.Helper()
	if got := r.str(path); got != want {
		r.t.Errorf("%s: %s is %q, want %q", r.what, path, got, want)
	}
	return r
}

// pull pushes a branch as dev and opens a pull request.
func (w *world) pull(branch string, files map[string]string) int {
	w.t.Helper()
	_, err := w.dev.Push(w.t.Context(), repository, branch, "Change", files)
	must(w.t, err)
	n, err := w.dev.OpenPull(w.t.Context(), repository, hub.NewPull{Title: "A change", Body: "Why", Head: branch})
	must(w.t, err)
	return n
}

// events waits for silence and returns "event.action" of what arrived.
func (w *world) events() []string {
	w.t.Helper()
	must(w.t, w.Idle(w.t.Context()))
	var out []string
	for _, g := range w.inbox.Take() {
		var p struct{ Action string }
		must(w.t, json.Unmarshal(g.Body, &p))
		out = append(out, strings.TrimSuffix(g.Event+"."+p.Action, "."))
	}
	return out
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	must(t, json.Unmarshal(data, &v))
	return v
}

func long(n int) string { return strings.Repeat("x", n) }
