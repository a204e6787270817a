package hub

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// How long the parts of the log-in last.
const (
	codeLife     = 10 * time.Minute
	userLife     = 8 * time.Hour
	refreshLife  = 180 * 24 * time.Hour
	manifestLife = time.Hour
)

// grant is what a one-time code, or a refresh token, stands for.
type grant struct {
	app       *App
	user      *account
	redirect  string // where the code was sent to
	challenge string // of PKCE; "" when the App sent none
	expires   time.Time
	refresh   bool // it is a refresh token
}

// loginRoutes are the pages a browser meets, and the token exchange behind them.
func (h *Hub) loginRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /login/oauth/authorize", h.authorizePage)
	mux.HandleFunc("POST /login/oauth/authorize", h.authorize)
	mux.HandleFunc("POST /login/oauth/access_token", h.exchange)
	mux.HandleFunc("POST /settings/apps/new", h.manifestPage)
	mux.HandleFunc("POST /organizations/{org}/settings/apps/new", h.manifestPage)
	mux.HandleFunc("POST /settings/apps/create", h.createFromManifest)
	mux.HandleFunc("GET /apps/{slug}/installations/new", h.installPage)
	mux.HandleFunc("POST /apps/{slug}/installations/new", h.installFromPage)
}

// layout is the one plain layout of the hub's own pages.
func layout(body string) *template.Template {
	return template.Must(template.New("page").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title><style>:root{color-scheme:light dark}body{font:16px system-ui;max-width:32rem;margin:3rem auto;padding:0 1rem}button,select,input{font:inherit;padding:.4rem .8rem;margin:.2rem 0}</style>
<h1>{{.Title}}</h1>` + body))
}

// people returns the logins of everybody who can log in.
func (h *Hub) people(kind string) []string {
	var list []string
	for _, a := range h.accounts {
		if a.kind == kind {
			list = append(list, a.login)
		}
	}
	slices.Sort(list)
	return list
}

// authorizeRequest checks the query of an authorization.
func (h *Hub) authorizeRequest(q url.Values) (*App, string, string) {
	var app *App
	for _, a := range h.apps {
		if a.clientID == q.Get("client_id") {
			app = a
		}
	}
	if app == nil {
		return nil, "", "The client_id is not known."
	}
	redirect := q.Get("redirect_uri")
	if redirect == "" && len(app.callbacks) > 0 {
		redirect = app.callbacks[0]
	}
	if !slices.ContainsFunc(app.callbacks, func(c string) bool { return sameCallback(c, redirect) }) {
		return nil, "", "The redirect_uri is not associated with this application."
	}
	if m := q.Get("code_challenge_method"); q.Get("code_challenge") != "" && m != "S256" {
		return nil, "", "The code_challenge_method must be S256."
	}
	return app, redirect, ""
}

// sameCallback reports whether a redirect is a registered callback or below it.
func sameCallback(registered, redirect string) bool {
	a, err1 := url.Parse(registered)
	b, err2 := url.Parse(redirect)
	return err1 == nil && err2 == nil && a.Scheme == b.Scheme && a.Host == b.Host &&
		(b.Path == a.Path || strings.HasPrefix(b.Path, strings.TrimSuffix(a.Path, "/")+"/")) && !strings.Contains(b.Path, "..")
}

// authorizePage asks who is logging in.
func (h *Hub) authorizePage(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	app, _, problem := h.authorizeRequest(r.URL.Query())
	people := h.people("User")
	h.mu.Unlock()
	if problem != "" {
		http.Error(w, problem, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = layout(`<p>Log in to the hub as:</p><form method="post" action="/login/oauth/authorize?{{.Query}}">
{{range .People}}<p><button name="login" value="{{.}}">{{.}}</button></p>{{end}}</form>`).Execute(w, map[string]any{
		"Title": "Authorize " + app.name, "Query": template.URL(r.URL.Query().Encode()), "People": people, // a browser went away: nothing to do
	})
}

// authorize sends the browser back with a code.
func (h *Hub) authorize(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := r.URL.Query()
	app, redirect, problem := h.authorizeRequest(q)
	user := h.lookup(r.PostFormValue("login"))
	if problem != "" || user == nil || user.kind != "User" {
		http.Error(w, "Not found. "+problem, http.StatusNotFound)
		return
	}
	code := secret(10)
	h.codes[code] = &grant{app: app, user: user, redirect: redirect, challenge: q.Get("code_challenge"), expires: h.now().Add(codeLife)}
	back(w, r, redirect, url.Values{"code": {code}, "state": q["state"]})
}

// back redirects with more query parameters.
func back(w http.ResponseWriter, r *http.Request, to string, add url.Values) {
	u, err := url.Parse(to)
	if err != nil {
		http.Error(w, "The redirect is not a URL.", http.StatusUnprocessableEntity)
		return
	}
	q := u.Query()
	for k, v := range add {
		q[k] = v
	}
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusFound)
}

// exchange turns a code, or a refresh token, into a user token. Errors have status 200, as on
// GitHub.
func (h *Hub) exchange(w http.ResponseWriter, r *http.Request) {
	body := http.MaxBytesReader(w, r.Body, 1<<16)
	in := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		_ = json.NewDecoder(body).Decode(&in) // what is missing is refused below
	} else {
		r.Body = body
		_ = r.ParseForm() // likewise
		for k := range r.Form {
			in[k] = r.Form.Get(k)
		}
	}
	h.mu.Lock()
	out := h.redeem(in)
	h.mu.Unlock()
	if strings.Contains(r.Header.Get("Accept"), "json") {
		(&answer{status: http.StatusOK, body: out}).send(w)
		return
	}
	form := url.Values{}
	for k, v := range out {
		if s, ok := v.(string); ok {
			form.Set(k, s)
		}
	}
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	_, _ = w.Write([]byte(form.Encode())) // the caller went away: nothing to do
}

// redeem gives tokens for a code or a refresh token. Every refusal is an answer of 200
// with an error in it, as at GitHub. A code that is known and valid is used up by the
// attempt, also by one that fails the checks after: whoever guesses has one guess.
func (h *Hub) redeem(in map[string]string) obj {
	oops := func(code, text string) obj {
		return obj{"error": code, "error_description": text, "error_uri": "https://docs.github.com/apps"}
	}
	var app *App
	for _, a := range h.apps {
		if a.clientID == in["client_id"] && subtle.ConstantTimeCompare([]byte(a.clientSecret), []byte(in["client_secret"])) == 1 {
			app = a
		}
	}
	if app == nil {
		return oops("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
	}
	key, refresh := in["code"], in["grant_type"] == "refresh_token"
	if refresh {
		key = in["refresh_token"]
	}
	g := h.codes[key]
	if g == nil || g.app != app || g.refresh != refresh || !h.now().Before(g.expires) {
		return oops("bad_verification_code", "The code passed is incorrect or expired.")
	}
	delete(h.codes, key)
	if sum := sha256.Sum256([]byte(in["code_verifier"])); g.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		return oops("bad_verification_code", "The code_verifier does not match the code_challenge.")
	}
	if in["redirect_uri"] != "" && !refresh && in["redirect_uri"] != g.redirect {
		return oops("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.")
	}
	t := &token{value: "ghu_" + secret(18), app: app, user: g.user, expires: h.now().Add(userLife)}
	h.tokens[t.value] = t
	again := "ghr_" + secret(38)
	h.codes[again] = &grant{app: app, user: g.user, expires: h.now().Add(refreshLife), refresh: true}
	return obj{"access_token": t.value, "token_type": "bearer", "scope": "", "expires_in": int(userLife.Seconds()), "refresh_token": again, "refresh_token_expires_in": int(refreshLife.Seconds())}
}
