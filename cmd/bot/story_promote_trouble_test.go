package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// between is a world whose service calls GitHub through a proxy, so that something
// can happen just before a call.
type between struct {
	mu     sync.Mutex
	method string
	suffix string
	do     func()
}

// before lets do happen once, before the next call of a method whose path ends with
// suffix.
func (b *between) before(method, suffix string, do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.method, b.suffix, b.do = method, suffix, do
}

// take returns what happens before a call.
func (b *between) take(r *http.Request) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.do == nil || r.Method != b.method || !strings.HasSuffix(r.URL.Path, b.suffix) {
		return func() {}
	}
	do := b.do
	b.do = nil
	return do
}

func newBetween(t *testing.T) (*story, *between) {
	t.Helper()
	b := &between{}
	return newPromotion(t, storyOptions{config: func(c *serviceConfig) { b.stand(t, c) }}), b
}

// stand puts b between a service and GitHub.
func (b *between) stand(t *testing.T, c *serviceConfig) {
	api, err := url.Parse(c.GitHubURL)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: api.Scheme, Host: api.Host})
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b.take(r)()
		forward.ServeHTTP(rw, r)
	}))
	t.Cleanup(proxy.Close)
	c.GitHubURL = proxy.URL + api.Path
}

// The target moves between plan and push: the plan is made anew, on what is there now.
func TestStoryPromoteTargetMoves(t *testing.T) {
	w, b := newBetween(t)
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.settle()
	again := strings.Replace(imageOverlay("web", "staging", "v1"), "namespace: staging", "namespace: staging # moved", 1)
	b.before("POST", "/git/trees", func() { w.push("main", overlayFile("web", "staging"), again) })
	id := w.say(developer, n, "/promote staging")
	w.settle()
	p := w.promotion()
	want := strings.Replace(again, "v1 #", "v2 #", 1)
	if got := w.file(p.Head, overlayFile("web", "staging")); got != want || w.reactions(n, id) != "eyes rocket" {
		t.Errorf("reactions %q, staging is\n%s", w.reactions(n, id), got)
	}
	w.answer(n)
	// And once more, before the branch that is there now is moved.
	again = strings.Replace(again, "# moved", "# moved twice", 1)
	b.before("PATCH", p.Head, func() { w.push("main", overlayFile("web", "staging"), again) })
	w.merge(developer, w.bump("second", "web", "v3"))
	w.settle()
	w.say(developer, 3, "/promote staging")
	w.settle()
	if got := w.file(w.promotion().Head, overlayFile("web", "staging")); !strings.Contains(got, "newTag: v3") {
		t.Errorf("staging is\n%s", got)
	}
	w.noFailures()
}

// The source moves between the comment and the work: what was merged is promoted.
func TestStoryPromoteSourceMoves(t *testing.T) {
	w, b := newBetween(t)
	n := w.bump(topic, "web", "v2")
	merged := w.merge(developer, n)
	w.settle()
	b.before("GET", fmt.Sprintf("/pulls/%d", n), func() { w.push("main", overlayFile("web", "dev"), imageOverlay("web", "dev", "v9")) })
	w.say(developer, n, "/promote staging")
	w.settle()
	p := w.promotion()
	if w.file(p.Head, overlayFile("web", "staging")) != imageOverlay("web", "staging", "v2") {
		t.Errorf("%+v", p)
	}
	has(t, p.Body, merged[:7])
	w.noFailures()
}

// Somebody pushes to the branch of the promotion just before it is moved: the commit
// stays, and the second attempt says so.
func TestStoryPromoteBranchMoves(t *testing.T) {
	w, b := newBetween(t)
	w.merge(developer, w.bump(topic, "web", "v2"))
	w.say(developer, 1, "/promote staging")
	w.settle()
	head := w.promotion().Head
	w.merge(developer, w.bump("second", "web", "v3"))
	w.settle()
	var byHand string
	b.before("PATCH", head, func() { byHand = w.push(head, "apps/web/overlays/staging/note.yaml", "by: hand\n") })
	w.say(developer, 3, "/promote staging")
	w.settle()
	if p := w.promotion(); p.HeadSHA != byHand || p.Title != "Promote web v2 to staging" {
		t.Errorf("%+v, by hand is %s", p, byHand)
	}
	has(t, w.answer(3), "commits that Sealift did not make", head)
	w.noFailures()
}

