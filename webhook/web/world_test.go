package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
	"github.com/sealift/sealift/webhook/web"
)

var (
	base = strings.Repeat("a", 40)
	head = strings.Repeat("b", 40)
)

// world is a hub with people and a private repository, an App on it, and the
// pages in front of it, by https.
type world struct {
	*hub.Hub
	t     *testing.T
	srv   *httptest.Server
	pages *web.Pages
	app   *hub.App
	inst  int64
	logs  *logs

	mu     sync.Mutex
	now    time.Time
	report gitops.Report
	err    error // of reports
	down   error // of everything asked of GitHub
	asked  []string
}

// logs is a buffer that several may write to.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// github is our App as the pages see it.
type github struct {
	*ghapp.App
	w *world
}

func (g github) Exchange(ctx context.Context, code, verifier, callback string) (web.Person, error) {
	if g.w.down != nil {
		return web.Person{}, g.w.down
	}
	l, err := g.App.Exchange(ctx, code, verifier, callback)
	return web.Person{User: l.User, Token: l.Token, Ends: l.Ends}, err
}

func (g github) MayRead(ctx context.Context, token, owner, repo string) (bool, error) {
	if g.w.down != nil {
		return false, g.w.down
	}
	found, err := g.Find(ctx, owner, repo)
	if gitops.CodeOf(err) == gitops.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return g.CanRead(ctx, token, found)
}

// Report gives the report of the world, and notes what was asked for.
func (w *world) Report(_ context.Context, owner, repo string, number int, base, head string) (gitops.Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, web.ReportPath(owner, repo, number, base, head))
	return w.report, w.err
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// serve starts pages with what change makes of the options.
func (w *world) serve(secure bool, change func(*web.Options)) {
	w.t.Helper()
	handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.pages.ServeHTTP(rw, r) })
	w.srv = httptest.NewUnstartedServer(handler)
	w.srv.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(w.logs, nil), slog.LevelError)
	if secure {
		w.srv.StartTLS()
	} else {
		w.srv.Start()
	}
	w.t.Cleanup(w.srv.Close)
	o := web.Options{
		PublicURL: w.srv.URL, Key: [32]byte{1}, Version: "sealift v1", WebURL: w.WebURL(),
		Now: w.clock, Log: slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	change(&o)
	var err error
	w.pages, err = web.New(o)
	must(w.t, err)
}

func newHub(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, Hub: hubtest.Start(t, hub.Options{}), now: time.Now(), logs: &logs{}, report: sampleReport()}
	w.AddOrg("acme", "admin")
	must(t, w.AddRepo(t.Context(), "acme/gitops", hub.RepoOptions{Private: true, Files: map[string]string{"README.md": "# gitops\n"}}))
	w.AddTeam("acme", "developers", "dev")
	must(t, w.GrantTeam("acme/gitops", "developers", hub.Read))
	w.User("stranger")
	return w
}

// newWorld has an App and the report page.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := newHub(t)
	w.withApp(true, func(o *web.Options) { o.Reports = w })
	return w
}

// withApp serves pages that have an App.
func (w *world) withApp(secure bool, change func(*web.Options)) {
	t := w.t
	t.Helper()
	w.serve(secure, func(o *web.Options) {
		app, err := w.Register(hub.AppConfig{Name: "Sealift", Owner: "acme", Key: hubtest.Key(t), Callbacks: []string{o.PublicURL + "/login/callback"},
			Permissions: map[string]string{"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write"}})
		must(t, err)
		w.inst, err = app.Install("acme", "acme/gitops")
		must(t, err)
		w.app = app
		id, secret := app.OAuth()
		gh, err := ghapp.New(ghapp.Config{AppID: app.ID(), PrivateKey: app.PrivateKey(), ClientID: id, ClientSecret: secret, APIURL: w.APIURL(), WebURL: w.WebURL()})
		must(t, err)
		o.Login, o.Reader, o.AppURL = github{gh, w}, github{gh, w}, w.WebURL()+"/apps/sealift"
		change(o)
	})
}

// newSetup has no App, but the set-up from the module's app.yml.
func newSetup(t *testing.T, change func(*web.Setup)) *world {
	t.Helper()
	w := newHub(t)
	w.serve(true, func(o *web.Options) {
		o.Setup = &web.Setup{Manifest: appManifest(t), Converter: converter{ghapp.Config{APIURL: w.APIURL(), WebURL: w.WebURL()}}, After: "It restarts now."}
		change(o.Setup)
	})
	return w
}

type converter struct{ cfg ghapp.Config }

func (c converter) Convert(ctx context.Context, code string) (web.Credentials, error) {
	g, err := ghapp.Convert(ctx, c.cfg, code)
	return web.Credentials{ID: g.ID, Slug: g.Slug, Name: g.Name, ClientID: g.ClientID, ClientSecret: g.ClientSecret, WebhookSecret: g.WebhookSecret, PrivateKey: g.PrivateKeyPEM}, err
}

