package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/render"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/sealift/sealift/webhook"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/web"
)

// service is the GitHub App: everything that `bot serve` runs, wired together.
type service struct {
	config   serviceConfig
	log      *slog.Logger
	app      *ghapp.App
	store    *store.Store
	queue    *queue.Queue
	mirrors  *tree.Mirrors
	renderer *render.Renderer // its workers are shared by all repositories
	cacheKey [32]byte         // of the render caches; kept apart from them
	metrics  *webhook.Metrics
	answers  *commands.Service
	handler  http.Handler

	search   *search
	watching sync.WaitGroup // for what was refused
	unwatch  context.CancelFunc
}

// newService opens what the service needs. Nothing runs until start.
func newService(ctx context.Context, c serviceConfig, log *slog.Logger) (s *service, err error) {
	s = &service{config: c, log: log, metrics: webhook.NewMetrics()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return s, gitops.Errorf(gitops.Unavailable, "data directory: %w", err)
	}
	if s.cacheKey, err = readKey(filepath.Join(c.DataDir, "cache.key")); err != nil {
		return s, gitops.Errorf(gitops.Unavailable, "cache key: %w", err)
	}
	if s.app, err = newApp(c, log, meter{s.metrics}); err != nil {
		return s, err
	}
	if s.store, err = store.Open(ctx, c.Database, store.Options{Exclusive: true, Logger: log}); err != nil {
		return s, err
	}
	s.search = newSearch(s.app, s.store, log)
	if s.queue, err = queue.New(s.store, runner{s}, queue.Options{Workers: c.Jobs, Logger: log}); err != nil {
		return s, err
	}
	if s.renderer, err = render.New(render.Options{Workers: c.Workers, Timeout: c.RenderTimeout, Log: log}); err != nil {
		return s, err
	}
	s.mirrors = tree.NewMirrors(tree.MirrorOptions{
		Dir: filepath.Join(c.DataDir, "mirrors"), AllowPrivate: s.privateHosts(), CAFile: c.RemoteCA, MaxMirror: c.MirrorSize,
	})
	s.answers = s.sealing(s.answering())
	s.handler, err = s.edge()
	return s, err
}

// privateHosts are those that may have an address that is not public: the
// operator's list, and GitHub itself where it is inside of the network.
func (s *service) privateHosts() []string {
	hosts := s.config.AllowPrivate
	if u, err := url.Parse(s.config.GitHubWebURL); err == nil && u.Hostname() != "github.com" {
		port := u.Port()
		if port == "" {
			port = "443"
		}
		hosts = append([]string{net.JoinHostPort(u.Hostname(), port)}, hosts...)
	}
	return hosts
}

// answering returns the verbs with the GitHub side, git and the action log.
func (s *service) answering() *commands.Service {
	return &commands.Service{
		Host: func(_ context.Context, r gitops.Repository) (commands.Host, error) {
			return s.app.Repo(r, ghapp.RenderPermissions())
		},
		Source: func(ctx context.Context, r gitops.Repository) (commands.Source, error) { return s.source(ctx, r) },
		Change: func(_ context.Context, r gitops.Repository) (commands.Changes, error) {
			return s.app.Repo(r, ghapp.ChangePermissions())
		},
		Bench:   s.bench,
		Self:    s.self,
		Enqueue: s.enqueue,
		Forget:  s.forget,
		Actions: actionLog{s.store},
		State:   s.store,
		Holds:   s.store,
		Options: commands.Options{
			MaxComment: s.config.MaxComment, MaxComments: s.config.MaxComments, WebURL: s.config.GitHubWebURL, Log: s.log,
			FullURL: s.fullURL,
		},
	}
}

func (s *service) self(ctx context.Context) (gitops.User, error) {
	self, err := s.app.Self(ctx)
	return self.Bot, err
}

// fullURL is the page with a whole report, "" where nobody can log in.
func (s *service) fullURL(r gitops.Repository, number int, base, head string) string {
	if s.config.ClientID == "" {
		return ""
	}
	return s.config.PublicURL + web.ReportPath(r.Owner, r.Name, number, base, head)
}

// source opens the mirror of a repository.
func (s *service) source(ctx context.Context, r gitops.Repository) (*tree.Mirror, error) {
	repo, err := s.app.Repo(r, ghapp.RenderPermissions())
	if err != nil {
		return nil, err
	}
	return s.mirrors.Open(ctx, tree.MirrorSpec{URL: repo.CloneURL(), Key: strconv.FormatInt(r.ID, 10), Token: repo.GitToken})
}

