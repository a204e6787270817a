package ghapp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub"
)

// A change through the API: a commit, a branch, a pull request.
func TestChange(t *testing.T) {
	w := newWorld(t, hub.Options{})
	r, main := w.repo, w.Tip(repository, "main")
	sha, err := r.CreateCommit(t.Context(), main, "Promote\n\nRequested-by: dev", []gitops.FileEdit{
		{Path: "apps/web/prod/ü x.yaml", Content: []byte("a: 1\n")}, {Path: "run.sh", Content: []byte("#!/bin/sh\n"), Executable: true},
		{Path: "bin", Content: []byte{0, 0xff}}, {Path: "empty"}, {Path: "README.md", Delete: true},
	})
	must(t, err)
	const branch = "sealift/promote/ü"
	_, err = r.BranchTip(t.Context(), branch)
	wantError(t, err, gitops.NotFound)
	must(t, r.CreateBranch(t.Context(), branch, sha))
	if err := r.CreateBranch(t.Context(), branch, sha); !ghapp.Exists(err) {
		t.Errorf("CreateBranch again: %v", err)
	}
	for path, want := range map[string]string{"apps/web/prod/ü x.yaml": "a: 1\n", "run.sh": "#!/bin/sh\n", "bin": "\x00\xff", "empty": ""} {
		got, err := r.File(t.Context(), sha, path)
		if err != nil || string(got) != want {
			t.Errorf("File(%q) = %q, %v", path, got, err)
		}
	}
	for _, path := range []string{"README.md", "apps"} {
		_, err = r.File(t.Context(), sha, path)
		wantError(t, err, gitops.NotFound)
	}

	p, err := r.CreatePull(t.Context(), gitops.NewPull{Head: branch, Base: "main", Title: "Promote", Body: "why"})
	must(t, err)
	found, err := r.PullFrom(t.Context(), branch, "main")
	must(t, err)
	if diff := cmp.Diff(p, found); diff != "" || p.Head.SHA != sha || !p.Author.Bot {
		t.Errorf("pull request %+v: %s", p, diff)
	}
	if _, err := r.CreatePull(t.Context(), gitops.NewPull{Head: branch, Base: "main", Title: "Again"}); !ghapp.Exists(err) {
		t.Errorf("CreatePull again: %v", err)
	}
	_, err = r.CreatePull(t.Context(), gitops.NewPull{Head: branch, Base: "main", Title: strings.Repeat("x", 257)})
	if !ghapp.TooLong(err) {
		t.Errorf("long title: %v", err)
	}
	must(t, r.UpdatePull(t.Context(), p.Number, "New title", "new body"))

	next, err := r.CreateCommit(t.Context(), sha, "More", []gitops.FileEdit{{Path: "more", Content: []byte("1")}})
	must(t, err)
	same, err := r.CreateCommit(t.Context(), next, "Nothing", []gitops.FileEdit{{Path: "more", Content: []byte("1")}})
	if err != nil || same != next {
		t.Errorf("a commit that changes nothing: %s, %v", same, err)
	}
	must(t, r.MoveBranch(t.Context(), branch, next))
	wantError(t, r.MoveBranch(t.Context(), branch, main), gitops.Stale)
	wantError(t, r.MoveBranch(t.Context(), "none", next), gitops.NotFound)
	if tip, err := r.BranchTip(t.Context(), branch); err != nil || tip != next {
		t.Errorf("BranchTip = %s, %v", tip, err)
	}
	must(t, r.ClosePull(t.Context(), p.Number))
	got, err := r.Pull(t.Context(), p.Number)
	if err != nil || got.Open || got.Title != "New title" || got.Body != "new body" {
		t.Errorf("after all: %+v, %v", got, err)
	}
	must(t, r.DeleteBranch(t.Context(), branch))
	must(t, r.DeleteBranch(t.Context(), branch))
}

