package main

import (
	"html"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// firstOverlay is an overlay with two images and a setting for each word.
func firstOverlay(web, inventory string, settings ...string) string {
	text := "resources: [../../base]\nimages:\n- name: web\n  newTag: " + web + "\n- name: inventory\n  newTag: " + inventory + "\nconfigMapGenerator:\n- name: settings\n  literals:\n  - LEVEL=info\n"
	for _, s := range settings {
		text += "  - " + s + "\n"
	}
	return text
}

// changeDev merges a pull request that gives dev an overlay.
func (w *story) changeDev(branch, method, overlay string) int {
	w.t.Helper()
	w.push(branch, overlayFile("web", "dev"), overlay)
	n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: branch, Head: branch})
	w.must(err)
	_, err = w.person(developer).Merge(w.ctx, storyRepo, n, hub.MergeOptions{Method: method})
	w.must(err)
	w.settle()
	return n
}

func firstFiles() map[string]string {
	files := promotionFiles()
	for _, env := range []string{"dev", "staging", "prod"} {
		files[overlayFile("web", env)] = firstOverlay("v1", "v1")
	}
	return files
}

// The first promotion carries the whole change of the pull request, and only that. What
// another one left behind in dev is named until it is carried; until then the status does
// not say that the two are the same. On the way to prod it is the whole change as well.
func TestStoryPromoteFirst(t *testing.T) {
	w := newPromotion(t, storyOptions{files: firstFiles()})
	w.changeDev("inventory", "", firstOverlay("v1", "v2"))
	n := w.changeDev("retries", "", firstOverlay("v2", "v2", "RETRIES=5"))
	w.say(developer, n, "/promote staging")
	w.settle()
	p := w.promotion()
	if got := w.file(p.Head, overlayFile("web", "staging")); got != firstOverlay("v2", "v1", "RETRIES=5") {
		t.Errorf("staging gets\n%s", got)
	}
	left := "/promote staging --take source " + overlayFile("web", "staging") + ":images[1].newTag carries it"
	has(t, html.UnescapeString(w.last(n)), "left behind: dev has v2 since", left)
	has(t, html.UnescapeString(p.Body), "left behind: dev has v2 since")
	w.merge(developer, p.Number)
	w.settle()
	w.say(developer, n, "/status")
	w.settle()
	has(t, w.last(n), "differs")

	w.say(admin, n, "/promote prod")
	w.settle()
	prod := w.promotions()[1]
	if got := w.file(prod.Head, overlayFile("web", "prod")); got != firstOverlay("v2", "v1", "RETRIES=5") {
		t.Errorf("prod gets\n%s", got)
	}

	w.say(developer, n, "/promote staging --take source "+overlayFile("web", "staging")+":images[1].newTag")
	w.settle()
	again := w.promotions()[2]
	if got := w.file(again.Head, overlayFile("web", "staging")); got != firstOverlay("v2", "v2", "RETRIES=5") {
		t.Errorf("with what was left behind staging gets\n%s", got)
	}
	w.merge(developer, again.Number)
	w.merge(admin, prod.Number)
	w.settle()
	w.say(developer, n, "/status")
	w.settle()
	for line := range strings.Lines(w.last(n)) {
		if strings.Contains(line, "<code>web</code>") || strings.HasPrefix(line, "| web") {
			hasNot(t, strings.Split(line, "|")[3], "differs", "behind")
		}
	}
	w.noFailures()
}

// A promotion that goes onto one that is still open keeps what that carries.
func TestStoryPromoteOnto(t *testing.T) {
	for _, method := range []string{"merge", "squash"} {
		t.Run(method, func(t *testing.T) {
			w := newPromotion(t, storyOptions{files: firstFiles()})
			one := w.changeDev("retries", method, firstOverlay("v1", "v1", "RETRIES=5"))
			w.say(developer, one, "/promote staging")
			w.settle()
			two := w.changeDev("release", method, firstOverlay("v2", "v1", "RETRIES=5"))
			w.say(developer, two, "/promote staging")
			w.settle()
			p := w.promotion()
			if got := w.file(p.Head, overlayFile("web", "staging")); got != firstOverlay("v2", "v1", "RETRIES=5") {
				t.Errorf("staging gets\n%s", got)
			}
			w.noFailures()
		})
	}
}

// The commits of a pull request are one change, however it was merged.
func TestStoryPromoteRebased(t *testing.T) {
	for _, method := range []string{"rebase", "squash", "merge"} {
		t.Run(method, func(t *testing.T) {
			w := newPromotion(t, storyOptions{files: firstFiles()})
			w.changeDev("other", "", firstOverlay("v1", "v2"))
			w.push("retries", overlayFile("web", "dev"), firstOverlay("v1", "v2", "RETRIES=5"))
			n := w.changeDev("retries", method, firstOverlay("v2", "v2", "RETRIES=5"))
			w.say(developer, n, "/promote staging")
			w.settle()
			if got := w.file(w.promotion().Head, overlayFile("web", "staging")); got != firstOverlay("v2", "v1", "RETRIES=5") {
				t.Errorf("staging gets\n%s", got)
			}
			w.noFailures()
		})
	}
}
