package web_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub/hubtest"
	"github.com/sealift/sealift/webhook/web"
)

// shots is for people who want to look at the pages.
var shots = flag.String("shots", "", "write screenshots into this `directory`")

// browserTimeout bounds a whole test in the browser.
const browserTimeout = 2 * time.Minute

// chromium starts Chromium, with more flags of its command line if need be. Without
// one the test is skipped, or fails when CI is set.
func chromium(t *testing.T, flags ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		hubtest.Missing(t, "Chromium is not installed")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()))
	for _, name := range []string{"no-sandbox", "disable-gpu", "disable-quic", "disable-component-update", "ignore-certificate-errors"} {
		opts = append(opts, chromedp.Flag(name, true))
	}
	opts = append(opts, flags...)
	ctx, cancel := context.WithTimeout(t.Context(), browserTimeout)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(end)
	return ctx
}

// look checks the page that is open, in three sizes and colours: it does not scroll
// sideways, and axe finds nothing.
func look(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	for _, v := range []struct {
		name, scheme string
		width        int64
	}{{"light", "light", 1280}, {"dark", "dark", 1280}, {"phone", "dark", 360}} {
		media := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.scheme}}})
			return err
		})
		must(t, chromedp.Do(ctx, media, chromedp.EmulateViewport(v.width, 900)))
		wide, err := chromedp.Run(ctx, chromedp.Evaluate[[]int](`[document.scrollingElement.scrollWidth, innerWidth]`))
		must(t, err)
		if wide[0] > wide[1] || wide[1] != int(v.width) {
			t.Errorf("%s at %d pixels: the content is %d wide, the window %d", name, v.width, wide[0], wide[1])
		}
		runAxe(ctx, t, name+"-"+v.name)
		if *shots != "" {
			png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(*shots, name+"-"+v.name+".png"), png, 0o644))
		}
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

// until waits for a condition of the page, given in JavaScript. Chromium ends
// the wait with -32000 when the page goes to another one: it begins again there.
func until(ctx context.Context, t *testing.T, condition string) {
	t.Helper()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](condition))
	for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "-32000") {
		_, err = chromedp.Run(ctx, chromedp.Poll[bool](condition))
	}
	if err != nil {
		body, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
		t.Fatalf("%s: %v\n%s", condition, err, body)
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
	ctx := chromium(t)
	var stored []web.Credentials
	w := newSetup(t, func(s *web.Setup) {
		s.Store = func(_ context.Context, c web.Credentials) error { stored = append(stored, c); return nil }
	})
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.srv.URL)))
	look(ctx, t, "home-new")
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.pages.SetupURL())))
	until(ctx, t, shows("Register the GitHub App"))
	look(ctx, t, "setup")
	must(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#organisation"), "acme"), chromedp.Click(chromedp.CSS("main button"))))
	until(ctx, t, shows("Check, then register"))
	look(ctx, t, "review")
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("main button"))))
	until(ctx, t, shows("Create GitHub App"))
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button"))))
	until(ctx, t, shows("The App is registered"))
	look(ctx, t, "registered")
	if len(stored) != 1 || stored[0].Slug != "sealift" {
		t.Errorf("stored %v", stored)
	}
}

func TestSecretInChromium(t *testing.T) {
	ctx := chromium(t)
	w := newSetup(t, func(*web.Setup) {})
	b := w.browser()
	b.get(w.pages.SetupURL()).want(303)
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.pages.SetupURL())))
	until(ctx, t, shows("Register the GitHub App"))
	must(t, chromedp.Do(ctx, chromedp.Navigate(b.register(map[string][]string{"name": {"Sealift"}}).to.String())))
	until(ctx, t, shows("shown this once"))
	look(ctx, t, "secret")
}

// TestReportInChromium logs in through GitHub, reads, and logs out.
func TestReportInChromium(t *testing.T) {
	ctx := chromium(t)
	w := newWorld(t)
	w.report.Overlays[1].Path = "apps/" + strings.Repeat("a-long-name-", 20) + "/dev"
	w.report.Overlays[1].Objects[0].Diff += "+" + strings.Repeat("x", 500) + "\n"
	w.report.Findings = append(w.report.Findings, gitops.Finding{Rule: "unpinned-remote", Severity: gitops.SeverityWarning, File: "b.yaml", Message: "Remote base \"github.com/a/b\" is not pinned"})
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.srv.URL+page)))
	until(ctx, t, shows("Authorize"))
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button[value=dev]"))))
	until(ctx, t, shows("no longer renders"))
	look(ctx, t, "report")
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("tbody tr:last-child a"))))
	until(ctx, t, `document.querySelector(":target")?.textContent.startsWith("apps/a-long-name")`)
	until(ctx, t, `getComputedStyle(document.querySelector("ins")).backgroundColor !== getComputedStyle(document.body).backgroundColor`)
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("header button"))))
	until(ctx, t, shows("GitOps repositories")+` && !document.querySelector("header button")`)
	look(ctx, t, "home")
	must(t, chromedp.Do(ctx, chromedp.Navigate(w.srv.URL+"/nothing")))
	until(ctx, t, shows("no such page"))
	look(ctx, t, "error")
}
