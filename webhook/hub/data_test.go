package hub_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// TestCommitThroughTheAPI makes a commit from blobs and a tree, moves a branch to it,
// and calls it verified.
func TestCommitThroughTheAPI(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.events()
	main := w.Tip(repository, "main")
	base := w.bot("GET", "/git/commits/"+main, "").want(200).is("verification.verified", "false").str("tree.sha")
	blob := w.bot("POST", "/git/blobs", `{"content":"AAEC","encoding":"base64"}`).want(201).str("sha")
	w.bot("GET", "/git/blobs/"+blob, "").want(200).is("size", "3").is("content", "AAEC\n")
	tree := w.bot("POST", "/git/trees", `{"base_tree":"`+base+`","tree":[{"path":"deep/er/x","mode":"100644","type":"blob","sha":"`+blob+`"},{"path":"y","mode":"100755","content":"y\n"},{"path":"README.md","sha":null}]}`).want(201).str("sha")
	r := w.bot("GET", "/git/trees/"+tree+"?recursive=1", "").want(200)
	if !strings.Contains(r.raw, `"deep/er/x"`) || strings.Contains(r.raw, "README.md") || !strings.Contains(r.raw, "100755") {
		t.Errorf("tree %s", r.raw)
	}
	c := w.bot("POST", "/git/commits", `{"message":"Promote\n\nRequested-by: dev","tree":"`+tree+`","parents":["`+main+`"]}`).want(201).
		is("verification.verified", "true").is("author.name", "sealift[bot]").str("sha")
	own := w.bot("POST", "/git/commits", `{"message":"x","tree":"`+tree+`","parents":["`+main+`"],"author":{"name":"Dev","email":"dev@example.com","date":"2026-01-02T03:04:05Z"}}`).want(201).
		is("verification.verified", "false").is("author.name", "Dev").is("author.date", "2026-01-02T03:04:05Z").str("sha")

	w.bot("POST", "/git/refs", `{"ref":"refs/heads/sealift/promote/x","sha":"`+c+`"}`).want(201)
	w.bot("POST", "/git/refs", `{"ref":"refs/heads/sealift/promote/x","sha":"`+c+`"}`).says(422, "Reference already exists")
	w.bot("POST", "/git/refs", `{"ref":"refs/heads/a..b","sha":"`+c+`"}`).want(422)
	w.bot("POST", "/git/refs", `{"ref":"refs/pull/1/head","sha":"`+c+`"}`).want(422)
	w.bot("POST", "/git/refs", `{"ref":"refs/heads/z","sha":"`+strings.Repeat("1", 40)+`"}`).says(422, "Object does not exist")
	w.bot("GET", "/git/ref/heads/sealift/promote/x", "").want(200).is("object.sha", c)
	w.bot("GET", "/git/ref/heads/sealift", "").want(404)
	w.bot("GET", "/git/matching-refs/heads/sealift", "").want(200).is("0.ref", "refs/heads/sealift/promote/x")
	w.bot("PATCH", "/git/refs/heads/sealift/promote/x", `{"sha":"`+own+`"}`).says(422, "Update is not a fast forward")
	w.bot("PATCH", "/git/refs/heads/sealift/promote/x", `{"sha":"`+own+`","force":true}`).want(200)
	w.bot("PATCH", "/git/refs/heads/nothing", `{"sha":"`+own+`"}`).says(422, "Reference does not exist")
	w.bot("DELETE", "/git/refs/heads/sealift/promote/x", "").want(204)
	w.bot("DELETE", "/git/refs/heads/sealift/promote/x", "").says(422, "Reference does not exist")
	if got := strings.Join(w.events(), " "); got != "push check_suite.requested push check_suite.requested push" {
		t.Errorf("events %s", got)
	}
}

// TestRefusedGitData takes neither paths out of the tree nor objects that are not
// there.
func TestRefusedGitData(t *testing.T) {
	w := newWorld(t, hub.Options{})
	main := w.Tip(repository, "main")
	for _, p := range []string{"../x", "/x", "a/../b", ".git/config", "a//b", "."} {
		w.bot("POST", "/git/trees", `{"tree":[{"path":"`+p+`","mode":"100644","content":"x"}]}`).says(422, "malformed path")
	}
	w.bot("POST", "/git/trees", `{"base_tree":"`+strings.Repeat("1", 40)+`","tree":[{"path":"a","mode":"100644","content":"x"}]}`).want(422)
	w.bot("POST", "/git/trees", `{"tree":[{"path":"a","mode":"100644","sha":"`+strings.Repeat("1", 40)+`"}]}`).want(422)
	w.bot("POST", "/git/commits", `{"message":"x","tree":"`+main+`"}`).says(422, "Tree SHA does not exist")
	w.bot("POST", "/git/blobs", `{"content":"!!","encoding":"base64"}`).want(422)
	w.bot("GET", "/git/commits/--help", "").want(404)
	w.bot("GET", "/commits/--help", "").want(422)
	w.bot("GET", "/git/commits/"+strings.Repeat("1", 40), "").want(404)
	tree := w.bot("GET", "/git/commits/"+main, "").str("tree.sha")
	flow := w.bot("POST", "/git/trees", `{"base_tree":"`+tree+`","tree":[{"path":".github/workflows/ci.yml","mode":"100644","content":"on: push"}]}`).want(201).str("sha")
	c := w.bot("POST", "/git/commits", `{"message":"x","tree":"`+flow+`","parents":["`+main+`"]}`).want(201).str("sha")
	w.bot("POST", "/git/refs", `{"ref":"refs/heads/flow","sha":"`+c+`"}`).says(403, "not accessible")
}