// A branch of ours is renewed for a base that moved on, without force: the files
// are those of the base with the edits, and nothing of what it had before stays.
func TestMergeCommit(t *testing.T) {
	w := newWorld(t, hub.Options{})
	r, main := w.repo, w.Tip(repository, "main")
	first, err := r.CreateCommit(t.Context(), main, "First", []gitops.FileEdit{{Path: "old.yaml", Content: []byte("a: 1\n")}})
	must(t, err)
	must(t, r.CreateBranch(t.Context(), "ours", first))
	moved, err := w.dev.Push(t.Context(), repository, "main", "Elsewhere", map[string]string{"other.yaml": "b: 1\n"})
	must(t, err)
	edits := []gitops.FileEdit{{Path: "new.yaml", Content: []byte("a: 2\n")}}
	next, err := r.MergeCommit(t.Context(), first, moved, "Second\n\nRequested-by: @dev", edits)
	must(t, err)
	must(t, r.MoveBranch(t.Context(), "ours", next))
	for path, there := range map[string]bool{"old.yaml": false, "other.yaml": true, "new.yaml": true} {
		if _, err := r.File(t.Context(), next, path); (err == nil) != there {
			t.Errorf("%s: %v", path, err)
		}
	}
	same, err := r.MergeCommit(t.Context(), next, moved, "Third", edits)
	if err != nil || same != next {
		t.Errorf("a commit that changes nothing: %s, %v", same, err)
	}
	c, err := r.Commit(t.Context(), next)
	must(t, err)
	self, err := w.gh.Self(t.Context())
	must(t, err)
	if c.Author.ID != self.Bot.ID || !c.Verified || c.SHA != next || !strings.HasSuffix(c.Message, "Requested-by: @dev") || c.Committed.IsZero() {
		t.Errorf("commit %+v", c)
	}
	byHand, err := r.Commit(t.Context(), moved)
	if err != nil || byHand.Author.Login != "dev" || byHand.Verified {
		t.Errorf("commit by hand %+v, %v", byHand, err)
	}
	_, err = r.Commit(t.Context(), strings.Repeat("1", 40))
	wantError(t, err, gitops.NotFound)
	for _, bad := range []string{"", "main", "../x"} {
		_, err := r.MergeCommit(t.Context(), bad, moved, "x", edits)
		wantError(t, err, gitops.Invalid)
		_, err = r.MergeCommit(t.Context(), next, bad, "x", edits)
		wantError(t, err, gitops.Invalid)
		_, err = r.Commit(t.Context(), bad)
		wantError(t, err, gitops.Invalid)
	}
}

// TestChangeRefused sends no path that leads out of the repository.
func TestChangeRefused(t *testing.T) {
	w := newWorld(t, hub.Options{})
	main := w.Tip(repository, "main")
	for _, path := range []string{"", ".", "..", "/x", "../x", "a/../b", "a//b", "a\\b", "a\n"} {
		_, err := w.repo.CreateCommit(t.Context(), main, "x", []gitops.FileEdit{{Path: path}})
		wantError(t, err, gitops.Invalid)
		_, err = w.repo.File(t.Context(), main, path)
		wantError(t, err, gitops.Invalid)
	}
	_, err := w.repo.CreateCommit(t.Context(), strings.Repeat("1", 40), "x", []gitops.FileEdit{{Path: "a"}})
	wantError(t, err, gitops.NotFound)
	_, err = w.repo.CreateCommit(t.Context(), "main", "x", nil)
	wantError(t, err, gitops.Invalid)
	for _, branch := range []string{"", "..", "a/../../b", "a.lock", "-x"} {
		wantError(t, w.repo.CreateBranch(t.Context(), branch, main), gitops.Invalid)
		wantError(t, w.repo.MoveBranch(t.Context(), branch, main), gitops.Invalid)
		wantError(t, w.repo.DeleteBranch(t.Context(), branch), gitops.Invalid)
		_, err := w.repo.BranchTip(t.Context(), branch)
		wantError(t, err, gitops.Invalid)
	}
	sha, err := w.repo.CreateCommit(t.Context(), main, "x", []gitops.FileEdit{{Path: ".github/workflows/ci.yml", Content: []byte("on: push")}})
	must(t, err)
	wantError(t, w.repo.CreateBranch(t.Context(), "flow", sha), gitops.Denied)
	_, err = w.open(ghapp.RenderPermissions()).CreateCommit(t.Context(), main, "x", []gitops.FileEdit{{Path: "a"}})
	wantError(t, err, gitops.Denied, "contents=write")
}
