package web_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub/browsertest"
	"github.com/sealift/sealift/webhook/hub/hubtest"
	"github.com/sealift/sealift/webhook/web"
)

// look checks the page that is open, in three sizes and colours: it does not scroll
// sideways, and axe finds nothing.
func look(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	for _, v := range []struct {
		name, scheme string
		width        int64
	}{{"light", "light", 1280}, {"dark", "dark", 1280}, {"phone", "dark", 360}} {
		must(t, chromedp.Do(ctx, browsertest.Scheme(v.scheme), chromedp.EmulateViewport(v.width, 900)))
		browsertest.Fits(ctx, t, name+"-"+v.name, v.width)
		runAxe(ctx, t, name+"-"+v.name)
	}
}

func runAxe(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	script, err := os.ReadFile(hubtest.NPM(t, "axe-core", "axe.min.js"))
	must(t, err)
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](string(script)+";axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html)])))", chromedp.EvalAwaitPromise))
	must(t, err)
	if found != "[]" {
		t.Errorf("%s: axe finds %s", name, found)
	}
}

// shows is the condition that a page is there with a text in it.
func shows(text string) string {
	quoted, _ := json.Marshal(text) // a string always works
	return `document.readyState === "complete" && !!document.querySelector("main, h1") && document.body.textContent.includes(` + string(quoted) + `)`
}

// TestSetupInChromium registers an App as an operator does: the policy must let the
// form go to GitHub, and the cookie must come back from there.
func TestSetupInChromium(t *testing.T) {
	ctx := browsertest.Start(t)
	var stored []web.Credentials
	w := newSetup(t, func(s *web.Setup) {
		s.Store = func(_ context.Context, c web.Credentials) error { stored = append(stored, c); return nil }
	})
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.srv.URL)))
	look(ctx, t, "home-new")
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.pages.SetupURL())))
	browsertest.Until(ctx, t, shows("Register the GitHub App"))
	look(ctx, t, "setup")
	must(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#organisation"), "acme"), chromedp.Click(chromedp.CSS("main button"))))
	browsertest.Until(ctx, t, shows("Check, then register"))
	look(ctx, t, "review")
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("main button"))))
	browsertest.Until(ctx, t, shows("Create GitHub App"))
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button"))))
	browsertest.Until(ctx, t, shows("The App is registered"))
	look(ctx, t, "registered")
	if len(stored) != 1 || stored[0].Slug != "sealift" {
		t.Errorf("stored %v", stored)
	}
}

// TestSecretInChromium shows credentials once where nothing stores them.
func TestSecretInChromium(t *testing.T) {
	ctx := browsertest.Start(t)
	w := newSetup(t, func(*web.Setup) {})
	b := w.browser()
	b.get(w.pages.SetupURL()).want(303)
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.pages.SetupURL())))
	browsertest.Until(ctx, t, shows("Register the GitHub App"))
	must(t, chromedp.Do(ctx, chromedp.Navigate(b.register(map[string][]string{"name": {"Sealift"}}).to.String())))
	browsertest.Until(ctx, t, shows("shown this once"))
	look(ctx, t, "secret")
}

// TestReportInChromium logs in through GitHub, reads, and logs out.
func TestReportInChromium(t *testing.T) {
	ctx := browsertest.Start(t)
	w := newWorld(t)
	w.report.Overlays[1].Path = "apps/" + strings.Repeat("a-long-name-", 20) + "/dev"
	w.report.Overlays[1].Objects[0].Diff += "+" + strings.Repeat("x", 500) + "\n"
	w.report.Findings = append(w.report.Findings, gitops.Finding{Rule: "unpinned-remote", Severity: gitops.SeverityWarning, File: "b.yaml", Message: "Remote base \"github.com/a/b\" is not pinned"})
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.srv.URL+page)))
	browsertest.Until(ctx, t, shows("Authorize"))
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button[value=dev]"))))
	browsertest.Until(ctx, t, shows("no longer renders"))
	look(ctx, t, "report")
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("tbody tr:last-child a"))))
	browsertest.Until(ctx, t, `document.querySelector(":target")?.textContent.startsWith("apps/a-long-name")`)
	browsertest.Until(ctx, t, `getComputedStyle(document.querySelector("ins")).backgroundColor !== getComputedStyle(document.body).backgroundColor`)
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("header button"))))
	browsertest.Until(ctx, t, shows("GitOps repositories")+` && !document.querySelector("header button")`)
	look(ctx, t, "home")
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.srv.URL+"/nothing")))
	browsertest.Until(ctx, t, shows("no such page"))
	look(ctx, t, "error")
}
