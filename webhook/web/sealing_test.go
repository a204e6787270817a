package web_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
)

// value is ciphertext in form, made with a key of 2048 bits.
var value = base64.StdEncoding.EncodeToString(slices.Concat([]byte{1, 0}, make([]byte, 256+16+4)))

// sample is a submission in form.
func sample() map[string]any {
	return map[string]any{
		"environment": "dev", "overlay": "apps/web/overlays/dev", "namespace": "web", "name": "db", "type": "Opaque", "scope": "strict",
		"fingerprint": strings.Repeat("0a", 32), "items": map[string]any{"k": value}, "existing": "", "ownPull": false,
	}
}

// visitor is somebody with the form open, and what the form was given.
type visitor struct {
	*browser
	s    *sealWorld
	csrf string
}

func (s *sealWorld) visitor(login string) *visitor {
	s.t.Helper()
	v := &visitor{browser: s.browser(), s: s}
	v.login(s.path, login)
	return v
}

var csrfValue = regexp.MustCompile(`"csrf":"([^"]+)"`)

// open gets the form.
func (v *visitor) open() answer {
	v.s.t.Helper()
	a := v.get(v.s.path).want(200)
	found := csrfValue.FindStringSubmatch(html.UnescapeString(a.body))
	if found == nil {
		v.s.t.Fatalf("no form in %s", a.body)
	}
	v.csrf = found[1]
	return a
}

// submit sends something as the form does.
func (v *visitor) submit(body any, header ...string) answer {
	v.s.t.Helper()
	data, ok := body.(string)
	if !ok {
		raw, err := json.Marshal(body)
		must(v.s.t, err)
		data = string(raw)
	}
	return v.sendBody("POST", v.s.path, data, append([]string{"Content-Type", "application/json", "X-Sealift-Form", v.csrf}, header...)...)
}

// failed is the answer to a submission that is not taken.
type failed struct {
	Code                     gitops.Code
	Message, Hint, Reference string
}

func (a answer) failed() (f failed) {
	a.t.Helper()
	must(a.t, json.Unmarshal([]byte(a.body), &f))
	return f
}

