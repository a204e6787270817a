package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// The overlays of the stories of promotion: an image each, and what must stay.
func imageOverlay(app, env, tag string) string {
	return "resources: [../../base]\nnamespace: " + env + "\nimages:\n- name: " + app + "\n  newName: ghcr.io/acme/" + app + "\n  newTag: " + tag + " # of " + env + "\n"
}

func overlayFile(app, env string) string {
	return "apps/" + app + "/overlays/" + env + "/kustomization.yaml"
}

// promotionFiles are two apps in three environments, all at v1.
func promotionFiles() map[string]string {
	files := map[string]string{"README.md": "# Shop\n"}
	for _, app := range []string{"web", "api"} {
		files["apps/"+app+"/base/kustomization.yaml"] = "resources: [deployment.yaml]\n"
		files["apps/"+app+"/base/deployment.yaml"] = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + app + "}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: " + app + ", image: " + app + "}\n"
		for _, env := range []string{"dev", "staging", "prod"} {
			files[overlayFile(app, env)] = imageOverlay(app, env, "v1")
		}
	}
	return files
}

// newPromotion starts a world with the shop of promotions. Only admins may promote
// to prod.
func newPromotion(t *testing.T, o storyOptions) *story {
	t.Helper()
	if o.files == nil {
		o.files = promotionFiles()
	}
	if o.files[".sealift.yaml"] == "" {
		o.files[".sealift.yaml"] = "version: 1\nenvironments:\n- name: dev\n- name: staging\n- name: prod\n  promote: {promoters: [admin]}\n"
	}
	return newStory(t, o)
}

// bump opens a pull request that sets the tag of an app in dev.
func (w *story) bump(branch, app, tag string) int {
	w.t.Helper()
	w.push(branch, overlayFile(app, "dev"), imageOverlay(app, "dev", tag))
	n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: app + " " + tag, Head: branch})
	w.must(err)
	return n
}

func (w *story) merge(login string, n int) string {
	w.t.Helper()
	sha, err := w.person(login).Merge(w.ctx, storyRepo, n, hub.MergeOptions{})
	w.must(err)
	return sha
}

// promotions returns the pull requests of the bot.
func (w *story) promotions() []hub.Pull {
	var list []hub.Pull
	for _, p := range w.hub.Pulls(storyRepo) {
		if strings.HasPrefix(p.Head, "sealift/promote/") {
			list = append(list, p)
		}
	}
	return list
}

// promotion returns the only pull request of the bot.
func (w *story) promotion() hub.Pull {
	w.t.Helper()
	list := w.promotions()
	if len(list) != 1 {
		w.t.Fatalf("%d promotions, want one: %+v\n%s", len(list), list, w.logs)
	}
	return list[0]
}

// said returns the bot's answers on a pull request, without the diff.
func (w *story) said(n int) []string {
	var list []string
	for _, c := range w.bots(n) {
		if !strings.HasPrefix(c.Body, "<!-- sealift:diff ") {
			list = append(list, c.Body)
		}
	}
	return list
}

// answer returns the bot's only answer on a pull request.
func (w *story) answer(n int) string {
	w.t.Helper()
	list := w.said(n)
	if len(list) != 1 {
		w.t.Fatalf("%d answers, want one:\n%s\n%s", len(list), strings.Join(list, "\n---\n"), w.logs)
	}
	return list[0]
}

// last returns the bot's last answer on a pull request.
func (w *story) last(n int) string {
	w.t.Helper()
	list := w.said(n)
	if len(list) == 0 {
		w.t.Fatalf("no answers\n%s", w.logs)
	}
	return list[len(list)-1]
}

// file returns a file at a branch, "" when it is not there.
func (w *story) file(branch, name string) string {
	w.t.Helper()
	data, err := w.hub.File(w.ctx, storyRepo, branch, name)
	w.must(err)
	return data
}

// A change goes from dev to staging to prod: each time the pull request has only
// the tag, and says where it comes from. Only the admin may promote to prod.
func TestStoryPromote(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	n := w.bump(topic, "web", "v2")
	merged := w.merge(developer, n)
	id := w.say(developer, n, "/promote staging")
	w.settle()
	p := w.promotion()
	if p.Title != "Promote web v2 to staging" || p.Head != "sealift/promote/dev-to-staging/web" || p.Base != "main" || w.reactions(n, id) != "eyes rocket" {
		t.Errorf("%+v, reactions %q", p, w.reactions(n, id))
	}
	has(t, w.answer(n), fmt.Sprintf("[#%d]", p.Number), "| web | dev <code>v2</code> | staging <code>v1</code> |")
	has(t, p.Body, "Carries web from dev to staging", merged[:7], fmt.Sprintf("[#%d]", n), "flowchart LR", `e0["dev<br/>v2"]`, `e1["staging<br/>v2"]`, `e2["prod<br/>v1"]`, "+      - image: ghcr.io/acme/web:v2", "Where it comes from")
	if got := w.file(p.Head, overlayFile("web", "staging")); got != imageOverlay("web", "staging", "v2") {
		t.Errorf("staging is\n%s", got)
	}
	c, err := w.hub.Commit(w.ctx, storyRepo, p.HeadSHA)
	w.must(err)
	if !c.Verified || c.Author != w.app.Slug()+"[bot]" || !strings.Contains(c.Message, "\n\nRequested-by: @"+developer+"\nRequested-on: #1\nPromoted-From: dev@"+merged+"\nPromoted-To: staging\nPromoted-App: web\nPromoted-Since: web@") {
		t.Errorf("commit %+v", c)
	}

	w.merge(developer, p.Number)
	w.settle()
	if got := w.asks(developer, n, "/promote prod"); got != "eyes confused" || len(w.promotions()) != 1 {
		t.Errorf("a developer promotes to prod: reactions %q, %d promotions", got, len(w.promotions()))
	}
	has(t, w.last(n), "promoters", developer+" may not promote to prod", "administrators")
	if got := w.asks(admin, n, "/promote prod"); got != "eyes rocket" || len(w.promotions()) != 2 {
		t.Fatalf("%d promotions, reactions %q: %q", len(w.promotions()), got, w.said(n))
	}
	prod := w.promotions()[1]
	if prod.Title != "Promote web v2 to prod" || w.file(prod.Head, overlayFile("web", "prod")) != imageOverlay("web", "prod", "v2") {
		t.Errorf("%+v", prod)
	}
	w.merge(admin, prod.Number)
	w.settle()
	w.say(admin, prod.Number, "/promote staging --from dev")
	w.settle()
	has(t, w.answer(prod.Number), "Nothing to promote from dev to staging", "staging has <code>v2</code> since")
	w.noFailures()
}
