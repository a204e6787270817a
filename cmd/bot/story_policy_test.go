package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
)

// policyFiles are the files of promotions with rules for staging, and perhaps more
// keys of the configuration.
func policyFiles(rules string, more ...string) map[string]string {
	files := promotionFiles()
	files[".sealift.yaml"] = "version: 1\nenvironments:\n- dev\n- name: staging\n  promote: {" + rules + "}\n- name: prod\n" + strings.Join(more, "\n")
	return files
}

// asked merges a change to dev, asks for its promotion to staging, and returns the pull
// request of the change and the reactions.
func (w *story) asked(branch, tag string) (n int, reactions string) {
	w.t.Helper()
	n = w.bump(branch, "web", tag)
	w.merge(developer, n)
	return n, w.asks(developer, n, "/promote staging")
}

// refused fails unless what was asked for on a pull request was refused with these
// words, and nothing was opened.
func (w *story) refused(n int, reactions string, words ...string) {
	w.t.Helper()
	if reactions != "eyes confused" || len(w.promotions()) != 0 {
		w.t.Fatalf("reactions %q, %d promotions\n%s", reactions, len(w.promotions()), w.logs)
	}
	has(w.t, w.last(n), words...)
	w.noFailures()
}

// allowed fails unless one promotion was opened.
func (w *story) allowed(reactions string) hub.Pull {
	w.t.Helper()
	if reactions != "eyes rocket" {
		w.t.Fatalf("reactions %q\n%s", reactions, w.logs)
	}
	w.noFailures()
	return w.promotion()
}

// daily is a freeze that begins every day some hours from now.
func daily(in int, lasts string) string {
	at := time.Now().UTC().Add(time.Duration(in) * time.Hour)
	return fmt.Sprintf("freeze: [{cron: '%d %d * * *', for: %s, reason: quarter end}]", at.Minute(), at.Hour(), lasts)
}

// Promoters: neither the right to write nor an invitation to the team is enough; to be
// in the team, or to be named, is.
func TestStoryPolicyPromoters(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("promoters: ['@acme/platform', ada]")})
	w.hub.AddTeam("acme", "platform", admin)
	n, got := w.asked(topic, "v2")
	w.refused(n, got, "promoters", developer+" may not promote to staging", "members of acme/platform, ada may")
	w.hub.SetMembership("acme", "platform", developer, hub.Membership{State: "pending", Role: "member"})
	w.refused(n, w.asks(developer, n, "/promote staging"), "promoters")
	w.hub.SetMembership("acme", "platform", developer, hub.Membership{State: "active", Role: "member"})
	w.allowed(w.asks(developer, n, "/promote staging"))
}

// A team that may promote does not help somebody who may not write to the repository.
func TestStoryPolicyOutsider(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("promoters: ['@acme/platform']")})
	w.hub.AddTeam("acme", "platform", stranger)
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.refused(n, w.asks(stranger, n, "/promote staging"), "promoters")
}

func TestStoryPolicyFreeze(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles(daily(-1, "2h"))})
	n, got := w.asked(topic, "v2")
	w.refused(n, got, "freeze", "staging is frozen until", "quarter end")
	w.push("main", ".sealift.yaml", policyFiles(daily(12, "1h"))[".sealift.yaml"])
	w.allowed(w.asks(developer, n, "/promote staging"))
}

func TestStoryPolicySoak(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("soak: 1h")})
	n, got := w.asked(topic, "v2")
	w.refused(n, got, "soak", "dev has been as it is since", "must be for 1h")
}

// Two hours later it may be promoted.
func TestStoryPolicySoaked(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("soak: 1h")})
	w.service.answers.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	_, got := w.asked(topic, "v2")
	w.allowed(got)
}

func TestStoryPolicyChecks(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("checks: [ci/test]")})
	n := w.bump(topic, "web", "v2")
	merged := w.merge(developer, n)
	for _, state := range []string{"", "pending", "failure"} {
		if state != "" {
			w.must(w.person(developer).SetStatus(w.ctx, storyRepo, merged, "ci/test", state))
		}
		w.refused(n, w.asks(developer, n, "/promote staging"), "checks", "ci/test", merged[:7])
	}
	w.must(w.person(developer).SetStatus(w.ctx, storyRepo, merged, "ci/test", "success"))
	w.allowed(w.asks(developer, n, "/promote staging"))
}

