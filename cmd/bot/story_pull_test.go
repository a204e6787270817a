package main

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

// A pull request is opened: one comment and a check with annotations. A push
// repairs it: the same comment, edited, and another check on the new head.
func TestStoryOpenAndRepair(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, head := w.open(webDev, brokenDev)
	w.settle()
	c := w.one(n)
	has(t, c.Body, "<!-- sealift:diff 1/1", "gone.yaml", "apps/web/overlays/dev", head[:7], w.hub.Tip(storyRepo, "main")[:7])
	check := w.check(head)
	if check.Name != "sealift/diff" || check.Status != "completed" || check.Conclusion != "failure" {
		t.Errorf("check %+v", check)
	}
	if len(check.Annotations) != 1 || check.Annotations[0].Path != webDev || check.Annotations[0].StartLine != 1 || check.Annotations[0].Level != "failure" {
		t.Errorf("annotations %+v", check.Annotations)
	}
	has(t, check.Summary, "apps/web/overlays/dev")

	repaired := w.push(topic, webDev, "resources: [../../base]\nnamespace: development\n")
	w.settle()
	again := w.one(n)
	if again.ID != c.ID || len(again.History) != 1 {
		t.Errorf("comment %d with history of %d, was %d", again.ID, len(again.History), c.ID)
	}
	has(t, again.Body, "development", repaired[:7])
	hasNot(t, again.Body, "gone.yaml")
	if check := w.check(repaired); check.Conclusion != "success" || len(check.Annotations) != 0 {
		t.Errorf("check %+v", check)
	}
}

// A draft is rendered. It is made ready, reopened after its base moved, and
// retargeted: the one comment follows.
func TestStoryStates(t *testing.T) {
	w := newStory(t, storyOptions{})
	w.push("release", webBase, configOf("web", "release"))
	w.push(topic, webDev, "resources: [../../base]\nnamespace: development\n")
	dana := w.person(developer)
	n, err := dana.OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Draft", Head: topic, Draft: true})
	w.must(err)
	w.settle()
	first := w.one(n)
	has(t, first.Body, "development")

	w.must(dana.DeleteComment(storyRepo, first.ID))
	w.must(dana.SetDraft(w.ctx, storyRepo, n, false))
	w.settle()
	ready := w.one(n)
	has(t, ready.Body, "development")

	w.must(dana.ClosePull(w.ctx, storyRepo, n))
	w.settle()
	tip := w.push("main", webBase, configOf("web", "moved"))
	w.settle()
	hasNot(t, w.one(n).Body, tip[:7]) // nobody looks at it
	w.must(dana.ReopenPull(w.ctx, storyRepo, n))
	w.settle()
	has(t, w.one(n).Body, tip[:7])

	w.must(dana.Retarget(w.ctx, storyRepo, n, "release"))
	w.settle()
	last := w.one(n)
	has(t, last.Body, w.hub.Tip(storyRepo, "release")[:7], "development")
	if last.ID != ready.ID {
		t.Errorf("comment %d, was %d", last.ID, ready.ID)
	}
	history := len(last.History)
	w.must(dana.EditPull(w.ctx, storyRepo, n, "Another title", "Another text"))
	w.settle()
	if got := len(w.one(n).History); got != history {
		t.Errorf("a new title: edited %d times, was %d", got, history)
	}
}

// The base moves after the branch left it: only what the branch does is shown.
// What moves elsewhere does not lead to a render; what moves an overlay that is
// shown does, and so does one that the branch conflicts with.
func TestStoryBaseMoves(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, head := w.open(webDev, "resources: [../../base]\nnamespace: development\n")
	w.settle()
	first := w.one(n)
	w.push("main", apiBase, configOf("api", "elsewhere"))
	w.settle()
	if c := w.one(n); len(c.History) != 0 || c.Body != first.Body {
		t.Errorf("rendered for a push elsewhere:\n%s", c.Body)
	}
	tip := w.push("main", webBase, configOf("web", "shared"))
	w.settle()
	moved := w.one(n)
	if moved.ID != first.ID || len(moved.History) != 1 {
		t.Errorf("comment %d edited %d times", moved.ID, len(moved.History))
	}
	has(t, moved.Body, tip[:7], head[:7], "development")
	hasNot(t, moved.Body, "shared", "elsewhere", "apps/api")
	if check := w.check(head); !strings.Contains(check.ExternalID, tip) {
		t.Errorf("check is of %q", check.ExternalID)
	}

	tip = w.push("main", webDev, "resources: [../../base]\nnamespace: other\n")
	w.settle()
	conflict := w.one(n)
	has(t, conflict.Body, "conflicts with its base", webDev, tip[:7], "development")
	has(t, w.check(head).Summary, "conflicts with its base")
	if !strings.HasPrefix(conflict.Body, "<!-- sealift:diff 1/1") {
		t.Errorf("marker is gone:\n%s", conflict.Body)
	}
}

