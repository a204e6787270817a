package pages_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// TestComment writes as the person who is chosen, and remembers the choice.
func TestComment(t *testing.T) {
	w := newWorld(t)
	p := w.post(pullPath+"/comment", "person", "stranger", "body", "Hello **there**")
	p.want(200, "Hello <strong>there</strong>", `value="stranger" checked`)
	if p.url.Path != pullPath || !strings.HasPrefix(p.url.Fragment, "issuecomment-") {
		t.Errorf("a comment leads to %s", p.url)
	}
	w.get(pullPath).want(200, `value="stranger" checked`) // the choice is kept
	w.post(pullPath+"/comment", "person", "dev", "body", "typed", "quick", "/help").want(200, "<p>/help</p>")
	if got := w.Comments(repository, 1); len(got) != 2 || got[0].Author != "stranger" || got[1].Author != "dev" || got[1].Body != "/help" {
		t.Errorf("comments: %+v", got)
	}
}

// TestCommentRefused says why a comment is refused, and gives back what was typed.
func TestCommentRefused(t *testing.T) {
	w := newWorld(t)
	w.post(pullPath+"/comment", "person", "dev", "body", " \n").want(422, "The comment is empty.")
	w.post(pullPath+"/comment", "person", "dev", "body", strings.Repeat("ä", 65537)).want(422, "Validation Failed.", "ääää</textarea>")
	w.post(pullPath+"/comment", "person", "root", "body", "x").want(400, "Choose who you are.")
	w.post(pullPath+"/comment", "body", "x").want(400)
	w.post(pullPath+"/comment", "person", "dev", "body", strings.Repeat("x", 2<<20)).want(413)
	w.post("/acme/gitops/pull/7/comment", "person", "dev", "body", "x").want(404)
	if got := w.Comments(repository, 1); len(got) != 0 {
		t.Errorf("comments: %+v", got)
	}
}

// TestMerge refuses to merge for each of GitHub's reasons, then merges.
func TestMerge(t *testing.T) {
	w := newWorld(t)
	sha := w.Tip(repository, "change")
	w.post(pullPath+"/merge", "person", "stranger", "sha", sha, "body", "unsent <text>").want(422, "may not write", "unsent &lt;text&gt;</textarea>")
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"sealift/diff"}}))
	w.post(pullPath+"/merge", "person", "dev", "sha", sha).want(422, "Required status check &#34;sealift/diff&#34; is expected.")
	must(t, w.Protect(repository, "main", hub.Protection{}))
	w.push("More", map[string]string{"more.txt": "x\n"})
	w.post(pullPath+"/merge", "person", "dev", "sha", sha).want(422, "Head branch was modified.")
	w.post(pullPath+"/merge", "person", "dev", "sha", w.Tip(repository, "change"), "method", "squash").want(200, "Merged into")
	w.get(pullPath+"/files").want(200, "more.txt", "namespace: production") // what it was
	w.get(pullPath+"/commits").want(200, "Raise the prod replicas", "More")
}

// TestConflict names the files that conflict.
func TestConflict(t *testing.T) {
	w := newWorld(t)
	_, err := w.dev.Push(t.Context(), repository, "main", "Meanwhile", map[string]string{"apps/web/prod/kustomization.yaml": "namespace: other\n"})
	must(t, err)
	w.get(pullPath).want(200, "This branch has conflicts", "<code>apps/web/prod/kustomization.yaml</code>", " disabled>Merge pull request")
	w.post(pullPath+"/merge", "person", "dev", "sha", w.Tip(repository, "change")).want(422, "Pull Request is not mergeable.")
}

// TestState closes, reopens and finishes a draft, for who may.
func TestState(t *testing.T) {
	w := newWorld(t)
	w.post(pullPath+"/state", "person", "stranger", "state", "closed").want(422, "may not change")
	w.post(pullPath+"/state", "person", "dev", "state", "closed").want(200, "Closed without merging", "Reopen")
	w.post(pullPath+"/state", "person", "dev", "state", "open").want(200).without("Closed without merging")
	must(t, w.dev.SetDraft(t.Context(), repository, 1, true))
	w.get(pullPath).want(200, "still a draft").without("Merge pull request")
	w.post(pullPath+"/state", "person", "dev", "state", "ready").want(200, "Merge pull request")
	w.post(pullPath+"/state", "person", "dev", "state", "gone").want(422)
}

// TestActions does what a button of the demo says, and shows what went wrong.
func TestActions(t *testing.T) {
	w := newWorld(t)
	w.post(pullPath+"/do/0", "person", "dev").want(200, "Repair prod")
	w.post(pullPath+"/do/1", "person", "dev").want(422, "The sky fell: x.")
	w.post(pullPath+"/do/2", "person", "dev").want(422)
	w.post(pullPath+"/do/-1", "person", "dev").want(422)
	if w.acted != 1 {
		t.Errorf("the action ran %d times", w.acted)
	}
}

