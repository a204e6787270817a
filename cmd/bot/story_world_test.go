package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sealift/sealift/webhook"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
	"sigs.k8s.io/yaml"
)

// The repository of the stories, and the files that they change.
const (
	storyRepo = "acme/shop"
	webBase   = "apps/web/base/config.yaml"
	webDev    = "apps/web/overlays/dev/kustomization.yaml"
	webProd   = "apps/web/overlays/prod/kustomization.yaml"
	apiBase   = "apps/api/base/config.yaml"
	topic     = "topic"
	brokenDev = "resources: [../../base, gone.yaml]\nnamespace: dev\n"
)

func storyFiles() map[string]string {
	files := map[string]string{"README.md": "# Shop\n"}
	for _, app := range []string{"web", "api"} {
		dir := "apps/" + app
		files[dir+"/base/kustomization.yaml"] = "resources: [config.yaml]\n"
		files[dir+"/base/config.yaml"] = configOf(app, "one")
		for _, env := range []string{"dev", "prod"} {
			files[dir+"/overlays/"+env+"/kustomization.yaml"] = "resources: [../../base]\nnamespace: " + env + "\n"
		}
	}
	return files
}

// configOf is a ConfigMap with a value to change.
func configOf(name, value string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\ndata:\n  key: " + value + "\n"
}

// manyConfigs is a file with n ConfigMaps of about a kilobyte each.
func manyConfigs(n int, value string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "---\n%s  long: %s\n", configOf(fmt.Sprintf("web-%03d", i), value), strings.Repeat(value+" ", 800/(len(value)+1)))
	}
	return b.String()
}

// world is a hub, whose calls are validated, with a service of ours that runs as
// its App, both on loopback.
type story struct {
	t       *testing.T
	ctx     context.Context
	hub     *hub.Hub
	app     *hub.App
	install int64
	config  serviceConfig
	logs    *logBuffer

	service *service
	addr    string
	halt    func()       // stops the service
	held    atomic.Int32 // jobs that wait for the story itself
}

// logBuffer is everything that the service logs.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was logged so far.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// storyOptions change a world.
type storyOptions struct {
	hub     hub.Options
	files   map[string]string
	private bool // the repository
	config  func(*serviceConfig)
	down    bool // the service is not started
}

// newStory starts a hub with the shop and a service.
func newStory(t *testing.T, o storyOptions) *story {
	t.Helper()
	t.Parallel()
	ctx := t.Context()
	o.hub.EagerMerge = true
	w := &story{t: t, ctx: ctx, hub: hubtest.Start(t, o.hub), logs: &logBuffer{}}
	w.hub.AddOrg("acme", admin)
	w.hub.User(stranger)
	if o.files == nil {
		o.files = storyFiles()
	}
	w.must(w.hub.AddRepo(ctx, storyRepo, hub.RepoOptions{Files: o.files, Author: admin, Private: o.private}))
	w.must(w.hub.Grant(storyRepo, developer, hub.Write))
	w.must(w.hub.Grant(storyRepo, admin, hub.Admin))
	w.addr = freeAddress(w.t)
	w.app, w.install, w.config = w.newApp("Sealift", w.addr)
	if o.config != nil {
		o.config(&w.config)
	}
	if !o.down {
		w.start()
	}
	t.Cleanup(func() {
		if w.halt != nil {
			w.halt()
		}
		if t.Failed() && testing.Verbose() {
			t.Logf("log of the service:\n%s", w.logs)
		}
	})
	return w
}

