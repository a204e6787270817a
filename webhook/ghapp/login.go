package ghapp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// Login is a person who proved to GitHub who they are.
type Login struct {
	User gitops.User
	// Token acts as the person through the App. It is a secret.
	Token string
	// Ends is when it stops to work; zero when GitHub did not say.
	Ends time.Time
}

// String returns the person's name, so that no log has the token.
func (l Login) String() string { return l.User.Login }

// LoginURL returns where a browser begins to log in. challenge is the base64url
// SHA-256 of the verifier given to [App.Exchange] (PKCE, S256), callback one of
// the App's registered addresses.
func (a *App) LoginURL(state, challenge, callback string) string {
	u := a.web.JoinPath("login/oauth/authorize")
	u.RawQuery = url.Values{
		"client_id": {a.cfg.ClientID}, "redirect_uri": {callback}, "state": {state},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}.Encode()
	return u.String()
}

// Exchange turns the code that a browser came back with into a login. A code that
// is wrong or used is an error of code denied.
func (a *App) Exchange(ctx context.Context, code, verifier, callback string) (Login, error) {
	form := url.Values{
		"client_id": {a.cfg.ClientID}, "client_secret": {a.cfg.ClientSecret}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {callback},
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := a.postForm(ctx, "login/oauth/access_token", form, &answer); err != nil {
		return Login{}, err
	}
	if answer.AccessToken == "" { // errors have status 200 here
		return Login{}, &gitops.Error{Code: gitops.Denied, Message: "log-in not accepted by GitHub: " + gitops.Quote(redact(answer.Error+": "+answer.Description)),
			Hint: "log in again"}
	}
	login := Login{Token: answer.AccessToken}
	if answer.ExpiresIn > 0 {
		login.Ends = a.now().Add(time.Duration(answer.ExpiresIn) * time.Second)
	}
	var u user
	err := get(ctx, a.asUser(login.Token), "user", &u)
	login.User = u.gitops()
	return login, loginEnded(err)
}

// postForm posts a form to GitHub's pages, and nowhere else.
func (a *App) postForm(ctx context.Context, path string, form url.Values, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.web.JoinPath(path).String(), strings.NewReader(form.Encode()))
	if err != nil {
		return problem(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", a.cfg.UserAgent)
	resp, err := a.newGuard(0, a.web).RoundTrip(req) // does not follow redirects
	if err != nil {
		return problem(err)
	}
	return problem(json.NewDecoder(resp.Body).Decode(v))
}

// CanRead asks GitHub, as the person with a token of [App.Exchange], whether they
// may read a repository. It fails with code denied when the login ended.
func (a *App) CanRead(ctx context.Context, token string, repo gitops.Repository) (bool, error) {
	path, err := repoPath(repo.Owner, repo.Name)
	if err != nil {
		return false, err
	}
	var r repository
	err = get(ctx, a.asUser(token), path, &r)
	switch {
	case gitops.CodeOf(err) == gitops.NotFound:
		return false, nil
	case err != nil:
		return false, loginEnded(err)
	}
	return r.ID == repo.ID, nil // another one may have taken the name
}

// loginEnded makes an error about a person's token one of the person.
func loginEnded(err error) error {
	if hasCause(err, CauseToken) {
		return &gitops.Error{Code: gitops.Denied, Cause: CauseToken, Message: "log-in at GitHub ended", Hint: "log in again"}
	}
	return err
}

// asUser returns a client of one person. It has a guard of its own: what one
// person may see is nobody else's.
func (a *App) asUser(token string) *github.Client {
	return a.client(userAuth{token: token, next: a.newGuard(0, a.api)})
}

// userAuth adds the token of a person.
type userAuth struct {
	token string
	next  http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (u userAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.Header.Set("Authorization", "Bearer "+u.token)
	return u.next.RoundTrip(out)
}
