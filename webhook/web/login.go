package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// How long things last, at most.
const (
	// sessionLife ends a log-in here; the next one takes a click at most.
	sessionLife = time.Hour
	// flowLife is how long a person may take at GitHub.
	flowLife = 10 * time.Minute
)

// The cookies.
const (
	cookieSession = "session"
	cookieFlow    = "login-" // and the start of the state, so that tabs do not disturb each other
)

// Login is GitHub's log-in for Apps: the code flow with PKCE.
type Login interface {
	// LoginURL returns where a browser begins. challenge is the base64url SHA-256
	// of the verifier.
	LoginURL(state, challenge, callback string) string
	// Exchange turns the code that the browser came back with into a person. It
	// fails with code denied when GitHub does not take the code.
	Exchange(ctx context.Context, code, verifier, callback string) (Person, error)
}

// Person is somebody who proved to GitHub who they are.
type Person struct {
	User gitops.User
	// Token acts as the person through the App. It is a secret.
	Token string
	// Ends is when it stops to work; zero when GitHub did not say.
	Ends time.Time
}

// session is what the cookie of a person holds.
type session struct {
	ID    int64
	Login string
	Token string
	Ends  time.Time
}

// flow is what the cookie of a log-in under way holds.
type flow struct {
	State, Verifier, Back string
	Ends                  time.Time
}

// loginError is an error that a log-in may mend.
type loginError struct {
	err  error
	back string
}

// Error says why the log-in did not work.
func (e *loginError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *loginError) Unwrap() error { return e.err }

// session returns who is logged in.
func (p *Pages) session(r *http.Request) (session, bool) {
	var s session
	if !p.kept(r, cookieSession, &s) || !p.now().Before(s.Ends) {
		return session{}, false
	}
	return s, true
}

// login logs somebody in, for the page that the query names.
func (p *Pages) login(w http.ResponseWriter, r *http.Request) error {
	if err := p.attempt(r); err != nil {
		return err
	}
	return p.beginLogin(w, r, local(r.URL.Query().Get("return_to")))
}

// beginLogin sends the browser to GitHub, from where it comes back to a path of ours.
func (p *Pages) beginLogin(w http.ResponseWriter, r *http.Request, back string) error {
	f := flow{State: rand.Text(), Verifier: rand.Text() + rand.Text(), Back: back, Ends: p.now().Add(flowLife)}
	if err := p.keep(w, flowCookie(f.State), f, flowLife); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(f.Verifier))
	http.Redirect(w, r, p.opts.Login.LoginURL(f.State, base64.RawURLEncoding.EncodeToString(sum[:]), p.callback()), http.StatusSeeOther)
	return nil
}

func (p *Pages) callback() string { return p.public.String() + "/login/callback" }

// flowCookie names the cookie of a log-in by its state.
func flowCookie(state string) string {
	const part = 8
	if len(state) < part || strings.Trim(state[:part], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" { // as rand.Text makes them
		return cookieFlow
	}
	return cookieFlow + state[:part]
}

// loginCallback takes the browser back from GitHub. The state must be that of a
// log-in that began in this browser, and is good once.
func (p *Pages) loginCallback(w http.ResponseWriter, r *http.Request) error {
	if err := p.attempt(r); err != nil {
		return err
	}
	q := r.URL.Query()
	var f flow
	name := flowCookie(q.Get("state"))
	if !p.kept(r, name, &f) || !same(f.State, q.Get("state")) || !p.now().Before(f.Ends) {
		return &loginError{&gitops.Error{Code: gitops.Invalid, Message: "This log-in is not under way any more", Hint: "It began in another browser, took too long, or was used already."}, "/"}
	}
	p.drop(w, name)
	if q.Get("error") != "" || q.Get("code") == "" {
		return &loginError{&gitops.Error{Code: gitops.Denied, Message: "The log-in was cancelled"}, f.Back}
	}
	person, err := p.opts.Login.Exchange(r.Context(), q.Get("code"), f.Verifier, p.callback())
	if gitops.CodeOf(err) == gitops.Denied {
		p.log.Info("log-in refused", slog.String(keyAddress, p.client(r).String()), slog.Any(keyError, err))
		return &loginError{&gitops.Error{Code: gitops.Denied, Message: "GitHub did not accept the log-in", Err: err}, f.Back}
	}
	if err != nil {
		return behind(err)
	}
	if err := p.keepSession(w, person); err != nil {
		return err
	}
	p.log.Info("logged in", slog.String(keyLogin, person.User.Login))
	http.Redirect(w, r, f.Back, http.StatusSeeOther)
	return nil
}

// keepSession gives the browser a session, which ends no later than the token.
func (p *Pages) keepSession(w http.ResponseWriter, person Person) error {
	s := session{ID: person.User.ID, Login: person.User.Login, Token: person.Token, Ends: p.now().Add(sessionLife)}
	if !person.Ends.IsZero() && person.Ends.Before(s.Ends) {
		s.Ends = person.Ends
	}
	return p.keep(w, cookieSession, s, s.Ends.Sub(p.now()))
}

func (p *Pages) logout(w http.ResponseWriter, r *http.Request) error {
	p.drop(w, cookieSession)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// loginPath is where to log in to come back to a page.
func loginPath(back string) string { return "/login?return_to=" + url.QueryEscape(back) }

// local returns a path on this site, "/" for everything else: another host, and
// what a browser might read as one.
func local(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.Scheme != "" || u.Opaque != "" || u.Host != "" || u.User != nil || u.Fragment != "" ||
		!strings.HasPrefix(u.Path, "/") || path.Clean(u.Path) != u.Path || strings.ContainsFunc(u.Path, oddInPath) || len(back) > 1000 {
		return "/"
	}
	return cmp.Or((&url.URL{Path: u.Path}).EscapedPath(), "/")
}

// oddInPath are characters that browsers drop, encode or turn into a slash.
func oddInPath(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }

// behind makes an error of somebody behind us one that tells nothing of it.
func behind(err error) error {
	switch gitops.CodeOf(err) {
	case gitops.Limited, gitops.Unavailable:
		return &gitops.Error{Code: gitops.Unavailable, Message: "GitHub or the repository cannot be reached now", Hint: "Try again in a moment.", Err: err}
	}
	return gitops.Errorf(gitops.Internal, "page: %w", err)
}
