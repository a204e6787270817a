package main

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealift/sealift/webhook/hub/browsertest"
)

// tourist is somebody who looks at the demo in Chromium.
type tourist struct {
	t    *testing.T
	demo *demo
	page context.Context
}

func newTourist(t *testing.T) *tourist {
	t.Helper()
	page := browsertest.Start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d, err := startDemo(t.Context(), t.TempDir(), l, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)
	return &tourist{t, d, page}
}

func (v *tourist) do(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.page, actions...); err != nil {
		v.t.Fatal(err)
	}
}

// opens goes to the page of a pull request.
func (v *tourist) opens(url string) {
	v.t.Helper()
	v.do(chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS("#composer")))
}

// says writes a comment as one of the three people.
func (v *tourist) says(who, text string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.CSS(`input[value="`+who+`"]`)), chromedp.SendKeys(chromedp.CSS("#body"), text), chromedp.Click(chromedp.CSS("#comment")))
}

// reads waits until the page has a text.
func (v *tourist) reads(text string) {
	v.t.Helper()
	v.until(`document.querySelector("main").innerText.includes("` + text + `")`)
}

func (v *tourist) until(condition string) {
	v.t.Helper()
	browsertest.Until(v.page, v.t, condition)
}

// merges presses the button, and waits until it is done.
func (v *tourist) merges() {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.CSS("#merge")))
	v.until(`document.querySelector(".pull .state").textContent === "Merged"`)
}

// TestDemoInBrowser opens the demo's pull request in Chromium, reads what the bot
// says, asks for help as the developer, is refused as the stranger, and repairs prod.
func TestDemoInBrowser(t *testing.T) {
	v := newTourist(t)
	v.opens(v.demo.pullURL(0))
	v.reads("1 overlay no longer renders (1 in prod); 4 of 14 overlays change")
	v.reads("Some checks were not successful")
	v.says(developer, "/help")
	v.reads("List the commands, and who may use each.")
	v.says(stranger, "/diff")
	v.reads("/diff is for who may write to the repository")
	v.do(chromedp.Click(chromedp.CSS("#action-0")))
	v.reads("5 of 14 overlays change")
}

// TestDemoPromotesInBrowser merges the release, promotes it to staging, is refused for
// prod as developer, and gets it as administrator.
func TestDemoPromotesInBrowser(t *testing.T) {
	v := newTourist(t)
	v.opens(v.demo.pullURL(1))
	v.reads("All checks have passed")
	v.do(chromedp.Click(chromedp.CSS(`input[value="` + developer + `"]`)))
	v.merges()
	v.says(developer, "/promote staging")
	v.reads("Promotion from dev to staging: #3")

	page := fmt.Sprintf("%s/%s/pull/", v.demo.hub.WebURL(), demoRepo)
	v.opens(page + "3")
	v.reads("to staging #3")
	v.reads("notifier v0.9.3 → v1.0.0")
	v.reads("All checks have passed")
	v.merges()
	v.says(developer, "/promote prod")
	v.reads("dana may not promote to prod")
	v.says(admin, "/promote prod")
	v.reads("Promotion from staging to prod: #4")

	v.opens(page + "4")
	v.reads("to prod #4")
	v.reads("notifier v0.9.2 → v1.0.0")
	v.reads("left behind: staging has v1.4.2") // another change brought it
}