// appManifest is app.yml as JSON.
func appManifest(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(hubtest.Root(t), "app.yml"))
	must(t, err)
	var m map[string]any
	must(t, yaml.Unmarshal(data, &m))
	data, err = json.Marshal(m)
	must(t, err)
	return data
}

// browser is one person's browser: it has cookies and follows no redirect by
// itself.
type browser struct {
	*http.Client
	w *world
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	return &browser{w: w, Client: &http.Client{Jar: jar, Transport: w.srv.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is a page that was got.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	to     *url.URL
	body   string
}

// get goes to an address, of the pages when it begins with a slash.
func (b *browser) get(to string) answer { return b.send("GET", to, nil) }

func (b *browser) post(to string, form url.Values, header ...string) answer {
	return b.send("POST", to, form, header...)
}

func (b *browser) send(method, to string, form url.Values, header ...string) answer {
	b.w.t.Helper()
	if form != nil {
		header = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)
	}
	return b.sendBody(method, to, form.Encode(), header...)
}

func (b *browser) sendBody(method, to, body string, header ...string) answer {
	b.w.t.Helper()
	if strings.HasPrefix(to, "/") {
		to = b.w.srv.URL + to
	}
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, to, strings.NewReader(body))
	must(b.w.t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.Do(req)
	must(b.w.t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	must(b.w.t, err)
	a := answer{t: b.w.t, what: method + " " + to, status: resp.StatusCode, header: resp.Header, body: string(got)}
	a.to, _ = resp.Location()
	return a
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %.600s", a.what, a.status, status, a.body)
	}
	return a
}

// has wants a text on the page. Templates escape the plus sign.
func (a answer) has(text string) answer {
	a.t.Helper()
	if !strings.Contains(strings.ReplaceAll(a.body, "&#43;", "+"), text) {
		a.t.Errorf("%s: %q is not in\n%.3000s", a.what, text, a.body)
	}
	return a
}

// follow goes where a redirect leads.
func (b *browser) follow(a answer) answer {
	b.w.t.Helper()
	if a.to == nil {
		b.w.t.Fatalf("%s: %d, want a redirect: %.600s", a.what, a.status, a.body)
	}
	return b.get(a.to.String())
}

// authorize goes from a page to GitHub and says yes as somebody. It returns
// the redirect back to us.
func (b *browser) authorize(page, login string) answer {
	b.w.t.Helper()
	start := b.get("/login?return_to=" + url.QueryEscape(page)).want(303)
	return b.post(start.to.String(), url.Values{"login": {login}}).want(302)
}

// login logs somebody in and returns the answer of the callback.
func (b *browser) login(page, login string) answer {
	b.w.t.Helper()
	return b.follow(b.authorize(page, login)).want(303)
}

// cookies are those of the pages by name.
func (b *browser) cookies() map[string]string {
	out := map[string]string{}
	u, err := url.Parse(b.w.srv.URL)
	must(b.w.t, err)
	for _, c := range b.Jar.Cookies(u) {
		out[c.Name] = c.Value
	}
	return out
}

func (b *browser) setCookie(name, value string) {
	u, err := url.Parse(b.w.srv.URL)
	must(b.w.t, err)
	b.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// quiet fails when the log has any of the texts.
func (w *world) quiet(secrets ...string) {
	w.t.Helper()
	for _, s := range secrets {
		if s != "" && strings.Contains(w.logs.String(), s) {
			w.t.Error("the log has a secret")
		}
	}
}

// sampleReport has all that a report can have.
func sampleReport() gitops.Report {
	side := &gitops.Side{SHA256: strings.Repeat("5ec2e7", 10)}
	return gitops.Report{
		Base: base, Head: head, Considered: 7, Environments: []string{"dev", "prod"},
		Findings: []gitops.Finding{{Rule: "plain-secret", Severity: gitops.SeverityError, File: "a/secret.yaml", Line: 3, Column: 2, Message: "Secret \"x\" is plain", Fix: "seal it"}},
		Overlays: []gitops.OverlayChange{
			{Overlay: gitops.Overlay{Path: "apps/web/prod", App: "web", Environment: "prod"}, Status: gitops.RenderErrorAfter, Before: side,
				After: &gitops.Side{Err: &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseYAML, File: "apps/web/prod/x.yaml", Line: 4, Message: "not YAML", Hint: "look there"}}},
			{Overlay: gitops.Overlay{Path: "apps/web/dev", App: "web", Environment: "dev"}, Status: gitops.Changed, Before: side, After: side, AddedLines: 1, RemovedLines: 1,
				Images: []gitops.ImageChange{{Name: "web", Old: "1", New: "2"}, {Name: "new", New: "3"}},
				Objects: []gitops.ObjectChange{
					{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "dev", Name: "web", Status: gitops.Changed, Diff: "@@ -1,3 +1,3 @@\n a: 1\n-image: web:1\n+image: web:2\n"},
					{APIVersion: "v1", Kind: "Secret", Namespace: "dev", Name: "db", Status: gitops.Changed, Masked: true},
					{APIVersion: "v1", Kind: "ConfigMap", Name: "new", Status: gitops.Renamed, RenamedFrom: "old"},
				}},
		},
	}
}
