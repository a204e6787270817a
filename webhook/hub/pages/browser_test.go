package pages_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealift/sealift/webhook/hub/browsertest"
)

// phone is the width of a phone in pixels.
const phone = 390

// unfold opens everything that can be opened.
const unfold = `document.querySelectorAll("details").forEach(d => d.open = true)`

// look opens a page of a size, light or dark, and all that is folded when it is for a
// phone; checks that it does not scroll sideways; and leaves a picture.
func look(ctx context.Context, t *testing.T, url, name string, width int64, scheme string) {
	t.Helper()
	must(t, chromedp.Do(ctx, browsertest.Scheme(scheme), chromedp.EmulateViewport(width, 900), chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS("main"))))
	if width == phone {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[any](unfold))
		must(t, err)
	}
	browsertest.Fits(ctx, t, name, width)
}

// furnish fills the pull request with what the bot does.
func (w *world) furnish() {
	w.t.Helper()
	w.install()
	id := w.botComment("<!-- sealift:diff 1/1 -->\n**1 of 12 overlays changes**\n")
	w.botEdit(id, report)
	comment, err := w.dev.Comment(repository, 1, "/diff\n\nDoes this look right, @admin? See #1.\n\n```\nplain code that is quite long and has to scroll sideways on a narrow screen, whatever it is\n```\n")
	must(w.t, err)
	must(w.t, w.User("sealift").React(repository, comment, "eyes"))
	must(w.t, w.User("admin").React(repository, comment, "rocket"))
	w.botCheck("failure", "1 overlay no longer renders", "**1 overlay no longer renders (prod)**",
		annotation("apps/web/prod/kustomization.yaml", 2, "failure", "base \"../base\" is not there"), annotation("apps/web/base/app.yaml", 1, "warning", "The image has no digest."))
}

// TestBrowser uses the page in a real browser: what others do comes by itself, and what
// is typed stays.
func TestBrowser(t *testing.T) {
	ctx := browsertest.Start(t)
	w := newWorld(t)
	w.furnish()
	must(t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(w.WebURL()+"/"), chromedp.WaitVisible(chromedp.CSS("#composer"))))

	// A comment as the developer appears, and the box is empty again.
	must(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#body"), "It *works*."), chromedp.Click(chromedp.CSS("#comment"))))
	browsertest.Until(ctx, t, `[...document.querySelectorAll(".comment em")].some(e => e.textContent === "works") && document.getElementById("body").value === ""`)
	list := w.Comments(repository, 1)
	if last := list[len(list)-1]; last.Author != "dev" || last.Body != "It *works*." {
		t.Errorf("the comment is %+v", last)
	}

	// What others do comes by itself; what is typed, chosen and opened stays.
	must(t, chromedp.Do(ctx, chromedp.SendKeys(chromedp.CSS("#body"), "half a sen"), chromedp.Click(chromedp.CSS(`input[value=stranger]`)), chromedp.Click(chromedp.CSS(".check summary"))))
	w.botEdit(list[0].ID, report+"\nrendered again\n")
	_, err := w.User("admin").Comment(repository, 1, "from elsewhere")
	must(t, err)
	w.botCheck("success", "all well", "now **fine**")
	browsertest.Until(ctx, t, `["rendered again", "from elsewhere"].every(s => document.querySelector(".timeline").textContent.includes(s)) && document.querySelector(".check").textContent.includes("all well")`)
	browsertest.Until(ctx, t, `document.getElementById("body").value === "half a sen" && document.activeElement.tagName === "SUMMARY"
		&& document.querySelector("[name=person]:checked").value === "stranger" && document.querySelector(".check details").open`)

	// A refusal is shown and loses nothing.
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#merge"))))
	browsertest.Until(ctx, t, `document.querySelector("[role=alert]")?.textContent.includes("may not write") && document.getElementById("body").value === "half a sen"`)
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`input[value=dev]`)), chromedp.Click(chromedp.CSS("#action-0"))))
	browsertest.Until(ctx, t, `document.querySelector(".timeline").textContent.includes("Repair prod") && !document.querySelector("[role=alert]")`)
	must(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#merge"))))
	browsertest.Until(ctx, t, `document.querySelector(".pull .state").textContent === "Merged"`)
}

// TestLooks opens every page light, dark and on a phone: none scrolls sideways.
func TestLooks(t *testing.T) {
	ctx := browsertest.Start(t)
	w := newWorld(t)
	w.furnish()
	sha := w.Tip(repository, "change")
	for path, name := range map[string]string{
		pullPath: "conversation", pullPath + "/files": "files", pullPath + "/commits": "commits", "/acme/gitops/pulls": "pulls", "/-/deliveries": "deliveries",
		"/acme/gitops/blob/" + sha + "/apps/web/prod/kustomization.yaml": "blob",
	} {
		look(ctx, t, w.WebURL()+path, name+"-light", 1280, "light")
		look(ctx, t, w.WebURL()+path, name+"-dark", 1280, "dark")
		look(ctx, t, w.WebURL()+path, name+"-phone", phone, "dark")
	}
}
