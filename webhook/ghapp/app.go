package ghapp

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	jwt "github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// The addresses of github.com.
const (
	DefaultAPIURL = "https://api.github.com/"
	DefaultWebURL = "https://github.com"
)

// DefaultTimeout bounds one call, its answer included.
const DefaultTimeout = 30 * time.Second

// Config says which App we are, and where GitHub is.
type Config struct {
	// AppID is the App's number, the issuer of its JWTs.
	AppID int64
	// PrivateKey is the App's RSA key as PEM.
	PrivateKey []byte
	// ClientID and ClientSecret are for the log-in of people; they may be empty
	// when nobody logs in.
	ClientID, ClientSecret string
	// APIURL is the root of the REST API, "" for github.com; on an Enterprise
	// Server https://HOST/api/v3/.
	APIURL string
	// WebURL is the root of the pages for people, "" for github.com.
	WebURL string
	// UserAgent names us; "" is "sealift".
	UserAgent string
	// Timeout bounds one call; 0 is DefaultTimeout.
	Timeout time.Duration
	// Transport sends requests; nil is one of our own with time-outs. It is
	// asked for GitHub's host only.
	Transport http.RoundTripper
	// Meter hears of every call; it may be nil.
	Meter Meter
	// Log receives what is worth knowing; nil discards it.
	Log *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Meter counts what happens, for metrics. Its methods must not block.
type Meter interface {
	// Call tells of one call: its operation, such as "GET /repos/*/*/pulls/*",
	// and the status of the answer, 0 when there was none. Answers from the
	// ETag cache have status 304.
	Call(operation string, status int, took time.Duration)
	// Quota tells how many calls an installation has left in this hour; 0 is
	// the App itself.
	Quota(installation int64, remaining int)
}

// App is our GitHub App.
type App struct {
	cfg       Config
	api, web  *url.URL // both end in "/"
	key       signer
	transport http.RoundTripper // below all guards
	skew      atomic.Int64      // GitHub's clock minus ours, in nanoseconds
	asApp     *github.Client    // nil for what newApp returns
	anonymous *github.Client    // without credentials
	tags      tags              // what was answered, for all installations

	mu            sync.Mutex
	installations map[int64]*installation

	self chan selfState // holds one value while nobody works on it
}

// selfState is who we are, and when we heard so.
type selfState struct {
	Self
	at time.Time
}

// New returns the App. It reads the key and asks nobody.
func New(cfg Config) (*App, error) {
	a, err := newApp(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.AppID <= 0 {
		return nil, gitops.Errorf(gitops.Invalid, "App id is not valid: %d", cfg.AppID)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(cfg.PrivateKey)
	if err != nil {
		return nil, gitops.Errorf(gitops.Invalid, "private key of the App is not an RSA key in PEM")
	}
	a.key = signer{key: key, app: a}
	a.asApp = a.client(&appAuth{app: a, next: a.appTransport(a.newGuard(0, a.api))})
	return a, nil
}

// newApp returns an App that has no identity yet. It is all that a set-up needs, before
// there is an App.
func newApp(cfg Config) (*App, error) {
	cfg.APIURL = cmp.Or(cfg.APIURL, DefaultAPIURL)
	cfg.WebURL = cmp.Or(cfg.WebURL, DefaultWebURL)
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "sealift")
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Meter == nil {
		cfg.Meter = silent{}
	}
	a := &App{cfg: cfg, installations: map[int64]*installation{}, transport: cfg.Transport, self: make(chan selfState, 1)}
	a.self <- selfState{}
	var err error
	if a.api, err = root("API", cfg.APIURL); err != nil {
		return nil, err
	}
	if a.web, err = root("web", cfg.WebURL); err != nil {
		return nil, err
	}
	if a.transport == nil {
		a.transport = newTransport()
	}
	a.anonymous = a.client(a.newGuard(0, a.api))
	return a, nil
}

// root parses the address that all paths are appended to.
func root(what, s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(s, "/") + "/")
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" {
		_, host, found := strings.Cut(s, "@") // what is before it may be a secret
		if !found {
			host = s
		}
		return nil, gitops.Errorf(gitops.Invalid, "%s URL of GitHub is not valid: %s", what, gitops.Quote(redact(host)))
	}
	return u, nil
}

// silent is a meter that counts nothing.
type silent struct{}

// Call implements [Meter].
func (silent) Call(string, int, time.Duration) {}

// Quota implements [Meter].
func (silent) Quota(int64, int) {}