// forget removes the mirrors and caches of repositories that an installation lost.
// A mirror is open for as long as a repository is worked on, so that one which
// still is must be tried again later. GitHub may have left repositories out of the
// event; what is kept of those goes by age.
func (s *service) forget(_ context.Context, e gitops.Event) error {
	var problems []error
	for _, r := range e.Lost {
		id := strconv.FormatInt(r.ID, 10)
		problems = append(problems, s.mirrors.Forget(id, func() error { return os.RemoveAll(s.cacheDir(id)) }))
	}
	return cmp.Or(problems...)
}

// cacheDir is the directory of a repository's cache.
func (s *service) cacheDir(id string) string { return filepath.Join(s.config.DataDir, "cache", id) }

// bench opens the cache of a repository, and remotes of its own for one comparison.
func (s *service) bench(_ context.Context, r gitops.Repository) (commands.Bench, error) {
	id := strconv.FormatInt(r.ID, 10)
	cache, err := render.OpenCache(s.cacheDir(id), s.cacheKey, s.config.CacheSize)
	if err != nil {
		return commands.Bench{}, err
	}
	var remote render.Remote
	closeRemote := func() error { return nil }
	if len(s.config.AllowRemote) > 0 {
		remotes := tree.NewRemotes(tree.RemoteOptions{
			Allow: s.config.AllowRemote, AllowPrivate: s.config.AllowPrivate, CAFile: s.config.RemoteCA, Dir: filepath.Join(s.config.DataDir, "remotes"),
		})
		remote, closeRemote = remotes, remotes.Close
	}
	begin, before := time.Now(), s.renderer.Stats()
	return commands.Bench{
		Renderer: s.renderer.For(id, cache, remote), Memo: cache,
		Close: func() {
			now := s.renderer.Stats()
			s.metrics.Rendered(time.Since(begin))
			s.metrics.Cached(now.Hits-before.Hits, now.Renders-before.Renders)
			if err := errors.Join(cache.Flush(), closeRemote()); err != nil {
				s.log.Warn("cache not written", "repository", r.String(), "error", err)
			}
		},
	}, nil
}

// edge returns what listens: the webhook and the pages.
func (s *service) edge() (http.Handler, error) {
	s.metrics.Watch(func(ctx context.Context) (webhook.Depth, error) {
		d, err := s.queue.Depth(ctx)
		return webhook.Depth(d), err
	})
	s.metrics.Search(s.search.owed)
	pages, err := web.New(s.pageOptions())
	if err != nil {
		return nil, err
	}
	server, err := webhook.New(webhook.Config{
		Secrets: s.config.WebhookSecrets, Redact: commands.Redact, Inbox: inbox{s.queue}, Failed: s.search.refused, Ready: inbox{s.queue}, Metrics: s.metrics, Pages: pages, Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	return server.Handler(), nil
}

func (s *service) pageOptions() web.Options {
	key := sha256.Sum256(append([]byte("sealift cookies\x00"), s.config.PrivateKey...))
	o := web.Options{PublicURL: s.config.PublicURL, Key: key, Version: version(), WebURL: s.config.GitHubWebURL, Proxies: s.config.TrustedProxies, Log: s.log}
	if s.config.ClientID != "" {
		p := people{s}
		o.Login, o.Reader, o.Reports, o.Title = p, p, p, reply.Title
		o.Sealing = sealForms{s.answers}
	}
	if s.config.AppSlug != "" {
		o.AppURL = s.config.GitHubWebURL + "/apps/" + s.config.AppSlug
	}
	return o
}

// start takes up work.
func (s *service) start(ctx context.Context) error {
	if err := s.queue.Every(searchName, searchEvery, s.search.look); err != nil {
		return err
	}
	s.renderer.Prestart(1)
	if err := s.queue.Start(ctx); err != nil {
		return err
	}
	s.search.refused() // the process before may have died with a delivery in its hands
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.unwatch = stop
	s.watching.Go(func() {
		s.search.watch(watching, func(ctx context.Context) (bool, error) { return s.queue.Soon(ctx, searchName) })
	})
	return nil
}

// stop drains: no new work is taken, what runs may end until ctx does.
func (s *service) stop(ctx context.Context) error {
	s.unwatch()
	s.watching.Wait()
	return s.queue.Stop(ctx)
}

// close lets go of everything.
func (s *service) close() {
	if s.renderer != nil {
		_ = s.renderer.Close()
	}
	if s.store != nil {
		_ = s.store.Close()
	}
}
