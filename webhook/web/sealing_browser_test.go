package web_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/webhook/hub/browsertest"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// updateShots renews the pictures of the guide.
var updateShots = flag.Bool("docs", false, "write docs/seal.png and docs/seal-dark.png")

// tab is the form in Chromium.
type tab struct {
	*sealWorld
	ctx     context.Context
	console <-chan string
}

// openForm logs dev in and opens the form.
func (s *sealWorld) openForm(t *testing.T, flags ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	b := &tab{sealWorld: s, ctx: browsertest.Start(t, flags...)}
	b.listen(t)
	b.do(t, chromedp.Navigate(s.srv.URL+s.path))
	browsertest.Until(b.ctx, t, shows("Authorize"))
	b.do(t, chromedp.Click(chromedp.CSS("button[value=dev]")))
	browsertest.Until(b.ctx, t, shows("Seal a secret"))
	return b
}

// lastWord ends what the console says.
const lastWord = "the end of the test"

// listen collects what the console says.
func (b *tab) listen(t *testing.T) {
	t.Helper()
	said := make(chan string, 100)
	b.console = said
	b.do(t)
	messages := chromedp.Console(b.ctx)
	go func() {
		defer close(said)
		for m, err := range messages {
			if err != nil || m.Text == lastWord {
				return
			}
			if strings.HasPrefix(m.URL, b.WebURL()) { // GitHub's own pages
				continue
			}
			said <- string(m.Type) + ": " + m.Text + " " + m.URL
		}
	}()
}

// silent ends the test: the console said nothing, neither an error of the script nor
// a violation of the policy, but what is expected.
func (b *tab) silent(t *testing.T, expected ...string) {
	t.Helper()
	b.eval(t, `console.log("`+lastWord+`")`)
	for text := range b.console {
		if !slices.ContainsFunc(expected, func(e string) bool { return strings.Contains(text, e) }) {
			t.Errorf("console: %s", text)
		}
	}
}

func (b *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	must(t, chromedp.Do(b.ctx, actions...))
}

func (b *tab) eval(t *testing.T, script string) string {
	t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](script))
	must(t, err)
	data, err := json.Marshal(out)
	must(t, err)
	return string(data)
}

// choose selects an option as a person does.
func (b *tab) choose(t *testing.T, id, value string) {
	t.Helper()
	b.eval(t, `{ const s = document.getElementById("`+id+`"); s.value = "`+value+`"; s.dispatchEvent(new Event("change", { bubbles: true })); if (s.value !== "`+value+`") throw "no such option" }`)
}

// row fills in the row at a place, counted from 1.
func (b *tab) row(t *testing.T, n int, key, value string) {
	t.Helper()
	quoted, err := json.Marshal([]string{key, value})
	must(t, err)
	b.eval(t, `{ const [key, value] = `+string(quoted)+`; while (document.querySelectorAll(".row").length < `+string(rune('0'+n))+`) document.getElementById("add").click();
		const row = document.querySelectorAll(".row")[`+string(rune('0'+n-1))+`]; const k = row.querySelector(".key"); k.value = key; k.dispatchEvent(new Event("input")); row.querySelector(".value").value = value }`)
}

// file chooses a file for the row at a place.
func (b *tab) file(t *testing.T, n int, key string, content []byte) {
	t.Helper()
	b.row(t, n, key, "")
	name := filepath.Join(t.TempDir(), "secret.bin")
	must(t, os.WriteFile(name, content, 0o600))
	b.do(t, chromedp.SetUploadFiles(chromedp.CSS("#rows li:nth-child("+string(rune('0'+n))+") .file"), []string{name}))
}

// submit sends the form and waits for the page that says so.
func (b *tab) submit(t *testing.T) {
	t.Helper()
	b.do(t, chromedp.Click(chromedp.CSS("#submit")))
	browsertest.Until(b.ctx, t, `!document.getElementById("done").hidden || !document.getElementById("problem").hidden || document.querySelector("[aria-invalid=true]") !== null`)
	if got := b.eval(t, `document.getElementById("done").hidden ? document.querySelector("main").innerText : ""`); got != `""` {
		t.Fatalf("not sealed: %s", got)
	}
}

