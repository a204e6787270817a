package web_test

import (
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/web"
)

// TestReport shows overlays, findings, diffs and the command that gives the same.
func TestReport(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.login(page, "dev")
	a := b.get(page).want(200)
	for _, text := range []string{
		`<h2 id="at/apps/web/prod">`, `<a href="#at/apps/web/prod">apps/web/prod</a>`, "no longer renders", "apps/web/prod/x.yaml:4</code> not YAML", "look there",
		"<ins>+image: web:2\n</ins>", "<del>-image: web:1\n</del>", `<span class="hunk">@@ -1,3 +1,3 @@`, "<details open>", "Deployment dev/web", "from old",
		"A secret value changes. It is not shown.", "Nothing else changes.", "a/secret.yaml:3:2", "seal it", "plain-secret",
		"bot diff " + base + ".." + head, `href="` + w.WebURL() + `/acme/gitops/pull/7"`, "2 of 7 overlays",
	} {
		a.has(text)
	}
	if strings.Contains(a.body, "5ec2e7") || strings.Contains(a.body, "sha256") {
		t.Error("the page has the hash of a render")
	}
}

// TestSameAnswer is what somebody learns who may not read: nothing.
func TestSameAnswer(t *testing.T) {
	w := newWorld(t)
	w.report.Findings = nil
	stranger := w.browser()
	stranger.login("/", "stranger")
	want := stranger.get(web.ReportPath("acme", "nothing", 7, base, head)).want(404)
	for what, path := range map[string]string{
		"no right": page, "no owner": web.ReportPath("nobody", "gitops", 7, base, head), "no commit": web.ReportPath("acme", "gitops", 7, "x", "y"),
		"dots": "/r/acme/..%2f/7/" + base + ".." + head, "no number": "/r/acme/gitops/0/" + base + ".." + head, "no page": "/nothing", "three dots": "/r/acme/gitops/7/" + base + "..." + head,
	} {
		a := stranger.get(path)
		if a.status != 404 || a.body != want.body {
			t.Errorf("%s: %d, and another page than for a repository that is not there", what, a.status)
		}
		for name := range want.header {
			if name != "Date" && a.header.Get(name) != want.header.Get(name) {
				t.Errorf("%s: header %s differs", what, name)
			}
		}
	}
	if len(w.asked) != 0 {
		t.Errorf("reports made for a stranger: %q", w.asked)
	}

	nobody := w.browser() // not logged in: the same for every repository
	for _, repo := range []string{"gitops", "nothing"} {
		if a := nobody.get(web.ReportPath("acme", repo, 7, base, head)).want(303); a.to.Path != "/login" {
			t.Errorf("%s: sent to %v", repo, a.to)
		}
	}
}

// TestReportErrors gives each error its status and its words.
func TestReportErrors(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.login(page, "dev")
	for _, c := range []struct {
		err    error
		status int
	}{
		{gitops.Errorf(gitops.NotFound, "commit secret-detail"), 404},
		{gitops.Errorf(gitops.Unavailable, "git secret-detail"), 503},
		{gitops.Errorf(gitops.Limited, "wait secret-detail"), 503},
		{gitops.Errorf(gitops.Invalid, "bad secret-detail"), 500},
		{fmt.Errorf("plain secret-detail"), 500},
	} {
		w.err = c.err
		if a := b.get(page).want(c.status); strings.Contains(a.body, "secret-detail") {
			t.Errorf("%v is told on the page", c.err)
		}
	}
}