// TestOtherSites sends what a page of another site can make a browser send.
func TestOtherSites(t *testing.T) {
	w := newWorld(t)
	const form = "person=admin&body=x"
	w.do(http.MethodPost, pullPath+"/comment", form, "Sec-Fetch-Site", "cross-site").want(403, "another site")
	w.do(http.MethodPost, pullPath+"/comment", form, "Sec-Fetch-Site", "same-site").want(403)
	w.do(http.MethodPost, pullPath+"/comment", form, "Sec-Fetch-Site", "", "Origin", "http://evil.example").want(403)
	w.do(http.MethodPost, pullPath+"/comment", form, "Sec-Fetch-Site", "", "Origin", "null").want(403)
	w.do(http.MethodPost, pullPath+"/comment", form, "Host", "evil.example:80").want(http.StatusMisdirectedRequest)
	w.get(pullPath, "Host", "127.0.0.1.evil.example").want(http.StatusMisdirectedRequest).without("Raise")
	w.get(pullPath + "/comment?" + form).want(404)
	for _, host := range []string{"localhost:1", "[::1]:1", "127.0.0.2"} {
		w.get(pullPath, "Host", host).want(200)
	}
	if got := w.Comments(repository, 1); len(got) != 0 {
		t.Errorf("comments: %+v", got)
	}
	w.do(http.MethodPost, pullPath+"/comment", form, "Sec-Fetch-Site", "", "Origin", w.WebURL()).want(200)
}

// TestHeaders lets the browser run no script but its own, and nobody put it into a
// frame.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	p := w.get(pullPath).want(200)
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-cache"} {
		if got := p.header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if strings.Contains(p.header.Get("Content-Security-Policy"), "unsafe") {
		t.Error("the policy allows inline code")
	}
	p.without("<style", " style=", " onclick", "http://example", "https://")
	w.get(pullPath, "If-None-Match", p.header.Get("ETag")).want(http.StatusNotModified)
	_, err := w.dev.Comment(repository, 1, "new")
	must(t, err)
	w.get(pullPath, "If-None-Match", p.header.Get("ETag")).want(200, "new")
	for _, file := range []string{"style.css", "live.js", "icon.svg"} {
		if got := w.get("/-/static/" + file).want(200).header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: %q", file, got)
		}
	}
}

// TestHostilePull puts markup into everything that people or programs can write: none
// of it reaches a page.
func TestHostilePull(t *testing.T) {
	w := newWorld(t)
	must(t, w.dev.EditPull(t.Context(), repository, 1, `</title><script>alert(1)</script>`, "<script>alert(2)</script><details><summary>x"))
	w.push("<script>alert(3)</script>\n\n</pre><script>alert(4)</script>", map[string]string{"<script>alert(5)<_script>.txt": "</td><script>alert(6)</script>\n"})
	_, err := w.dev.Comment(repository, 1, "<script>alert(7)</script><img src=x onerror=alert(8)></div></article></li></ol>")
	must(t, err)
	w.install()
	w.botCheck("failure", "<script>alert(9)</script>", "<script>alert(9)</script>", annotation("<script>", 1, "failure", "<script>alert(9)</script>"))
	sha := w.Tip(repository, "change")
	for _, path := range []string{pullPath, pullPath + "/commits", pullPath + "/files", "/acme/gitops/pulls", "/acme/gitops/commit/" + sha, "/-/deliveries",
		"/acme/gitops/blob/" + sha + "/%3Cscript%3Ealert(5)%3C_script%3E.txt", "/acme/gitops/blob/" + sha + "/%3Cscript%3E", "/%3Cscript%3E/x/y"} {
		p := w.get(path)
		p.without("<script>", "onerror=")
		if n := strings.Count(p.body, "</main>"); n != 1 {
			t.Errorf("%s ends %d times", path, n)
		}
	}
}

// TestBot shows comments, edits, reactions and checks of the bot.
func TestBot(t *testing.T) {
	w := newWorld(t)
	w.furnish()
	p := w.get(pullPath).want(200, "<strong>sealift</strong> <span class=\"badge\">bot</span>", "edited", "1 of 12 overlays changes</strong>", "<div class=\"alert caution\">",
		"eyes by sealift:", "rocket by admin:", "👀", "Some checks were not successful", "<strong>sealift / sealift/diff</strong>", "1 overlay no longer renders",
		"apps/web/prod/kustomization.yaml:2", "#L2", "The image has no digest.")
	p.without("sealift[bot]", "sealift:diff")
	id := w.botCheck("success", "all well", "")
	w.get(pullPath).want(200, "All checks have passed").without("1 overlay no longer renders</span>")
	w.get("/acme/gitops/runs/"+strconv.FormatInt(id, 10)).want(200, "all well")
	first := w.Comments(repository, 1)[0].ID
	for i := range 9 {
		w.botEdit(first, "version "+strconv.Itoa(i))
	}
	w.get(pullPath).want(200, "edited 10 times", "version 3", "the last 5 of 10").without("version 2")
}

// TestDeliveries shows what was sent and answered, and sends it again.
func TestDeliveries(t *testing.T) {
	w := newWorld(t)
	w.get("/-/deliveries").want(200, "Nothing was sent yet.")
	w.install()
	_, err := w.dev.Comment(repository, 1, "hello")
	must(t, err)
	must(t, w.Idle(t.Context()))
	w.get("/-/deliveries").want(200, "issue_comment", ".created", "404")
	list := w.Hub.Deliveries()
	path := "/-/deliveries/" + strconv.FormatInt(list[len(list)-1].ID, 10)
	w.get(path).want(200, "&#34;body&#34;: &#34;hello&#34;")
	w.post(path).want(200, "again")
	must(t, w.Idle(t.Context()))
	if got := w.Hub.Deliveries(); len(got) != len(list)+1 || !got[len(got)-1].Redelivery {
		t.Errorf("%d deliveries after %d", len(got), len(list))
	}
}
