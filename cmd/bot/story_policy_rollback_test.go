package main

import (
	"strings"
	"testing"
)

// A promotion is undone on top of what came since; automatic promotion of the app is
// held; the next promotion carries again what was undone.
func TestStoryRollback(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.say(developer, n, "/promote staging")
	w.settle()
	promoted := w.promotion()
	w.merge(developer, promoted.Number)
	w.settle()
	since := strings.Replace(imageOverlay("web", "staging", "v2"), "namespace: staging", "namespace: staging\nnamePrefix: x-", 1)
	w.push("main", overlayFile("web", "staging"), since)
	if got := w.asks(developer, n, "/rollback staging web"); got != "eyes rocket" {
		t.Fatalf("reactions %q: %q\n%s", got, w.said(n), w.logs)
	}
	back := w.hub.Pulls(storyRepo)[len(w.hub.Pulls(storyRepo))-1]
	if back.Title != "Roll back web to v1 in staging" || back.Head != "sealift/rollback/staging/web" || back.Base != "main" {
		t.Errorf("%+v", back)
	}
	has(t, back.Body, "Undoes", "Promote web v2 to staging", "newTag", "What came since stays", "web:v1")
	if got := w.file(back.Head, overlayFile("web", "staging")); got != strings.Replace(since, "v2", "v1", 1) {
		t.Errorf("staging is\n%s", got)
	}
	has(t, w.last(n), "**Rollback of web in staging:", "on hold until")
	w.say(developer, n, "/status")
	w.settle()
	has(t, w.last(n), "rolled back", "only automatic promotions")

	w.merge(developer, back.Number)
	w.settle()
	if got := w.asks(developer, n, "/rollback staging web"); got != "eyes confused" {
		t.Errorf("reactions %q", got)
	}
	has(t, w.last(n), "nothing was promoted, or it was undone already")
	w.say(developer, n, "/promote staging")
	w.settle()
	again := w.promotions()
	if len(again) != 2 || w.file(again[1].Head, overlayFile("web", "staging")) != since {
		t.Errorf("promoted again: %+v", again)
	}
	w.noFailures()
}

// What was changed by hand since the promotion stays, and is said. Only who may promote
// may roll back.
func TestStoryRollbackConflict(t *testing.T) {
	files := policyFiles("promoters: [admin]")
	w := newStory(t, storyOptions{files: files})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.say(admin, n, "/promote staging")
	w.settle()
	w.merge(admin, w.promotion().Number)
	w.push("main", overlayFile("web", "staging"), imageOverlay("web", "staging", "v2-hotfix"))
	before := len(w.hub.Pulls(storyRepo))
	id := w.say(developer, n, "/rollback staging")
	w.settle()
	has(t, w.last(n), "/rollback staging", "administrators")
	if got := w.reactions(n, id); got != "eyes confused" {
		t.Errorf("reactions %q", got)
	}
	w.say(admin, n, "/rollback staging")
	w.settle()
	has(t, w.last(n), "Nothing was rolled back", "newTag", "<code>v2-hotfix</code>", "<code>v1</code>")
	if got := len(w.hub.Pulls(storyRepo)); got != before {
		t.Errorf("%d pull requests, want %d", got, before)
	}
	has(t, w.last(n), "<code>/rollback staging web --take before "+overlayFile("web", "staging")+"&#58;images&#91;0&#93;.newTag</code>")
	w.say(admin, n, "/rollback staging web --take before "+overlayFile("web", "staging")+":images[0].newTag")
	w.settle()
	pulls := w.hub.Pulls(storyRepo)
	if len(pulls) != before+1 || w.file(pulls[before].Head, overlayFile("web", "staging")) != imageOverlay("web", "staging", "v1") {
		t.Errorf("not taken back: %s", w.last(n))
	}
	w.noFailures()
}
