package hub_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// browse sends a form or, without one, a GET and returns status, Location and body.
func (w *world) browse(path string, form url.Values) (int, *url.URL, string) {
	w.t.Helper()
	method := "POST"
	if form == nil {
		method = "GET"
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.WebURL()+path, strings.NewReader(form.Encode()))
	must(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(w.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(w.t, err)
	to, _ := resp.Location()
	return resp.StatusCode, to, string(body)
}

const verifier = "a-long-verifier-that-nobody-can-guess-0123456789"

// authorizePath is where the browser starts a log-in.
func (w *world) authorizePath() string {
	id, _ := w.app.OAuth()
	sum := sha256.Sum256([]byte(verifier))
	return "/login/oauth/authorize?" + url.Values{"client_id": {id}, "redirect_uri": {"http://127.0.0.1:1/oauth/back"}, "state": {"s&t"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}.Encode()
}

// code logs somebody in and returns the code.
func (w *world) code(login string) string {
	w.t.Helper()
	status, to, _ := w.browse(w.authorizePath(), url.Values{"login": {login}})
	if status != http.StatusFound || to.Query().Get("state") != "s&t" || to.Path != "/oauth/back" {
		w.t.Fatalf("authorize: %d %v", status, to)
	}
	return to.Query().Get("code")
}

// exchange turns a code into the answer of the token endpoint.
func (w *world) exchange(form url.Values) map[string]any {
	w.t.Helper()
	id, secret := w.app.OAuth()
	for k, v := range map[string]string{"client_id": id, "client_secret": secret} {
		if !form.Has(k) {
			form.Set(k, v)
		}
	}
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.WebURL()+"/login/oauth/access_token", strings.NewReader(form.Encode()))
	must(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(w.t, err)
	defer resp.Body.Close()
	var out map[string]any
	must(w.t, json.NewDecoder(resp.Body).Decode(&out))
	return out
}

func TestLogin(t *testing.T) {
	w := newWorld(t, hub.Options{})
	status, _, page := w.browse(w.authorizePath(), nil)
	if status != 200 || !strings.Contains(page, `value="dev"`) || strings.Contains(page, "sealift[bot]") {
		t.Errorf("page %d %s", status, page)
	}
	code := w.code("dev")
	out := w.exchange(url.Values{"code": {code}, "code_verifier": {verifier}, "redirect_uri": {"http://127.0.0.1:1/oauth/back"}})
	user := fmt.Sprint(out["access_token"])
	if !strings.HasPrefix(user, "ghu_") {
		t.Fatalf("token answer %v", out)
	}
	w.call("GET", "user", user, "").want(200).is("login", "dev")
	w.call("GET", "user/installations", user, "").want(200).is("total_count", "1")
	w.call("GET", fmt.Sprintf("user/installations/%d/repositories", w.inst), user, "").want(200).is("repositories.0.full_name", repository)
	w.call("GET", "repos/"+repository, user, "").want(200)
	w.call("GET", "user", w.token, "").want(403)
	w.call("GET", "user", "", "").want(401)

	stranger := fmt.Sprint(w.exchange(url.Values{"code": {w.code("stranger")}, "code_verifier": {verifier}})["access_token"])
	w.call("GET", "repos/"+repository, stranger, "").want(404)
	w.call("GET", "user/installations", stranger, "").want(200).is("total_count", "0")

	again := w.exchange(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {fmt.Sprint(out["refresh_token"])}})
	w.call("GET", "user", fmt.Sprint(again["access_token"]), "").want(200)
	must(t, w.app.Uninstall(w.inst))
	w.call("GET", "repos/"+repository, user, "").want(404)
	w.events()
}

func TestRefusedLogins(t *testing.T) {
	now := time.Now()
	w := newWorld(t, hub.Options{Now: func() time.Time { return now }})
	refused := func(what, want string, form url.Values) {
		t.Helper()
		if out := w.exchange(form); out["error"] != want {
			t.Errorf("%s: %v, want %s", what, out, want)
		}
	}
	code := w.code("dev")
	refused("wrong secret", "incorrect_client_credentials", url.Values{"code": {code}, "client_secret": {"x"}})
	refused("wrong code", "bad_verification_code", url.Values{"code": {"x"}})
	refused("wrong verifier", "bad_verification_code", url.Values{"code": {code}, "code_verifier": {"x"}})
	refused("a spent code", "bad_verification_code", url.Values{"code": {code}, "code_verifier": {verifier}})
	refused("other redirect", "redirect_uri_mismatch", url.Values{"code": {w.code("dev")}, "code_verifier": {verifier}, "redirect_uri": {"http://evil"}})
	code = w.code("dev")
	now = now.Add(11 * time.Minute)
	refused("an old code", "bad_verification_code", url.Values{"code": {code}, "code_verifier": {verifier}})

	id, _ := w.app.OAuth()
	for what, q := range map[string]url.Values{
		"unknown client":  {"client_id": {"x"}},
		"foreign target":  {"client_id": {id}, "redirect_uri": {"http://evil/oauth"}},
		"dots":            {"client_id": {id}, "redirect_uri": {"http://127.0.0.1:1/oauth/../x"}},
		"plain challenge": {"client_id": {id}, "code_challenge": {"x"}, "code_challenge_method": {"plain"}},
	} {
		if status, _, _ := w.browse("/login/oauth/authorize?"+q.Encode(), nil); status != 404 {
			t.Errorf("%s: %d, want 404", what, status)
		}
	}
	if status, _, _ := w.browse(w.authorizePath(), url.Values{"login": {"acme"}}); status != 404 {
		t.Errorf("an organisation logged in: %d", status)
	}
	w.events()
}

func TestManifestFlow(t *testing.T) {
	w := newWorld(t, hub.Options{})
	manifest := `{"name":"My Bot","url":"http://127.0.0.1:1/","redirect_url":"http://127.0.0.1:1/setup?x=1","hook_attributes":{"url":"http://127.0.0.1:1/webhook"},"default_permissions":{"contents":"write"},"default_events":["push"],"callback_urls":["http://127.0.0.1:1/oauth"]}`
	status, _, page := w.browse("/organizations/acme/settings/apps/new?state=abc", url.Values{"manifest": {manifest}})
	if status != 200 || !strings.Contains(page, `value="My Bot"`) || !strings.Contains(page, "<option>acme</option>") {
		t.Fatalf("page %d %s", status, page)
	}
	status, to, body := w.browse("/settings/apps/create", url.Values{"manifest": {manifest}, "state": {"abc"}, "name": {"My Bot"}, "owner": {"acme"}})
	if status != http.StatusFound || to.Query().Get("state") != "abc" || to.Query().Get("x") != "1" {
		t.Fatalf("create: %d %v %s", status, to, body)
	}
	conversion := "app-manifests/" + to.Query().Get("code") + "/conversions"
	r := w.call("POST", conversion, "", "").want(201).is("slug", "my-bot").is("owner.login", "acme").is("permissions.contents", "write")
	if !strings.HasPrefix(r.str("pem"), "-----BEGIN RSA PRIVATE KEY-----") || r.str("webhook_secret") == "" || r.str("client_secret") == "" {
		t.Error("the conversion has no credentials")
	}
	w.call("POST", conversion, "", "").want(404)
	if status, to, _ := w.browse("/apps/my-bot/installations/new", url.Values{"account": {"acme"}}); status != http.StatusFound {
		t.Errorf("install: %d %v", status, to)
	}
	for _, bad := range []string{`{`, `{"url":"x","redirect_url":"/y"}`, `{"redirect_url":"http://a/"}`, `{"url":"x","redirect_url":"http://a/","default_permissions":{"a":"all"}}`} {
		if status, _, _ := w.browse("/settings/apps/new", url.Values{"manifest": {bad}}); status != 422 {
			t.Errorf("manifest %s: %d, want 422", bad, status)
		}
	}
	if err := w.Idle(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestManifestNamesAreUnique(t *testing.T) {
	w := newWorld(t, hub.Options{})
	if _, err := w.Register(hub.AppConfig{Name: "sealift", Key: hubtest.Key(t)}); err == nil {
		t.Error("two Apps of one name")
	}
	w.events()
}
