package hub

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// AppConfig describes an App to register.
type AppConfig struct {
	// Name is shown to people; the slug is made from it.
	Name string
	// Owner is the person or organisation it belongs to.
	Owner string
	// WebhookURL receives deliveries; "" sends none.
	WebhookURL string
	// WebhookSecret signs them; "" makes one.
	WebhookSecret string
	// Permissions maps a permission, such as "contents", to "read" or "write".
	Permissions map[string]string
	// Events are the webhook events it hears.
	Events []string
	// Callbacks are where users may be sent back to after the log-in.
	Callbacks []string
	// Key signs its JWTs; nil makes one.
	Key *rsa.PrivateKey
	// HomePage is the App's external URL.
	HomePage string
}

// App is a registered GitHub App.
type App struct {
	hub           *Hub
	id, hookID    int64
	name, slug    string
	owner, bot    *account
	key           *rsa.PrivateKey
	hookURL       string
	secret        string
	clientID      string
	clientSecret  string
	permissions   map[string]string
	events        []string
	callbacks     []string
	homePage      string
	created       time.Time
	installations []*installation
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// Register creates an App and its bot user, and sends it a ping.
func (h *Hub) Register(c AppConfig) (*App, error) {
	if c.Key == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, gitops.Errorf(gitops.Internal, "app key: %w", err)
		}
		c.Key = key
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.register(c)
}

// register makes an App with its bot account. Every App may read metadata, and is sent
// a ping when it has a webhook, as at GitHub.
func (h *Hub) register(c AppConfig) (*App, error) {
	slug := slugOf(c.Name)
	if slug == "" || h.lookup(slug+"[bot]") != nil {
		return nil, gitops.Errorf(gitops.Invalid, "app name %s is empty or taken", gitops.Quote(c.Name))
	}
	id := h.id()
	a := &App{
		hub: h, id: id, hookID: h.id(), name: c.Name, slug: slug, owner: h.account(cmp.Or(c.Owner, "octocat"), "User"),
		bot: h.account(slug+"[bot]", "Bot"), key: c.Key, hookURL: c.WebhookURL, secret: cmp.Or(c.WebhookSecret, secret(20)),
		clientID: "Iv23li" + secret(7), clientSecret: secret(20), permissions: maps.Clone(c.Permissions),
		events: slices.Clone(c.Events), callbacks: slices.Clone(c.Callbacks), homePage: cmp.Or(c.HomePage, "https://example.com"), created: h.now(),
	}
	if a.permissions == nil {
		a.permissions = map[string]string{}
	}
	a.permissions["metadata"] = "read"
	a.bot.app = a
	h.apps = append(h.apps, a)
	h.emitPing(a)
	return a, nil
}

// slugOf is the name in URLs that GitHub makes of a name; "" when nothing is left of
// it.
func slugOf(name string) string {
	return strings.Trim(notSlug.ReplaceAllString(strings.ToLower(name), "-"), "-")
}

// secret returns n random bytes in hex.
func secret(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// ID returns the App's id, the issuer of its JWTs.
func (a *App) ID() int64 { return a.id }

// Slug returns the App's name in URLs.
func (a *App) Slug() string {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	return a.slug
}

// BotID returns the id of the bot user, which stays when the App is renamed.
func (a *App) BotID() int64 { return a.bot.id }

// PrivateKey returns the App's key as PEM (PKCS #1), as GitHub hands it out.
func (a *App) PrivateKey() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(a.key)})
}

// WebhookSecret returns the secret that signs deliveries.
func (a *App) WebhookSecret() string {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	return a.secret
}

// OAuth returns the App's client id and client secret.
func (a *App) OAuth() (id, secret string) { return a.clientID, a.clientSecret }

// SetWebhook changes where deliveries go and what signs them.
func (a *App) SetWebhook(url, secret string) {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	a.hookURL, a.secret = url, secret
}

// Rename gives the App another name; its slug and its bot's login follow.
func (a *App) Rename(name string) error {
	h := a.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	slug := slugOf(name)
	if slug == "" || h.lookup(slug+"[bot]") != nil {
		return gitops.Errorf(gitops.Invalid, "app name %s is empty or taken", gitops.Quote(name))
	}
	delete(h.accounts, strings.ToLower(a.bot.login))
	a.name, a.slug, a.bot.login = name, slug, slug+"[bot]"
	h.accounts[a.bot.login] = a.bot
	return nil
}
