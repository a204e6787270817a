package main

import (
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
)

// regionFiles are two apps in dev and two regions of prod.
func regionFiles(config string) map[string]string {
	files := map[string]string{".sealift.yaml": "version: 1\nenvironments: [dev, prod-eu, prod-us]\n" + config}
	for name, text := range promotionFiles() {
		files[name] = text
	}
	for _, app := range []string{"web", "api"} {
		delete(files, overlayFile(app, "staging"))
		delete(files, overlayFile(app, "prod"))
		for _, env := range []string{"prod-eu", "prod-us"} {
			files[overlayFile(app, env)] = imageOverlay(app, env, "v1")
		}
	}
	return files
}

// released merges a change of both apps to dev and returns its pull request.
func (w *story) released() int {
	w.t.Helper()
	w.push(topic, overlayFile("web", "dev"), imageOverlay("web", "dev", "v2"), overlayFile("api", "dev"), imageOverlay("api", "dev", "v3"))
	n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Release", Head: topic})
	w.must(err)
	w.merge(developer, n)
	w.settle()
	return n
}

// region fails unless the newest promotion takes both apps to a region, and merges it.
func (w *story) region(n int, reactions string, promotions int, env string) {
	w.t.Helper()
	list := w.promotions()
	if reactions != "eyes rocket" || len(list) != promotions {
		w.t.Fatalf("reactions %q, %d promotions: %s\n%s", reactions, len(list), w.last(n), w.logs)
	}
	p := list[len(list)-1]
	if p.Head != "sealift/promote/dev-to-"+env+"/web+api" {
		w.t.Errorf("promotion is from %s", p.Head)
	}
	for app, tag := range map[string]string{"web": "v2", "api": "v3"} {
		if got := w.file(p.Head, overlayFile(app, env)); got != imageOverlay(app, env, tag) {
			w.t.Errorf("%s in %s is\n%s", app, env, got)
		}
	}
	w.merge(developer, p.Number)
	w.settle()
}

// A group of environments is promoted to one after the other, two apps that move
// together in one pull request each: the second only when the first has had it for the
// time of the group.
func TestStoryPromoteGroup(t *testing.T) {
	w := newStory(t, storyOptions{files: regionFiles("promote:\n  together: [[web, api]]\n  groups: [{name: prod, environments: [prod-eu, prod-us], soak: 2h}]\n")})
	n := w.released()
	if got := w.asks(developer, n, "/promote prod-us web"); got != "eyes confused" || len(w.promotions()) != 0 {
		t.Errorf("the second region first: reactions %q", got)
	}
	has(t, w.last(n), "prod-eu")
	got := w.asks(developer, n, "/promote prod web")
	has(t, w.last(n), "Then comes prod-us: ask again when this is done.")
	w.region(n, got, 1, "prod-eu")

	if got := w.asks(developer, n, "/promote prod"); got != "eyes confused" || len(w.promotions()) != 1 {
		t.Errorf("the second region at once: reactions %q", got)
	}
	has(t, w.last(n), "rule group", "prod-eu has had this since")
	w.service.answers.Now = func() time.Time { return time.Now().Add(3 * time.Hour) }
	w.region(n, w.asks(developer, n, "/promote prod"), 2, "prod-us")
	w.asks(developer, n, "/promote prod")
	has(t, w.last(n), "Nothing to promote", "prod-us")
	w.noFailures()
}

// Without a group, a name that two environments share is a question.
func TestStoryPromoteWhichRegion(t *testing.T) {
	w := newStory(t, storyOptions{files: regionFiles("")})
	n := w.released()
	if got := w.asks(developer, n, "/promote prod"); got != "eyes confused" || len(w.promotions()) != 0 {
		t.Errorf("reactions %q", got)
	}
	has(t, w.last(n), "prod-eu or prod-us: name one", "group")
	w.noFailures()
}
