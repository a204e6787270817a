package web_test

import (
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/web"
)

var page = web.ReportPath("acme", "gitops", 7, base, head)

// TestReportPageNeedsLogin sends to GitHub and back to the page, and keeps tokens out
// of cookies and the log.
func TestReportPageNeedsLogin(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	a := b.get(page).want(303)
	if a.to.Path != "/login" || a.to.Query().Get("return_to") != page {
		t.Fatalf("sent to %v", a.to)
	}
	a = b.follow(a).want(303)
	q := a.to.Query()
	if !strings.HasPrefix(a.to.String(), w.WebURL()+"/login/oauth/authorize?") || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 {
		t.Fatalf("sent to %v", a.to)
	}
	a = b.follow(b.post(a.to.String(), url.Values{"login": {"dev"}})).want(303)
	if a.to.String() != w.srv.URL+page {
		t.Fatalf("sent back to %v", a.to)
	}
	b.follow(a).want(200).has("acme/gitops #7").has("dev</span>")
	if !slices.Equal(w.asked, []string{page}) {
		t.Errorf("reports asked for: %q", w.asked)
	}
	for name, value := range b.cookies() {
		w.quiet(value)
		if strings.Contains(value, "ghu_") {
			t.Errorf("cookie %s has the token in the clear", name)
		}
	}
	if strings.Contains(w.logs.String(), "ghu_") || strings.Contains(w.logs.String(), "code=") {
		t.Error("the log has a token or code")
	}
}

// TestCookieFlags gives every cookie the flags and the prefix that keep it where it is.
func TestCookieFlags(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	flow := b.get("/login").want(303).header.Get("Set-Cookie")
	done := b.login("/", "dev").header.Values("Set-Cookie")
	for _, c := range append(done, flow) {
		name, _, _ := strings.Cut(c, "=")
		if !strings.HasPrefix(name, "__Host-sealift-") {
			t.Errorf("cookie %s is not bound to the host", name)
		}
		for _, flag := range []string{"; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age="} {
			if !strings.Contains(c+";", flag) {
				t.Errorf("cookie %s has no%s", name, flag)
			}
		}
		if strings.Contains(c, "Domain") {
			t.Errorf("cookie %s has a domain", name)
		}
	}
	if len(done) != 2 {
		t.Errorf("the callback sets %d cookies, want the session, and the flow's end", len(done))
	}
}

// TestPlainLoopback is the demo: no https, so no cookie that wants it.
func TestPlainLoopback(t *testing.T) {
	w := newHub(t)
	w.serve(false, func(o *web.Options) { o.Login = oneWay{} })
	c := w.browser().get("/login").want(303).header.Get("Set-Cookie")
	if !strings.HasPrefix(c, "sealift-login-") || strings.Contains(c, "Secure") || !strings.Contains(c, "HttpOnly") {
		t.Errorf("cookie %q", c)
	}
}

// oneWay begins log-ins and ends none.
type oneWay struct{ web.Login }

func (oneWay) LoginURL(state, _, _ string) string { return "https://github.example/?state=" + state }

// TestRefusedCallbacks takes no answer of GitHub that this browser did not ask for.
func TestRefusedCallbacks(t *testing.T) {
	w := newWorld(t)
	callback := func(b *browser, u *url.URL, state string) answer {
		q := u.Query()
		q.Set("state", state)
		return b.get("/login/callback?" + q.Encode())
	}
	refused := func(what string, b *browser, a answer, status int) {
		t.Helper()
		if a.status != status || b.cookies()["__Host-sealift-session"] != "" {
			t.Errorf("%s: %d, want %d and no session", what, a.status, status)
		}
	}
	b := w.browser()
	back := b.authorize(page, "dev")
	state := back.to.Query().Get("state")
	refused("no state", b, callback(b, back.to, ""), 400)
	refused("another state", b, callback(b, back.to, state[:8]+strings.Repeat("A", 18)), 400)
	refused("odd state", b, callback(b, back.to, "; Path=/x"), 400)
	other := w.browser()
	refused("another browser", other, callback(other, back.to, state), 400)
	refused("cancelled", other, other.get("/login/callback?error=access_denied&state="+url.QueryEscape(state)), 400)

	late := w.browser()
	u := late.authorize(page, "dev").to
	w.advance(11 * time.Minute)
	refused("too late", late, callback(late, u, u.Query().Get("state")), 400)

	no := w.browser()
	u = no.get("/login").want(303).to
	refused("cancelled at GitHub", no, no.get("/login/callback?error=access_denied&state="+u.Query().Get("state")), 403)
}

// TestReplayedCode takes a callback once.
func TestReplayedCode(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	back := b.authorize(page, "dev")
	flow := b.cookies()
	b.follow(back).want(303)
	b.follow(back).want(400) // its state is spent

	thief := w.browser() // has the whole address, and even the cookie
	for name, value := range flow {
		thief.setCookie(name, value)
	}
	thief.follow(back).want(403).has("did not accept").has("/login?return_to=")
	if _, ok := thief.cookies()["__Host-sealift-session"]; ok {
		t.Error("a spent code gave a session")
	}
}

// TestForeignCode is login CSRF: a victim is sent to the callback with the code of
// the attacker.
func TestForeignCode(t *testing.T) {
	w := newWorld(t)
	attacker, victim := w.browser(), w.browser()
	code := attacker.authorize(page, "stranger").to.Query().Get("code")
	own := victim.get("/login").want(303)
	victim.get("/login/callback?" + url.Values{"code": {code}, "state": {own.to.Query().Get("state")}}.Encode()).want(403) // PKCE
}

