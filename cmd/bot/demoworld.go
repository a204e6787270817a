package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sealift/sealift/cmd/bot/sample"
	"github.com/sealift/sealift/webhook"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/pages"
	"sigs.k8s.io/yaml"
)

// The people and the repository of the demo.
const (
	demoRepo  = "acme/store-gitops"
	developer = "dana"
	admin     = "ada"
	stranger  = "sam"
)

// demo is a GitHub in a box with Sealift as its App.
type demo struct {
	hub     *hub.Hub
	service *service
	pulls   []int // their numbers: the change with mistakes, the release
	log     *slog.Logger

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// startDemo starts both on loopback: the hub on l, the service on a free port.
// Their files are in dir.
func startDemo(ctx context.Context, dir string, l net.Listener, workers int) (d *demo, err error) {
	d = &demo{log: slog.New(slog.DiscardHandler)}
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.cancel = cancel
	defer func() {
		if err != nil {
			d.stop()
		}
	}()
	bl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.Close()
		return d, err
	}
	app, err := d.world(ctx, filepath.Join(dir, "hub"), "http://"+l.Addr().String(), "http://"+bl.Addr().String())
	if err == nil {
		d.service, err = newService(ctx, d.config(app, filepath.Join(dir, "bot"), bl.Addr().String(), workers), d.log)
	}
	if err != nil {
		return d, errors.Join(err, l.Close(), bl.Close())
	}
	d.serve(serving, l, d.hub)
	d.serve(serving, bl, d.service.handler)
	if err := d.service.start(ctx); err != nil {
		return d, err
	}
	return d, d.openPulls(ctx)
}

func (d *demo) serve(ctx context.Context, l net.Listener, h http.Handler) {
	d.running.Go(func() { _ = webhook.Serve(ctx, l, h, d.log) })
}

// world fills the hub: an organisation with a repository, three people, the App.
func (d *demo) world(ctx context.Context, dir, hubURL, botURL string) (*hub.App, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	h, err := hub.New(hub.Options{Dir: dir, EagerMerge: true})
	if err != nil {
		return nil, err
	}
	d.hub = h
	if err := h.SetURL(hubURL); err != nil {
		return nil, err
	}
	h.AddOrg("acme", admin)
	h.User(stranger)
	files := sample.Base()
	if err := addCertificates(files, time.Now()); err != nil {
		return nil, err
	}
	if err := h.AddRepo(ctx, demoRepo, hub.RepoOptions{Files: files, Author: admin}); err != nil {
		return nil, err
	}
	if err := errors.Join(h.Grant(demoRepo, developer, hub.Write), h.Grant(demoRepo, admin, hub.Admin)); err != nil {
		return nil, err
	}
	h.SetPages(pages.New(h, d.pageOptions()))
	return d.register(botURL)
}

// register makes the App as app.yml describes it.
func (d *demo) register(botURL string) (*hub.App, error) {
	var m struct {
		Name        string
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	if err := yaml.Unmarshal(manifestYAML, &m); err != nil {
		return nil, err
	}
	app, err := d.hub.Register(hub.AppConfig{
		Name: m.Name, Owner: "acme", WebhookURL: botURL + "/webhook", Permissions: m.Permissions, Events: m.Events,
		Callbacks: []string{botURL + "/login/callback"}, HomePage: botURL,
	})
	if err != nil {
		return nil, err
	}
	_, err = app.Install("acme")
	return app, err
}

// config is that of the service in the demo.
func (d *demo) config(app *hub.App, dir, addr string, workers int) serviceConfig {
	id, secret := app.OAuth()
	return serviceConfig{
		Addr: addr, PublicURL: "http://" + addr, DataDir: dir, Database: filepath.Join(dir, "sealift.db"),
		GitHubURL: d.hub.APIURL(), GitHubWebURL: d.hub.WebURL(), AppID: app.ID(), AppSlug: app.Slug(),
		PrivateKey: app.PrivateKey(), WebhookSecrets: [][]byte{[]byte(app.WebhookSecret())}, ClientID: id, ClientSecret: secret,
		Jobs: 4, Workers: workers, CacheSize: 64 << 20, MirrorSize: 256 << 20,
	}
}

func (d *demo) pageOptions() pages.Options {
	change := sample.Change()
	return pages.Options{
		Repos: []string{demoRepo},
		People: []pages.Person{
			{Login: developer, Role: "Developer", About: "may write to the repository"},
			{Login: admin, Role: "Admin", About: "administers it"},
			{Login: stranger, Role: "Stranger", About: "may read it, as anybody"},
		},
		Quick:  []string{"/diff", "/promote staging", "/promote prod", "/status", "/seal", "/help"},
		Banner: "A GitHub in a box: everything on this page is on your machine, and gone when the demo ends.",
		Actions: []pages.Action{{
			Label: "Push a repair of prod", About: "The developer corrects the file name that breaks production.",
			Do: func(ctx context.Context) error {
				files := map[string]string{}
				for name, text := range sample.Repair() {
					files[name] = text
				}
				_, err := d.hub.User(developer).Push(ctx, demoRepo, change.Branch, "prod: name the resources as they are called", files)
				return err
			},
		}},
		Log: d.log,
	}
}

// openPulls pushes the sample's changes and opens their pull requests. The page that
// is shown is that of the first.
func (d *demo) openPulls(ctx context.Context) error {
	for _, change := range []sample.PullRequest{sample.Change(), sample.Release()} {
		files := maps.Clone(change.Files)
		for _, name := range change.Delete {
			files[name] = hub.Deleted
		}
		dana := d.hub.User(developer)
		if _, err := dana.Push(ctx, demoRepo, change.Branch, change.Title, files); err != nil {
			return err
		}
		n, err := dana.OpenPull(ctx, demoRepo, hub.NewPull{Title: change.Title, Body: change.Body, Head: change.Branch})
		if err != nil {
			return err
		}
		d.pulls = append(d.pulls, n)
	}
	return nil
}

// pullURL returns the page of the first or second pull request.
func (d *demo) pullURL(i int) string {
	return fmt.Sprintf("%s/%s/pull/%d", d.hub.WebURL(), demoRepo, d.pulls[i])
}

// stop ends both. It may be called on a demo that did not start whole.
func (d *demo) stop() {
	d.cancel()
	d.running.Wait()
	if d.service != nil {
		end, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = d.service.stop(end)
		d.service.close()
	}
	if d.hub != nil {
		d.hub.Close()
	}
}
