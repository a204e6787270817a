package main

import (
	"fmt"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// Asked on a pull request that is open: it is shown with its diff and opened when
// that is merged, with what was merged and not with what the branch has by then. The action
// log may be cleared meanwhile: it is a log.
func TestStoryPromoteWhenMerged(t *testing.T) {
	w, b := newBetween(t)
	n := w.bump(topic, "web", "v2")
	w.settle()
	id := w.say(developer, n, "/promote staging")
	w.settle()
	has(t, w.answer(n), "when this is merged", "| web | dev <code>v2</code> | staging <code>v1</code> |", "+      - image: ghcr.io/acme/web:v2")
	if len(w.promotions()) != 0 || w.reactions(n, id) != "eyes rocket" {
		t.Errorf("%d promotions, reactions %q", len(w.promotions()), w.reactions(n, id))
	}
	w.push(topic, overlayFile("web", "dev"), imageOverlay("web", "dev", "v3"))
	w.settle()
	storetest.Exec(t, w.service.store, "DELETE FROM actions")
	b.before("GET", fmt.Sprintf("/pulls/%d", n), func() { w.push(topic, overlayFile("web", "dev"), imageOverlay("web", "dev", "v9")) })
	merged := w.merge(developer, n)
	w.settle()
	p := w.promotion()
	if p.Title != "Promote web v3 to staging" || w.file(p.Head, overlayFile("web", "staging")) != imageOverlay("web", "staging", "v3") {
		t.Errorf("%+v", p)
	}
	has(t, p.Body, merged[:7])
	list := w.said(n)
	if len(list) != 2 {
		t.Fatalf("%d answers: %q", len(list), list)
	}
	has(t, list[1], fmt.Sprintf("[#%d]", p.Number), "<code>v3</code>")
	w.noFailures()
}

// Closed without merging, what was asked for is forgotten, also when the pull request
// is opened again and merged then.
func TestStoryPromoteForgotten(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	n := w.bump(topic, "web", "v2")
	w.say(developer, n, "/promote staging")
	w.settle()
	w.answer(n)
	w.must(w.person(developer).ClosePull(w.ctx, storyRepo, n))
	w.settle()
	if got := w.asks(developer, n, "/promote staging"); got != "eyes confused" {
		t.Errorf("reactions %q", got)
	}
	has(t, w.said(n)[1], "closed without merging")
	w.must(w.person(developer).ReopenPull(w.ctx, storyRepo, n))
	w.settle()
	w.merge(developer, n)
	w.settle()
	if len(w.promotions()) != 0 || len(w.said(n)) != 2 {
		t.Errorf("%d promotions, answers %q", len(w.promotions()), w.said(n))
	}
}

// Who asked may no more when the pull request is merged: nothing is written, and it
// is said why.
func TestStoryPromoteRightsLost(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	n := w.bump(topic, "web", "v2")
	w.say(developer, n, "/promote staging")
	w.settle()
	w.answer(n)
	w.must(w.hub.Grant(storyRepo, developer, hub.Read))
	w.merge(admin, n)
	w.settle()
	if len(w.promotions()) != 0 {
		t.Errorf("%+v", w.promotions())
	}
	has(t, w.said(n)[1], "promoters", developer+" may not promote to staging")
}

// A pull request that would loosen the rules for itself is held to those of its base.
func TestStoryPromoteOwnRules(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	w.push(topic, ".sealift.yaml", "version: 1\nenvironments:\n- name: dev\n- name: staging\n- name: prod\n", overlayFile("web", "staging"), imageOverlay("web", "staging", "v2"))
	n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Topic", Head: topic})
	w.must(err)
	w.say(developer, n, "/promote prod")
	w.settle()
	has(t, w.answer(n), "promoters", developer+" may not promote to prod")
}

// A dry run, an open pull request and a person who may not change nothing.
func TestStoryPromoteNothingWritten(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.settle()
	w.hub.ResetCalls()
	w.say(developer, n, "/promote staging --dry-run")
	w.settle()
	has(t, w.answer(n), "Nothing is written", "<code>v1</code> → <code>v2</code>", "+      - image: ghcr.io/acme/web:v2")
	for range 2 {
		if got := w.asks(stranger, n, "/promote staging"); got != "eyes confused" {
			t.Errorf("reactions %q", got)
		}
	}
	list := w.said(n)
	if len(list) != 2 {
		t.Fatalf("%d answers, want the dry run and one refusal: %q", len(list), list)
	}
	has(t, list[1], "promoters", stranger+" may not promote to staging", "who may write")
	for _, op := range []string{"POST /repos/{owner}/{repo}/git/commits", "POST /repos/{owner}/{repo}/git/refs", "POST /repos/{owner}/{repo}/pulls"} {
		if w.hub.Calls()[op] != 0 {
			t.Errorf("%s was called", op)
		}
	}
}

// What cannot be read, and names that do not exist.
func TestStoryPromoteWrong(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.settle()
	for i, c := range []struct{ ask, says string }{
		{"/promote stagin", "did you mean staging?"},
		{"/promote staging wep", "did you mean web?"},
		{"/promote staging --frm dev", "<code>--from</code>"},
		{"/promote prod --from dev", "leaves out staging"},
		{"/promote dev --from staging web", "--force"},
	} {
		id := w.say(admin, n, c.ask)
		w.settle()
		list := w.said(n)
		if len(list) != i+1 || w.reactions(n, id) != "eyes confused" {
			t.Fatalf("%s: %d answers, reactions %q: %q", c.ask, len(list), w.reactions(n, id), list)
		}
		has(t, list[i], c.says)
	}
	if len(w.promotions()) != 0 {
		t.Errorf("%+v", w.promotions())
	}
}

// What is in a base that all environments read is in all of them at once.
func TestStoryPromoteShared(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	w.push(topic, "apps/web/base/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n")
	n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Topic", Head: topic})
	w.must(err)
	w.merge(developer, n)
	w.settle()
	w.say(developer, n, "/promote staging")
	w.settle()
	has(t, w.answer(n), "Nothing to promote", "web", "every one of them at once")
	if len(w.promotions()) != 0 {
		t.Errorf("%+v", w.promotions())
	}
}

// Two apps are two pull requests, one with --together, and one when the
// configuration has them move together.
func TestStoryPromoteApps(t *testing.T) {
	for name, c := range map[string]struct {
		ask, config string
		heads       []string
	}{
		"each its own": {"/promote staging", "", []string{"dev-to-staging/api", "dev-to-staging/web"}},
		"together":     {"/promote staging --together", "", []string{"dev-to-staging/api+web"}},
		"always":       {"/promote staging web", "promote: {together: [[api, web]]}\n", []string{"dev-to-staging/api+web"}},
		"one of them":  {"/promote staging web", "", []string{"dev-to-staging/web"}},
		"all":          {"/promote staging --all", "", []string{"dev-to-staging/api", "dev-to-staging/web"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := promotionFiles()
			files[".sealift.yaml"] = "version: 1\n" + c.config
			w := newPromotion(t, storyOptions{files: files})
			w.push(topic, overlayFile("web", "dev"), imageOverlay("web", "dev", "v2"), overlayFile("api", "dev"), imageOverlay("api", "dev", "v3"))
			n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Topic", Head: topic})
			w.must(err)
			w.merge(developer, n)
			w.settle()
			w.say(developer, n, c.ask)
			w.settle()
			answer, list := w.answer(n), w.promotions()
			if len(list) != len(c.heads) {
				t.Fatalf("%d promotions: %+v\n%s", len(list), list, answer)
			}
			for i, p := range list {
				if p.Head != "sealift/promote/"+c.heads[i] {
					t.Errorf("promotion %d is from %s", i, p.Head)
				}
				has(t, answer, fmt.Sprintf("[#%d]", p.Number))
			}
		})
	}
}