// TestSealInChromium seals values of every kind in every scope. The real kubeseal
// decrypts them, and the bytes between the browser and the world have none of them.
func TestSealInChromium(t *testing.T) {
	large := make([]byte, 1<<20-1000)
	_, _ = rand.Read(large)
	typed := "tYpEd" + rand.Text() + rand.Text()
	for _, scope := range []seal.Scope{seal.Strict, seal.NamespaceWide, seal.ClusterWide} {
		t.Run(string(scope), func(t *testing.T) {
			w, r := newSealWorld(t, false), hubtest.NewRecorder(t)
			b := w.openForm(t, browsertest.Through(r)...)
			want := map[string]string{"username": typed, "password": "pä$$ \"wörd\"\n\n  two lines 🔑\n", "empty": "", "tls.p12": string(large), "small.bin": "\x00\xff\r\n\x80"}
			b.row(t, 1, "username", want["username"])
			b.row(t, 2, "password", want["password"])
			b.row(t, 3, "empty", "")
			b.file(t, 4, "tls.p12", large)
			b.file(t, 5, "small.bin", []byte(want["small.bin"]))
			b.choose(t, "scope", string(scope))
			b.submit(t)
			got := w.fake.submitted(t)
			if d := cmp.Diff(want, w.decrypt(t, got)); d != "" {
				t.Errorf("decrypted: %.2000s", d)
			}
			got.Items = nil
			if d := cmp.Diff(seal.Submission{Environment: "dev", Overlay: "apps/web/overlays/dev", Namespace: "web-dev", Name: "db-credentials", Type: "Opaque",
				Scope: scope, Fingerprint: w.fake.form.Environments[0].Certificate.Fingerprint}, got); d != "" {
				t.Errorf("submitted: %s", d)
			}
			for _, secret := range []string{typed, "two lines 🔑", string(large[500:600])} {
				if how := r.Shows(secret); how != "" {
					t.Errorf("a value crossed the wire, %s", how)
				}
			}
			if r.Shows("db-credentials") == "" || r.Shows(w.token) == "" {
				t.Error("the recorder saw nothing")
			}
			w.quiet(w.token, typed, "db-credentials")
			b.silent(t)
		})
	}
}

// TestSealIsBoundToItsPlace renames what was sealed: kubeseal must refuse it.
func TestSealIsBoundToItsPlace(t *testing.T) {
	w := newSealWorld(t, true)
	b := w.openForm(t)
	b.row(t, 1, "username", "a")
	b.row(t, 2, "password", "b")
	b.submit(t)
	got := w.fake.submitted(t)
	got.Name = "other"
	w.key.Refuses(t, manifest(t, got))
}

// TestSealExisting changes one key of a SealedSecret that is there.
func TestSealExisting(t *testing.T) {
	w := newSealWorld(t, true)
	b := w.openForm(t)
	b.choose(t, "existing", "0")
	browsertest.Until(b.ctx, t, shows("Other overlays use it too")+` && document.getElementById("type").value === "Opaque"`)
	b.choose(t, "existing", "1") // the second of its file
	browsertest.Until(b.ctx, t, shows("It has the keys host, token"))
	look(b.ctx, t, "seal-existing")
	if got := b.eval(t, `["name", "namespace", "type", "scope"].map(id => document.getElementById(id).value + (document.getElementById(id).matches(":read-only, :disabled") ? "" : " can be changed")).join()`); got != `"mail,web-dev,Opaque,namespace-wide"` {
		t.Errorf("given are %s", got)
	}
	b.do(t, chromedp.Click(chromedp.CSS(".row .remove")))
	b.row(t, 1, "token", "new")
	b.submit(t)
	got := w.fake.submitted(t)
	if got.Existing != "apps/web/overlays/dev/mail.yaml" || got.Name != "mail" {
		t.Errorf("submitted %q %q", got.Existing, got.Name)
	}
	if d := cmp.Diff(map[string]string{"token": "new"}, w.decrypt(t, got)); d != "" {
		t.Error(d)
	}
	b.silent(t)
}

