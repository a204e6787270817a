package main

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// /diff renders again, /help lists who may what; each has its reactions.
func TestStoryCommands(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	first := w.one(n)
	w.must(w.person(admin).DeleteComment(storyRepo, first.ID))
	id := w.say(developer, n, "Again, please.\n\n/diff")
	w.settle()
	has(t, w.one(n).Body, "<!-- sealift:diff 1/1")
	if got := w.reactions(n, id); got != "eyes rocket" {
		t.Errorf("reactions %q", got)
	}

	id = w.say(stranger, n, "/help")
	w.settle()
	list := w.bots(n)
	if len(list) != 2 || w.reactions(n, id) != "eyes rocket" {
		t.Fatalf("%d comments, reactions %q", len(list), w.reactions(n, id))
	}
	has(t, list[1].Body, "`/diff`", "who may write", "`/help`", "who may read")

	id = w.say(developer, n, "/dif\n/approve\n/lgtm")
	w.settle()
	list = w.bots(n)
	if len(list) != 3 || w.reactions(n, id) != "eyes confused" {
		t.Fatalf("%d comments, reactions %q", len(list), w.reactions(n, id))
	}
	has(t, list[2].Body, "/dif", "/help")
}

// A stranger is refused once, quietly.
func TestStoryStranger(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	w.hub.ResetCalls()
	for range 3 {
		if got := w.asks(stranger, n, "/diff"); got != "eyes confused" {
			t.Errorf("reactions %q", got)
		}
	}
	list := w.bots(n)
	if len(list) != 2 {
		t.Fatalf("%d comments, want the diff and one refusal", len(list))
	}
	has(t, list[1].Body, "/diff is for who may write")
	if got := len(list[0].History); got != 0 {
		t.Errorf("rendered %d times for a stranger", got)
	}
}

// What is no command: other slash words, code, quotes, HTML comments, edits, bots
// and plain issues. Nothing is said, no reaction given, nothing asked of GitHub.
func TestStoryNoCommand(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	issue, err := w.person(developer).OpenIssue(storyRepo, "A question", "/diff")
	w.must(err)
	w.settle()
	w.hub.ResetCalls()
	harmless := w.say(developer, n, "harmless")
	w.must(w.person(developer).EditComment(storyRepo, harmless, "/diff"))
	ids := []int64{harmless, w.say(developer, issue, "/diff")}
	for _, body := range []string{
		"/approve", "please /diff", "text\n /diff", "```\n/diff\n```", "~~~\n/diff\n", "> /diff", "> a quote\n/diff", "<!--\n/diff\n-->", "    /diff", "/di\u0456f", "<pre>\n/diff\n</pre>",
		"`code\n/diff\n`", "[a]:\n/diff", "> a quote\n```\n\n/diff\n```",
	} {
		ids = append(ids, w.say(developer, n, body))
	}
	w.settle()
	for _, id := range ids {
		if got := w.reactions(n, id) + w.reactions(issue, id); got != "" {
			t.Errorf("comment %d has reactions %q", id, got)
		}
	}
	w.one(n)
	if len(w.bots(issue)) != 0 || len(w.calls()) != 0 {
		t.Errorf("comments on an issue %v, calls %v", w.bots(issue), w.calls())
	}
	for _, c := range w.hub.Comments(storyRepo, n) {
		if c.Bot && len(c.History) > 0 {
			t.Error("rendered again")
		}
	}
}

// Five hundred commands in one comment: ten are carried out, and that is said once.
func TestStoryManyCommands(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	id := w.say(developer, n, strings.Repeat("/diff\n", 500))
	w.settle()
	list := w.bots(n)
	if len(list) != 2 || w.reactions(n, id) != "eyes rocket" {
		t.Fatalf("%d comments, reactions %q", len(list), w.reactions(n, id))
	}
	has(t, list[1].Body, "first 10 commands")
	if edits := len(list[0].History); edits > 10 {
		t.Errorf("rendered %d times", edits)
	}
}

// The configuration of the base is wrong: that is said, it is not silence.
func TestStoryConfiguration(t *testing.T) {
	files := storyFiles()
	files[".sealift.yaml"] = "version: 1\ncolour: red\n"
	w := newStory(t, storyOptions{files: files})
	n, head := w.open(webBase, configOf("web", "two"))
	w.settle()
	has(t, w.one(n).Body, "<!-- sealift:diff 1/1", "colour")
	if c := w.check(head); c.Conclusion != "failure" {
		t.Errorf("check %+v", c)
	}
	w.push("main", ".sealift.yaml", "version: 1\n")
	w.push(topic, "README.md", "# again\n")
	w.settle()
	hasNot(t, w.one(n).Body, "colour")
}

// Somebody imitates the marker, edits the bot's comment, deletes it; the App gets
// another name; another App of ours is on the repository: one comment of ours, and
// nobody else's is touched.
func TestStoryWhoseComment(t *testing.T) {
	w := newStory(t, storyOptions{})
	other, _, config := w.newApp("Sealift Two", freeAddress(w.t))
	second, halt := w.run(config)
	t.Cleanup(halt)
	w.push(topic, webBase, configOf("web", "two"))
	w.stop()
	n, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Topic", Head: topic})
	w.must(err)
	const fake = "<!-- sealift:diff 1/1 -->\nAll is well."
	imitation := w.say(stranger, n, fake)
	w.must(w.hub.Idle(w.ctx))
	w.start()
	head := w.push(topic, webBase, configOf("web", "three"))
	w.settleAll(w.service, second)
	mine := func(app *hub.App) hub.Comment {
		t.Helper()
		var list []hub.Comment
		for _, c := range w.bots(n) {
			if c.Author == app.Slug()+"[bot]" {
				list = append(list, c)
			}
		}
		if len(list) != 1 {
			t.Fatalf("%d comments by %s\n%+v", len(list), app.Slug(), w.bots(n))
		}
		return list[0]
	}
	has(t, mine(w.app).Body, head[:7])
	has(t, mine(other).Body, head[:7])

	before := mine(w.app).ID
	w.must(w.person(admin).EditComment(storyRepo, before, "All is well."))
	w.must(w.person(admin).DeleteComment(storyRepo, mine(other).ID))
	w.must(w.app.Rename("Liftoff"))
	head = w.push(topic, webBase, configOf("web", "four"))
	w.settleAll(w.service, second)
	has(t, mine(w.app).Body, head[:7], "four", "<!-- sealift:diff 1/1")
	has(t, mine(other).Body, head[:7], "four")
	if mine(w.app).ID != before {
		t.Error("another comment after the App was renamed")
	}
	for _, c := range w.hub.Comments(storyRepo, n) {
		if c.ID == imitation && c.Body != fake {
			t.Errorf("the imitation was touched: %s", c.Body)
		}
	}
}
