package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/store"
)

const (
	plainSecret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: web\nstringData:\n  password: correct-horse-battery\n"
	withSecret  = "resources: [../../base, secret.yaml]\nnamespace: dev\n"
	devSecret   = "apps/web/overlays/dev/secret.yaml"
)

// A plain Secret and a token fail the check at their lines; neither value is shown.
// When the Secret changes again it is found again, and when both go, all is well.
func TestStoryGuard(t *testing.T) {
	w := newStory(t, storyOptions{})
	token := "ghp_" + strings.Repeat("aZ3kQ9xW7", 4) // never in this file as a whole
	n, head := w.open(webDev, withSecret, devSecret, plainSecret, "deploy.sh", "#!/bin/sh\ncurl -H 'Authorization: Bearer "+token+"' example.com\n")
	w.settle()
	body := w.one(n).Body
	has(t, body, "plain-secret", "secret-value", "/seal "+devSecret, "deploy.sh")
	check := w.check(head)
	hasNot(t, body+check.Summary, "correct-horse-battery", token)
	if check.Conclusion != "failure" {
		t.Errorf("check %+v", check)
	}
	at := map[string]int{}
	for _, a := range check.Annotations {
		at[a.Path] = a.StartLine
		hasNot(t, a.Message+a.Title, "correct-horse-battery", token)
	}
	if at[devSecret] != 6 || at["deploy.sh"] != 2 {
		t.Errorf("annotations at %v", at)
	}

	head = w.push(topic, webDev, "resources: [../../base]\nnamespace: dev\n", devSecret, hub.Deleted, "deploy.sh", "#!/bin/sh\n")
	w.settle()
	if check := w.check(head); check.Conclusion != "success" || len(check.Annotations) != 0 {
		t.Errorf("check %+v", check)
	}
	hasNot(t, w.logs.String(), "correct-horse-battery", token)
}

// What fails a check is configured, on the base branch only; a broken render always
// does.
func TestStoryWhatFails(t *testing.T) {
	for name, tt := range map[string]struct {
		config, file, content string
		want                  string
	}{
		"by itself":        {"version: 1\n", devSecret, plainSecret, "failure"},
		"never":            {"version: 1\nfail-on: never\n", devSecret, plainSecret, "success"},
		"off":              {"version: 1\nchecks: {plain-secret: {severity: off}}\n", devSecret, plainSecret, "success"},
		"allowed by path":  {"version: 1\nchecks: {plain-secret: {allow: ['apps/*/overlays/dev/**']}}\n", devSecret, plainSecret, "success"},
		"a warning":        {"version: 1\nfail-on: warning\nchecks: {plain-secret: {severity: warning}}\n", devSecret, plainSecret, "failure"},
		"a broken render":  {"version: 1\nfail-on: never\n", devSecret, "kind: [\n", "failure"},
		"not by the topic": {"version: 1\n", ".sealift.yaml", "version: 1\nfail-on: never\n", "failure"},
	} {
		t.Run(name, func(t *testing.T) {
			files := storyFiles()
			files[".sealift.yaml"] = tt.config
			w := newStory(t, storyOptions{files: files})
			_, head := w.open(webDev, withSecret, devSecret, plainSecret, tt.file, tt.content)
			w.settle()
			if got := w.check(head); got.Conclusion != tt.want {
				t.Errorf("check is %s, want %s\n%s", got.Conclusion, tt.want, got.Summary)
			}
		})
	}
}

// The branch is forced elsewhere while a command is carried out, and GitHub's word
// of it is lost: nothing is written for the head that is gone.
func TestStoryForcePushDuringCommand(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	head := ""
	w.during(func() {
		w.hub.Lose(hub.Loss{Event: "pull_request", Drop: true})
		var err error
		head, err = w.person(developer).PushOn(w.ctx, storyRepo, topic, w.hub.Tip(storyRepo, "main"), "forced", map[string]string{webBase: configOf("web", "forced")})
		if err != nil {
			t.Error(err)
		}
	})
	id := w.say(developer, n, "/diff")
	w.settle()
	c := w.one(n)
	has(t, c.Body, head[:7], "forced")
	if len(c.History) != 1 {
		t.Errorf("edited %d times, also for a head that was gone", len(c.History))
	}
	if got := w.reactions(n, id); got != "eyes rocket" {
		t.Errorf("reactions %q", got)
	}
}

// The delivery of a push comes after that of the next one: the newest head counts.
func TestStoryReordered(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	w.hub.Lose(hub.Loss{Event: "pull_request", Nth: 1, Late: true})
	w.push(topic, webBase, configOf("web", "three"))
	head := w.push(topic, webBase, configOf("web", "four"))
	w.settle()
	w.hub.Release()
	w.settle()
	has(t, w.one(n).Body, head[:7], "four")
	if got := len(w.hub.Checks(storyRepo, head)); got != 1 {
		t.Errorf("%d checks on the newest head", got)
	}
}

// GitHub's limits and a git that does not answer: the work waits, is done in the
// end, and nobody reads anything of it.
func TestStoryLimited(t *testing.T) {
	for name, fault := range map[string]hub.Fault{
		"429 with retry-after":    {Path: "/repos/**", Status: 429, Times: 1, Header: http.Header{"Retry-After": {"1"}}, Body: `{"message":"You have exceeded a secondary rate limit."}`},
		"403 with retry-after":    {Path: "/repos/**", Status: 403, Times: 1, Header: http.Header{"Retry-After": {"1"}}, Body: `{"message":"You have exceeded a secondary rate limit."}`},
		"git is cut":              {Path: "/" + storyRepo + ".git/git-upload-pack", Method: "POST", Reset: true, Times: 1},
		"git is slow":             {Path: "/" + storyRepo + ".git/git-upload-pack", Method: "POST", Delay: 300 * time.Millisecond, Times: 2},
		"the answer is a mystery": {Path: "/repos/**", Status: 200, Times: 1, Body: "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, storyOptions{})
			n, _ := w.open(webBase, configOf("web", "two"))
			w.settle()
			defer w.hub.Fault(fault)()
			head := w.push(topic, webBase, configOf("web", "three"))
			w.settle()
			has(t, w.one(n).Body, head[:7], "three")
			if failed, err := w.service.queue.List(w.ctx, store.Filter{Outcome: store.Failed}); err != nil || len(failed) != 0 {
				t.Errorf("given up: %+v, error %v", failed, err)
			}
		})
	}
}

// Checks belong to commits, not to pull requests. A second pull request of a commit, into a
// branch where what it breaks is broken already, does not make it pass for the first.
func TestStoryCheckOfTwoPulls(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, head := w.open(webDev, brokenDev)
	w.settle()
	w.push("base", webDev, brokenDev, "README.md", "# Base\n")
	other, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "The same", Head: topic, Base: "base"})
	w.must(err)
	w.settle()
	if c := w.check(head); c.Conclusion != "failure" {
		t.Errorf("opened: check %s %q", c.Conclusion, c.Title)
	}
	has(t, w.one(other).Body, "<!-- sealift:diff 1/1") // it is shown all the same
	w.say(developer, other, "/diff")
	w.settle()
	if c := w.check(head); c.Conclusion != "failure" {
		t.Errorf("/diff: check %s %q", c.Conclusion, c.Title)
	}
	w.must(w.person(developer).ClosePull(w.ctx, storyRepo, n))
	w.say(developer, other, "/diff")
	w.settle()
	if c := w.check(head); c.Conclusion != "success" {
		t.Errorf("alone: check %s %q", c.Conclusion, c.Title)
	}
	w.noFailures()
}
