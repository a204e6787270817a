package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/webhook/hub"
)

// TestCommentLife sends events for a comment that comes, changes and goes, and none for
// an edit that changes nothing.
func TestCommentLife(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.pull("feature", map[string]string{"a": "1"})
	w.events()
	c := w.bot("POST", "/issues/1/comments", `{"body":"first"}`).want(201).is("user.type", "Bot").is("performed_via_github_app.slug", "sealift").is("author_association", "NONE")
	path := "/issues/comments/" + fmt.Sprint(c.num("id"))
	w.bot("PATCH", path, `{"body":"second"}`).want(200).is("body", "second")
	w.bot("PATCH", path, `{"body":"second"}`).want(200)
	w.bot("GET", path, "").want(200).is("body", "second")
	if diff := cmp.Diff([]string{"first"}, w.Comments(repository, 1)[0].History); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	w.bot("DELETE", path, "").want(204)
	w.bot("GET", path, "").want(404)
	w.bot("DELETE", path, "").want(404)
	w.bot("PATCH", path, `{"body":"third"}`).want(404)
	if got := strings.Join(w.events(), " "); got != "issue_comment.created issue_comment.edited issue_comment.deleted" {
		t.Errorf("events %s", got)
	}
}

// TestCommentLimits counts characters and not bytes, and words refusals as GitHub does.
func TestCommentLimits(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("feature", map[string]string{"a": "1"})
	w.bot("POST", "/issues/1/comments", `{"body":"`+long(65536)+`"}`).want(201)
	w.bot("POST", "/issues/1/comments", `{"body":"`+long(65537)+`"}`).says(422, "Body is too long (maximum is 65536 characters)")
	w.bot("POST", "/issues/1/comments", `{"body":"`+strings.Repeat("é", 65536)+`"}`).want(201)
	w.bot("POST", "/issues/1/comments", `{"body":""}`).says(422, "Body can't be blank")
	w.bot("POST", "/issues/1/comments", `{}`).says(422, "wasn't supplied")
	w.bot("POST", "/issues/1/comments", `{"body":1}`).says(422, "properties/")
	w.bot("POST", "/issues/2/comments", `{"body":"x"}`).want(404)
	w.bot("PATCH", "/pulls/1", `{"body":"`+long(65537)+`"}`).says(422, "too long")
	w.events()
}

// TestCommentPages pages by number, and gives what changed since a time.
func TestCommentPages(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w := newWorld(t, hub.Options{Now: func() time.Time { return now }})
	_, err := w.dev.OpenIssue(repository, "Plain", "")
	must(t, err)
	w.token = w.PersonalToken("dev")
	for i := range 7 {
		now = now.Add(time.Minute)
		_, err := w.dev.Comment(repository, 1, fmt.Sprint(i))
		must(t, err)
	}
	r := w.bot("GET", "/issues/1/comments?per_page=3&page=2", "").want(200).is("0.body", "3")
	for _, rel := range []string{"prev", "next", "first", "last"} {
		if !strings.Contains(r.header.Get("Link"), `rel="`+rel+`"`) {
			t.Errorf("Link has no %s: %s", rel, r.header.Get("Link"))
		}
	}
	if last := w.bot("GET", "/issues/1/comments?per_page=3&page=3", "").want(200); strings.Contains(last.header.Get("Link"), "next") || len(last.body.([]any)) != 1 {
		t.Errorf("the last page has %s", last.header.Get("Link"))
	}
	w.bot("GET", "/issues/1/comments?since="+now.Add(-time.Minute).Format(time.RFC3339), "").want(200).is("0.body", "5")
	w.bot("GET", "/issues/1", "").want(200).is("comments", "7")
	if _, isPull := w.bot("GET", "/issues/1", "").body.(map[string]any)["pull_request"]; isPull {
		t.Error("a plain issue has pull_request")
	}
	w.bot("GET", "/pulls/1", "").want(404)
	w.events()
}

// TestWhoMayChangeComments lets authors and writers change a comment, and nobody else.
func TestWhoMayChangeComments(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("feature", map[string]string{"a": "1"})
	w.Grant(repository, "stranger", hub.Read)
	id, err := w.dev.Comment(repository, 1, "mine")
	must(t, err)
	path := "repos/" + repository + "/issues/comments/" + fmt.Sprint(id)
	w.call("PATCH", path, w.PersonalToken("stranger"), `{"body":"yours"}`).want(403)
	w.call("PATCH", path, w.PersonalToken("admin"), `{"body":"ours"}`).want(200)
	if err := w.User("stranger").DeleteComment(repository, id); err == nil {
		t.Error("a stranger deleted somebody's comment")
	}
	w.call("DELETE", path, w.token, "").want(204)
	w.events()
}

// TestReactions keeps one of a kind for each person.
func TestReactions(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("feature", map[string]string{"a": "1"})
	id, err := w.dev.Comment(repository, 1, "/diff")
	must(t, err)
	path := "/issues/comments/" + fmt.Sprint(id) + "/reactions"
	r := w.bot("POST", path, `{"content":"eyes"}`).want(201).is("user.login", "sealift[bot]")
	w.bot("POST", path, `{"content":"eyes"}`).want(200)
	w.bot("POST", path, `{"content":"rocket"}`).want(201)
	w.bot("POST", path, `{"content":"shrug"}`).want(422)
	w.bot("GET", path+"?content=eyes", "").want(200).is("0.content", "eyes")
	w.bot("DELETE", path+"/"+fmt.Sprint(r.num("id")), "").want(204)
	w.bot("GET", "/issues/comments/"+fmt.Sprint(id), "").want(200).is("reactions.eyes", "0").is("reactions.rocket", "1")
	must(t, w.dev.React(repository, id, "+1"))
	if w.dev.React(repository, id, "shrug") == nil {
		t.Error("a reaction that GitHub does not have")
	}
	noIssues := w.mint(`{"permissions":{"pull_requests":"write"}}`)
	w.call("POST", "repos/"+repository+path, noIssues, `{"content":"heart"}`).says(403, "not accessible")
	w.call("POST", "repos/"+repository+"/issues/1/comments", noIssues, `{"body":"pull_requests is enough"}`).want(201)
	w.events()
}

// TestLabels makes a label that is used before it was made.
func TestLabels(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("feature", map[string]string{"a": "1"})
	w.bot("POST", "/labels", `{"name":"promotion","color":"00ff00"}`).want(201)
	w.bot("POST", "/labels", `{"name":"promotion"}`).want(422)
	w.bot("POST", "/issues/1/labels", `{"labels":["promotion","new"]}`).want(200).is("1.name", "new")
	w.bot("DELETE", "/issues/1/labels/new", "").want(200).is("0.name", "promotion")
	w.bot("DELETE", "/issues/1/labels/new", "").want(404)
	w.bot("GET", "/issues/1/labels", "").want(200).is("0.color", "00ff00")
	w.bot("GET", "/labels", "").want(200).is("1.name", "new")
	w.bot("PATCH", "/issues/1", `{"state":"closed"}`).want(200).is("state", "closed")
	w.events()
}
