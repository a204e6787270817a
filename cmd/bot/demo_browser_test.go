package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestDemoInBrowser opens the demo's pull request in Chromium, reads what the bot
// says, asks for help as the developer, is refused as the stranger, and repairs prod.
func TestDemoInBrowser(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("Chromium is not installed")
		}
		t.Skip("Chromium is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d, err := startDemo(t.Context(), t.TempDir(), l, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)

	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()))
	for _, name := range []string{"no-sandbox", "disable-gpu", "disable-quic", "disable-component-update"} {
		opts = append(opts, chromedp.Flag(name, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(end)

	until := func(condition string) {
		t.Helper()
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](condition)); err != nil {
			t.Fatalf("%s: %v", condition, err)
		}
	}
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	says := func(text string) string { return `document.querySelector("main").innerText.includes("` + text + `")` }

	do(chromedp.Navigate(d.pullURL(0)), chromedp.WaitVisible(chromedp.CSS("#composer")))
	until(says("1 overlay no longer renders (1 in prod); 4 of 14 overlays change"))
	until(says("Some checks were not successful"))
	do(chromedp.SendKeys(chromedp.CSS("#body"), "/help"), chromedp.Click(chromedp.CSS("#comment")))
	until(says("List the commands, and who may use each."))
	do(chromedp.Click(chromedp.CSS(`input[value="sam"]`)), chromedp.SendKeys(chromedp.CSS("#body"), "/diff"), chromedp.Click(chromedp.CSS("#comment")))
	until(says("/diff is for who may write to the repository"))
	do(chromedp.Click(chromedp.CSS("#action-0")))
	until(says("5 of 14 overlays change"))
}
