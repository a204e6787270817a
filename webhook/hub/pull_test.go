package hub_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/webhook/hub"
)

func TestPullRequestLife(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.events()
	n := w.pull("feature", map[string]string{"apps/web/dev/kustomization.yaml": "namespace: dev\nnamePrefix: a-\n"})
	path := fmt.Sprintf("/pulls/%d", n)

	w.bot("GET", path, "").want(200).is("mergeable", "<nil>").is("mergeable_state", "unknown")
	pr := w.bot("GET", path, "").want(200).is("mergeable", "true").is("mergeable_state", "clean").is("changed_files", "1").is("commits", "1").is("user.login", "dev")
	w.bot("GET", "/git/ref/pull/1/head", "").want(200).is("object.sha", pr.str("head.sha"))
	w.bot("GET", "/git/ref/pull/1/merge", "").want(200).is("object.sha", pr.str("merge_commit_sha"))
	w.bot("GET", path+"/files", "").want(200).is("0.filename", "apps/web/dev/kustomization.yaml").is("0.status", "modified").is("0.additions", "1")
	w.bot("GET", path+"/commits", "").want(200).is("0.sha", pr.str("head.sha"))
	w.bot("GET", "/pulls?head=acme:feature&state=open&base=main", "").want(200).is("0.number", "1")
	if list := w.bot("GET", "/pulls?head=acme:other", "").want(200).body.([]any); len(list) != 0 {
		t.Errorf("a pull request from another branch is listed: %v", list)
	}

	_, err := w.dev.Push(t.Context(), repository, "feature", "More", map[string]string{"new": "1\n"})
	must(t, err)
	must(t, w.dev.SetDraft(t.Context(), repository, n, true))
	must(t, w.dev.SetDraft(t.Context(), repository, n, false))
	_, err = w.dev.Push(t.Context(), repository, "release", "Release", map[string]string{"r": "1\n"})
	must(t, err)
	must(t, w.dev.Retarget(t.Context(), repository, n, "release"))
	must(t, w.dev.Retarget(t.Context(), repository, n, "main"))
	must(t, w.dev.Label(t.Context(), repository, n, "ready"))
	w.bot("PATCH", path, `{"title":"Another title","body":"Other"}`).want(200).is("title", "Another title")
	w.bot("PATCH", path, `{"state":"closed"}`).want(200).is("state", "closed")
	w.bot("PATCH", path, `{"state":"open"}`).want(200).is("state", "open")
	w.bot("GET", path+"/merge", "").want(404)
	w.bot("PUT", path+"/merge", `{"merge_method":"merge"}`).want(200).is("merged", "true")
	w.bot("GET", path+"/merge", "").want(204)
	w.bot("PUT", path+"/merge", "").says(405, "not mergeable")
	w.bot("GET", path, "").want(200).is("merged", "true").is("state", "closed").is("merged_by.login", "sealift[bot]")

	want := []string{
		"push", "check_suite.requested", "pull_request.opened",
		"push", "check_suite.requested", "pull_request.synchronize",
		"pull_request.converted_to_draft", "pull_request.ready_for_review",
		"push", "check_suite.requested", "pull_request.edited", "pull_request.edited", "pull_request.labeled", "pull_request.edited",
		"pull_request.closed", "pull_request.reopened", "pull_request.closed", "push", "check_suite.requested",
	}
	if diff := cmp.Diff(want, w.events()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestMergeMethods(t *testing.T) {
	w := newWorld(t, hub.Options{EagerMerge: true})
	for i, method := range []string{"merge", "squash", "rebase"} {
		branch := "b-" + method
		n := w.pull(branch, map[string]string{method: "1\n"})
		_, err := w.dev.Push(t.Context(), repository, branch, "Second", map[string]string{method + "2": "2\n"})
		must(t, err)
		_, err = w.User("admin").Push(t.Context(), repository, "main", "Meanwhile", map[string]string{"other": fmt.Sprint(i)})
		must(t, err)
		stale := w.bot("GET", fmt.Sprintf("/pulls/%d", n), "").str("base.sha")
		w.bot("PUT", fmt.Sprintf("/pulls/%d/merge", n), `{"sha":"`+stale+`"}`).says(409, "Head branch was modified")
		sha := w.bot("PUT", fmt.Sprintf("/pulls/%d/merge", n), `{"merge_method":"`+method+`"}`).want(200).str("sha")
		if tip := w.Tip(repository, "main"); tip != sha {
			t.Errorf("%s: main is at %s, want %s", method, tip, sha)
		}
		parents := w.bot("GET", "/git/commits/"+sha, "").want(200).get("parents").([]any)
		if want := map[string]int{"merge": 2, "squash": 1, "rebase": 1}[method]; len(parents) != want {
			t.Errorf("%s: %d parents, want %d", method, len(parents), want)
		}
		w.bot("GET", "/contents/"+method+"2?ref=main", "").want(200)
		w.bot("GET", "/contents/"+method+"?ref=main", "").want(200)
	}
}

func TestConflict(t *testing.T) {
	w := newWorld(t, hub.Options{EagerMerge: true})
	n := w.pull("one", map[string]string{"README.md": "# one\n"})
	_, err := w.User("admin").Push(t.Context(), repository, "main", "Other", map[string]string{"README.md": "# other\n"})
	must(t, err)
	w.bot("GET", "/pulls/1", "").want(200).is("mergeable", "false").is("mergeable_state", "dirty")
	w.bot("PUT", fmt.Sprintf("/pulls/%d/merge", n), "").says(405, "not mergeable")
}

func TestRefusedPulls(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("feature", map[string]string{"a": "1"})
	w.bot("POST", "/pulls", `{"title":"x","head":"feature","base":"main"}`).says(422, "A pull request already exists for acme:feature.")
	w.bot("POST", "/pulls", `{"title":"x","head":"nowhere","base":"main"}`).says(422, `"field":"head"`)
	w.bot("POST", "/pulls", `{"title":"x","head":"feature","base":"nowhere"}`).says(422, `"field":"base"`)
	w.bot("POST", "/pulls", `{"title":"x","head":"main","base":"main"}`).says(422, "No commits between")
	w.bot("POST", "/pulls", `{"title":`).says(400, "Problems parsing JSON")
	w.bot("PATCH", "/pulls/1", `{"title":"`+long(257)+`"}`).says(422, "maximum is 256")
	w.bot("GET", "/pulls/77", "").want(404)
}

// TestWhoMayChangePulls lets authors and writers close and merge, and nobody else.
func TestWhoMayChangePulls(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.Grant(repository, "stranger", hub.Read)
	w.pull("feature", map[string]string{"a": "1"})
	w.call("PATCH", "repos/"+repository+"/pulls/1", w.PersonalToken("stranger"), `{"state":"closed"}`).want(403)
	w.call("PATCH", "repos/"+repository+"/issues/1", w.PersonalToken("stranger"), `{"state":"closed"}`).want(403)
	w.call("PUT", "repos/"+repository+"/pulls/1/merge", w.PersonalToken("stranger"), "").want(403)
	if err := w.User("stranger").ClosePull(t.Context(), repository, 1); err == nil {
		t.Error("a stranger closed somebody's pull request")
	}
	w.call("PATCH", "repos/"+repository+"/pulls/1", w.PersonalToken("dev"), `{"state":"closed"}`).want(200)
	w.events()
}

// TestForkThatGoes leaves the pull request of a fork that was deleted, without a
// repository of its head.
func TestForkThatGoes(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.Grant(repository, "stranger", hub.Read)
	s := w.User("stranger")
	must(t, s.Fork(t.Context(), repository))
	_, err := s.Push(t.Context(), "stranger/gitops", "fix", "Fix", map[string]string{"README.md": "# fixed\n"})
	must(t, err)
	n, err := s.OpenPull(t.Context(), repository, hub.NewPull{Title: "Fix", Head: "stranger:fix"})
	must(t, err)
	path := fmt.Sprintf("/pulls/%d", n)
	head := w.bot("GET", path, "").want(200).is("head.repo.full_name", "stranger/gitops").is("head.label", "stranger:fix").str("head.sha")
	w.bot("GET", "/git/ref/pull/1/head", "").want(200).is("object.sha", head)
	w.bot("POST", "/check-runs", `{"name":"c","head_sha":"`+head+`"}`).want(201)
	sha, err := s.Push(t.Context(), "stranger/gitops", "fix", "Again", map[string]string{"README.md": "# again\n"})
	must(t, err)
	w.bot("GET", "/git/ref/pull/1/head", "").want(200).is("object.sha", sha)
	must(t, s.DeleteRepo(t.Context(), "stranger/gitops"))
	w.bot("GET", path, "").want(200).is("head.repo", "<nil>").is("state", "closed")
	w.bot("GET", "/pulls?state=all", "").want(200).is("0.head.repo", "<nil>")
	w.bot("GET", "/git/ref/pull/1/head", "").want(200).is("object.sha", sha)
	w.events()
}

// TestBranchesThatGo closes pull requests whose head or base branch is deleted.
func TestBranchesThatGo(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.pull("head", map[string]string{"a": "1"})
	_, err := w.dev.Push(t.Context(), repository, "base", "Base", map[string]string{"b": "1"})
	must(t, err)
	w.pull("head2", map[string]string{"a": "2"})
	must(t, w.dev.Retarget(t.Context(), repository, 2, "base"))
	must(t, w.dev.DeleteBranch(t.Context(), repository, "head"))
	must(t, w.dev.DeleteBranch(t.Context(), repository, "base"))
	for _, n := range []string{"1", "2"} {
		w.bot("GET", "/pulls/"+n, "").want(200).is("state", "closed").is("merged", "false")
	}
	w.bot("PATCH", "/pulls/1", `{"state":"open"}`).says(422, "cannot be reopened")
	w.events()
}

// TestForcePush shows the new history alone, and sends both heads.
func TestForcePush(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.pull("feature", map[string]string{"a": "1"})
	w.events()
	before := w.Tip(repository, "feature")
	after, err := w.dev.PushOn(t.Context(), repository, "feature", w.Tip(repository, "main"), "Anew", map[string]string{"a": "2"})
	must(t, err)
	w.bot("GET", "/pulls/1", "").want(200).is("head.sha", after).is("commits", "1")
	must(t, w.Idle(t.Context()))
	for _, g := range w.inbox.Take() {
		p := reply{t: t, what: g.Event, raw: string(g.Body), body: decode(t, g.Body)}
		switch g.Event {
		case "push":
			p.is("forced", "true").is("before", before).is("after", after)
		case "pull_request":
			p.is("action", "synchronize").is("before", before).is("after", after)
		}
	}
}

// TestProtectionAndQueue holds a branch back until its checks are there, and merges by
// the queue.
func TestProtectionAndQueue(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true, EagerMerge: true})
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"sealift/diff"}, PullRequest: true}))
	n := w.pull("feature", map[string]string{"a": "1"})
	head := w.Tip(repository, "feature")
	if _, err := w.User("admin").Push(t.Context(), repository, "main", "Direct", map[string]string{"x": "1"}); err == nil {
		t.Error("a direct push to a branch that wants pull requests was taken")
	}
	w.bot("PATCH", "/git/refs/heads/main", `{"sha":"`+head+`"}`).says(422, "pull request")
	w.bot("GET", "/pulls/1", "").is("mergeable_state", "blocked")
	w.bot("PUT", "/pulls/1/merge", "").says(405, "Required status check")
	w.bot("GET", "/rules/branches/main", "").want(200).is("0.type", "required_status_checks")
	w.bot("POST", "/check-runs", `{"name":"sealift/diff","head_sha":"`+head+`","conclusion":"success"}`).want(201)
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"sealift/diff"}, Queue: true}))
	w.bot("PUT", "/pulls/1/merge", "").says(405, "merge queue")
	w.events()

	must(t, w.dev.Enqueue(t.Context(), repository, n))
	must(t, w.Idle(t.Context()))
	var group string
	for _, g := range w.inbox.Take() {
		if g.Event == "merge_group" {
			group = (reply{t: t, body: decode(t, g.Body)}).str("merge_group.head_sha")
		}
	}
	if group == "" {
		t.Fatal("no merge_group event")
	}
	must(t, w.dev.RerequestSuite(t.Context(), repository, group))
	w.bot("POST", "/check-runs", `{"name":"sealift/diff","head_sha":"`+group+`","conclusion":"success"}`).want(201)
	w.bot("GET", "/pulls/1", "").want(200).is("merged", "true")
	if tip := w.Tip(repository, "main"); tip != group {
		t.Errorf("main is at %s, want the group %s", tip, group)
	}
	if got := strings.Join(w.events(), " "); !strings.HasPrefix(got, "check_suite.rerequested check_run.created check_run.completed") || !strings.Contains(got, "merge_group.destroyed") {
		t.Errorf("events %s", got)
	}
}

// TestAutoMerge merges by itself when the last check is there.
func TestAutoMerge(t *testing.T) {
	w := newWorld(t, hub.Options{EagerMerge: true})
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"ci"}}))
	n := w.pull("feature", map[string]string{"a": "1"})
	must(t, w.dev.AutoMerge(t.Context(), repository, n, "squash"))
	w.bot("GET", "/pulls/1", "").want(200).is("auto_merge.merge_method", "squash")
	w.bot("POST", "/statuses/"+w.Tip(repository, "feature"), `{"state":"success","context":"ci"}`).want(201)
	w.bot("GET", "/pulls/1", "").want(200).is("merged", "true")
}
