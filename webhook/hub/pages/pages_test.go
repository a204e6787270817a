package pages_test

import (
	"net/http"
	"testing"
)

// TestHomeLeadsToThePull leads to the only open pull request, else to the list.
func TestHomeLeadsToThePull(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/acme/gitops", "/ACME/GitOps"} {
		if got := w.get(path).want(200).url.Path; got != pullPath {
			t.Errorf("%s leads to %s", path, got)
		}
	}
	must(t, w.dev.ClosePull(t.Context(), repository, 1))
	if got := w.get("/").want(200, "Raise &lt;prod&gt; replicas", "Closed").url.Path; got != "/acme/gitops/pulls" {
		t.Errorf("without an open pull request, home leads to %s", got)
	}
}

// TestTabs shows conversation, commits, files and a file with an odd name.
func TestTabs(t *testing.T) {
	w := newWorld(t)
	sha := w.Tip(repository, "change")
	w.get(pullPath).want(200, "Raise &lt;prod&gt; replicas", "Three <em>instead</em> of one.", "Open", ">change<", ">main<",
		"A demonstration on this machine.", "Push a commit", "May read and comment, like anybody.", "No checks yet", "Raise the prod replicas")
	w.get(pullPath+"/commits").want(200, "Raise the prod replicas", sha[:7])
	w.get(pullPath+"/files").want(200, `<code>old.txt</code> → <code>new.txt</code>`, "-- a b.txt", `<td class="sign">+</td><td class="text">&#43;&#43;&#43; b/x</td>`, "namespace: production")
	w.get(pullPath+"/files").want(200, `/blob/`+sha+`/a%23b%3Fc%2520.txt"`)
	w.get("/acme/gitops/blob/"+sha+"/a%23b%3Fc%2520.txt").want(200, "odd")
	w.get("/acme/gitops/commit/"+sha).want(200, "Raise the prod replicas", "namespace: production")
	w.get("/acme/gitops/blob/"+sha+"/apps/web/prod/kustomization.yaml").want(200, `id="L3"`, "namespace: production")
	w.get("/acme/gitops/blob/main/apps/web/prod/kustomization.yaml").want(200, "namespace: prod")
}

// TestNotThere answers what is not there with 404, also where git could take it for an
// option.
func TestNotThere(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/nothing", "/acme/other", "/acme/other/pull/1", "/acme/gitops/pull/2", "/acme/gitops/pull/x", "/acme/gitops/runs/1", "/-/deliveries/1",
		"/acme/gitops/commit/main", "/acme/gitops/commit/" + "0123456789012345678901234567890123456789", "/acme/gitops/blob/--help/x", "/acme/gitops/blob/main/missing",
		"/acme/gitops/blob/main/apps", "/-/static/nothing.css", "/a/b/c/d/e"} {
		if got := w.get(path).status; got != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got)
		}
	}
}
