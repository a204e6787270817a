package main

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// autoMergeWorld has a promotion to staging that waits for ci/test and ci/more. allow says
// whether GitHub may be asked to merge it.
func autoMergeWorld(t *testing.T, allow bool) (*story, hub.Pull) {
	w := newStory(t, storyOptions{files: policyFiles("auto: true, autoMerge: true")})
	w.must(w.hub.AllowAutoMerge(storyRepo, allow))
	w.must(w.hub.Protect(storyRepo, "main", hub.Protection{Checks: []string{"ci/test", "ci/more"}}))
	n := w.bump(topic, "web", "v2")
	for _, name := range []string{"ci/test", "ci/more"} {
		w.status(w.hub.Tip(storyRepo, topic), name, "success")
	}
	w.merge(developer, n)
	w.settle()
	return w, w.promotion()
}

// armed tells whether GitHub merges the promotion once it may.
func (w *story) armed() bool { return w.promotion().AutoMerge != "" }

func (w *story) status(sha, name, state string) {
	w.t.Helper()
	w.must(w.person(developer).SetStatus(w.ctx, storyRepo, sha, name, state))
}

// mutations returns how often GraphQL was called.
func (w *story) mutations() int { return w.hub.Calls()["POST /graphql"] }

// What the branch requires is not there yet: GitHub is asked once to merge the promotion
// when it is. A hold takes that back, and its end asks again.
func TestStoryAutoMergeByGitHub(t *testing.T) {
	w, p := autoMergeWorld(t, true)
	if !w.armed() || p.State != "open" {
		t.Fatalf("GitHub was not asked: %+v\n%s", p, w.logs)
	}
	asked := w.mutations()
	w.status(p.HeadSHA, "ci/test", "success")
	w.settle()
	if again := w.mutations(); again != asked || !w.armed() {
		t.Errorf("%d mutations, %d before: it was asked for again", again, asked)
	}

	w.say(developer, p.Number, "/hold staging web")
	w.until("GitHub may merge what is on hold", func() bool { return !w.armed() })
	w.status(p.HeadSHA, "ci/more", "success")
	if w.promotion().State != "open" {
		t.Fatal("merged although it is on hold")
	}
	w.say(developer, p.Number, "/unhold staging web")
	w.settle()
	if !w.promotion().Merged || w.file("main", overlayFile("web", "staging")) != imageOverlay("web", "staging", "v2") {
		t.Errorf("not merged: %+v", w.promotion())
	}
	w.noFailures()
}

// Somebody pushes to a promotion that GitHub was asked to merge: it is not merged even
// when everything that the branch requires is there.
func TestStoryAutoMergeTakenBack(t *testing.T) {
	w, p := autoMergeWorld(t, true)
	if !w.armed() {
		t.Fatalf("GitHub was not asked\n%s", w.logs)
	}
	head := w.push(p.Head, overlayFile("web", "staging"), imageOverlay("web", "staging", "evil"))
	w.settle()
	w.status(head, "ci/test", "success")
	w.status(head, "ci/more", "success")
	w.settle()
	if w.armed() || w.promotion().State != "open" {
		t.Error("merged what somebody else wrote")
	}
	said := ""
	for _, c := range w.bots(p.Number) {
		said += c.Body
	}
	if strings.Count(said, "not merged by itself any more") != 1 || !strings.Contains(said, head[:7]) {
		t.Errorf("what is said: %s", said)
	}
}

// Somebody pushes to a promotion and says that the bot did: git takes any name. It is
// neither merged nor built upon.
func TestStoryAutoMergeForged(t *testing.T) {
	w, p := autoMergeWorld(t, false)
	ours, err := w.hub.Commit(w.ctx, storyRepo, p.HeadSHA)
	w.must(err)
	head, err := w.person(developer).PushAs(w.ctx, storyRepo, p.Head, ours.Message, w.app.Slug()+"[bot]",
		map[string]string{overlayFile("web", "staging"): imageOverlay("web", "staging", "evil")})
	w.must(err)
	w.settle()
	w.status(head, "ci/test", "success")
	w.status(head, "ci/more", "success")
	w.settle()
	if now := w.promotion(); now.State != "open" {
		t.Errorf("merged what somebody else wrote: %+v", now)
	}
	w.must(w.hub.Protect(storyRepo, "main", hub.Protection{}))
	n := w.bump("second", "web", "v3")
	w.merge(developer, n)
	w.settle()
	w.say(developer, n, "/promote staging")
	w.settle()
	if tip := w.hub.Tip(storyRepo, p.Head); tip != head {
		t.Errorf("built upon, the branch is at %s", tip)
	}
	has(t, w.answer(n), "commits that Sealift did not make")
	w.noFailures()
}

// A branch with a merge queue takes the promotion into it, also where a repository does
// not allow auto-merge.
func TestStoryAutoMergeQueue(t *testing.T) {
	w, p := autoMergeWorld(t, false)
	w.must(w.hub.Protect(storyRepo, "main", hub.Protection{Checks: []string{"sealift/diff"}, Queue: true}))
	w.status(p.HeadSHA, "ci/test", "success")
	w.settle()
	if !w.promotion().Merged {
		t.Errorf("not merged by the queue: %+v\n%s", w.promotion(), w.logs)
	}
	w.noFailures()
}

// Where a repository does not allow auto-merge, the promotion is merged when it may be.
func TestStoryAutoMergeNotAllowed(t *testing.T) {
	w, p := autoMergeWorld(t, false)
	w.status(p.HeadSHA, "ci/test", "success")
	w.settle()
	if w.armed() || w.promotion().State != "open" {
		t.Errorf("%+v", w.promotion())
	}
	w.status(p.HeadSHA, "ci/more", "success")
	w.settle()
	if !w.promotion().Merged {
		t.Error("not merged")
	}
	w.noFailures()
}