// maxRedirects is how many redirects a call follows: GitHub redirects once for
// a repository that was renamed or moved.
const maxRedirects = 3

// client returns a go-github client over a transport of ours. BaseURL is set here,
// because WithEnterpriseURLs adds to the path. A redirect that would make a GET of a
// POST is refused.
func (a *App) client(rt http.RoundTripper) *github.Client {
	c := github.NewClient(&http.Client{Transport: rt, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects || req.Method != via[0].Method {
			return gitops.Errorf(gitops.Unavailable, "GitHub redirected %s in a way that cannot be followed", via[0].Method)
		}
		return nil
	}})
	c.BaseURL = a.api
	c.UserAgent = a.cfg.UserAgent
	return c
}

// now is our clock, githubNow is GitHub's as far as we know.
func (a *App) now() time.Time       { return a.cfg.Now() }
func (a *App) githubNow() time.Time { return a.now().Add(time.Duration(a.skew.Load())) }

// minSkew is the difference of clocks that counts; the Date header has whole
// seconds and is as old as the way of the answer.
const minSkew = 5 * time.Second

// learn compares our clock with the Date of an answer.
func (a *App) learn(h http.Header) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	skew := date.Sub(a.now())
	if skew.Abs() < minSkew {
		skew = 0
	}
	a.skew.Store(int64(skew))
}

// Self is who we are on GitHub.
type Self struct {
	// ID is the App's number; Slug its name in URLs, which changes when the App
	// is renamed.
	ID   int64
	Slug string
	Name string
	// Bot is the author of our comments. Its ID stays when the App is renamed.
	Bot gitops.User
}

// selfFor is how long [App.Self] believes what it heard.
const selfFor = time.Hour

// Self returns who we are. It asks GitHub at most once an hour, and keeps what it
// knew when GitHub does not answer.
func (a *App) Self(ctx context.Context) (Self, error) {
	var s selfState
	select {
	case s = <-a.self:
	case <-ctx.Done():
		return Self{}, cancelled(ctx)
	}
	defer func() { a.self <- s }()
	known := s.ID != 0
	if known && a.now().Before(s.at.Add(selfFor)) {
		return s.Self, nil
	}
	fresh, err := a.askSelf(ctx)
	switch {
	case err == nil:
		s = selfState{fresh, a.now()}
	case known:
		a.cfg.Log.Warn("the App's name is not refreshed", "error", err)
		err = nil
	}
	return s.Self, err
}

// askSelf asks for the App with its JWT, and for its bot's account, which no answer
// about the App has. It keeps nothing.
func (a *App) askSelf(ctx context.Context) (Self, error) {
	app, _, err := a.asApp.Apps.Get(ctx, "")
	if err != nil {
		return Self{}, problem(err)
	}
	self := Self{ID: app.GetID(), Slug: app.GetSlug(), Name: app.GetName()}
	if err := checkName("App", self.Slug); err != nil {
		return Self{}, err
	}
	c, err := a.anyClient(ctx)
	if err != nil {
		return Self{}, err
	}
	var bot user
	if err := get(ctx, c, "users/"+url.PathEscape(self.Slug+"[bot]"), &bot); err != nil {
		return Self{}, err
	}
	self.Bot = bot.gitops()
	return self, nil
}

// anyClient returns a client of any installation, for what everybody may read: an
// Enterprise Server may answer nobody without credentials.
func (a *App) anyClient(ctx context.Context) (*github.Client, error) {
	list, _, err := a.asApp.Apps.ListInstallations(ctx, &github.ListOptions{PerPage: 100})
	if err != nil {
		return nil, problem(err)
	}
	for _, in := range list {
		if in.SuspendedAt == nil {
			return a.clientFor(in.GetID(), 0, Permissions{"metadata": "read"})
		}
	}
	return a.anonymous, nil
}

// get reads one JSON document. Path is relative to the root of the API, and made
// of parts that were checked.
func get(ctx context.Context, c *github.Client, path string, v any) error {
	_, err := call(ctx, c, http.MethodGet, path, nil, v)
	return err
}

// call does one operation whose answer go-github cannot decode, or has no method
// for. A null v throws the answer away.
func call(ctx context.Context, c *github.Client, method, path string, body, v any) (*github.Response, error) {
	req, err := c.NewRequest(method, path, body)
	if err != nil {
		return nil, problem(err)
	}
	resp, err := c.Do(ctx, req, v)
	return resp, problem(err)
}

func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }
