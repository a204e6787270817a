// Package browsertest opens pages in Chromium for tests: the demo's, those of package
// web, and those of a hub. Only tests import it.
//
// Without Chromium a test ends with need.Missing. A test binary that imports this takes
// -shots DIRECTORY and leaves pictures there, for people to look at.
package browsertest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/sealift/sealift/gitops/need"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

var shots = flag.String("shots", "", "write screenshots into this `directory`")

// timeout bounds what one browser does: many times what the longest test takes, which is
// 10 s on two cores.
const timeout = 3 * time.Minute

// Start starts Chromium with an empty profile, with more flags of its command line if
// need be, and stops it when the test ends. What it returns stands for one tab.
// Certificates are not verified: servers of tests sign their own.
func Start(t testing.TB, flags ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(need.Command(t, "chromium", "chromium-browser", "google-chrome")), chromedp.UserDataDir(t.TempDir()))
	for _, name := range []string{"no-sandbox", "disable-gpu", "disable-quic", "disable-component-update", "ignore-certificate-errors"} {
		opts = append(opts, chromedp.Flag(name, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(opts, flags...)...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(end)
	return ctx
}

// Through lets a browser reach everything, loopback addresses too, by a recorder only.
func Through(r *hubtest.Recorder) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{chromedp.Flag("proxy-server", r.URL), chromedp.Flag("proxy-bypass-list", "<-loopback>")}
}

// Until waits for a condition of the page, given in JavaScript. Chromium ends the wait
// with -32000 when the page goes to another one: it begins again there. A failure shows
// the text of the page, and of its address the first part only, because what follows
// may be the token of a link.
func Until(ctx context.Context, t testing.TB, condition string) {
	t.Helper()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](condition))
	for err != nil && ctx.Err() == nil && strings.Contains(err.Error(), "-32000") {
		_, err = chromedp.Run(ctx, chromedp.Poll[bool](condition))
	}
	if err != nil {
		body, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname.split("/")[1] + "\n" + document.body.innerText`))
		t.Fatalf("%s: %v\n%s", condition, err, body)
	}
}

// Forget is a browser that has no cookies: nobody is logged in with it.
func Forget() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.ClearBrowserCookies, cdp.Empty{})
		return err
	})
}

// Scheme is a person who wants pages to be light or dark.
func Scheme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

// Fits fails when the page scrolls sideways in a window of this width in pixels. It
// leaves a picture under the name when pictures are wanted.
func Fits(ctx context.Context, t testing.TB, name string, width int64) {
	t.Helper()
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[[]int64](`[document.scrollingElement.scrollWidth, innerWidth]`))
	if err != nil {
		t.Fatal(err)
	}
	if wide[0] > wide[1] || wide[1] != width {
		t.Errorf("%s at %d pixels: the content is %d wide, the window %d", name, width, wide[0], wide[1])
	}
	if *shots != "" {
		Picture(ctx, t, filepath.Join(*shots, name+".png"))
	}
}

// Picture writes the whole page to a file, as PNG.
func Picture(ctx context.Context, t testing.TB, file string) {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
