package web_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/web"
)

// TestHeaders has the same strict headers on every page, errors too.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.login(page, "dev")
	for _, path := range []string{"/", page, "/nothing", "/login", "/login/callback", "/assets/style.css", "/assets/nothing", "/setup"} {
		h := b.get(path).header
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; style-src 'self';") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") ||
			!strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "base-uri 'none'") || !strings.Contains(csp, "form-action 'self'") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
		if cache := h.Get("Cache-Control"); cache != "no-store" && path != "/assets/style.css" {
			t.Errorf("%s: Cache-Control %q", path, cache)
		}
	}
}

// TestNothingFromElsewhere reads every page for what a browser would load.
func TestNothingFromElsewhere(t *testing.T) {
	loads := regexp.MustCompile(`(?i)(?:src|<link[^>]*href)\s*=\s*"([^"]*)"|style="|<script|<style|@import|url\(|\son\w+=`)
	w := newWorld(t)
	b := w.browser()
	b.login(page, "dev")
	for _, path := range []string{"/", page, "/nothing", "/assets/style.css", "/assets/icon.svg"} {
		for _, m := range loads.FindAllStringSubmatch(b.get(path).body, -1) {
			if !strings.HasPrefix(m[1], "/assets/") {
				t.Errorf("%s loads %q", path, m[0])
			}
			b.get(m[1]).want(200)
		}
	}
}

// TestHome shows the App and who is logged in; without a set-up there are no pages of
// one.
func TestHome(t *testing.T) {
	w := newWorld(t)
	a := w.browser().get("/").want(200).has("sealift v1").has(w.WebURL() + "/apps/sealift").has("/help")
	if strings.Contains(a.body, "Log out") || strings.Contains(a.body, "set up") {
		t.Error("the page shows what is not")
	}
	b := w.browser()
	b.login("/", "dev")
	b.get("/").has("Log out").has("dev")
	w.browser().get("/setup").want(404) // there is an App
	w.browser().get("/setup/callback?code=a&state=b").want(404)
	w.browser().send("POST", "/setup", nil).want(404)
}

// TestAssets serves files with an ETag, and nothing beside them.
func TestAssets(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	a := b.get("/assets/style.css").want(200)
	if a.header.Get("Content-Type") != "text/css; charset=utf-8" || a.header.Get("ETag") == "" {
		t.Errorf("headers %v", a.header)
	}
	b.send("GET", "/assets/style.css", nil, "If-None-Match", a.header.Get("ETag")).want(304)
	for _, name := range []string{"..%2ftemplates%2fhome.html", "%2e%2e", "."} {
		if a := b.get("/assets/" + name); a.status == 200 {
			t.Errorf("asset %q is served", name)
		}
	}
}

// TestBadOptions refuses pages that could not be safe.
func TestBadOptions(t *testing.T) {
	key := [32]byte{1}
	for what, o := range map[string]web.Options{
		"no address":        {Key: key},
		"path":              {Key: key, PublicURL: "https://a/b"},
		"other scheme":      {Key: key, PublicURL: "ftp://a"},
		"user":              {Key: key, PublicURL: "https://a@b"},
		"http from outside": {Key: key, PublicURL: "http://sealift.example.com"},
		"GitHub":            {Key: key, PublicURL: "https://a", WebURL: "github.com"},
		"no key":            {PublicURL: "https://a"},
		"no manifest":       {Key: key, PublicURL: "https://a", Setup: &web.Setup{Converter: converter{}}},
		"null manifest":     {Key: key, PublicURL: "https://a", Setup: &web.Setup{Converter: converter{}, Manifest: []byte("null")}},
		"no converter":      {Key: key, PublicURL: "https://a", Setup: &web.Setup{Manifest: []byte("{}")}},
	} {
		if _, err := web.New(o); gitops.CodeOf(err) != gitops.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}