// Two promotions of one app are asked for at once, on two pull requests; the second
// is done while the first is about to write. There is one branch and one pull request,
// with the newer of the two.
func TestStoryPromoteAtOnce(t *testing.T) {
	w, b := newBetween(t)
	first := w.bump("first", "web", "v2")
	w.merge(developer, first)
	second := w.bump("second", "web", "v3")
	merged := w.merge(developer, second)
	w.settle()
	b.before("GET", "/git/ref/heads/main", func() {
		w.say(admin, second, "/promote staging")
		w.until("no promotion", func() bool { return len(w.said(second)) > 0 })
	})
	w.say(developer, first, "/promote staging")
	w.settle()
	p := w.promotion()
	if p.Title != "Promote web v3 to staging" || w.file(p.Head, overlayFile("web", "staging")) != imageOverlay("web", "staging", "v3") {
		t.Errorf("%+v", p)
	}
	has(t, p.Body, merged[:7], "<code>v3</code>")
	link := fmt.Sprintf("[#%d]", p.Number)
	has(t, w.answer(first), link)
	has(t, w.answer(second), link)
	w.noFailures()
}

// Every delivery comes twice.
func TestStoryPromoteDoubled(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.settle()
	w.hub.Lose(hub.Loss{Double: true})
	w.say(developer, n, "/promote staging")
	w.settle()
	for _, d := range w.hub.Deliveries() {
		w.hub.Redeliver(d.ID)
	}
	w.settle()
	w.promotion()
	w.answer(n)
}

// A newer promotion takes the place of the one that is open: same branch, same pull
// request, another text with a line of history. An older one does not take it back.
func TestStoryPromoteSupersedes(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	first := w.bump("first", "web", "v2")
	w.merge(developer, first)
	w.say(developer, first, "/promote staging")
	w.settle()
	old := w.promotion()
	second := w.bump("second", "web", "v3")
	w.merge(developer, second)
	w.push("main", "README.md", "# Moved\n")
	w.settle()
	w.say(admin, second, "/promote staging")
	w.settle()
	p := w.promotion()
	if p.Number != old.Number || p.Title != "Promote web v3 to staging" || w.file(p.Head, overlayFile("web", "staging")) != imageOverlay("web", "staging", "v3") || w.file(p.Head, "README.md") != "# Moved\n" {
		t.Errorf("%+v", p)
	}
	c, err := w.hub.Commit(w.ctx, storyRepo, p.HeadSHA)
	w.must(err)
	if len(c.Parents) != 2 || c.Parents[0] != old.HeadSHA || c.Parents[1] != w.hub.Tip(storyRepo, "main") || !c.Verified {
		t.Errorf("commit %+v", c)
	}
	_, history, _ := strings.Cut(p.Body, "**History**")
	if lines := strings.Split(strings.TrimSpace(history), "\n"); len(lines) != 2 || !strings.Contains(lines[0], admin) || !strings.Contains(lines[1], "v2") {
		t.Errorf("history %q", lines)
	}
	w.say(developer, first, "/promote staging")
	w.settle()
	has(t, w.last(first), "already, which is newer", fmt.Sprintf("[#%d]", p.Number))
	if again := w.promotion(); again.HeadSHA != p.HeadSHA || again.Body != p.Body || again.Title != p.Title {
		t.Errorf("taken back: %+v", again)
	}
	w.merge(developer, p.Number)
	w.settle()
	w.say(developer, first, "/promote staging")
	w.settle()
	has(t, w.last(first), "Nothing to promote", "already, which is newer")
	w.noFailures()
}

// A branch that somebody committed to is left as it is, and an amended commit is
// somebody's too.
func TestStoryPromoteByHand(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	first := w.bump("first", "web", "v2")
	w.merge(developer, first)
	w.say(developer, first, "/promote staging")
	w.settle()
	p := w.promotion()
	tip := w.push(p.Head, "apps/web/overlays/staging/patch.yaml", "by: hand\n")
	second := w.bump("second", "web", "v3")
	w.merge(developer, second)
	w.settle()
	w.say(developer, second, "/promote staging")
	w.settle()
	if got := w.promotion(); got.HeadSHA != tip || got.Title != p.Title {
		t.Errorf("%+v", got)
	}
	has(t, w.answer(second), "commits that Sealift did not make")
	w.noFailures()
}