// TestSealForm gives the form what it needs, and headers that keep the link from
// leaking.
func TestSealForm(t *testing.T) {
	w := newSealWorld(t, true)
	v := w.visitor("dev")
	a := v.open().has("acme/gitops #7").has("You are dev").has("apps/web/overlays/dev").has(w.fake.form.Environments[0].Certificate.Fingerprint).has("only admins of acme/gitops")
	for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	policy := a.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none';", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'none'", "form-action 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy+";", part) {
			t.Errorf("policy misses %q: %s", part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(a.body, `name="`+`value`) || regexp.MustCompile(`<(input|textarea|select)[^>]* name=`).MatchString(a.body) {
		t.Error("a field has a name: the browser could send it by itself")
	}
	if loads := regexp.MustCompile(`src="[^"]*"`).FindAllString(a.body, -1); !slices.Equal(loads, []string{`src="/assets/icon.svg"`, `src="/assets/seal.js"`}) {
		t.Errorf("loads %q", loads)
	}
	v.get("/assets/seal.js").want(200)
	v.get(w.path).want(200) // looking does not use it up

	done := v.submit(sample()).want(200)
	if done.header.Get("Content-Type") != "application/json" || !strings.Contains(done.body, `"url":"https://github.com/acme/gitops/pull/7"`) {
		t.Errorf("answer %s", done.body)
	}
	got := w.fake.submitted(t)
	if got.Items["k"] != value || got.Scope != seal.Strict {
		t.Errorf("submitted %+v", got)
	}
	if f := v.submit(sample()).want(404).failed(); f.Message != "This link is not good for you" {
		t.Errorf("once more: %+v", f)
	}
	w.quiet(w.token, value, v.csrf)
}

// TestSealStartsAtGitHub comes without a log-in: the token is in no address that
// leaves.
func TestSealStartsAtGitHub(t *testing.T) {
	w := newSealWorld(t, true)
	b := w.browser()
	a := b.get(w.path).want(303)
	if to := a.to.String(); !strings.HasPrefix(to, w.WebURL()+"/login/oauth/authorize") || strings.Contains(to, w.token) || !strings.Contains(to, "code_challenge_method=S256") {
		t.Errorf("goes to %s", to)
	}
	for name, c := range b.cookies() {
		if !strings.HasPrefix(name, "__Host-") || strings.Contains(c, w.token) {
			t.Errorf("cookie %s", name)
		}
	}
	b.follow(a)
	back := b.post(a.to.String(), map[string][]string{"login": {"dev"}}).want(302)
	if to := b.follow(back).want(303).to; to.Path != w.path {
		t.Errorf("comes back to %s", to)
	}
}

// TestSealRefusesAlike gives everybody else the answer of a link that never was.
func TestSealRefusesAlike(t *testing.T) {
	w := newSealWorld(t, true)
	never := w.path[:len(w.path)-1] + "A"
	stranger, dev := w.visitor("stranger"), w.visitor("dev")
	dev.open()
	want := dev.get(never).want(404).body
	if !strings.Contains(want, "This link is not good for you") {
		t.Errorf("answer %s", want)
	}
	check := func(what string, a answer) {
		t.Helper()
		if a.status != 404 || strings.ReplaceAll(a.body, "stranger", "dev") != want {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	check("somebody else", stranger.get(w.path))
	stranger.csrf = dev.csrf
	if f := stranger.submit(sample()).want(403).failed(); f.Message != "This was not sent by the form" {
		t.Errorf("with another's form: %+v", f)
	}
	for _, odd := range []string{"/seal/x", "/seal/" + w.token + "A", "/seal/" + w.token[:42] + "+", "/seal/..%2f" + w.token} {
		if a := w.browser().get(odd); a.status != 404 {
			t.Errorf("%s: %d", odd, a.status)
		}
	}
	w.advance(31 * time.Minute)
	check("expired", dev.get(w.path))
	dev.submit(sample()).want(404)
	delete(w.fake.links, w.token)
	check("used", dev.get(w.path))
	if len(w.fake.got) != 0 {
		t.Error("something was taken")
	}
	w.quiet(w.token, never)
}

// TestSealForgery sends the form from elsewhere, in every way that is refused.
func TestSealForgery(t *testing.T) {
	w := newSealWorld(t, true)
	v := w.visitor("dev")
	v.open()
	good := v.csrf
	v.submit(sample(), "Sec-Fetch-Site", "cross-site").want(403)
	v.submit(sample(), "Sec-Fetch-Site", "same-site").want(403)
	v.submit(sample(), "Origin", "https://evil.example").want(403)
	v.submit(sample(), "Content-Type", "text/plain").want(400)
	v.submit(sample(), "Content-Type", "application/x-www-form-urlencoded").want(400)
	for _, csrf := range []string{"", "x", good[1:], v.cookies()["__Host-sealift-session"]} {
		v.csrf = csrf
		v.submit(sample()).want(403)
	}
	other := w.path[:len(w.path)-1] + "A"
	w.fake.links[strings.TrimPrefix(other, "/seal/")] = w.linkFor("dev")
	v.csrf = good
	v.sendBody("POST", other, "{}", "Content-Type", "application/json", "X-Sealift-Form", good).want(403)
	loggedOut := &visitor{browser: w.browser(), s: w, csrf: good}
	if f := loggedOut.submit(sample()).want(403).failed(); f.Message != "Your log-in ended" {
		t.Errorf("without log-in: %+v", f)
	}
	if len(w.fake.got) != 0 {
		t.Error("something was taken")
	}
	w.advance(time.Minute) // for the limits
	v.submit(sample()).want(200)
}

// TestSealErrors shows what a person may know of an error, and no more.
func TestSealErrors(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{&gitops.Error{Code: gitops.Denied, Message: "dev may not seal for prod", Hint: "ask admin"}, 403, "dev may not seal for prod"},
		{&gitops.Error{Code: gitops.Stale, Message: "the secret changed meanwhile"}, 409, "the secret changed meanwhile"},
		{&gitops.Error{Code: gitops.Invalid, Message: "name is taken"}, 400, "name is taken"},
		{gitops.Errorf(gitops.NotFound, "link of hidden/repo"), 404, "This link is not good for you"},
		{gitops.Errorf(gitops.Unavailable, "dial hidden"), 503, "cannot be reached now"},
		{gitops.Errorf(gitops.Internal, "bug hidden"), 500, "it is our fault"},
	} {
		w := newSealWorld(t, true)
		v := w.visitor("dev")
		v.open()
		w.fake.err = c.err
		page := v.get(w.path).want(c.status)
		sent := v.submit(sample()).want(c.status)
		for _, a := range []answer{page, sent} {
			if !strings.Contains(a.body, c.text) || strings.Contains(a.body, "hidden") {
				t.Errorf("%v: %s", c.err, a.body)
			}
		}
		w.quiet(w.token)
	}
}

// TestSealLimits counts by person, wherever they come from, and by address, whoever
// it is.
func TestSealLimits(t *testing.T) {
	from := func(b *browser, path string, i int) int {
		return b.send("GET", path, nil, "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i)).status
	}
	w := newSealWorld(t, true)
	dev, stranger := w.visitor("dev"), w.visitor("stranger")
	for i := range 20 {
		if got := from(dev.browser, w.path, i); got != 200 {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	if got := from(dev.browser, w.path, 50); got != 429 {
		t.Errorf("the same person from elsewhere: %d", got)
	}
	w.advance(3 * time.Second)
	dev.open()
	if f := dev.submit(sample(), "X-Forwarded-For", "192.0.2.51").want(429).failed(); f.Code != gitops.Limited {
		t.Errorf("a submission: %+v", f)
	}
	for i := range 20 {
		if got := from(w.browser(), w.path, 1); got != 303 && i == 0 {
			t.Fatalf("nobody, at first: %d", got)
		}
	}
	if got := from(stranger.browser, w.path, 1); got != 429 {
		t.Errorf("another one from the same address: %d", got)
	}
	if got := from(stranger.browser, w.path, 52); got != 404 {
		t.Errorf("another one from another address: %d", got)
	}
}

// TestSealTakesNoPlaintext sends what is not ciphertext in form, in every field.
func TestSealTakesNoPlaintext(t *testing.T) {
	const plain = "plaintext-Of-The-Secret"
	raw, err := base64.StdEncoding.DecodeString(value)
	must(t, err)
	with := func(change func(m map[string]any)) map[string]any {
		m := sample()
		change(m)
		return m
	}
	item := func(v any) map[string]any {
		return with(func(m map[string]any) { m["items"] = map[string]any{"k": v} })
	}
	cases := map[string]any{
		"text":                 item(plain),
		"nothing":              item(""),
		"base64 of text":       item(base64.StdEncoding.EncodeToString([]byte(strings.Repeat(plain, 30)))),
		"base64 of long text":  item(base64.StdEncoding.EncodeToString([]byte(strings.Repeat(plain, 3000)))),
		"one byte short":       item(base64.StdEncoding.EncodeToString(raw[:2+256+15])),
		"small block":          item(base64.StdEncoding.EncodeToString(append([]byte{0, 128}, raw...))),
		"huge block":           item(base64.StdEncoding.EncodeToString(append([]byte{8, 1}, make([]byte, 3000)...))),
		"line break":           item(value[:8] + "\n" + value[8:]),
		"other alphabet":       item("_" + value[1:]),
		"no padding":           item(strings.TrimRight(value, "=")),
		"number":               item(5),
		"object":               item(map[string]any{"value": plain}),
		"no values":            with(func(m map[string]any) { m["items"] = map[string]any{} }),
		"null":                 with(func(m map[string]any) { m["items"] = nil }),
		"unknown field":        with(func(m map[string]any) { m["values"] = map[string]any{"k": plain} }),
		"stringData":           with(func(m map[string]any) { m["stringData"] = map[string]any{"k": plain} }),
		"key that is none":     with(func(m map[string]any) { m["items"] = map[string]any{plain + " ": value} }),
		"key ..":               with(func(m map[string]any) { m["items"] = map[string]any{"..x": value} }),
		"name":                 with(func(m map[string]any) { m["name"] = plain }),
		"namespace":            with(func(m map[string]any) { m["namespace"] = "a.b" }),
		"scope":                with(func(m map[string]any) { m["scope"] = plain }),
		"type":                 with(func(m map[string]any) { m["type"] = "a b" }),
		"fingerprint":          with(func(m map[string]any) { m["fingerprint"] = plain }),
		"overlay":              with(func(m map[string]any) { m["overlay"] = "../x" }),
		"overlay from the top": with(func(m map[string]any) { m["overlay"] = "/x" }),
		"existing":             with(func(m map[string]any) { m["existing"] = "a/../../b" }),
		"environment":          with(func(m map[string]any) { m["environment"] = plain + "\n" }),
		"two":                  `{"environment":"dev"}{"k":"` + plain + `"}`,
		"not an object":        `"` + plain + `"`,
		"not JSON":             plain,
		"too large":            `{"environment":"` + strings.Repeat("x", 3<<20) + `"}`,
	}
	w := newSealWorld(t, true)
	v := w.visitor("dev")
	v.open()
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		w.advance(time.Minute) // for the limits
		w.fake.links[w.token] = w.linkFor("dev")
		v.login(w.path, "dev")
		if a := v.submit(cases[name]); a.status != 400 || strings.Contains(strings.ToLower(a.body), strings.ToLower(plain)) {
			t.Errorf("%s: %d, and the answer may not repeat what was sent: %s", name, a.status, a.body)
		}
	}
	if len(w.fake.got) != 0 {
		t.Error("something was taken")
	}
	w.quiet(plain, strings.ToLower(plain))
}

// TestSealIsOptional has a program without sealing.
func TestSealIsOptional(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.login("/", "dev")
	b.get("/seal/" + strings.Repeat("A", 43)).want(404)
	if a := b.get("/assets/seal.js"); a.status != http.StatusOK {
		t.Errorf("the script is public: %d", a.status)
	}
}