// TestHostileNames puts markup and control characters into every name: none reaches the
// page.
func TestHostileNames(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'` + "\u202e\u2066\x1b[31m\x00</pre></details>javascript:alert(1)"
	w := newWorld(t)
	o := gitops.Overlay{Path: evil, App: evil, Environment: evil}
	w.report = gitops.Report{
		Findings: []gitops.Finding{{Rule: evil, Severity: gitops.SeverityError, File: evil, Line: 1, Message: evil, Fix: evil}},
		News:     []gitops.News{{File: evil, Line: 1, Message: evil}},
		Ledger:   &gitops.Ledger{UnreadManifests: []string{evil}},
		Overlays: []gitops.OverlayChange{
			{Overlay: o, Status: gitops.Changed, PartOf: evil, DeployedBy: &gitops.Deployer{Kind: evil, Name: evil}, News: []string{evil},
				Gone: &gitops.Gone{Objects: 2, Claims: []gitops.KindCount{{Kind: evil, Count: 1}}}},
			{Overlay: o, Status: gitops.Moved, MovedFrom: evil, Images: []gitops.ImageChange{{Name: evil, Old: evil, New: evil}},
				Objects: []gitops.ObjectChange{{Kind: evil, Namespace: evil, Name: evil, Status: gitops.Renamed, RenamedFrom: evil, Diff: "@@ " + evil + " @@\n+" + evil + "\n-" + evil + "\n\n " + evil}}},
			{Overlay: o, Status: gitops.RenderErrorBoth, After: &gitops.Side{Err: &gitops.Error{File: evil, Line: 1, Column: 1, Message: evil, Hint: evil}}},
			{Overlay: gitops.Overlay{Path: "javascript:alert(1)"}, Status: gitops.RenderErrorBefore},
		},
	}
	b := w.browser()
	b.login(page, "dev")
	a := b.get(page).want(200)
	for _, bad := range []string{"<script", "<img src=x", "\u202e", "\u2066", "\x1b", "\x00", "</pre></details>j", `href="javascript`} {
		if strings.Contains(a.body, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	a.has(html.EscapeString(`<script>`)).has(`\u202e`).has(`\x1b[31m\x00`)
	if n := strings.Count(a.body, "<pre class=\"diff\">"); n != 1 || strings.Count(a.body, "</pre>") != 2 {
		t.Errorf("%d diffs: the page is broken", n)
	}
}

// TestReportOfUnits shows what is deleted, who deploys, and what nothing deploys; a page
// without a changed overlay does not say that nothing changes.
func TestReportOfUnits(t *testing.T) {
	w := newWorld(t)
	w.report = gitops.Report{
		News:   []gitops.News{{File: "argo/web.yaml", Line: 3, Message: "Application \"web\" is new"}},
		Ledger: &gitops.Ledger{UnreadManifests: make([]string, 12)},
		Overlays: []gitops.OverlayChange{
			{Overlay: gitops.Overlay{Path: "media/player"}, Status: gitops.Changed, PartOf: "media", DeployedBy: &gitops.Deployer{Kind: "Application", Name: "media"}, News: []string{"it moves"}},
			{Overlay: gitops.Overlay{Path: "db"}, Status: gitops.Removed, Gone: &gitops.Gone{Outcome: gitops.PruneDelete, Objects: 12, Claims: []gitops.KindCount{{Kind: "PersistentVolumeClaim", Count: 1}}}},
		},
	}
	for i := range w.report.Ledger.UnreadManifests {
		w.report.Ledger.UnreadManifests[i] = fmt.Sprintf("lab/m%02d.yaml", i)
	}
	b := w.browser()
	b.login(page, "dev")
	b.get(page).want(200).has("12 objects are deleted, 1 PersistentVolumeClaim among them").has("argo/web.yaml:3").has("it moves").
		has("Application media").has("part of <code>media</code>, which does not render").has("lab/m09.yaml").has("and 2 more")
	w.report.Overlays = nil
	if a := b.get(page).want(200); strings.Contains(a.body, "Nothing rendered changes") {
		t.Error("nothing is said to change")
	}
}

// TestTabsAndForeignScriptsStay leaves text that is only unusual as it is.
func TestTabsAndForeignScriptsStay(t *testing.T) {
	w := newWorld(t)
	w.report.Overlays[1].Objects[0].Diff = "+\tä 日本 \\n é\xff\n"
	b := w.browser()
	b.login(page, "dev")
	b.get(page).want(200).has("<ins>+\tä 日本 \\n é\\xff\n</ins>")
}

// TestLongReportIsFolded: nobody waits for a browser that unfolds megabytes.
func TestLongReportIsFolded(t *testing.T) {
	w := newWorld(t)
	w.report.Overlays[1].Objects[0].Diff = strings.Repeat("+line\n", 200_000)
	b := w.browser()
	b.login(page, "dev")
	a := b.get(page).want(200)
	if strings.Contains(a.body, "<details open>") || strings.Count(a.body, "&#43;line") != 200_000 || !strings.HasSuffix(a.body, "</html>\n\n") {
		t.Error("a long report is unfolded or not whole")
	}
}

// TestNothingChanges says so, and shows no empty table.
func TestNothingChanges(t *testing.T) {
	w := newWorld(t)
	w.report = gitops.Report{}
	b := w.browser()
	b.login(page, "dev")
	b.get(page).want(200).has("0 of 0 overlays") // the headline is what says so
}
