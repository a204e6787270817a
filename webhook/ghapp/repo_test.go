package ghapp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub"
)

// TestSelfSurvivesRename finds the new name of the App, and the same bot.
func TestSelfSurvivesRename(t *testing.T) {
	w := newWorld(t, hub.Options{})
	before, err := w.gh.Self(t.Context())
	must(t, err)
	if before.ID != w.app.ID() || before.Bot.ID != w.app.BotID() || before.Bot.Login != "sealift[bot]" || !before.Bot.Bot {
		t.Errorf("self %+v", before)
	}
	must(t, w.app.Rename("Other"))
	after, err := w.client().Self(t.Context())
	must(t, err)
	if after.Bot.ID != before.Bot.ID || after.Slug != "other" {
		t.Errorf("self after renaming %+v", after)
	}
}

// TestFind finds a repository by its name.
func TestFind(t *testing.T) {
	w := newWorld(t, hub.Options{})
	got := w.repo.Repository()
	want := gitops.Repository{ID: got.ID, Owner: "acme", Name: "gitops", DefaultBranch: "main", Private: true, Installation: w.inst}
	if diff := cmp.Diff(want, got); diff != "" || got.ID == 0 {
		t.Error(diff)
	}
	_, err := w.gh.Find(t.Context(), "acme", "other")
	wantCode(t, err, gitops.NotFound)
	if want := w.WebURL() + "/acme/gitops.git"; w.repo.CloneURL() != want {
		t.Errorf("clone URL %q, want %q", w.repo.CloneURL(), want)
	}
}

