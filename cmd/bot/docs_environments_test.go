package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealift/sealift/cmd/bot/sample"
	"github.com/sealift/sealift/webhook/hub"
)

// environmentsPage shows what people write and what the bot answers, on the sample.
const environmentsPage = "../../docs/operating-environments.md"

// TestEnvironmentsPage plays what docs/operating-environments.md tells, and fails when the bot
// answers something else there. `make docs` writes the answers.
func TestEnvironmentsPage(t *testing.T) {
	data, err := os.ReadFile(environmentsPage)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{text: string(data), clock: new(atomic.Int64), ids: map[string]string{}}
	p.at("2026-03-05 09:00") // a Thursday
	files := sample.Base()
	if err := addCertificates(files, p.now()); err != nil {
		t.Fatal(err)
	}
	p.story = newStory(t, storyOptions{files: files, hub: hub.Options{Now: p.now}})
	p.service.answers.Now = p.now
	p.playDemo()
	p.playRules()
	p.noFailures()
	if *update {
		p.must(os.WriteFile(environmentsPage, []byte(p.text), 0o644))
	} else if p.text != string(data) {
		t.Error("docs/operating-environments.md is not what the bot answers, run `make docs`")
	}
}

// playDemo is what everybody can do in the demo.
func (p *page) playDemo() {
	n := p.release("notifier-1.0.0", "Notifier 1.0.0 in dev", sample.Release().Files)
	p.merge(developer, n)
	p.settle()
	p.at("2026-03-05 09:30")
	p.shows("status", developer, n, "/status store")
	p.shows("hold", developer, n, "/hold staging store load test until noon")
	p.shows("held", developer, n, "/promote staging")
	p.shows("unhold", developer, n, "/unhold staging store")
	p.shows("promote", developer, n, "/promote staging")
	p.merge(developer, p.newest().Number)
	p.settle()
	p.at("2026-03-05 11:00")
	p.shows("denied", developer, n, "/promote prod")
	p.shows("rollback", developer, n, "/rollback staging store")
	p.merge(developer, p.newest().Number)
	p.settle()
	p.shows("after", developer, n, "/status store")
	p.shows("again", developer, n, "/unhold staging store")
}

// playRules is what happens with the rules of the page.
func (p *page) playRules() {
	p.config("rules")
	p.at("2026-03-05 13:00")
	const file = "environments/dev/apps/store/services/notifier/overlays/kustomization.yaml"
	n := p.release("notifier-1.0.1", "Notifier 1.0.1 in dev", map[string]string{file: strings.Replace(sample.Release().Files[file], "v1.0.0", "v1.0.1", 1)})
	p.merge(developer, n)
	p.settle()
	p.opened("auto")
	p.merge(developer, p.newest().Number)
	p.settle()
	p.at("2026-03-05 14:00")
	p.shows("soak", admin, n, "/promote prod")
	p.at("2026-03-06 19:00") // a Friday
	p.shows("freeze", admin, n, "/promote prod")
	p.shows("frozen", admin, n, "/status")
	p.at("2026-03-09 09:00")
	p.shows("prod", admin, n, "/promote prod")
	p.merge(admin, p.newest().Number)
	p.settle()
	p.shows("end", admin, n, "/status store")
}

// page is a page of docs while it is played.
type page struct {
	*story
	text  string
	clock *atomic.Int64
	ids   map[string]string // what a commit is called on the page
}

func (p *page) now() time.Time { return time.Unix(p.clock.Load(), 0).UTC() }

func (p *page) at(clock string) {
	when, err := time.Parse("2006-01-02 15:04", clock)
	if err != nil {
		panic(err) // a mistake in this file
	}
	p.clock.Store(when.Unix())
}

// release opens a pull request of the developer.
func (p *page) release(branch, title string, files map[string]string) int {
	p.t.Helper()
	_, err := p.person(developer).Push(p.ctx, storyRepo, branch, title, maps.Clone(files))
	p.must(err)
	n, err := p.person(developer).OpenPull(p.ctx, storyRepo, hub.NewPull{Title: title, Head: branch})
	p.must(err)
	p.settle()
	return n
}

// newest is the pull request that was opened last.
func (p *page) newest() hub.Pull {
	list := p.hub.Pulls(storyRepo)
	return list[len(list)-1]
}

// shows says something and puts what the bot answers at its place on the page.
func (p *page) shows(place, login string, n int, body string) {
	p.t.Helper()
	p.say(login, n, body)
	p.settle()
	list := p.said(n)
	p.put(place, fmt.Sprintf("%s on #%d:\n\n```text\n%s\n```\n\nSealift:\n\n%s", login, n, body, p.quoted(list[len(list)-1])))
}

// opened puts the text of the newest pull request at its place on the page, up to what
// it renders to.
func (p *page) opened(place string) {
	p.t.Helper()
	pull := p.newest()
	body, _, _ := strings.Cut(pull.Body, "**What ")
	p.put(place, fmt.Sprintf("Sealift opens #%d, %s:\n\n%s", pull.Number, pull.Title, p.quoted(body)))
}

// put replaces what stands between the marks of a place.
func (p *page) put(place, text string) {
	p.t.Helper()
	before, rest, found := strings.Cut(p.text, "<!-- "+place+" -->\n")
	_, after, closed := strings.Cut(rest, "<!-- /"+place+" -->\n")
	if !found || !closed {
		p.t.Fatalf("no place %q on the page", place)
	}
	p.text = before + "<!-- " + place + " -->\n" + text + "\n<!-- /" + place + " -->\n" + after
}

// config pushes the configuration that stands at a place of the page.
func (p *page) config(place string) {
	p.t.Helper()
	_, rest, _ := strings.Cut(p.text, "<!-- "+place+" -->\n```yaml\n")
	text, _, found := strings.Cut(rest, "```\n")
	if !found {
		p.t.Fatalf("no configuration %q on the page", place)
	}
	_, err := p.person(admin).Push(p.ctx, storyRepo, "main", "rules", map[string]string{".sealift.yaml": text})
	p.must(err)
	p.settle()
}

var (
	pageMark   = regexp.MustCompile(`<!--[^>]*-->\n?`)
	pageLink   = regexp.MustCompile(`\[([^\]]+)\]\(<?http[^)]*\)`)
	pageCommit = regexp.MustCompile(`\b(?:[0-9a-f]{12}|[0-9a-f]{7})\b`)
)

// quoted is a comment as a quote, without its marks and links. Commits are numbered,
// because their ids depend on more than the page says.
func (p *page) quoted(body string) string {
	body = pageLink.ReplaceAllString(pageMark.ReplaceAllString(body, ""), "$1")
	body = pageCommit.ReplaceAllStringFunc(body, func(id string) string {
		if p.ids[id] == "" {
			p.ids[id] = fmt.Sprintf("%07x", 0xc0ffee0+len(p.ids))
		}
		return p.ids[id]
	})
	lines := strings.Split(strings.TrimSpace(body), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight("> "+line, " ")
	}
	return strings.Join(lines, "\n")
}
