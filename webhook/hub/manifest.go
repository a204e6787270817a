package hub

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"

	"github.com/sealift/sealift/gitops"
)

// manifest is what the App manifest flow is given.
type manifest struct {
	Name          string               `json:"name"`
	URL           string               `json:"url"`
	RedirectURL   string               `json:"redirect_url"`
	CallbackURLs  []string             `json:"callback_urls"`
	SetupURL      string               `json:"setup_url"`
	HookAttribute struct{ URL string } `json:"hook_attributes"`
	Permissions   map[string]string    `json:"default_permissions"`
	Events        []string             `json:"default_events"`
}

// parseManifest checks what GitHub checks of a manifest.
func parseManifest(text string) (manifest, error) {
	var m manifest
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return m, gitops.Errorf(gitops.Invalid, "manifest is not JSON: %w", err)
	}
	if m.URL == "" {
		return m, gitops.Errorf(gitops.Invalid, "manifest has no url")
	}
	if u, err := url.Parse(m.RedirectURL); err != nil || u.Host == "" {
		return m, gitops.Errorf(gitops.Invalid, "manifest has no redirect_url that is absolute")
	}
	for name, level := range m.Permissions {
		if level != "read" && level != "write" && level != "admin" {
			return m, gitops.Errorf(gitops.Invalid, "manifest permission %s is neither read nor write", gitops.Quote(name))
		}
	}
	return m, nil
}

// manifestPage shows what is about to be created, and under which name.
func (h *Hub) manifestPage(w http.ResponseWriter, r *http.Request) {
	m, err := parseManifest(r.PostFormValue("manifest"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	h.mu.Lock()
	owners := h.people("User")
	h.mu.Unlock()
	if org := r.PathValue("org"); org != "" {
		owners = []string{org}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = layout(`<form method="post" action="/settings/apps/create"><input type="hidden" name="manifest" value="{{.Manifest}}"><input type="hidden" name="state" value="{{.State}}">
<p><label>Name <input name="name" value="{{.Name}}" required></label></p><p><label>Owner <select name="owner">{{range .Owners}}<option>{{.}}</option>{{end}}</select></label></p>
<button>Create GitHub App</button></form>`).Execute(w, map[string]any{ // a browser went away: nothing to do
		"Title": "Create GitHub App", "Manifest": r.PostFormValue("manifest"), "State": r.URL.Query().Get("state"), "Name": m.Name, "Owners": owners,
	})
}

// createFromManifest registers the App and sends the browser back with a code.
func (h *Hub) createFromManifest(w http.ResponseWriter, r *http.Request) {
	m, err := parseManifest(r.PostFormValue("manifest"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		http.Error(w, "key", http.StatusInternalServerError)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	name := r.PostFormValue("name")
	if name == "" {
		name = m.Name
	}
	app, err := h.register(AppConfig{
		Name: name, Owner: r.PostFormValue("owner"), WebhookURL: m.HookAttribute.URL, Permissions: m.Permissions, Events: m.Events,
		Callbacks: m.CallbackURLs, HomePage: m.URL, Key: key,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	code := secret(20)
	h.manifests[code] = app
	q := url.Values{"code": {code}}
	if s := r.PostFormValue("state"); s != "" {
		q.Set("state", s)
	}
	back(w, r, m.RedirectURL, q)
}

// convertManifest hands out the credentials for a code, once, within an hour.
func (c *call) convertManifest() *answer {
	code := c.r.PathValue("code")
	app := c.h.manifests[code]
	if app == nil || c.h.now().After(app.created.Add(manifestLife)) {
		return notFound()
	}
	delete(c.h.manifests, code)
	out := c.h.appJSON(app)
	maps.Copy(out, obj{"client_id": app.clientID, "client_secret": app.clientSecret, "webhook_secret": app.secret, "pem": string(app.PrivateKey())})
	return created(out)
}

// installPage asks where to install an App.
func (h *Hub) installPage(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	app := h.appOf(r.PathValue("slug"))
	if app == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = layout(`<form method="post">{{range .Accounts}}<p><button name="account" value="{{.}}">{{.}}</button></p>{{end}}</form>`).Execute(w, map[string]any{ // likewise
		"Title": "Install " + app.name, "Accounts": append(h.people("Organization"), h.people("User")...),
	})
}

// installFromPage installs an App on all repositories of an account.
func (h *Hub) installFromPage(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	app, acc := h.appOf(r.PathValue("slug")), h.lookup(r.PostFormValue("account"))
	h.mu.Unlock()
	if app == nil || acc == nil {
		http.NotFound(w, r)
		return
	}
	if _, err := app.Install(acc.login); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	http.Redirect(w, r, app.homePage, http.StatusFound)
}

func (h *Hub) appOf(slug string) *App {
	for _, a := range h.apps {
		if a.slug == slug {
			return a
		}
	}
	return nil
}