// newApp registers and installs an App as app.yml describes it, and returns the
// configuration of its service.
func (w *story) newApp(name, addr string) (*hub.App, int64, serviceConfig) {
	w.t.Helper()
	var m struct {
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	w.must(yaml.Unmarshal(manifestYAML, &m))
	app, err := w.hub.Register(hub.AppConfig{
		Name: name, Owner: "acme", WebhookURL: "http://" + addr + "/webhook", Permissions: m.Permissions, Events: m.Events, Key: hubtest.Key(w.t),
		Callbacks: []string{"http://" + addr + "/login/callback"},
	})
	w.must(err)
	install, err := app.Install("acme")
	w.must(err)
	dir := w.t.TempDir()
	id, secret := app.OAuth()
	return app, install, serviceConfig{
		Addr: addr, PublicURL: "http://" + addr, DataDir: dir, Database: filepath.Join(dir, "sealift.db"),
		GitHubURL: w.hub.APIURL(), GitHubWebURL: w.hub.WebURL(), AppID: app.ID(), AppSlug: app.Slug(),
		PrivateKey: app.PrivateKey(), WebhookSecrets: [][]byte{[]byte(app.WebhookSecret())}, ClientID: id, ClientSecret: secret,
		Jobs: 4, Workers: 1, CacheSize: 64 << 20, MirrorSize: 256 << 20,
	}
}

// start runs the service, until stop or the end of the test.
func (w *story) start() {
	w.t.Helper()
	w.service, w.halt = w.run(w.config)
}

// run runs a service with a configuration.
func (w *story) run(c serviceConfig) (*service, func()) {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := newService(w.ctx, c, log)
	w.must(err)
	l, err := net.Listen("tcp", c.Addr)
	w.must(err)
	serving, cancel := context.WithCancel(context.WithoutCancel(w.ctx))
	var running sync.WaitGroup
	running.Go(func() { _ = webhook.Serve(serving, l, s.handler, log) })
	w.must(s.start(w.ctx))
	return s, func() {
		cancel()
		running.Wait()
		if err := s.stop(context.Background()); err != nil {
			w.t.Error(err)
		}
		s.close()
	}
}

// stop ends the service.
func (w *story) stop() {
	w.halt()
	w.halt, w.service = nil, nil
}

func (w *story) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *story) person(login string) hub.Person { return w.hub.User(login) }

// push commits as the developer and returns the new tip.
func (w *story) push(branch string, kv ...string) string {
	w.t.Helper()
	files := map[string]string{}
	for pair := range slices.Chunk(kv, 2) {
		files[pair[0]] = pair[1]
	}
	sha, err := w.person(developer).Push(w.ctx, storyRepo, branch, "change", files)
	w.must(err)
	return sha
}

// open pushes to the branch of the topic and opens its pull request.
func (w *story) open(kv ...string) (number int, head string) {
	w.t.Helper()
	head = w.push(topic, kv...)
	number, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Topic", Head: topic})
	w.must(err)
	return number, head
}

// say comments and returns the comment's id.
func (w *story) say(login string, number int, body string) int64 {
	w.t.Helper()
	id, err := w.person(login).Comment(storyRepo, number, body)
	w.must(err)
	return id
}

// bots returns the comments of an App's bot.
func (w *story) bots(number int) []hub.Comment {
	return slices.DeleteFunc(w.hub.Comments(storyRepo, number), func(c hub.Comment) bool { return !c.Bot })
}

// one returns the only comment that the bot wrote.
func (w *story) one(number int) hub.Comment {
	w.t.Helper()
	list := w.bots(number)
	if len(list) != 1 {
		w.t.Fatalf("%d comments by the bot, want one: %+v\n%s", len(list), list, w.logs)
	}
	return list[0]
}

// check returns the newest check on a commit; it fails when there is none.
func (w *story) check(sha string) hub.Check {
	w.t.Helper()
	list := w.hub.Checks(storyRepo, sha)
	if len(list) == 0 {
		w.t.Fatalf("no check on %s\n%s", sha, w.logs)
	}
	return list[len(list)-1]
}

// asks comments as somebody and returns the reactions to it when all is done.
func (w *story) asks(login string, number int, body string) string {
	w.t.Helper()
	id := w.say(login, number, body)
	w.settle()
	return w.reactions(number, id)
}

// reactions returns what the bot's reactions to a comment are, in their order.
func (w *story) reactions(number int, id int64) string {
	var list []string
	for _, c := range w.hub.Comments(storyRepo, number) {
		for _, r := range c.Reactions {
			if c.ID == id {
				list = append(list, r.Content)
			}
		}
	}
	return strings.Join(list, " ")
}

// has fails unless text has all of the parts.
func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in\n%.3000s", p, text)
		}
	}
}

// hasNot fails when text has one of the parts.
func hasNot(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%q in\n%.3000s", p, text)
		}
	}
}

// calls returns the calls of the API since they were reset, without those of the
// search for lost deliveries and those for tokens.
func (w *story) calls() map[string]int {
	got := w.hub.Calls()
	maps.DeleteFunc(got, func(op string, _ int) bool {
		return strings.Contains(op, "/app/hook/deliveries") || strings.Contains(op, ".git") || strings.HasPrefix(op, "git")
	})
	return got
}
