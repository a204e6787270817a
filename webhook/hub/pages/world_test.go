package pages_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/pages"
)

const (
	repository = "acme/gitops"
	pullPath   = "/acme/gitops/pull/1"
)

// world is a hub with pages, a repository, a pull request and an App that sees it.
type world struct {
	*hub.Hub
	t      *testing.T
	dev    hub.Person
	client *http.Client
	token  string // of the App
	acted  int    // how often the first action ran
}

func newWorld(t *testing.T) *world {
	t.Helper()
	h, err := hub.New(hub.Options{Dir: t.TempDir(), EagerMerge: true})
	must(t, err)
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	t.Cleanup(h.Close)
	must(t, h.SetURL(srv.URL))
	jar, err := cookiejar.New(nil)
	must(t, err)
	w := &world{Hub: h, t: t, client: &http.Client{Jar: jar}}
	h.AddOrg("acme", "admin")
	must(t, h.AddRepo(t.Context(), repository, hub.RepoOptions{Files: map[string]string{
		"apps/web/prod/kustomization.yaml": "resources:\n- ../base\nnamespace: prod\n",
		"apps/web/base/app.yaml":           "kind: Deployment\nmetadata:\n  name: web\n",
		"old.txt":                          "one\ntwo\nthree\nfour\nfive\n",
	}}))
	must(t, h.Grant(repository, "dev", hub.Write))
	h.User("stranger")
	w.dev = h.User("dev")
	w.push("Raise the prod replicas", map[string]string{
		"apps/web/prod/kustomization.yaml": "resources:\n- ../base\nnamespace: production\nreplicas:\n- name: web\n  count: 3\n", "old.txt": hub.Deleted,
		"new.txt": "one\ntwo\nthree\nfour\nfive\n", "-- a b.txt": "--- a/x\n+++ b/x\n",
		"a#b?c%20.txt": "odd\n",
	})
	_, err = w.dev.OpenPull(t.Context(), repository, hub.NewPull{Title: "Raise <prod> replicas", Body: "Three *instead* of one.", Head: "change"})
	must(t, err)
	h.SetPages(pages.New(h, pages.Options{
		Repos: []string{repository}, Quick: []string{"/help", "/diff"}, Banner: "A demonstration on this machine.",
		People: []pages.Person{
			{Login: "dev", Role: "Developer", About: "May push and merge."},
			{Login: "admin", Role: "Admin", About: "Owns the organisation."},
			{Login: "stranger", Role: "Stranger", About: "May read and comment, like anybody."},
		},
		Actions: []pages.Action{
			{Label: "Push a commit", About: "Changes the branch.", Do: func(ctx context.Context) error {
				w.acted++
				_, err := w.dev.Push(ctx, repository, "change", "Repair prod", map[string]string{"fix.txt": "fixed\n"})
				return err
			}},
			{Label: "Fail", Do: func(context.Context) error {
				return gitops.Errorf(gitops.Unavailable, "the sky fell: %w", errors.New("x"))
			}},
		},
	}))
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) push(message string, files map[string]string) {
	w.t.Helper()
	_, err := w.dev.Push(w.t.Context(), repository, "change", message, files)
	must(w.t, err)
}

// page is an answer.
type page struct {
	t      *testing.T
	status int
	header http.Header
	url    *url.URL // after redirects
	body   string
}

// do sends a request; headers are names and values in turn.
func (w *world) do(method, path, body string, header ...string) page {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.WebURL()+path, strings.NewReader(body))
	must(w.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := w.client.Do(req)
	must(w.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(w.t, err)
	return page{w.t, resp.StatusCode, resp.Header, resp.Request.URL, string(data)}
}

func (w *world) get(path string, header ...string) page {
	w.t.Helper()
	return w.do(http.MethodGet, path, "", header...)
}

// post sends a form given as names and values in turn.
func (w *world) post(path string, form ...string) page {
	w.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		v.Set(form[i], form[i+1])
	}
	return w.do(http.MethodPost, path, v.Encode())
}

// want checks the status and that texts are there.
func (p page) want(status int, texts ...string) page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: status %d, want %d: %s", p.url, p.status, status, p.body)
	}
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			p.t.Errorf("%s: %q is not there", p.url, text)
		}
	}
	return p
}

func (p page) without(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Errorf("%s: %q is there", p.url, text)
		}
	}
}