// Closed without merging, a promotion stays closed whatever comes again of the old;
// asked for anew it is opened anew.
func TestStoryPromoteClosed(t *testing.T) {
	w := newPromotion(t, storyOptions{})
	n := w.bump(topic, "web", "v2")
	w.merge(developer, n)
	w.say(developer, n, "/promote staging")
	w.settle()
	old := w.promotion()
	w.must(w.person(developer).ClosePull(w.ctx, storyRepo, old.Number))
	for _, d := range w.hub.Deliveries() {
		w.hub.Redeliver(d.ID)
	}
	w.settle()
	if p := w.promotion(); p.State != "closed" {
		t.Errorf("%+v", p)
	}
	w.say(developer, n, "/promote staging")
	w.settle()
	list := w.promotions()
	if len(list) != 2 || list[0].State != "closed" || list[1].State != "open" || list[1].Head != old.Head {
		t.Errorf("%+v", list)
	}
	w.noFailures()
}

// Each single call of GitHub fails once before it does what was asked, and each one
// that writes once after it: then there is one branch, one pull request and one
// answer, for a promotion that is new and for one that takes the place of another.
func TestStoryPromoteFaults(t *testing.T) {
	for _, f := range []struct {
		anew   bool   // it opens the pull request; else it takes the place of another
		method string // "" is any
		after  bool
		calls  int // at least as many as a promotion has
	}{{false, "", false, 42}, {false, "POST", true, 12}, {false, "PATCH", true, 3}, {true, "POST", false, 12}, {true, "POST", true, 12}} {
		const each = 6 // more would come to the limit on writes of a minute
		for first := 1; first <= f.calls; first += each {
			if testing.Short() && f.method == "" {
				break // they are many and slow
			}
			t.Run(fmt.Sprintf("anew %t, %s after %t, from %d", f.anew, f.method, f.after, first), func(t *testing.T) {
				w := newPromotion(t, storyOptions{})
				n := w.bump(topic, "web", "v2")
				w.merge(developer, n)
				w.settle()
				for nth := first; nth < min(first+each, f.calls+1); nth++ {
					w.faulty(n, hub.Fault{Method: f.method, Path: "/repos/**", Nth: nth, Times: 1, Status: http.StatusBadGateway, After: f.after}, f.anew)
				}
				if f.method == "" && w.hub.RESTCalls() > f.calls {
					t.Errorf("%d calls, not all of them failed once", w.hub.RESTCalls())
				}
				w.noFailures()
			})
		}
	}
}

// faulty promotes another tag from staging to prod while a call fails. The pull
// request n did not change staging, so that what staging has now is promoted.
func (w *story) faulty(n int, f hub.Fault, anew bool) {
	w.t.Helper()
	tag := fmt.Sprintf("v%d.1", f.Nth)
	w.push("main", overlayFile("web", "staging"), imageOverlay("web", "staging", tag))
	old := w.promotions()
	if anew && len(old) > 0 {
		w.must(w.person(developer).DeleteBranch(w.ctx, storyRepo, old[0].Head))
	}
	w.settle()
	said := len(w.said(n))
	w.hub.ResetCalls()
	remove := w.hub.Fault(f)
	id := w.say(admin, n, "/promote prod")
	w.settle()
	remove()
	list, answers := w.promotions(), w.said(n)
	if anew && len(list) != len(old)+1 || !anew && len(list) != 1 || len(answers) != said+1 {
		w.t.Fatalf("call %d: %d promotions, were %d; %d answers, were %d: %+v\n%s", f.Nth, len(list), len(old), len(answers), said, list, w.logs)
	}
	p := list[len(list)-1]
	has(w.t, answers[said], fmt.Sprintf("[#%d]", p.Number), tag)
	if p.State != "open" || p.Title != "Promote web "+tag+" to prod" || w.file(p.Head, overlayFile("web", "prod")) != imageOverlay("web", "prod", tag) || w.reactions(n, id) != "eyes rocket" {
		w.t.Errorf("call %d: reactions %q, %+v", f.Nth, w.reactions(n, id), p)
	}
	if lines := strings.Count(p.Body, "asked by"); anew && lines != 1 || !anew && lines != said+1 {
		w.t.Errorf("call %d: %d lines of history", f.Nth, lines)
	}
}