// Too long: several comments, that go when the diff shrinks.
func TestStoryLong(t *testing.T) {
	w := newStory(t, storyOptions{config: func(c *serviceConfig) { c.MaxComment, c.MaxComments = 12000, 4 }})
	n, _ := w.open(webBase, manyConfigs(20, "two"))
	w.settle()
	long := w.bots(n)
	if len(long) < 2 || len(long) > 4 {
		t.Fatalf("%d comments", len(long))
	}
	for i, c := range long {
		if len(c.Body) > 12000 || !strings.HasPrefix(c.Body, "<!-- sealift:diff "+string(rune('1'+i))+"/") {
			t.Errorf("comment %d of %d bytes: %.60s", i, len(c.Body), c.Body)
		}
	}
	w.push(topic, webBase, manyConfigs(200, "three"))
	w.settle()
	longer := w.bots(n)
	if len(longer) != 4 {
		t.Fatalf("%d comments, limit 4", len(longer))
	}
	has(t, longer[3].Body, "/r/acme/shop/1/", "bot diff ") // the page with all, and the line that prints it
	w.push(topic, webBase, configOf("web", "short"))
	w.settle()
	if c := w.one(n); c.ID != long[0].ID {
		t.Errorf("comment %d is left, not the first", c.ID)
	}
	w.push(topic, webBase, manyConfigs(20, "four"))
	w.settle()
	if got := len(w.bots(n)); got != len(long) {
		t.Errorf("%d comments, before %d", got, len(long))
	}
}

// GitHub takes less than we think: half of it is tried.
func TestStoryTooLongForGitHub(t *testing.T) {
	w := newStory(t, storyOptions{hub: hub.Options{CommentLimit: 20000}})
	n, _ := w.open(webBase, manyConfigs(60, "two"))
	w.settle()
	list := w.bots(n)
	if len(list) == 0 {
		t.Fatalf("no comment\n%s", w.logs)
	}
	for i, c := range list {
		if len([]rune(c.Body)) > 20000 || !strings.HasPrefix(c.Body, "<!-- sealift:diff "+string(rune('1'+i))+"/"+string(rune('0'+len(list)))) {
			t.Errorf("comment %d of %d: %.60s", i, len(c.Body), c.Body)
		}
	}
}

// A re-render of a pull request whose comment exists costs at most four calls. The
// push itself asks for the pull requests into the branch that was pushed.
func TestStoryCalls(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	w.hub.ResetCalls()
	head := w.push(topic, webBase, configOf("web", "three"))
	w.settle()
	has(t, w.one(n).Body, head[:7])
	total := 0
	for op, count := range w.calls() {
		if op != "GET /repos/{owner}/{repo}/pulls" {
			total += count
		}
	}
	if total == 0 || total > 4 {
		t.Errorf("%d calls: %v", total, w.calls())
	}
}

// A merge queue gets its check, and a check that is asked for again is done again:
// on a branch, on the branch of a fork, and on a merge group.
func TestStoryQueueAndRerequest(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, head := w.open(webBase, configOf("web", "two"))
	w.settle()
	again := func(sha string, ask func(run hub.Check) error) {
		t.Helper()
		before := w.hub.Checks(storyRepo, sha)
		w.must(ask(w.check(sha)))
		w.settle()
		after := w.hub.Checks(storyRepo, sha)
		if len(after) != len(before)+1 || after[len(after)-1].Conclusion != "success" {
			t.Errorf("%d checks, %d before: %+v", len(after), len(before), after)
		}
	}
	dana := w.person(developer)
	run := func(c hub.Check) error { return dana.Rerequest(storyRepo, c.ID) }
	again(head, run)
	again(head, func(c hub.Check) error { return dana.RerequestSuite(t.Context(), storyRepo, c.SHA) })
	w.one(n)

	sam := w.person(stranger)
	w.must(sam.Fork(w.ctx, storyRepo))
	forked, err := sam.Push(w.ctx, stranger+"/shop", "idea", "idea", map[string]string{webProd: "resources: [../../base]\nnamespace: production\n"})
	w.must(err)
	m, err := sam.OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Idea", Head: stranger + ":idea"})
	w.must(err)
	w.settle()
	has(t, w.one(m).Body, "production")
	again(forked, run)

	w.must(w.hub.Protect(storyRepo, "main", hub.Protection{Checks: []string{"sealift/diff", "other"}, Queue: true}))
	w.must(dana.Enqueue(w.ctx, storyRepo, n))
	w.settle()
	group := w.groupHead()
	if c := w.check(group); c.Name != "sealift/diff" || c.Conclusion != "success" {
		t.Errorf("check of the group %+v", c)
	}
	again(group, run)
}

