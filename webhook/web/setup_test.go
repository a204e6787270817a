package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/webhook/web"
)

// field returns the first value that a pattern finds in a page, unescaped.
func (a answer) field(pattern string) string {
	a.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(a.body)
	if m == nil {
		a.t.Fatalf("%s: no %s in\n%s", a.what, pattern, a.body)
	}
	return html.UnescapeString(m[1])
}

// register goes from the form to GitHub and returns the redirect back.
func (b *browser) register(form url.Values) answer {
	b.w.t.Helper()
	review := b.post("/setup", form).want(200)
	action, manifest := review.field(`<form method="post" action="([^"]*)">`), review.field(`name="manifest" value="([^"]*)"`)
	if !strings.HasPrefix(action, b.w.WebURL()+"/") {
		b.w.t.Fatalf("the form goes to %s", action)
	}
	page := b.post(action, url.Values{"manifest": {manifest}}).want(200)
	return b.post(b.w.WebURL()+"/settings/apps/create", url.Values{
		"manifest": {manifest}, "state": {page.field(`name="state" value="([^"]*)"`)}, "name": {form.Get("name")}, "owner": {"acme"},
	}).want(302)
}

// TestSetup registers an App from the printed address to the stored credentials.
func TestSetup(t *testing.T) {
	var stored []web.Credentials
	w := newSetup(t, func(s *web.Setup) {
		s.Store = func(_ context.Context, c web.Credentials) error { stored = append(stored, c); return nil }
	})
	w.browser().get("/").want(200).has("Not set up yet")
	b := w.browser()
	address := w.pages.SetupURL()
	a := b.get(address).want(303)
	if a.to.RequestURI() != "/setup" {
		t.Fatalf("the token stays in the address: %v", a.to)
	}
	b.follow(a).want(200).has(`value="Sealift"`).has("data directory")

	form := url.Values{"name": {"Our Sealift"}, "organisation": {"acme"}, "keep": {"store"}}
	review := b.post("/setup", form).want(200).has("contents: write").has("pull request")
	if csp := review.header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "form-action 'self' "+w.WebURL()) {
		t.Errorf("policy %s", csp)
	}
	var m struct {
		URL, RedirectURL, Name string
		Hook                   struct {
			URL    string
			Active bool
		} `json:"hook_attributes"`
		Redirect  string   `json:"redirect_url"`
		Callbacks []string `json:"callback_urls"`
	}
	must(t, json.Unmarshal([]byte(review.field(`name="manifest" value="([^"]*)"`)), &m))
	at := w.srv.URL
	if m.URL != at || m.Hook.URL != at+"/webhook" || !m.Hook.Active || m.Redirect != at+"/setup/callback" || m.Callbacks[0] != at+"/login/callback" || m.Name != "Our Sealift" {
		t.Errorf("manifest %+v", m)
	}
	if action := review.field(`action="([^"]*)"`); !strings.HasPrefix(action, w.WebURL()+"/organizations/acme/settings/apps/new?state=") {
		t.Errorf("form to %s", action)
	}

	back := b.register(form)
	done := b.follow(back).want(200).has("are stored").has("It restarts now.").has("/apps/our-sealift/installations/new")
	if len(stored) != 1 || stored[0].Slug != "our-sealift" || !strings.HasPrefix(stored[0].PrivateKey, "-----BEGIN RSA") {
		t.Fatalf("stored %v", stored)
	}
	c := stored[0]
	for _, secret := range []string{c.ClientSecret, c.WebhookSecret, c.PrivateKey[40:80]} {
		if secret == "" || strings.Contains(done.body, secret) {
			t.Error("a stored credential is missing, or shown")
		}
		w.quiet(secret)
	}
	w.quiet(strings.TrimPrefix(address, w.srv.URL+"/setup?token="))

	// A second use, in every way.
	b.follow(back).want(404)
	b.get(address).want(404)
	b.get("/setup").want(404)
	b.post("/setup", form).want(404)
	if w.pages.SetupURL() != "" || len(stored) != 1 {
		t.Error("the set-up is not over")
	}
	w.browser().get("/").want(200).has("/help")
}

// TestSetupForASecret shows credentials once instead of storing them, where that was
// asked for or nothing stores them.
func TestSetupForASecret(t *testing.T) {
	for name, store := range map[string]func(context.Context, web.Credentials) error{
		"asked for": func(context.Context, web.Credentials) error { t.Error("stored"); return nil },
		"no store":  nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := newSetup(t, func(s *web.Setup) { s.Store = store })
			b := w.browser()
			b.get(w.pages.SetupURL()).want(303)
			back := b.register(url.Values{"name": {"Sealift"}, "keep": {"show"}})
			a := b.follow(back).want(200).has("kubectl create -f -")
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("a page with secrets may be cached")
			}
			wantSecret(t, a)
			b.follow(back).want(404)
		})
	}
}

// wantSecret wants the page to have a whole Kubernetes Secret.
func wantSecret(t *testing.T, a answer) {
	t.Helper()
	var s struct {
		Kind       string
		Metadata   struct{ Name string }
		StringData map[string]string `yaml:"stringData"`
	}
	must(t, yaml.Unmarshal([]byte(a.field(`(?s)<textarea[^>]*>(.*?)</textarea>`)), &s))
	if s.Kind != "Secret" || s.Metadata.Name != "sealift-app" || !strings.HasSuffix(s.StringData["private-key.pem"], "-----END RSA PRIVATE KEY-----\n") {
		t.Error("the Secret is not whole")
	}
	for _, key := range []string{"app-id", "client-id", "client-secret", "webhook-secret"} {
		if s.StringData[key] == "" {
			t.Errorf("the Secret has no %s", key)
		}
	}
}

