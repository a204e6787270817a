package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

// GitHub's clock is far from ours, either way: the App still gets its tokens, and
// renews them when GitHub ends them.
func TestStoryClockSkew(t *testing.T) {
	for _, skew := range []time.Duration{-2 * time.Hour, -2 * time.Minute, 2 * time.Minute, 2 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			w := newStory(t, storyOptions{hub: hub.Options{Now: func() time.Time { return time.Now().Add(skew) }}})
			n, _ := w.open(webBase, configOf("web", "two"))
			w.settle()
			w.hub.ExpireTokens()
			head := w.push(topic, webBase, configOf("web", "three"))
			w.settle()
			has(t, w.one(n).Body, head[:7], "three")
			if c := w.check(head); c.Conclusion != "success" {
				t.Errorf("check %+v", c)
			}
			w.noFailures()
		})
	}
}

// Tokens end before a fetch, and in the middle of one: another is asked for, and
// nobody sees anything of it.
func TestStoryTokenExpires(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	const pack = "/" + storyRepo + ".git/git-upload-pack"
	for i, fault := range []hub.Fault{
		{Path: "/nothing"},
		{Path: pack, Method: "POST", Status: 401, Times: 1},
		{Path: pack, Method: "POST", Status: 401, Nth: 2},
	} {
		if i == 0 {
			w.hub.ExpireTokens()
		}
		w.hub.ResetCalls()
		remove := w.hub.Fault(fault)
		head := w.push(topic, webBase, configOf("web", "again "+strconv.Itoa(i)))
		w.settle()
		remove()
		has(t, w.one(n).Body, head[:7], "again "+strconv.Itoa(i))
		w.check(head)
		if w.hub.Calls()["POST /app/installations/{id}/access_tokens"] == 0 {
			t.Errorf("fetch %d: no token was asked for: %v", i, w.hub.Calls())
		}
	}
	w.noFailures()
}

// A push to the default branch warms the cache: the next pull request renders what
// it changes, and nothing of its base.
func TestStoryWarm(t *testing.T) {
	w := newStory(t, storyOptions{})
	w.push("main", apiBase, configOf("api", "two"))
	w.settle()
	before := w.service.renderer.Stats()
	if before.Renders != 4 {
		t.Errorf("%d renders by the push, want each of the 4 overlays once", before.Renders)
	}
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	has(t, w.one(n).Body, "apps/web/overlays/dev", "apps/web/overlays/prod")
	after := w.service.renderer.Stats()
	if got := after.Renders - before.Renders; got != 2 {
		t.Errorf("%d renders, want the 2 overlays at the head", got)
	}
	if got := after.Hits - before.Hits; got < 2 {
		t.Errorf("%d hits of the cache, want the 2 overlays at the base", got)
	}
}

// during calls meanwhile once, in the middle of the next render.
func (w *story) during(meanwhile func()) {
	once := sync.OnceFunc(meanwhile)
	source := w.service.answers.Source
	w.service.answers.Source = func(ctx context.Context, r gitops.Repository) (commands.Source, error) {
		src, err := source(ctx, r)
		return movedSource{src, once}, err
	}
}

// kept returns the directories that are kept of repositories: mirrors and caches.
func (w *story) kept() []string {
	w.t.Helper()
	var list []string
	for _, name := range []string{"mirrors", "cache"} {
		entries, err := os.ReadDir(filepath.Join(w.config.DataDir, name))
		if err != nil && !os.IsNotExist(err) {
			w.t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() {
				list = append(list, filepath.Join(name, e.Name()))
			}
		}
	}
	return list
}

// The installation is removed, or loses the repository, in the middle of a render:
// the job ends, nothing is said, and nothing is kept of the repository.
func TestStoryInstallationGoneMeanwhile(t *testing.T) {
	for name, end := range map[string]func(*story) error{
		"removed":    func(w *story) error { return w.app.Uninstall(w.install) },
		"repository": func(w *story) error { return w.app.SetRepos(w.install) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, storyOptions{})
			n, _ := w.open(webBase, configOf("web", "two"))
			w.settle()
			before := w.one(n)
			if len(w.kept()) != 2 {
				t.Fatalf("kept before: %v", w.kept())
			}
			ended := false
			w.during(func() {
				ended = true
				if err := end(w); err != nil {
					t.Error(err)
				}
			})
			w.push(topic, webBase, configOf("web", "three"))
			w.settle()
			if after := w.one(n); !ended || after.Body != before.Body {
				t.Errorf("ended %t, comment\n%s", ended, after.Body)
			}
			if left := w.kept(); len(left) != 0 {
				t.Errorf("kept: %v", left)
			}
			w.noFailures()
		})
	}
}
