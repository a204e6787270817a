package pages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

// Options say what the pages show. Repos and People must not be empty.
type Options struct {
	// Repos are the repositories ("owner/name") that have pages. The first one
	// is the home page.
	Repos []string
	// People are whom the person in front of the page can be. The first one is
	// chosen at the start.
	People []Person
	// Quick are comments offered as buttons, such as "/help".
	Quick []string
	// Actions are buttons for what happens outside of the page.
	Actions []Action
	// Banner is a sentence at the top of every page, as plain text; "" is none.
	Banner string
	// Log receives what goes wrong; nil discards it.
	Log *slog.Logger
}

// Person is one of the people to choose from.
type Person struct {
	// Login is the hub's name of the person.
	Login string
	// Role is what the person is in a word, such as "Developer".
	Role string
	// About says in a sentence what the person may do.
	About string
}

// Action is a button.
type Action struct {
	// Label is on the button.
	Label string
	// About says in a sentence what it does.
	About string
	// Do does it. Its error is shown.
	Do func(ctx context.Context) error
}

//go:embed template static
var files embed.FS

// pages is the handler.
type pages struct {
	hub       *hub.Hub
	o         Options
	log       *slog.Logger
	templates map[string]*template.Template
	assets    string // version of the static files
	memo      memo
	markdown  *markdown
}

// New returns the pages of a hub, for [hub.Hub.SetPages].
func New(h *hub.Hub, o Options) http.Handler {
	p := &pages{hub: h, o: o, log: o.Log, markdown: newMarkdown()}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.assets = version()
	p.templates = p.parse()
	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fail(w, r, http.StatusForbidden, "This came from a page of another site, so nothing was done.")
	}))
	return p.guard(same.Handler(p.routes()))
}

// version names the present state of the static files.
func version() string {
	sum := sha256.New()
	for _, name := range []string{"static/style.css", "static/live.js"} {
		data, _ := files.ReadFile(name) // embedded
		sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// routes is every page. What belongs to no repository is below "/-/", as "-" is no name of
// an account.
func (p *pages) routes() http.Handler {
	site, repo := p.siteRoutes(), p.repoRoutes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/-/") {
			site.ServeHTTP(w, r)
			return
		}
		repo.ServeHTTP(w, r)
	})
}

func (p *pages) siteRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /-/static/{file}", http.StripPrefix("/-/", immutable(http.FileServerFS(files))))
	mux.HandleFunc("GET /-/deliveries", p.deliveries)
	mux.HandleFunc("GET /-/deliveries/{id}", p.delivery)
	mux.HandleFunc("POST /-/deliveries/{id}", p.redeliver)
	mux.HandleFunc("/", p.nowhere)
	return mux
}

func (p *pages) repoRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	const repo, pull = "/{owner}/{repo}", "/{owner}/{repo}/pull/{number}"
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("GET "+repo, p.repoHome)
	mux.HandleFunc("GET "+repo+"/pulls", p.pulls)
	mux.HandleFunc("GET "+repo+"/issues/{number}", p.conversation)
	mux.HandleFunc("GET "+repo+"/runs/{id}", p.run)
	mux.HandleFunc("GET "+repo+"/blob/{ref}/{path...}", p.blob)
	mux.HandleFunc("GET "+repo+"/commit/{sha}", p.commit)
	mux.HandleFunc("GET "+pull, p.conversation)
	mux.HandleFunc("GET "+pull+"/commits", p.commits)
	mux.HandleFunc("GET "+pull+"/files", p.files)
	mux.HandleFunc("POST "+pull+"/comment", p.act(comment))
	mux.HandleFunc("POST "+pull+"/merge", p.act(merge))
	mux.HandleFunc("POST "+pull+"/state", p.act(setState))
	mux.HandleFunc("POST "+pull+"/do/{action}", p.act(p.do))
	mux.HandleFunc("/", p.nowhere)
	return mux
}

// nowhere is every other address.
func (p *pages) nowhere(w http.ResponseWriter, r *http.Request) {
	p.fail(w, r, http.StatusNotFound, "There is no such page.")
}

func immutable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=31536000, immutable") // the address has the version
		next.ServeHTTP(w, r)
	})
}

// repo returns the full name of the path's repository, as it was configured.
func (p *pages) repo(r *http.Request) (string, error) {
	name := r.PathValue("owner") + "/" + r.PathValue("repo")
	if i := slices.IndexFunc(p.o.Repos, func(s string) bool { return strings.EqualFold(s, name) }); i >= 0 {
		return p.o.Repos[i], nil
	}
	return "", gitops.Errorf(gitops.NotFound, "repository %s is not there", gitops.Quote(name))
}

// pull returns the pull request or issue of the path.
func (p *pages) pull(r *http.Request) (string, hub.Pull, error) {
	repo, err := p.repo(r)
	if err != nil {
		return "", hub.Pull{}, err
	}
	n, _ := strconv.Atoi(r.PathValue("number"))
	list := p.hub.Pulls(repo)
	i := slices.IndexFunc(list, func(v hub.Pull) bool { return v.Number == n })
	if i < 0 {
		return "", hub.Pull{}, gitops.Errorf(gitops.NotFound, "pull request %s is not there", gitops.Quote(r.PathValue("number")))
	}
	return repo, list[i], nil
}

// layout is what the page around the content needs.
type layout struct {
	Title  string
	Repo   string // "" outside of a repository
	Nav    string // the part of the site that is open
	Banner string
	Assets string
	Live   bool // the page follows the hub
	Body   any
}

// show writes a page. Its ETag lets an open page ask every second at little cost.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, name string, l layout) {
	l.Banner, l.Assets = p.o.Banner, p.assets
	var b bytes.Buffer
	if err := p.templates[name].Execute(&b, l); err != nil {
		p.log.Error("page", slog.String("page", name), slog.Any("error", err))
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256(b.Bytes())
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("ETag", tag)
	if status == http.StatusOK && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser went away: nothing to do
}

// fail shows what went wrong.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, status int, message string) {
	p.show(w, r, status, "error", layout{Title: http.StatusText(status), Body: message})
}

// failWith shows an error with the status of its code.
func (p *pages) failWith(w http.ResponseWriter, r *http.Request, err error) {
	status := gitops.CodeOf(err).HTTP()
	if status >= http.StatusInternalServerError {
		p.log.Error("page", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	p.fail(w, r, status, sentence(err))
}