// TestFullDisk: GitHub hands credentials out once, so they are not lost.
func TestFullDisk(t *testing.T) {
	w := newSetup(t, func(s *web.Setup) {
		s.Store = func(context.Context, web.Credentials) error { return errors.New("no space left") }
	})
	b := w.browser()
	b.get(w.pages.SetupURL()).want(303)
	wantSecret(t, b.follow(b.register(url.Values{"name": {"Sealift"}, "keep": {"store"}})).want(200).has("could not be stored"))
}

// TestSetupIsTheOperators lets nobody register who does not have the token.
func TestSetupIsTheOperators(t *testing.T) {
	w := newSetup(t, func(s *web.Setup) {})
	operator, stranger := w.browser(), w.browser()
	operator.get(w.pages.SetupURL()).want(303)
	form := url.Values{"name": {"Sealift"}}
	back := operator.register(form)

	stranger.get("/setup").want(403).has("the service wrote to its log")
	stranger.get("/setup?token=").want(403)
	stranger.get("/setup?token=wrong").want(403)
	stranger.post("/setup", form).want(403)
	stranger.post("/setup?token=x", form).want(403)
	stranger.follow(back).want(403)
	stranger.setCookie("__Host-sealift-setup", "AAAA")
	stranger.get("/setup").want(403)
	operator.post("/setup", form, "Origin", "https://evil.example").want(403)

	operator.get("/setup/callback?code=x&state=wrong").want(400)
	operator.get("/setup/callback?code=x").want(400)
	operator.follow(back).want(200)

	for range 30 {
		stranger.get("/setup?token=wrong")
	}
	if a := w.browser().get("/setup?token=wrong"); a.status != 404 {
		t.Errorf("after the set-up: %d", a.status)
	}
}

// TestGuessingIsLimited limits wrong tokens.
func TestGuessingIsLimited(t *testing.T) {
	w := newSetup(t, func(s *web.Setup) {})
	b := w.browser()
	for range 30 {
		b.get("/setup?token=wrong")
	}
	b.get("/setup?token=wrong").want(429)
}

// TestSetupEnds ends a set-up with its time, and takes each answer of GitHub once.
func TestSetupEnds(t *testing.T) {
	w := newSetup(t, func(s *web.Setup) {})
	b := w.browser()
	b.get(w.pages.SetupURL()).want(303)
	back := b.register(url.Values{"name": {"Sealift"}})
	kept := b.cookies()["__Host-sealift-setup"]
	w.advance(time.Hour)
	b.setCookie("__Host-sealift-setup", kept)
	b.follow(back).want(403) // the browser has to show the token again
	b.get(w.pages.SetupURL()).want(303)
	b.follow(back).want(400) // the state ended too

	again := b.register(url.Values{"name": {"Sealift two"}})
	q := again.to.Query()
	q.Set("code", "0123456789")
	b.get("/setup/callback?" + q.Encode()).want(400).has("did not accept")
	b.follow(again).want(400) // the state is spent
	if w.pages.SetupURL() == "" {
		t.Error("the set-up is over without an App")
	}
}

// TestBadForms refuses what GitHub would refuse, before it is asked.
func TestBadForms(t *testing.T) {
	w := newSetup(t, func(s *web.Setup) {})
	b := w.browser()
	b.get(w.pages.SetupURL()).want(303)
	for what, form := range map[string]url.Values{
		"no name": {"name": {" "}}, "long name": {"name": {strings.Repeat("x", 35)}}, "path in the organisation": {"name": {"x"}, "organisation": {"../../evil"}},
		"organisation with a query": {"name": {"x"}, "organisation": {"a?b"}}, "large": {"name": {"x"}, "organisation": {strings.Repeat("a", 1<<20)}},
	} {
		if a := b.post("/setup", form); a.status != 400 {
			t.Errorf("%s: %d", what, a.status)
		}
	}
	b.post("/setup", url.Values{"name": {`"><script>alert(1)</script>`}}).want(200).has("&lt;script&gt;")
}

// TestManyStates: a browser that begins again and again holds no memory.
func TestManyStates(t *testing.T) {
	w := newSetup(t, func(s *web.Setup) {})
	b := w.browser()
	b.get(w.pages.SetupURL()).want(303)
	first := b.register(url.Values{"name": {"Sealift"}})
	for range 20 {
		w.advance(time.Second)
		b.post("/setup", url.Values{"name": {"Sealift two"}}).want(200)
	}
	b.follow(first).want(400)
}

// TestUnreachable is a service on loopback that is to be registered on github.com.
func TestUnreachable(t *testing.T) {
	w := newHub(t)
	w.serve(false, func(o *web.Options) {
		o.WebURL, o.Setup = "", &web.Setup{Manifest: appManifest(t), Converter: converter{}}
	})
	b := w.browser()
	b.follow(b.get(w.pages.SetupURL()).want(303)).want(200).has("GitHub cannot reach this address").has("--public-url")
	review := b.post("/setup", url.Values{"name": {"Sealift"}}).want(200)
	if action := review.field(`<form method="post" action="([^"]*)">`); !strings.HasPrefix(action, "https://github.com/settings/apps/new?state=") {
		t.Errorf("form to %s", action)
	}
	if m := review.field(`name="manifest" value="([^"]*)"`); !strings.Contains(m, `"active":false`) {
		t.Errorf("the webhook is active: %s", m)
	}
}
