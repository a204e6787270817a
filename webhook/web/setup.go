package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/sealift/sealift/gitops"
)

// cookieSetup holds that a browser showed the set-up token.
const cookieSetup = "setup"

// Limits of the set-up.
const (
	setupLife = time.Hour // that of GitHub's code
	maxForm   = 64 << 10  // bytes of a form
)

// SetupURL returns the address of the set-up page, with the token that opens it, and
// "" when there is no set-up. It is for the operator's eyes: whoever has it can
// register his own App.
func (p *Pages) SetupURL() string {
	if !p.setup.open() {
		return ""
	}
	return p.public.String() + "/setup?token=" + p.setup.token
}

// shown is what the cookie of the set-up holds.
type shown struct {
	Token string
	Ends  time.Time
}

// maySetup refuses everybody who did not show the token, and everybody once there
// is an App.
func (p *Pages) maySetup(r *http.Request) error {
	if !p.setup.open() {
		return &gitops.Error{Code: gitops.NotFound, Message: "The set-up is done"}
	}
	var c shown
	if p.kept(r, cookieSetup, &c) && same(c.Token, p.setup.token) && p.now().Before(c.Ends) {
		return nil
	}
	if err := p.attempt(r); err != nil {
		return err
	}
	return &gitops.Error{Code: gitops.Denied, Message: "This page is for the operator",
		Hint: "Open the address that the service wrote to its log when it started. It has a token in it."}
}

// setupForm asks how the App is to be called and where it belongs. It takes the
// token out of the address and into a cookie first.
func (p *Pages) setupForm(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	if token != "" && p.setup.open() {
		if err := p.attempt(r); err != nil {
			return err
		}
		if same(token, p.setup.token) {
			if err := p.keep(w, cookieSetup, shown{token, p.now().Add(setupLife)}, setupLife); err != nil {
				return err
			}
			http.Redirect(w, r, "/setup", http.StatusSeeOther)
			return nil
		}
		p.log.Warn("wrong set-up token", slog.String(keyAddress, p.client(r).String()))
	}
	if err := p.maySetup(r); err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "setup", setupView{
		frame: frame{Title: "Register the GitHub App"}, Name: p.setup.manifest.name(), Public: p.public.String(), Storable: p.setup.Store != nil,
		Unreachable: loopback(p.public.Hostname()) && !loopback(p.github.Hostname()), GitHub: p.github.Host,
	})
}

type setupView struct {
	frame
	Name, Public, GitHub  string
	Storable, Unreachable bool
}

// organisation is the form of a login on GitHub.
var organisation = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$`)

// setupReview shows what will be registered, with the form that asks GitHub for it.
func (p *Pages) setupReview(w http.ResponseWriter, r *http.Request) error {
	if err := p.maySetup(r); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	name, org := r.PostFormValue("name"), r.PostFormValue("organisation")
	if org != "" && !organisation.MatchString(org) {
		return &gitops.Error{Code: gitops.Invalid, Message: "The organisation is not valid: " + gitops.Quote(org), Hint: "Go back and write its name as in its address on GitHub."}
	}
	text, err := p.setup.manifest.text(name)
	if err != nil {
		return err
	}
	state := p.setup.begin(pending{ends: p.now().Add(setupLife), show: p.setup.Store == nil || r.PostFormValue("keep") == "show"})
	action := p.github.JoinPath("settings/apps/new")
	if org != "" {
		action = p.github.JoinPath("organizations", org, "settings/apps/new")
	}
	action.RawQuery = url.Values{"state": {state}}.Encode()
	w.Header().Set("Content-Security-Policy", pagePolicy+" "+p.github.Scheme+"://"+p.github.Host)
	return p.show(w, http.StatusOK, "review", reviewView{
		frame: frame{Title: "Check, then register"}, Name: name, Owner: org, Action: action.String(), Manifest: text,
		Rights: p.setup.manifest.rights(), Events: p.setup.manifest.events(), Public: p.public.String(), GitHub: p.github.Host,
	})
}

type reviewView struct {
	frame
	Name, Owner, Action, Manifest, Public, GitHub string
	Rights, Events                                []string
}

// setupCallback takes the browser back from GitHub and keeps the credentials.
func (p *Pages) setupCallback(w http.ResponseWriter, r *http.Request) error {
	if err := p.maySetup(r); err != nil {
		return err
	}
	state, ok := p.setup.spend(r.URL.Query().Get("state"), p.now())
	if !ok {
		return &gitops.Error{Code: gitops.Invalid, Message: "This registration is not under way any more", Hint: "It took too long or was used already. Begin again at /setup."}
	}
	c, err := p.setup.Converter.Convert(r.Context(), r.URL.Query().Get("code"))
	switch gitops.CodeOf(err) {
	case "":
	case gitops.Invalid, gitops.NotFound, gitops.Denied:
		return &gitops.Error{Code: gitops.Invalid, Message: "GitHub did not accept the code", Hint: "Begin again at /setup.", Err: err}
	default:
		return behind(err)
	}
	return p.finish(w, r, c, state.show)
}

// finish ends the set-up. Credentials that cannot be stored are shown rather than
// lost: GitHub hands them out once. The context of the request does not stop it.
func (p *Pages) finish(w http.ResponseWriter, r *http.Request, c Credentials, show bool) error {
	if !p.setup.end() {
		return &gitops.Error{Code: gitops.NotFound, Message: "The set-up is done", Hint: "Another browser was faster. Delete the second App on GitHub."}
	}
	p.drop(w, cookieSetup)
	view := doneView{frame: frame{Title: "The App is registered"}, Name: c.Name, Install: p.installURL(c), After: p.setup.After}
	if !show {
		if err := p.setup.Store(context.WithoutCancel(r.Context()), c); err != nil {
			p.log.Error("credentials of the App not stored", slog.Any(keyError, err))
			view.Problem, show = "The credentials could not be stored: the log says why.", true
		}
	}
	if show {
		view.Secret = c.secretManifest()
	}
	p.log.Info("App registered", slog.Int64("app", c.ID))
	return p.show(w, http.StatusOK, "registered", view)
}

// doneView is the last page. Secret is a manifest with the credentials, when they are
// shown; Problem says why they could not be stored.
type doneView struct {
	frame
	Name, Install, After, Problem, Secret string
}

// installURL is where the App is installed, by the slug: the address that came with
// the credentials may be anything.
func (p *Pages) installURL(c Credentials) string {
	return p.github.JoinPath("apps", url.PathEscape(c.Slug), "installations/new").String()
}