// TestSealFaults shows what is wrong where it is, and sends nothing.
func TestSealFaults(t *testing.T) {
	w := newSealWorld(t, true)
	b := w.openForm(t)
	for _, c := range []struct{ kind, key, value, want string }{
		{"Opaque", "schlüssel", "x", "Use letters, digits"},
		{"Opaque", "..data", "x", "Use letters, digits"},
		{"kubernetes.io/tls", "tls.crt", "x", "This is not a certificate in PEM."},
		{"kubernetes.io/tls", "tls.key", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", "This is not a private key in PEM."},
		{"kubernetes.io/ssh-auth", "ssh-privatekey", "ssh-rsa AAAA", "This is not a private key in PEM."},
		{"kubernetes.io/basic-auth", "password", "", "The password is empty."},
		{"kubernetes.io/dockerconfigjson", ".dockerconfigjson", `{"auths":{}}`, "This is not a config.json"},
		{"kubernetes.io/dockerconfigjson", "other", "x", "This type needs .dockerconfigjson."},
	} {
		b.eval(t, `for (const row of document.querySelectorAll(".row")) row.remove()`)
		b.choose(t, "type", c.kind)
		b.eval(t, `for (const row of document.querySelectorAll(".row")) row.remove()`)
		b.row(t, 1, c.key, c.value)
		b.do(t, chromedp.Click(chromedp.CSS("#submit")))
		browsertest.Until(b.ctx, t, shows(c.want)+` && document.activeElement.getAttribute("aria-invalid") === "true"`)
	}
	look(b.ctx, t, "seal-fault")
	b.file(t, 1, ".dockerconfigjson", []byte("not JSON"))
	b.do(t, chromedp.Click(chromedp.CSS("#submit")))
	browsertest.Until(b.ctx, t, shows("This is not a config.json")+` && document.activeElement.type === "file"`)
	look(b.ctx, t, "seal-file-fault")
	if len(w.fake.got) != 0 {
		t.Error("something was sent")
	}
	b.silent(t)
}

// TestSealTypes seals the kinds that need certain keys.
func TestSealTypes(t *testing.T) {
	key := "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
	for kind, values := range map[string]map[string]string{
		"kubernetes.io/ssh-auth":         {"ssh-privatekey": key},
		"kubernetes.io/tls":              {"tls.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "tls.key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
		"kubernetes.io/dockerconfigjson": {".dockerconfigjson": `{"auths":{"registry.example":{"auth":"x"}}}`},
	} {
		w := newSealWorld(t, true)
		w.fake.form.Ask.Keys = nil
		b := w.openForm(t)
		b.choose(t, "type", kind)
		n := 0
		for _, name := range []string{"ssh-privatekey", "tls.crt", "tls.key", ".dockerconfigjson"} {
			if value, ok := values[name]; ok {
				n++
				b.row(t, n, name, value)
			}
		}
		b.submit(t)
		got := w.fake.submitted(t)
		if d := cmp.Diff(values, w.decrypt(t, got)); d != "" || got.Type != kind {
			t.Errorf("%s: %s", got.Type, d)
		}
		b.silent(t)
	}
}

// TestSealWithKeyboard uses no mouse from the link to the commit.
func TestSealWithKeyboard(t *testing.T) {
	w := newSealWorld(t, true)
	w.fake.form.Ask = seal.Ask{}
	b := w.openForm(t)
	focus := func() string { return b.eval(t, `document.activeElement.id + "." + document.activeElement.className`) }
	press := func(keys string) { t.Helper(); b.do(t, chromedp.KeyEvent(keys)) }
	tabTo := func(part string) {
		t.Helper()
		for range 40 {
			if strings.Contains(focus(), part) {
				return
			}
			press(kb.Tab)
		}
		t.Fatalf("no way to %s, the focus is on %s", part, focus())
	}
	tabTo("environment")
	press("d") // the option that begins so
	tabTo("overlay")
	press(kb.ArrowDown)
	tabTo("existing")
	tabTo("name")
	press("from-keys")
	tabTo("scope")
	press("n")
	tabTo("key")
	press("token")
	tabTo("value")
	press("s3cret")
	tabTo("add")
	press(kb.Enter)
	if got := focus(); !strings.Contains(got, "key") {
		t.Errorf("after adding a key the focus is on %s", got)
	}
	press("second")
	tabTo("remove")
	press(" ")
	if got := focus(); !strings.Contains(got, "key") {
		t.Errorf("after removing a key the focus is on %s", got)
	}
	tabTo("submit")
	press(kb.Enter)
	browsertest.Until(b.ctx, t, `!document.getElementById("done").hidden && document.activeElement.id === "done"`)
	got := w.fake.submitted(t)
	if d := cmp.Diff(map[string]string{"token": "s3cret"}, w.decrypt(t, got)); d != "" {
		t.Error(d)
	}
	if got.Name != "from-keys" || got.Scope != seal.NamespaceWide || got.Overlay != "apps/web/overlays/dev" {
		t.Errorf("submitted %s %s %s", got.Name, got.Scope, got.Overlay)
	}
	b.silent(t)
}

// TestSealLooks checks each state of the page for people who see, hear or hold it.
func TestSealLooks(t *testing.T) {
	w := newSealWorld(t, true)
	w.fake.form.OwnPull = true
	b := w.openForm(t)
	look(b.ctx, t, "seal")
	b.choose(t, "environment", "staging")
	browsertest.Until(b.ctx, t, shows("(in 10 days)"))
	look(b.ctx, t, "seal-warning")
	b.choose(t, "environment", "dev")
	b.row(t, 1, "username", "dev")
	b.file(t, 2, "password", []byte("x"))
	look(b.ctx, t, "seal-file")

	w.fake.err = &gitops.Error{Code: gitops.Unavailable, Message: "GitHub cannot be reached"}
	b.do(t, chromedp.Click(chromedp.CSS("#submit")))
	browsertest.Until(b.ctx, t, `document.activeElement.id === "problem"`)
	look(b.ctx, t, "seal-problem")
	if got := b.eval(t, `document.querySelector(".value").value`); got != `"dev"` {
		t.Errorf("what was typed is %s after a failure that may pass", got)
	}

	w.fake.err = nil
	b.submit(t)
	look(b.ctx, t, "seal-done")
	if !w.fake.submitted(t).OwnPull {
		t.Error("not in a pull request of its own")
	}
	left := b.eval(t, `document.querySelectorAll("#rows, .value, .key").length + localStorage.length + sessionStorage.length`)
	if left != "0" {
		t.Errorf("%s things are left on the page or in the storage of the browser", left)
	}
	b.do(t, chromedp.Navigate(w.srv.URL+w.path))
	browsertest.Until(b.ctx, t, shows("This link is not good for you"))
	b.silent(t, "status of 503", "status of 404")
}

// TestSealAfterLogIn loses the log-in, gets another in a second tab, and sends what
// was typed before.
func TestSealAfterLogIn(t *testing.T) {
	w := newSealWorld(t, true)
	b := w.openForm(t)
	b.row(t, 1, "username", "typed once")
	b.row(t, 2, "password", "")
	b.do(t, browsertest.Forget(), chromedp.Click(chromedp.CSS("#submit")))
	browsertest.Until(b.ctx, t, shows("Your log-in ended")+` && document.querySelector("#problem a").pathname === "/login"`)
	look(b.ctx, t, "seal-login")

	second, end := chromedp.NewContext(b.ctx)
	defer end()
	must(t, chromedp.Do(second, chromedp.Navigate(w.srv.URL+"/login"), chromedp.Click(chromedp.CSS("button[value=dev]"))))
	browsertest.Until(second, t, shows("Log out"))
	b.submit(t)
	if d := cmp.Diff(map[string]string{"username": "typed once", "password": ""}, w.decrypt(t, w.fake.submitted(t))); d != "" {
		t.Error(d)
	}
	b.silent(t, "status of 403")
}

// TestSealCannot opens the form where it cannot work: without script, without
// WebCrypto, and for somebody who may not seal anywhere.
func TestSealCannot(t *testing.T) {
	w := newSealWorld(t, true)
	b := w.openForm(t)
	off := func(yes bool) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: yes})
			return err
		})
	}
	b.do(t, off(true), chromedp.Navigate(w.srv.URL+w.path))
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("main")))
	must(t, err)
	if !strings.Contains(text, "This page needs its script") || strings.Contains(text, "Environment") {
		t.Errorf("without script: %s", text)
	}
	b.do(t, off(false))

	w.fake.form.Environments = w.fake.form.Environments[2:]
	b.do(t, chromedp.Navigate(w.srv.URL+w.path))
	browsertest.Until(b.ctx, t, shows("There is no environment that you can seal for")+` && document.getElementById("form").hidden`)
	look(b.ctx, t, "seal-refused")

	subtle := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: `Object.defineProperty(crypto, "subtle", { value: undefined })`})
		return err
	})
	b.do(t, subtle, chromedp.Navigate(w.srv.URL+w.path))
	browsertest.Until(b.ctx, t, shows("This browser cannot encrypt here")+` && document.getElementById("form").hidden`)
	b.silent(t)
}

// TestDocs takes the pictures of the guide.
func TestDocs(t *testing.T) {
	if !*updateShots {
		t.Skip("pictures are taken with -docs")
	}
	w := newSealWorld(t, true)
	b := w.openForm(t)
	b.choose(t, "environment", "staging")
	b.row(t, 1, "username", "shop")
	b.row(t, 2, "password", "correct horse battery")
	for scheme, name := range map[string]string{"light": "seal.png", "dark": "seal-dark.png"} {
		b.do(t, browsertest.Scheme(scheme), chromedp.EmulateViewport(1000, 700))
		browsertest.Picture(b.ctx, t, filepath.Join(hubtest.Root(t), "docs", name))
	}
}