// groupHead is the commit of the merge group that GitHub made.
func (w *story) groupHead() string {
	w.t.Helper()
	for _, d := range w.hub.Deliveries() {
		if d.Event == "merge_group" {
			_, rest, _ := strings.Cut(string(d.Payload), `"head_sha":`)
			return strings.Trim(rest, ` "`)[:40]
		}
	}
	w.t.Fatal("no merge group")
	return ""
}

// A fork goes, then the base branch of another pull request: nothing fails, and
// nothing more is said.
func TestStoryGone(t *testing.T) {
	w := newStory(t, storyOptions{})
	sam, dana := w.person(stranger), w.person(developer)
	w.must(sam.Fork(w.ctx, storyRepo))
	_, err := sam.Push(w.ctx, stranger+"/shop", "idea", "idea", map[string]string{webProd: "resources: [../../base]\nnamespace: production\n"})
	w.must(err)
	n, err := sam.OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Idea", Head: stranger + ":idea"})
	w.must(err)
	w.settle()
	w.must(sam.DeleteRepo(w.ctx, stranger+"/shop"))
	w.say(developer, n, "/diff")
	w.settle()

	w.push("release", apiBase, configOf("api", "release"))
	w.push(topic, webBase, configOf("web", "two"))
	m, err := dana.OpenPull(w.ctx, storyRepo, hub.NewPull{Title: "Topic", Head: topic, Base: "release"})
	w.must(err)
	w.settle()
	w.one(m)
	w.stop()
	w.push(topic, webBase, configOf("web", "three"))
	w.must(dana.DeleteBranch(w.ctx, storyRepo, "release"))
	w.must(w.hub.Idle(w.ctx))
	w.start()
	for _, d := range w.hub.Deliveries() {
		if d.Code != 202 {
			w.hub.Redeliver(d.ID)
		}
	}
	w.settle()
	w.one(m)
	w.noFailures()
}

// noFailures fails when a job was given up or a bug was logged.
func (w *story) noFailures() {
	w.t.Helper()
	d, err := w.service.queue.Depth(w.ctx)
	w.must(err)
	if d.Failed != 0 {
		w.t.Errorf("%d jobs were given up\n%s", d.Failed, w.logs)
	}
	for line := range strings.Lines(w.logs.String()) {
		if strings.Contains(line, "code=internal") || strings.Contains(line, "job panicked") {
			w.t.Error(line)
		}
	}
}

// Heads that are pushed while others wait: the last one is what the comment and
// its check are about, whichever way the branch was moved.
func TestStoryForcePush(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	main := w.hub.Tip(storyRepo, "main")
	var head string
	for _, value := range []string{"three", "four", "five"} {
		var err error
		head, err = w.person(developer).PushOn(w.ctx, storyRepo, topic, main, value, map[string]string{webBase: configOf("web", value)})
		w.must(err)
	}
	w.settle()
	has(t, w.one(n).Body, head[:7], "five")
	if c := w.check(head); c.Conclusion != "success" {
		t.Errorf("check %+v", c)
	}
	w.noFailures()
}

// movedSource is a source of which something happens in the middle of a render.
type movedSource struct {
	commands.Source
	meanwhile func()
}

// MergeTree implements commands.Source.
func (s movedSource) MergeTree(ctx context.Context, base, head string) (gitops.Tree, []string, error) {
	s.meanwhile()
	return s.Source.MergeTree(ctx, base, head)
}

// The branch is forced elsewhere during the render, and GitHub's word of it is
// lost: what was rendered is not written, but the new head.
func TestStoryForcePushBetween(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	head := ""
	force := sync.OnceFunc(func() {
		w.hub.Lose(hub.Loss{Drop: true})
		var err error
		head, err = w.person(developer).PushOn(w.ctx, storyRepo, topic, w.hub.Tip(storyRepo, "main"), "forced", map[string]string{webBase: configOf("web", "forced")})
		if err != nil {
			t.Error(err)
		}
	})
	source := w.service.answers.Source
	w.service.answers.Source = func(ctx context.Context, r gitops.Repository) (commands.Source, error) {
		src, err := source(ctx, r)
		return movedSource{src, force}, err
	}
	w.push(topic, webBase, configOf("web", "three"))
	w.settle()
	c := w.one(n)
	has(t, c.Body, head[:7], "forced")
	if len(c.History) != 1 {
		t.Errorf("edited %d times, also for a head that was gone", len(c.History))
	}
	w.check(head)
}