// TestPulls reads and finds pull requests; a plain issue is none.
func TestPulls(t *testing.T) {
	w := newWorld(t, hub.Options{})
	n := w.pull("one")
	w.pull("two")
	must(t, w.dev.Label(t.Context(), repository, n, "urgent"))
	got, err := w.repo.Pull(t.Context(), n)
	must(t, err)
	want := gitops.Pull{
		Repo: w.repo.Repository(), Number: n, Title: "A change", Body: "Why", Author: gitops.User{ID: w.dev.ID(), Login: "dev"}, Open: true,
		Head: gitops.Branch{Repo: repository, Ref: "one", SHA: w.Tip(repository, "one")}, Base: gitops.Branch{Repo: repository, Ref: "main", SHA: w.Tip(repository, "main")},
		Labels: []string{"urgent"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var numbers []int
	open, err := w.repo.OpenPulls(t.Context(), "main")
	must(t, err)
	for _, p := range open {
		numbers = append(numbers, p.Number)
	}
	if len(numbers) != 2 {
		t.Errorf("open pull requests %v", numbers)
	}
	p, err := w.repo.PullFrom(t.Context(), "one", "main")
	if err != nil || p.Number != n {
		t.Errorf("PullFrom = %d, %v", p.Number, err)
	}
	p, err = w.repo.PullFrom(t.Context(), "nothing", "main")
	if err != nil || p.Number != 0 {
		t.Errorf("PullFrom of no branch = %d, %v", p.Number, err)
	}
	issue, err := w.dev.OpenIssue(repository, "Plain", "")
	must(t, err)
	_, err = w.repo.Pull(t.Context(), issue)
	wantCode(t, err, gitops.NotFound)
	sha, err := w.dev.Merge(t.Context(), repository, n, hub.MergeOptions{})
	must(t, err)
	got, err = w.repo.Pull(t.Context(), n)
	if err != nil || !got.Merged || got.Open || got.MergeCommit != sha {
		t.Errorf("merged pull request %+v, %v", got, err)
	}
}

// TestForkIsGone reads a pull request whose fork is gone: its head has no repository.
func TestForkIsGone(t *testing.T) {
	w := newWorld(t, hub.Options{})
	must(t, w.dev.Fork(t.Context(), repository))
	_, err := w.dev.Push(t.Context(), "dev/gitops", "patch", "Change", map[string]string{"a": "1"})
	must(t, err)
	n, err := w.dev.OpenPull(t.Context(), repository, hub.NewPull{Title: "x", Head: "dev:patch"})
	must(t, err)
	must(t, w.dev.DeleteRepo(t.Context(), "dev/gitops"))
	p, err := w.repo.Pull(t.Context(), n)
	if err != nil || p.Head.Repo != "" || len(p.Head.SHA) != 40 {
		t.Errorf("pull request of a deleted fork: %+v, %v", p.Head, err)
	}
}

// TestComments finds a comment behind the first page, hears that one is too long, and
// deletes one twice.
func TestComments(t *testing.T) {
	w := newWorld(t, hub.Options{CommentLimit: 1000})
	n := w.pull("one")
	for i := range 101 { // two pages
		_, err := w.dev.Comment(repository, n, fmt.Sprint("comment ", i))
		must(t, err)
	}
	made, err := w.repo.CreateComment(t.Context(), n, "<!-- marker -->")
	must(t, err)
	if made.Author.ID != w.app.BotID() || !made.Author.Bot || made.URL == "" || made.Created.IsZero() {
		t.Errorf("comment %+v", made)
	}
	list, err := w.repo.Comments(t.Context(), n)
	must(t, err)
	if diff := cmp.Diff(made, list[len(list)-1]); diff != "" || len(list) != 102 {
		t.Errorf("%d comments, the last: %s", len(list), diff)
	}
	must(t, w.repo.UpdateComment(t.Context(), made.ID, "new"))
	if got := w.Comments(repository, n); got[len(got)-1].Body != "new" {
		t.Errorf("the comment is %q", got[len(got)-1].Body)
	}
	for _, body := range []string{strings.Repeat("x", 1001)} {
		_, err = w.repo.CreateComment(t.Context(), n, body)
		if !ghapp.TooLong(err) || gitops.CodeOf(err) != gitops.Invalid {
			t.Errorf("CreateComment of a long body: %v", err)
		}
		if err = w.repo.UpdateComment(t.Context(), made.ID, body); !ghapp.TooLong(err) {
			t.Errorf("UpdateComment with a long body: %v", err)
		}
	}
	_, err = w.repo.CreateComment(t.Context(), n, "")
	if wantCode(t, err, gitops.Invalid); ghapp.TooLong(err) {
		t.Error("an empty body is too long")
	}
	must(t, w.repo.DeleteComment(t.Context(), made.ID))
	must(t, w.repo.DeleteComment(t.Context(), made.ID))
	wantCode(t, w.repo.UpdateComment(t.Context(), made.ID, "again"), gitops.NotFound)
}

// TestReactions reacts once, however often it is asked.
func TestReactions(t *testing.T) {
	w := newWorld(t, hub.Options{})
	n := w.pull("one")
	id, err := w.dev.Comment(repository, n, "/diff")
	must(t, err)
	for range 2 {
		must(t, w.repo.React(t.Context(), id, "eyes"))
	}
	must(t, w.repo.React(t.Context(), id, "rocket"))
	for range 2 {
		must(t, w.repo.Unreact(t.Context(), id, "eyes"))
	}
	got := w.Comments(repository, n)[0].Reactions
	if len(got) != 1 || got[0].Content != "rocket" {
		t.Errorf("reactions %v", got)
	}
	must(t, w.dev.DeleteComment(repository, id))
	must(t, w.repo.Unreact(t.Context(), id, "rocket"))
	wantCode(t, w.repo.React(t.Context(), id, "eyes"), gitops.NotFound)
}

// TestChecks creates and finds a check run, with more annotations than one call takes.
func TestChecks(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("one")
	sha := w.Tip(repository, "one")
	none, err := w.repo.FindCheck(t.Context(), "sealift/diff", sha)
	if err != nil || none.ID != 0 {
		t.Fatalf("FindCheck before = %v, %v", none, err)
	}
	run := gitops.CheckRun{Name: "sealift/diff", HeadSHA: sha, Conclusion: gitops.Failure, Title: "2 overlays", Summary: "**s**", Text: "t", DetailsURL: "https://bot.example/x", ExternalID: "base..head"}
	for i := range 120 {
		run.Annotations = append(run.Annotations, gitops.Finding{Rule: "r", Severity: gitops.SeverityError, File: "a.yaml", Line: i + 1, Column: 3, Message: "wrong", Fix: "do"})
	}
	run.Annotations = append(run.Annotations, gitops.Finding{Rule: "no place", Message: "m"})
	made, err := w.repo.CreateCheck(t.Context(), run)
	must(t, err)
	got := w.Checks(repository, sha)
	if len(got) != 1 || got[0].Status != "completed" || got[0].Conclusion != "failure" || len(got[0].Annotations) != 120 || got[0].ID != made.ID {
		t.Fatalf("check runs %+v", got)
	}
	first := hub.Annotation{Path: "a.yaml", StartLine: 1, EndLine: 1, Level: "failure", Title: "r", Message: "wrong\ndo"}
	if diff := cmp.Diff(first, got[0].Annotations[0]); diff != "" {
		t.Error(diff)
	}
	if n := w.Calls()["PATCH /repos/{owner}/{repo}/check-runs/{id}"]; n != 2 {
		t.Errorf("%d updates for 120 annotations", n)
	}
	made.Annotations, made.Conclusion, made.Title = nil, gitops.Success, "now good"
	must(t, w.repo.UpdateCheck(t.Context(), made))
	found, err := w.repo.FindCheck(t.Context(), "sealift/diff", sha)
	if diff := cmp.Diff(made, found); err != nil || diff != "" {
		t.Errorf("FindCheck: %v: %s", err, diff)
	}
	made.ID = 1
	wantCode(t, w.repo.UpdateCheck(t.Context(), made), gitops.NotFound)
	_, err = w.repo.CreateCheck(t.Context(), gitops.CheckRun{Name: "x", HeadSHA: sha, Summary: strings.Repeat("x", 65_536)})
	if !ghapp.TooLong(err) {
		t.Errorf("long summary: %v", err)
	}
	_, err = w.repo.CreateCheck(t.Context(), gitops.CheckRun{Name: "x", HeadSHA: strings.Repeat("1", 40)})
	wantCode(t, err, gitops.NotFound)
}

// TestAccess knows the role of a person, and the members of a team; who was only
// invited is none.
func TestAccess(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.User("helper")
	must(t, w.Grant(repository, "helper", hub.Triage))
	for login, want := range map[string]string{"dev": "write", "admin": "admin", "helper": "triage", "stranger": "none"} {
		got, err := w.repo.Permission(t.Context(), login)
		if err != nil || got != want {
			t.Errorf("Permission(%s) = %s, %v, want %s", login, got, err, want)
		}
	}
	w.SetMembership("acme", "developers", "helper", hub.Membership{State: "pending", Role: "member"})
	for login, want := range map[string]bool{"dev": true, "helper": false, "stranger": false} {
		for _, team := range []string{"developers", "acme/developers"} {
			got, err := w.repo.TeamMember(t.Context(), team, login)
			if err != nil || got != want {
				t.Errorf("TeamMember(%s, %s) = %v, %v", team, login, got, err)
			}
		}
	}
}

// A re-render whose comment exists costs few calls.
func TestCallsOfARerender(t *testing.T) {
	w := newWorld(t, hub.Options{})
	n := w.pull("one")
	c, err := w.repo.CreateComment(t.Context(), n, "first")
	must(t, err)
	w.ResetCalls()
	p, err := w.repo.Pull(t.Context(), n)
	must(t, err)
	must(t, w.repo.UpdateComment(t.Context(), c.ID, "second"))
	_, err = w.repo.CreateCheck(t.Context(), gitops.CheckRun{Name: "sealift/diff", HeadSHA: p.Head.SHA, Conclusion: gitops.Success, Title: "t", Summary: "s"})
	must(t, err)
	if n := w.RESTCalls(); n != 3 {
		t.Errorf("%d calls: %v", n, w.Calls())
	}
}