// TestTabsDoNotDisturbEachOther logs in from two tabs at the same time.
func TestTabsDoNotDisturbEachOther(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	one, two := b.authorize(page, "dev"), b.authorize("/", "dev")
	if a := b.follow(one).want(303); a.to.Path != page {
		t.Errorf("first tab sent to %v", a.to)
	}
	if a := b.follow(two).want(303); a.to.Path != "/" {
		t.Errorf("second tab sent to %v", a.to)
	}
}

// TestSessionsEnd ends a session with its time and with the log-out; a cookie that was
// changed is none.
func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.login(page, "dev")
	b.get(page).want(200)
	kept := b.cookies()["__Host-sealift-session"]
	w.advance(time.Hour)
	b.setCookie("__Host-sealift-session", kept) // whatever the browser does
	b.get(page).want(303)

	b.login(page, "dev")
	b.get(page).want(200)
	kept = b.cookies()["__Host-sealift-session"]
	b.post("/logout", url.Values{}).want(303)
	if len(b.cookies()) != 0 {
		t.Errorf("cookies after the log-out: %v", slices.Collect(maps.Keys(b.cookies())))
	}
	b.get(page).want(303)

	last := kept[len(kept)-1:]
	for what, value := range map[string]string{"changed": kept[:20] + flip(kept[20:21]) + kept[21:], "cut": kept[:30], "empty": "", "no base64": "%%%", "longer": kept + last} {
		b.setCookie("__Host-sealift-session", value)
		if a := b.get(page); a.status != 303 {
			t.Errorf("%s cookie: %d", what, a.status)
		}
	}
}

func flip(s string) string {
	if s == "A" {
		return "B"
	}
	return "A"
}

// TestCookiesAreNotInterchangeable puts the cookie of a log-in under way where the
// session is.
func TestCookiesAreNotInterchangeable(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/login").want(303)
	for _, value := range b.cookies() {
		b.setCookie("__Host-sealift-session", value)
	}
	b.get(page).want(303)
}

// TestAppGone is an App that was removed from the repository.
func TestAppGone(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.login(page, "dev")
	b.get(page).want(200)
	must(t, w.app.Uninstall(w.inst))
	b.get(page).want(404)
}

// TestTokenEnds is a log-in that ends at GitHub before it ends here.
func TestTokenEnds(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.login(page, "dev")
	w.down = &gitops.Error{Code: gitops.Denied, Cause: ghapp.CauseToken, Message: "log-in at GitHub ended"}
	a := b.get(page).want(403).has("log-in at GitHub ended").has(html.EscapeString("/login?return_to=" + url.QueryEscape(page)))
	if strings.Contains(a.body, "Log out") || len(b.cookies()) != 0 {
		t.Error("the session is still there")
	}
}

// TestGitHubIsDown tells nobody anything, and offers no log-in that would not help.
func TestGitHubIsDown(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	back := b.authorize(page, "dev")
	w.down = gitops.Errorf(gitops.Unavailable, "secret-detail")
	a := b.follow(back).want(503)
	if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "/login?") || strings.Contains(a.body, "secret-detail") {
		t.Errorf("answer %v\n%s", a.header, a.body)
	}
	w.down = nil
	b.login(page, "dev")
	w.down = gitops.Errorf(gitops.Limited, "secret-detail")
	if a := b.get(page).want(503); strings.Contains(a.body, "secret-detail") {
		t.Error("the page tells what is behind")
	}
}

// TestOpenRedirects returns to our own pages only.
func TestOpenRedirects(t *testing.T) {
	w := newWorld(t)
	for _, to := range []string{
		"https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example", "http:evil.example", "javascript:alert(1)", "/%2fevil.example",
		"/%5cevil.example", "/../evil", "/r/../..//evil", "/\tevil", "/\nSet-Cookie: a=b", "evil", "?x", "#x", "", "https://user@evil", "/%0d%0aX: y", "/" + strings.Repeat("x", 2000),
	} {
		a := w.browser().login(to, "dev")
		w.advance(time.Minute) // or the limit of attempts is met
		if got := a.to.String(); got != w.srv.URL+"/" || a.header.Get("X") != "" {
			t.Errorf("return_to %q leads to %s", to, got)
		}
	}
	if a := w.browser().login(page+"?x=1", "dev"); a.to.String() != w.srv.URL+page {
		t.Errorf("a good path leads to %v", a.to)
	}
}

// TestLimitOfAttempts limits log-ins by address, whatever a header says, and nothing
// else.
func TestLimitOfAttempts(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for range 20 {
		b.get("/login").want(303)
	}
	a := b.get("/login").want(429)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	b.get("/login/callback?code=x&state=y").want(429)
	b.get("/").want(200)
	b.send("GET", "/login", nil, "X-Forwarded-For", "192.0.2.7").want(429) // nobody's proxy
	w.advance(3 * time.Second)
	b.get("/login").want(303)
	b.get("/login").want(429)
}

// TestForeignForms takes no form that another site sends.
func TestForeignForms(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.login(page, "dev")
	b.post("/logout", url.Values{}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(403)
	b.post("/logout", url.Values{}, "Origin", "https://evil.example").want(403)
	b.get(page).want(200)
	b.send("DELETE", "/logout", nil).want(404)
}