func TestStoryPolicyLabels(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("labels: [approved]")})
	n, got := w.asked(topic, "v2")
	w.refused(n, got, "labels", "does not have the label", "approved")
	w.must(w.person(admin).Label(w.ctx, storyRepo, n, "approved"))
	w.allowed(w.asks(developer, n, "/promote staging"))
}

// The rules are those of the base branch: a pull request cannot loosen its own.
func TestStoryPolicyOfTheBase(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("promoters: [admin]")})
	w.push(topic, overlayFile("web", "dev"), imageOverlay("web", "dev", "v2"), ".sealift.yaml", policyFiles("promoters: [write]")[".sealift.yaml"])
	n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "web v2", Head: topic})
	w.must(err)
	w.refused(n, w.asks(developer, n, "/promote staging"), "promoters", "administrators")
}

// No environment is left out, unless the configuration says so.
func TestStoryPolicySkip(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("")})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.refused(n, w.asks(developer, n, "/promote prod --from dev"), "order", "staging")
	w.push("main", ".sealift.yaml", policyFiles("", "promote: {skip: true}")[".sealift.yaml"])
	w.allowed(w.asks(developer, n, "/promote prod --from dev"))
}

// /hold stops promotions to an environment or an app, also those that are asked for
// while a pull request is open; /unhold ends it. Only who may promote may do either.
func TestStoryPolicyHold(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles("promoters: [admin]")})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.refused(n, w.asks(developer, n, "/hold staging"), "/hold staging", "administrators")
	if got := w.asks(admin, n, "/hold staging web @everyone load test"); got != "eyes rocket" {
		t.Fatalf("reactions %q: %q", got, w.said(n))
	}
	w.refused(n, w.asks(admin, n, "/promote staging"), "hold", "staging web is on hold since", "by "+admin, "load test", "/unhold staging web")
	w.say(developer, n, "/status")
	w.settle()
	has(t, w.last(n), "| web | <code>v2</code> | <code>v1</code>", "**On hold**", "load test")
	hasNot(t, w.last(n), "@everyone")
	w.say(developer, n, "/unhold staging web")
	w.settle()
	w.allowed(w.asks(admin, n, "/unhold staging web\n/promote staging"))
	for line, want := range map[string]string{"/hold": "needs an environment", "/hold stagin": "staging", "/unhold staging web more": "takes an environment"} {
		id := w.say(admin, n, line)
		w.settle()
		if got := w.reactions(n, id); got != "eyes confused" {
			t.Errorf("%s: reactions %q", line, got)
		}
		has(t, w.last(n), want)
	}
}

// /status on a pull request that is closed, by somebody who may only read: versions,
// what is behind, the open promotion.
func TestStoryPolicyStatus(t *testing.T) {
	w := newStory(t, storyOptions{files: policyFiles(daily(-1, "2h"))})
	w.push("main", ".sealift.yaml", policyFiles("")[".sealift.yaml"])
	n, got := w.asked(topic, "v2")
	p := w.allowed(got)
	w.merge(developer, p.Number)
	w.settle()
	second, got := w.asked("second", "v3")
	if got != "eyes rocket" {
		t.Fatalf("reactions %q", got)
	}
	w.push("main", ".sealift.yaml", policyFiles(daily(-1, "2h"))[".sealift.yaml"])
	w.must(w.person(developer).ClosePull(w.ctx, storyRepo, w.bump("third", "web", "v4")))
	if got := w.asks(stranger, n, "/status web"); got != "eyes rocket" {
		t.Fatalf("reactions %q: %q", got, w.said(n))
	}
	has(t, w.last(n), "| App | dev | staging | prod |", "| web | <code>v3</code> | <code>v2</code><br>1 commit behind | <code>v1</code>", "**Open promotions**", "Promote web v3 to staging", "**Frozen**", "quarter end")
	hasNot(t, w.last(n), "| api |")
	_ = second
	w.noFailures()
}
