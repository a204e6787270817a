package main

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// patchOf is a patch of the deployment with two fields.
func patchOf(app, grace, shell string) string {
	return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + app + "}\nspec:\n  template:\n    spec:\n      terminationGracePeriodSeconds: " + grace + "\n      dnsPolicy: " + shell + "\n"
}

func patchFile(env string) string { return "apps/web/overlays/" + env + "/patch.yaml" }

// patchedFiles are the shop, in which web has a patch in each environment.
func patchedFiles() map[string]string {
	files := promotionFiles()
	for _, env := range []string{"dev", "staging", "prod"} {
		files[overlayFile("web", env)] += "patches: [{path: patch.yaml}]\n"
		files[patchFile(env)] = patchOf("web", "10", "Default")
	}
	return files
}

// The first promotion carries all that the pull request changed, a later one what dev
// changed since the last, also when that was squashed. A field that both changed is a
// conflict, which a person decides.
func TestStoryPromoteChanges(t *testing.T) {
	w := newPromotion(t, storyOptions{files: patchedFiles()})
	dev := func(tag, grace, dns string) int {
		t.Helper()
		w.push("dev-"+tag, overlayFile("web", "dev"), imageOverlay("web", "dev", tag)+"patches: [{path: patch.yaml}]\n", patchFile("dev"), patchOf("web", grace, dns))
		n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: tag, Head: "dev-" + tag})
		w.must(err)
		w.merge(developer, n)
		w.settle()
		return n
	}
	n := dev("v2", "20", "Default")
	w.say(developer, n, "/promote staging")
	w.settle()
	p := w.promotion()
	has(t, p.Body, "field <code>spec.template.spec.terminationGracePeriodSeconds</code>")
	if got := w.file(p.Head, patchFile("staging")); got != patchOf("web", "20", "Default") {
		t.Errorf("of the first promotion staging has\n%s", got)
	}
	_, err := w.person(developer).Merge(w.ctx, storyRepo, p.Number, hub.MergeOptions{Method: "squash", Title: p.Title, Message: w.message(p.HeadSHA)})
	w.must(err)
	w.must(w.person(developer).DeleteBranch(w.ctx, storyRepo, p.Head))
	w.push("main", patchFile("staging"), patchOf("web", "15", "Default")) // staging goes its own way

	n = dev("v3", "30", "None")
	w.say(developer, n, "/promote staging")
	w.settle()
	answer := w.answer(n)
	has(t, answer, "field <code>spec.template.spec.dnsPolicy</code>", "Both sides changed", "<code>20</code> | <code>30</code> | <code>15</code>", "--take source "+patchFile("staging"))
	p = w.promotions()[1]
	if got := w.file(p.Head, patchFile("staging")); got != patchOf("web", "15", "None") {
		t.Errorf("with a conflict staging has\n%s", got)
	}
	has(t, p.Body, "Both sides changed", "field <code>spec.template.spec.dnsPolicy</code>")

	w.say(developer, n, "/promote staging --take source "+patchFile("staging"))
	w.settle()
	list := w.promotions()
	if len(list) != 2 || w.file(p.Head, patchFile("staging")) != patchOf("web", "30", "None") {
		t.Errorf("%d promotions; decided, staging has\n%s", len(list), w.file(p.Head, patchFile("staging")))
	}
	hasNot(t, list[1].Body, "Both sides changed")
	w.noFailures()
}

// message returns the message of a commit without its first line.
func (w *story) message(sha string) string {
	w.t.Helper()
	c, err := w.hub.Commit(w.ctx, storyRepo, sha)
	w.must(err)
	_, rest, _ := strings.Cut(c.Message, "\n\n")
	return rest
}

// An app that the target does not have is offered, and made when asked for.
func TestStoryPromoteCreate(t *testing.T) {
	files := promotionFiles()
	delete(files, overlayFile("web", "staging"))
	w := newPromotion(t, storyOptions{files: files})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.settle()
	w.say(developer, n, "/promote staging")
	w.settle()
	has(t, w.answer(n), "staging does not have it", "/promote staging --create")
	if len(w.promotions()) != 0 {
		t.Fatalf("%+v", w.promotions())
	}
	w.say(developer, n, "/promote staging --create")
	w.settle()
	p := w.promotion()
	has(t, w.file(p.Head, overlayFile("web", "staging")), "namespace: staging", "newTag: v2")
	has(t, p.Body, "new file <code>"+overlayFile("web", "staging")+"</code>", "To check")
}
