package ghapp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub"
)

// noRedirects shows where a browser would be sent.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// login does what a browser does, and returns the code it comes back with.
func login(t *testing.T, address, who string) string {
	t.Helper()
	c := &http.Client{CheckRedirect: noRedirects}
	resp, err := c.PostForm(address, url.Values{"login": {who}})
	must(t, err)
	resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	must(t, err)
	if back.Query().Get("state") != "st" {
		t.Errorf("came back with %s", back)
	}
	return back.Query().Get("code")
}

// TestLogin gets a person's token with PKCE, and knows what the person may read.
func TestLogin(t *testing.T) {
	w := newWorld(t, hub.Options{})
	const verifier, callback = "a-verifier-that-is-long-enough-for-everybody-1", "http://127.0.0.1:1/oauth"
	sum := sha256.Sum256([]byte(verifier))
	address := w.gh.LoginURL("st", base64.RawURLEncoding.EncodeToString(sum[:]), callback)
	for who, reads := range map[string]bool{"dev": true, "stranger": false} {
		code := login(t, address, who)
		got, err := w.gh.Exchange(t.Context(), code, verifier, callback)
		must(t, err)
		if got.User.Login != who || got.User.ID == 0 || !got.Ends.After(time.Now()) {
			t.Errorf("login %+v", got.User)
		}
		may, err := w.gh.CanRead(t.Context(), got.Token, w.repo.Repository())
		if err != nil || may != reads {
			t.Errorf("CanRead of %s = %v, %v", who, may, err)
		}
		other := w.repo.Repository()
		other.ID++
		if may, err := w.gh.CanRead(t.Context(), got.Token, other); err != nil || may {
			t.Errorf("CanRead of another repository of that name = %v, %v", may, err)
		}
		_, err = w.gh.Exchange(t.Context(), code, verifier, callback)
		wantError(t, err, gitops.Denied, "log-in not accepted")
		w.ExpireTokens()
		_, err = w.gh.CanRead(t.Context(), got.Token, w.repo.Repository())
		wantError(t, err, gitops.Denied, "log-in")
	}
	_, err := w.gh.Exchange(t.Context(), login(t, address, "dev"), "another verifier", callback)
	wantError(t, err, gitops.Denied)
}

// TestConvert gets the credentials of an App that was made from a manifest, once.
func TestConvert(t *testing.T) {
	w := newWorld(t, hub.Options{})
	manifest := `{"name":"New One","url":"https://bot.example","redirect_url":"http://127.0.0.1:1/setup","hook_attributes":{"url":"https://bot.example/webhook"},"default_permissions":{"contents":"read"},"default_events":["push"]}`
	c := &http.Client{CheckRedirect: noRedirects}
	resp, err := c.PostForm(w.WebURL()+"/settings/apps/create", url.Values{"manifest": {manifest}, "owner": {"admin"}, "state": {"st"}})
	must(t, err)
	resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	must(t, err)
	cfg := ghapp.Config{APIURL: w.APIURL(), WebURL: w.WebURL()}
	got, err := ghapp.Convert(t.Context(), cfg, back.Query().Get("code"))
	must(t, err)
	if got.ID == 0 || got.Slug != "new-one" || got.ClientID == "" || got.ClientSecret == "" || got.WebhookSecret == "" || !strings.Contains(got.PrivateKeyPEM, "PRIVATE KEY") {
		t.Error("credentials are missing")
	}
	cfg.AppID, cfg.PrivateKey = got.ID, []byte(got.PrivateKeyPEM)
	app, err := ghapp.New(cfg)
	must(t, err)
	if self, err := app.Self(t.Context()); err != nil || self.Slug != "new-one" { // it is installed nowhere
		t.Errorf("Self = %+v, %v", self, err)
	}
	_, err = ghapp.Convert(t.Context(), cfg, back.Query().Get("code"))
	wantError(t, err, gitops.NotFound, "app-manifests/*/conversions")
	if strings.Contains(err.Error(), back.Query().Get("code")) {
		t.Error("the code is in the error")
	}
}

// TestDeliveries finds deliveries that failed since a time, and has one sent again.
func TestDeliveries(t *testing.T) {
	start := time.Now().Add(-time.Minute)
	w := newWorld(t, hub.Options{})
	down := "http://127.0.0.1:1/webhook"
	w.app.SetWebhook(down, "s")
	must(t, w.app.Suspend(w.inst)) // installation events are always sent
	must(t, w.app.Unsuspend(w.inst))
	must(t, w.Idle(t.Context()))
	var failed []ghapp.Delivery
	for d, err := range w.gh.Deliveries(t.Context(), start) {
		must(t, err)
		if !d.OK() && !d.Again && d.Event == "installation" {
			failed = append(failed, d)
		}
	}
	if len(failed) < 2 || failed[0].GUID == "" || failed[0].At.IsZero() {
		t.Fatalf("failed deliveries %+v", failed)
	}
	must(t, w.gh.Redeliver(t.Context(), failed[0].ID)) // answered with 202
	must(t, w.Idle(t.Context()))
	again := 0
	for d, err := range w.gh.Deliveries(t.Context(), start) {
		must(t, err)
		if d.Again && d.GUID == failed[0].GUID {
			again++
		}
	}
	if again != 1 {
		t.Errorf("%d redeliveries", again)
	}
	for range w.gh.Deliveries(t.Context(), time.Now().Add(time.Hour)) {
		t.Error("a delivery of the future")
	}
	wantError(t, w.gh.Redeliver(t.Context(), 1), gitops.NotFound)
}
