package hub_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// TestWhatPeopleDoAndSee goes through the Go API as the demo uses it.
func TestWhatPeopleDoAndSee(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w := newWorld(t, hub.Options{EagerMerge: true, InOrder: true, Now: func() time.Time { return now }})
	w.AddMember("acme", "dev")
	admin := w.User("admin")
	if w.dev.Login() != "dev" || w.dev.ID() == admin.ID() || w.app.Slug() != "sealift" {
		t.Error("who is who")
	}
	first := w.Tip(repository, "main")
	n := w.pull("feature", map[string]string{"a": "1"})
	must(t, w.dev.EditPull(t.Context(), repository, n, "Renamed", "Why not"))
	id, err := w.dev.Comment(repository, n, "one")
	must(t, err)
	must(t, w.dev.EditComment(repository, id, "two"))
	must(t, w.dev.React(repository, id, "heart"))
	w.bot("POST", "/check-runs", `{"name":"c","head_sha":"`+w.Tip(repository, "feature")+`","conclusion":"neutral","output":{"title":"T","summary":"S","annotations":[{"path":"a","start_line":1,"end_line":2,"annotation_level":"notice","message":"m"}]}}`).want(201)

	comments := []hub.Comment{{ID: id, Author: "dev", Body: "two", History: []string{"one"}, Reactions: []hub.Reaction{{Content: "heart", By: "dev"}}, Created: now, Updated: now}}
	if diff := cmp.Diff(comments, w.Comments(repository, n)); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	check := w.Checks(repository, w.Tip(repository, "feature"))[0]
	if check.Conclusion != "neutral" || check.Summary != "S" || !cmp.Equal(check.Annotations, []hub.Annotation{{Path: "a", StartLine: 1, EndLine: 2, Level: "notice", Message: "m"}}) {
		t.Errorf("check %+v", check)
	}
	must(t, w.dev.ClosePull(t.Context(), repository, n))
	must(t, w.dev.ReopenPull(t.Context(), repository, n))
	if _, err := w.User("stranger").Merge(t.Context(), repository, n, hub.MergeOptions{}); err == nil {
		t.Error("a stranger merged")
	}
	if _, err := admin.Merge(t.Context(), repository, n, hub.MergeOptions{SHA: first}); err == nil || !strings.Contains(err.Error(), "Head branch was modified") {
		t.Errorf("merge of an old head: %v", err)
	}
	sha, err := admin.Merge(t.Context(), repository, n, hub.MergeOptions{Method: "squash"})
	must(t, err)
	want := []hub.Pull{{Number: 1, Title: "Renamed", Body: "Why not", State: "closed", Author: "dev", Merged: true, Head: "feature",
		HeadSHA: w.Tip(repository, "feature"), HeadRepo: repository, Base: "main", MergeSHA: sha, Created: now}}
	if diff := cmp.Diff(want, w.Pulls(repository)); diff != "" {
		t.Errorf("pull requests (-want +got):\n%s", diff)
	}
	must(t, admin.SetBranch(t.Context(), repository, "main", first))
	if w.Tip(repository, "main") != first {
		t.Error("main was not set back")
	}
	w.events()
	last := w.Deliveries()[len(w.Deliveries())-1]
	w.Redeliver(last.ID)
	must(t, w.Idle(t.Context()))
	if got := w.inbox.Take(); len(got) != 1 || got[0].GUID != last.GUID {
		t.Errorf("redelivered %v, want %s", got, last.GUID)
	}
}

func TestRefusedWorlds(t *testing.T) {
	if _, err := hub.New(hub.Options{Dir: filepath.Join(t.TempDir(), "nothing")}); err == nil {
		t.Error("a hub without a directory")
	}
	h := hubtest.Start(t, hub.Options{})
	if h.SetURL("nowhere") == nil {
		t.Error("an address that is none")
	}
	for _, name := range []string{"", "a", "a/", "/b", "../b", "a/..", "a/b/c", "a/b.git", "a/-b c"} {
		if h.AddRepo(t.Context(), name, hub.RepoOptions{}) == nil {
			t.Errorf("repository name %q is taken", name)
		}
	}
	must(t, h.AddRepo(t.Context(), "a/b", hub.RepoOptions{Files: map[string]string{"x": "1"}}))
	if h.AddRepo(t.Context(), "A/B", hub.RepoOptions{}) == nil {
		t.Error("two repositories of one name")
	}
	if h.Grant("a/b", "c", "king") == nil || h.GrantTeam("a/b", "none", hub.Read) == nil {
		t.Error("roles and teams that are not there")
	}
	for _, branch := range []string{"", "-x", "a..b", "a b", "a/.b", "a.lock", "a\n", "a:b", "/a", "@{x}"} {
		if _, err := h.User("a").Push(t.Context(), "a/b", branch, "m", map[string]string{"x": "2"}); err == nil {
			t.Errorf("branch name %q is taken", branch)
		}
	}
}

func TestRepositoryFromDisk(t *testing.T) {
	w := newWorld(t, hub.Options{})
	dir, err := w.Dir(repository)
	must(t, err)
	must(t, w.AddRepo(t.Context(), "acme/copy", hub.RepoOptions{From: dir}))
	if got := w.Tip("acme/copy", "main"); got == "" || got != w.Tip(repository, "main") {
		t.Errorf("the copy's main is %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err != nil {
		t.Error(err)
	}
}

func TestPages(t *testing.T) {
	h := hubtest.Start(t, hub.Options{})
	get := func() string {
		resp, err := http.Get(h.WebURL() + "/acme/gitops/pull/1")
		must(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		return fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(string(body)))
	}
	if got := get(); !strings.HasPrefix(got, "404") {
		t.Errorf("without pages: %s", got)
	}
	h.SetPages(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }))
	if got := get(); got != "200 page" {
		t.Errorf("with pages: %s", got)
	}
}

func TestManyFiles(t *testing.T) {
	w := newWorld(t, hub.Options{Limits: hub.GitHubLimits()})
	files := map[string]string{}
	for i := range 3010 {
		files[fmt.Sprintf("f%04d", i)] = "1\n"
	}
	w.pull("many", files)
	if n := len(w.bot("GET", "/pulls/1/files?per_page=100&page=30", "").want(200).body.([]any)); n != 100 {
		t.Errorf("page 30 has %d files", n)
	}
	if n := len(w.bot("GET", "/pulls/1/files?per_page=100&page=31", "").want(200).body.([]any)); n != 0 {
		t.Errorf("page 31 has %d files: GitHub lists 3,000", n)
	}
	if n := len(w.bot("GET", "/compare/main...many", "").want(200).get("files").([]any)); n != 300 {
		t.Errorf("compare has %d files", n)
	}
	w.bot("GET", "/pulls/1", "").want(200).is("changed_files", "3010")
	w.events()
}
