package ghapp_test

import (
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

const repository = "acme/gitops"

// world is a hub with an organisation, people, a repository, an App on it, and
// our side of that App.
type world struct {
	*hub.Hub
	t     *testing.T
	app   *hub.App
	inst  int64
	dev   hub.Person
	gh    *ghapp.App
	meter *meter
	repo  *ghapp.Repo
}

// meter is a [ghapp.Meter] that remembers.
type meter struct {
	mu    sync.Mutex
	calls map[string][]int
	left  map[int64]int
}

func (m *meter) Call(operation string, status int, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls[operation] = append(m.calls[operation], status)
}

func (m *meter) Quota(installation int64, remaining int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left[installation] = remaining
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T, o hub.Options, change ...func(*ghapp.Config)) *world {
	t.Helper()
	w := &world{t: t, Hub: hubtest.Start(t, o), meter: &meter{calls: map[string][]int{}, left: map[int64]int{}}}
	w.AddOrg("acme", "admin")
	must(t, w.AddRepo(t.Context(), repository, hub.RepoOptions{Private: true, Files: map[string]string{"README.md": "# gitops\n", "apps/web/dev/kustomization.yaml": "namespace: dev\n"}}))
	w.AddTeam("acme", "developers", "dev")
	must(t, w.GrantTeam(repository, "developers", hub.Write))
	w.dev = w.User("dev")
	w.User("stranger")
	var err error
	w.app, err = w.Register(hub.AppConfig{Name: "Sealift", Owner: "acme", WebhookSecret: hubtest.Secret, Key: hubtest.Key(t),
		Permissions: map[string]string{"contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "statuses": "read", "members": "read"},
		Callbacks:   []string{"http://127.0.0.1:1/oauth"}})
	must(t, err)
	w.inst, err = w.app.Install("acme", repository)
	must(t, err)
	w.gh = w.client(change...)
	w.repo = w.open(ghapp.ChangePermissions())
	return w
}

// client returns our App over the hub.
func (w *world) client(change ...func(*ghapp.Config)) *ghapp.App {
	w.t.Helper()
	id, secret := w.app.OAuth()
	cfg := ghapp.Config{AppID: w.app.ID(), PrivateKey: w.app.PrivateKey(), ClientID: id, ClientSecret: secret, APIURL: w.APIURL(), WebURL: w.WebURL(), Meter: w.meter}
	for _, f := range change {
		f(&cfg)
	}
	gh, err := ghapp.New(cfg)
	must(w.t, err)
	return gh
}

// open finds the repository and narrows to it.
func (w *world) open(p ghapp.Permissions) *ghapp.Repo {
	w.t.Helper()
	found, err := w.gh.Find(w.t.Context(), "acme", "gitops")
	must(w.t, err)
	r, err := w.gh.Repo(found, p)
	must(w.t, err)
	return r
}

// pull pushes a branch as dev and opens a pull request.
func (w *world) pull(branch string) int {
	w.t.Helper()
	_, err := w.dev.Push(w.t.Context(), repository, branch, "Change", map[string]string{"apps/web/dev/kustomization.yaml": "namespace: " + branch + "\n"})
	must(w.t, err)
	n, err := w.dev.OpenPull(w.t.Context(), repository, hub.NewPull{Title: "A change", Body: "Why", Head: branch})
	must(w.t, err)
	return n
}

// wantCode fails unless err has a code.
func wantCode(t testing.TB, err error, code gitops.Code) {
	t.Helper()
	if got := gitops.CodeOf(err); got != code {
		t.Errorf("error %v has code %q, want %q", err, got, code)
	}
}
