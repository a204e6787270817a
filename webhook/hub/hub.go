package hub

import (
	"cmp"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Options configure a [Hub]. The zero value of each field but Dir is usable.
type Options struct {
	// Dir holds the bare repositories. It must exist and be empty.
	Dir string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log receives what happens; nil discards it.
	Log *slog.Logger
	// Seed makes the probabilities of faults repeatable.
	Seed uint64
	// CommentLimit is how many characters a comment or body may have; 0 is
	// 65,536, the figure of GitHub's own message.
	CommentLimit int
	// Limits are the rate limits; the zero value enforces none, but reports
	// GitHub's figures.
	Limits Limits
	// InOrder sends deliveries one after the other in the order of their
	// events. GitHub promises no order, so the default is none.
	InOrder bool
	// TokenLife is how long installation tokens work; 0 is an hour.
	TokenLife time.Duration
	// EagerMerge computes mergeability before a pull request is answered.
	// GitHub does it in the background: the first answer after a change says
	// null. The default does as GitHub does.
	EagerMerge bool
}

// Hub is one GitHub. It is safe for concurrent use.
type Hub struct {
	opts   Options
	log    *slog.Logger
	routes http.Handler
	done   chan struct{} // closed by Close
	stop   sync.Once

	// mu guards all below, and all that is reached from there. Whoever answers a call
	// holds it from the check of the caller on, so a call is never half done for
	// another; only transfers of git and deliveries run without it.
	mu         sync.Mutex
	url        string       // without a slash at its end; "" before SetURL
	page       http.Handler // nil before SetPages
	nextID     int64        // of everything that has a number but issues
	rng        *rand.Rand
	accounts   map[string]*account // by login in lower case
	repos      []*repo
	apps       []*App
	tokens     map[string]*token // by value
	codes      map[string]*grant // of OAuth, by code or refresh token; each is used once
	manifests  map[string]*App   // by the code that the conversion takes
	deliveries []*delivery       // in the order of their attempts
	sending    sending
	faults     []*rule
	losses     []*loss
	counts     map[string]int    // calls by operation, see Calls
	meters     map[string]*meter // by caller
}

// New returns a hub without people, Apps or repositories. Call [Hub.SetURL]
// with the address it is served at before anything else.
func New(opts Options) (*Hub, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil || opts.Dir == "" {
		return nil, gitops.Errorf(gitops.Invalid, "hub directory %s is not usable", gitops.Quote(opts.Dir))
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, gitops.Errorf(gitops.Invalid, "hub directory %s is not a directory", gitops.Quote(dir))
	}
	opts.Dir = dir
	opts.CommentLimit = cmp.Or(opts.CommentLimit, 65536)
	opts.TokenLife = cmp.Or(opts.TokenLife, time.Hour)
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{
		opts: opts, log: opts.Log, done: make(chan struct{}), nextID: 1000,
		rng:      rand.New(rand.NewPCG(opts.Seed, 1)),
		accounts: map[string]*account{}, tokens: map[string]*token{}, codes: map[string]*grant{},
		manifests: map[string]*App{}, counts: map[string]int{}, meters: map[string]*meter{},
	}
	h.routes = h.router()
	return h, nil
}

// SetURL tells the hub the address it is served at, such as
// "http://127.0.0.1:1234". Every link it hands out starts with it.
func (h *Hub) SetURL(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return gitops.Errorf(gitops.Invalid, "hub address %s is not an absolute URL", gitops.Quote(base))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.url = u.Scheme + "://" + u.Host
	return nil
}

// SetPages serves the pages people look at: every path that is not the API, git or
// one of the hub's own log-in pages.
func (h *Hub) SetPages(pages http.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.page = pages
}

// WebURL returns the address of the hub without a slash at its end.
func (h *Hub) WebURL() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.url
}

// APIURL returns the root of the REST API with a slash at its end, as a client's
// base URL wants it.
func (h *Hub) APIURL() string { return h.WebURL() + apiPrefix + "/" }

// GitURL returns the address git clones a repository from.
func (h *Hub) GitURL(owner, repo string) string {
	return h.WebURL() + "/" + owner + "/" + repo + ".git"
}

// Close ends deliveries and hanging calls. The repositories stay on disk.
func (h *Hub) Close() {
	h.stop.Do(func() { close(h.done) })
}

// ServeHTTP implements http.Handler. The Date of an answer is by the hub's clock.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", h.now().Format(http.TimeFormat))
	h.routes.ServeHTTP(w, r)
}

// now has whole seconds, as all of GitHub's times.
func (h *Hub) now() time.Time { return h.opts.Now().UTC().Truncate(time.Second) }

// id returns a number that no other thing of the hub has.
func (h *Hub) id() int64 {
	h.nextID++
	return h.nextID
}

// api returns the address of an API path that starts with a slash.
func (h *Hub) api(path string) string { return h.url + apiPrefix + path }
