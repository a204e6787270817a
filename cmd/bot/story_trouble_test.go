package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/store"
)

// The service is down while things happen. When it starts it has GitHub deliver
// again what failed, and a delivery that comes twice is worked off once.
func TestStoryDown(t *testing.T) {
	w := newStory(t, storyOptions{down: true})
	n, head := w.open(webBase, configOf("web", "two"))
	w.must(w.hub.Idle(w.ctx))
	w.start()
	w.settle()
	has(t, w.one(n).Body, head[:7])
	w.check(head)
	for _, d := range w.hub.Deliveries() {
		w.hub.Redeliver(d.ID)
	}
	w.settle()
	if c := w.one(n); len(c.History) != 0 {
		t.Errorf("edited %d times by repeated deliveries", len(c.History))
	}
	if got := len(w.hub.Checks(storyRepo, head)); got != 1 {
		t.Errorf("%d checks", got)
	}
}

// Every delivery comes twice at the same time.
func TestStoryDoubled(t *testing.T) {
	w := newStory(t, storyOptions{})
	w.hub.Lose(hub.Loss{Double: true})
	n, head := w.open(webBase, configOf("web", "two"))
	w.settle()
	if c := w.one(n); len(c.History) != 0 {
		t.Errorf("edited %d times", len(c.History))
	}
	if got := len(w.hub.Checks(storyRepo, head)); got != 1 {
		t.Errorf("%d checks", got)
	}
}

// Each single call of GitHub fails once, before or after it did what was asked: in
// the end there is one comment and the right check.
func TestStoryFaults(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "zero"))
	w.settle()
	for nth := 1; ; nth++ {
		for _, after := range []bool{false, true} {
			w.must(w.person(admin).DeleteComment(storyRepo, w.one(n).ID)) // so that one is made, too
			remove := w.hub.Fault(hub.Fault{Path: "/repos/**", Nth: nth, Times: 1, Status: 502, After: after})
			w.hub.ResetCalls()
			head := w.push(topic, webBase, configOf("web", strings.Repeat("x", 2*nth)+map[bool]string{false: "a", true: "b"}[after]))
			w.settle()
			remove()
			has(t, w.one(n).Body, head[:7])
			if c := w.check(head); c.Conclusion != "success" || len(w.hub.Checks(storyRepo, head)) != 1 {
				t.Errorf("call %d, after %t: checks %+v", nth, after, w.hub.Checks(storyRepo, head))
			}
		}
		if total := w.hub.RESTCalls(); nth > total {
			break
		}
	}
	w.noFailures()
}

// An installation is suspended or removed, between the event and the work or
// before: the jobs end, nothing is retried, and nothing is said.
func TestStoryInstallationGone(t *testing.T) {
	for name, end := range map[string]func(*story) error{
		"suspended": func(w *story) error { return w.app.Suspend(w.install) },
		"removed":   func(w *story) error { return w.app.Uninstall(w.install) },
		"deleted":   func(w *story) error { return w.person(admin).DeleteRepo(w.ctx, storyRepo) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, storyOptions{down: true})
			w.open(webBase, configOf("web", "two"))
			w.must(w.hub.Idle(w.ctx))
			w.must(end(w))
			w.must(w.hub.Idle(w.ctx))
			w.start()
			for _, d := range w.hub.Deliveries() {
				w.hub.Redeliver(d.ID)
			}
			w.settle()
			w.noFailures()
			jobs, err := w.service.queue.List(w.ctx, store.Filter{Outcome: store.Done})
			w.must(err)
			if !slices.ContainsFunc(jobs, func(d store.Delivery) bool { return d.Event == "pull_request" }) {
				t.Errorf("the pull request was not looked at: %+v", jobs)
			}
		})
	}
}

// No secret is in what is logged, in the database, or in the mirrors.
func TestStorySecrets(t *testing.T) {
	w := newStory(t, storyOptions{})
	w.open(webBase, configOf("web", "two"))
	w.settle()
	w.stop()
	key := strings.Split(strings.TrimSpace(string(w.app.PrivateKey())), "\n")
	secrets := []string{w.app.WebhookSecret(), w.config.ClientSecret, key[1], "ghs_", "ghu_", "x-access-token:", "Bearer ", "eyJhbGciOi"}
	for _, s := range secrets {
		if strings.Contains(w.logs.String(), s) {
			t.Errorf("%.8s… is in the log", s)
		}
	}
	files := 0
	w.must(filepath.WalkDir(w.config.DataDir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		files++
		for _, s := range secrets {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%.8s… is in %s", s, filepath.Base(p))
			}
		}
		return err
	}))
	if files < 3 {
		t.Errorf("%d files looked at", files)
	}
}
