package main

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// auto: a change of the source on the default branch opens the promotion, a second one
// renews it, and one that a person closed stays closed until the source changes again.
// Apps whose source does not change are left alone.
func TestStoryAuto(t *testing.T) {
	files := policyFiles("auto: true, promoters: [admin], labels: [approved]")
	files[overlayFile("api", "dev")] = imageOverlay("api", "dev", "v7") // differs from the beginning
	w := newStory(t, storyOptions{files: files})
	w.merge(developer, w.bump(topic, "web", "v2"))
	w.settle()
	p := w.promotion()
	if p.Title != "Promote web v2 to staging" || w.file(p.Head, overlayFile("web", "staging")) != imageOverlay("web", "staging", "v2") {
		t.Errorf("%+v", p)
	}
	has(t, p.Body, "The configuration asks for it automatically")
	hasNot(t, p.Body, "api")

	w.merge(developer, w.bump("second", "web", "v3"))
	w.settle()
	if again := w.promotion(); again.Number != p.Number || again.Title != "Promote web v3 to staging" {
		t.Errorf("%+v", again)
	}
	w.must(w.person(developer).ClosePull(w.ctx, storyRepo, p.Number))
	w.push("main", "README.md", "# Changed\n")
	w.settle()
	if p := w.promotion(); p.State != "closed" {
		t.Errorf("opened again: %+v", p)
	}
	w.merge(developer, w.bump("third", "web", "v4"))
	w.settle()
	list := w.promotions()
	if p := list[len(list)-1]; p.State != "open" || p.Title != "Promote web v4 to staging" {
		t.Errorf("%+v", p)
	}
	w.noFailures()
}

// autoMerge: merged once the checks are green, and not before; then the next
// environment has its turn.
func TestStoryAutoMerge(t *testing.T) {
	files := promotionFiles()
	files[".sealift.yaml"] = "version: 1\nenvironments:\n- dev\n- name: staging\n  promote: {auto: true, autoMerge: true}\n- name: prod\n  promote: {auto: true}\n"
	w := newStory(t, storyOptions{files: files})
	w.must(w.hub.Protect(storyRepo, "main", hub.Protection{Checks: []string{"ci/test"}}))
	n := w.bump(topic, "web", "v2")
	w.must(w.person(developer).SetStatus(w.ctx, storyRepo, w.hub.Tip(storyRepo, topic), "ci/test", "success"))
	w.merge(developer, n)
	w.settle()
	p := w.promotion()
	if p.State != "open" {
		t.Fatalf("merged without the check that the branch requires: %+v", p)
	}
	w.must(w.person(developer).SetStatus(w.ctx, storyRepo, p.HeadSHA, "ci/test", "failure"))
	w.settle()
	if w.promotion().State != "open" {
		t.Fatal("merged with a check that failed")
	}
	w.must(w.person(developer).SetStatus(w.ctx, storyRepo, p.HeadSHA, "ci/test", "success"))
	w.settle()
	list := w.promotions()
	if len(list) != 2 || !list[0].Merged || list[1].Title != "Promote web v2 to prod" || list[1].State != "open" {
		t.Fatalf("%+v\n%s", list, w.logs)
	}
	if got := w.file("main", overlayFile("web", "staging")); got != imageOverlay("web", "staging", "v2") {
		t.Errorf("staging is\n%s", got)
	}
	w.noFailures()
}

// A promotion that somebody put a commit on is not merged automatically. Where GitHub was
// asked to merge it, that is taken back: TestStoryAutoMergeTakenBack.
func TestStoryAutoMergeOfOthers(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("auto: true, autoMerge: true")})
	w.must(w.hub.AllowAutoMerge(storyRepo, false))
	w.must(w.hub.Protect(storyRepo, "main", hub.Protection{Checks: []string{"ci/test"}}))
	n := w.bump(topic, "web", "v2")
	w.must(w.person(developer).SetStatus(w.ctx, storyRepo, w.hub.Tip(storyRepo, topic), "ci/test", "success"))
	w.merge(developer, n)
	w.settle()
	p := w.promotion()
	head := w.push(p.Head, overlayFile("web", "staging"), imageOverlay("web", "staging", "evil"))
	w.must(w.person(developer).SetStatus(w.ctx, storyRepo, head, "ci/test", "success"))
	w.settle()
	if w.promotion().State != "open" {
		t.Error("merged what somebody else wrote")
	}
}

// What a rule holds back waits, and goes on when the rule does not hold any more. A hold
// after a rollback is for what is automatic only.
func TestStoryAutoWaits(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("auto: true")})
	n := w.bump(topic, "web", "v2")
	w.say(developer, n, "/hold staging web")
	w.settle()
	w.merge(developer, n)
	w.until("nothing waits", func() bool { return strings.Contains(w.logs.String(), "automatic promotion waits") })
	if len(w.promotions()) != 0 {
		t.Fatal("promoted although it is on hold")
	}
	w.say(developer, n, "/unhold staging web")
	w.until("no promotion", func() bool { return len(w.promotions()) == 1 })
	w.settle()
	if p := w.promotion(); p.Title != "Promote web v2 to staging" {
		t.Errorf("%+v", p)
	}
}
