package web

import (
	"cmp"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Options are what [New] needs. PublicURL and Key are required.
type Options struct {
	// PublicURL is where people and GitHub reach the bot: a scheme and a host.
	// It is https, or http with a loopback address.
	PublicURL string
	// Key seals cookies. Replicas share it; a new one ends all log-ins.
	Key [32]byte
	// Version is shown on the first page.
	Version string
	// AppURL is the App's page on GitHub, where it is installed; "" is none.
	AppURL string
	// Login, Reader and Reports are for the report page. Without any of them
	// there is none.
	Login   Login
	Reader  Reader
	Reports Reports
	// Sealing is for the form that encrypts secrets. Without it, or without Login,
	// there is none.
	Sealing Sealing
	// Title returns the first line of a report as plain text; nil is a fixed one.
	Title func(gitops.Report) string
	// Setup registers an App; nil when there is one.
	Setup *Setup
	// WebURL is the root of GitHub's pages, "" for https://github.com.
	WebURL string
	// Proxies are the networks of our own reverse proxies, whose
	// X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// Log receives refusals and errors; nil discards it.
	Log *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Pages is the pages. It is safe for concurrent use.
type Pages struct {
	opts    Options
	public  *url.URL
	github  *url.URL
	log     *slog.Logger
	now     func() time.Time
	sealer  sealer
	limiter *limiter[netip.Prefix] // attempts by address
	persons *limiter[int64]        // uses of the form by person
	setup   *registration          // nil without [Options].Setup
	working chan struct{}          // bounds what is made at a time
	views   *template.Template
	routes  http.Handler
}

//go:embed assets templates
var files embed.FS

// New returns the pages. It fails with code invalid when an address is not
// usable.
func New(o Options) (*Pages, error) {
	public, err := origin("public URL", o.PublicURL)
	if err != nil {
		return nil, err
	}
	if public.Scheme == "http" && !loopback(public.Hostname()) {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: "public URL is http and not a loopback address: " + gitops.Quote(o.PublicURL),
			Hint: "use https; cookies would travel in the clear"}
	}
	github, err := origin("web URL of GitHub", cmp.Or(o.WebURL, "https://github.com"))
	if err != nil {
		return nil, err
	}
	s, err := newSealer(o.Key)
	if err != nil {
		return nil, err
	}
	p := &Pages{opts: o, public: public, github: github, log: o.Log, now: o.Now, sealer: s, working: make(chan struct{}, maxWorking)}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.limiter, p.persons = newLimiter[netip.Prefix](p.now), newLimiter[int64](p.now)
	if p.views, err = pageTemplates(); err != nil {
		return nil, err
	}
	if o.Setup != nil {
		if p.setup, err = newRegistration(*o.Setup, public, github); err != nil {
			return nil, err
		}
	}
	return p, p.route()
}

// ServeHTTP implements [http.Handler].
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.routes.ServeHTTP(w, r) }

// route sets the handler. Forms from other sites are refused before anything
// else; the method and Origin tell, see [http.CrossOriginProtection].
func (p *Pages) route() error {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", p.page(p.home))
	mux.Handle("GET /assets/{name}", p.page(p.asset))
	mux.Handle("/", p.page(func(http.ResponseWriter, *http.Request) error { return errNotFound() }))
	if p.setup != nil {
		mux.Handle("GET /setup", p.page(p.setupForm))
		mux.Handle("POST /setup", p.page(p.setupReview))
		mux.Handle("GET /setup/callback", p.page(p.setupCallback))
	}
	if p.opts.Login != nil {
		mux.Handle("GET /login", p.page(p.login))
		mux.Handle("GET /login/callback", p.page(p.loginCallback))
		mux.Handle("POST /logout", p.page(p.logout))
	}
	if p.opts.Login != nil && p.opts.Reader != nil && p.opts.Reports != nil {
		mux.Handle("GET /r/{owner}/{repo}/{number}/{range}", p.page(p.report))
	}
	if p.opts.Login != nil && p.opts.Sealing != nil {
		mux.Handle("GET "+SealPath("{token}"), p.page(p.sealForm))
		mux.Handle("POST "+SealPath("{token}"), p.api(p.sealSubmit))
	}
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(p.public.Scheme + "://" + p.public.Host); err != nil {
		return gitops.Errorf(gitops.Invalid, "public URL: %w", err)
	}
	protection.SetDenyHandler(p.page(func(http.ResponseWriter, *http.Request) error {
		return &gitops.Error{Code: gitops.Denied, Message: "This form was sent from another site"}
	}))
	p.routes = protection.Handler(mux)
	return nil
}

// home is the first page.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	s, _ := p.session(r)
	return p.show(w, http.StatusOK, "home", homeView{
		frame:   frame{Title: "Sealift", Who: s.Login},
		Version: p.opts.Version, AppURL: p.opts.AppURL, Setup: p.setup.open(),
	})
}

type homeView struct {
	frame
	Version, AppURL string
	Setup           bool
}

// origin reads an address that is a scheme and a host.
func origin(what, s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: what + " is not valid: " + gitops.Quote(s), Hint: "write it as https://HOST"}
	}
	return u, nil
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