// TestDotsInThePathReachOtherEndpoints resolves dots as GitHub does: what a client lets
// through ends elsewhere.
func TestDotsInThePathReachOtherEndpoints(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.bot("GET", "/git/ref/heads/../../../branches/main", "").want(200).is("name", "main")
}

// TestContents reads files of every size and directories, and writes only over the file
// that the caller knows.
func TestContents(t *testing.T) {
	w := newWorld(t, hub.Options{})
	big := strings.Repeat("0123456789abcdef", 1<<16+1)
	_, err := w.dev.Push(t.Context(), repository, "big", "Big", map[string]string{"big.txt": big, "with space/é.yaml": "a: 1\n"})
	must(t, err)
	r := w.bot("GET", "/contents/README.md", "").want(200).is("encoding", "base64").is("type", "file")
	if data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(r.str("content"), "\n", "")); err != nil || string(data) != "# gitops\n" {
		t.Errorf("content %q %v", data, err)
	}
	w.bot("GET", "/contents/apps/web", "").want(200).is("0.type", "dir").is("0.name", "dev")
	w.bot("GET", "/contents/big.txt?ref=big", "").want(200).is("encoding", "none").is("content", "").is("size", fmt.Sprint(len(big)))
	raw := w.call("GET", "repos/"+repository+"/contents/big.txt?ref=big", w.token, "", "Accept", "application/vnd.github.raw+json").want(200)
	if raw.raw != big {
		t.Errorf("raw content has %d bytes", len(raw.raw))
	}
	w.bot("GET", "/contents/with%20space/%C3%A9.yaml?ref=big", "").want(200).is("path", "with space/é.yaml")
	w.bot("GET", "/contents/nothing", "").want(404)
	w.bot("GET", "/contents/README.md?ref=nowhere", "").says(404, "No commit found for the ref")

	sha := r.str("sha")
	w.bot("PUT", "/contents/README.md", `{"message":"m","content":"eA=="}`).says(422, "wasn't supplied")
	w.bot("PUT", "/contents/README.md", `{"message":"m","content":"eA==","sha":"`+strings.Repeat("1", 40)+`"}`).says(409, "does not match")
	w.bot("PUT", "/contents/README.md", `{"message":"m","content":"eA==","sha":"`+sha+`"}`).want(200).is("commit.verification.verified", "true")
	w.bot("PUT", "/contents/new.txt", `{"message":"m","content":"eA==","branch":"main"}`).want(201).is("content.path", "new.txt")
	gone := w.bot("GET", "/contents/new.txt", "").want(200).str("sha")
	w.bot("DELETE", "/contents/new.txt", `{"message":"m","sha":"`+gone+`"}`).want(200).is("content", "<nil>")
	w.bot("GET", "/contents/new.txt", "").want(404)
	w.events()
}

// TestHistory gives commits with their files, by branch and by path.
func TestHistory(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("feature/x", map[string]string{"a b": "1\n", "README.md": hub.Deleted})
	w.bot("GET", "", "").want(200).is("default_branch", "main").is("owner.type", "Organization")
	w.bot("GET", "/branches", "").want(200).is("0.name", "feature/x")
	w.bot("GET", "/branches/feature/x", "").want(200).is("commit.sha", w.Tip(repository, "feature/x"))
	w.bot("GET", "/branches/nothing", "").want(404)
	w.bot("GET", "/commits/feature/x", "").want(200).is("files.0.status", "removed").is("files.1.filename", "a b").is("stats.additions", "1")
	w.bot("GET", "/commits?sha=feature/x&path=README.md", "").want(200).is("0.sha", w.Tip(repository, "feature/x"))
	w.bot("GET", "/commits/"+w.Tip(repository, "feature/x")+"/pulls", "").want(200).is("0.number", "1")
	w.bot("GET", "/compare/main...feature/x", "").want(200).is("status", "ahead").is("ahead_by", "1").is("files.1.patch", "@@ -0,0 +1 @@\n+1")
	w.bot("GET", "/compare/main...nothing", "").want(404)
	w.bot("GET", "/properties/values", "").want(200)
	w.bot("GET", "/rules/branches/main", "").want(200)
	w.events()
}
