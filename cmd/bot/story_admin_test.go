package main

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/store"
)

// admin runs a command as the service's administrator does, beside the service, and
// returns what it printed.
func (w *story) admin(args ...string) string {
	w.t.Helper()
	b, stdout, stderr := storyBot(
		"SEALIFT_DATABASE="+w.config.Database, "SEALIFT_DATA_DIR="+w.config.DataDir, "HOME="+w.t.TempDir(),
		"SEALIFT_GITHUB_URL="+w.config.GitHubURL, "SEALIFT_GITHUB_WEB_URL="+w.config.GitHubWebURL, "SEALIFT_APP_ID="+strconv.FormatInt(w.config.AppID, 10),
		"SEALIFT_PRIVATE_KEY="+string(w.config.PrivateKey), "SEALIFT_WEBHOOK_SECRET="+string(w.config.WebhookSecrets[0]),
	)
	if err := execute(w.ctx, b, args...); err != nil {
		w.t.Fatalf("bot %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return stdout.String()
}

// newLossyStory returns a story in which pull requests are not delivered any more, and
// the service does not search for them until the story ends or calls the function.
func newLossyStory(t *testing.T) (w *story, search func()) {
	w = newStory(t, storyOptions{})
	w.settle()
	w.service.search.mu.Lock()
	search = sync.OnceFunc(w.service.search.mu.Unlock)
	t.Cleanup(search)
	w.hub.Lose(hub.Loss{Event: "pull_request", Drop: true})
	return w, search
}

// A delivery is lost on its way while the service runs: `bot redeliver` has it
// repeated, once.
func TestStoryRedeliver(t *testing.T) {
	w, _ := newLossyStory(t)
	n, head := w.open(webBase, configOf("web", "two"))
	w.settle()
	if list := w.bots(n); len(list) != 0 {
		t.Fatalf("a comment although the delivery was lost: %+v", list)
	}
	w.hub.ClearFaults()
	has(t, w.admin("redeliver"), "1 deliveries asked for again")
	w.settle()
	has(t, w.one(n).Body, head[:7])
	has(t, w.admin("redeliver", "--since", "1h"), "0 deliveries asked for again")
}

// GitHub does not repeat one of the deliveries any more: the others come all the same.
func TestStoryRedeliverRefused(t *testing.T) {
	w, search := newLossyStory(t)
	n, _ := w.open(webBase, configOf("web", "two"))
	w.must(w.person(developer).ClosePull(w.ctx, storyRepo, n))
	w.must(w.hub.Idle(w.ctx))
	w.hub.ClearFaults()
	w.hub.Fault(hub.Fault{Method: "POST", Path: "/app/hook/deliveries/*/attempts", Status: 404, Times: 1})
	lost := w.missed()
	search()
	w.must(w.soon())
	w.until("the other does not come", func() bool { return len(w.missed()) == len(lost)-1 })
	w.recover()
	has(t, w.logs.String(), "delivery "+lost[0])
	w.noFailures()
}

// missed returns the deliveries that never came.
func (w *story) missed() []string {
	return missed(w.t, w.hub.Deliveries(), w.config.AppID, w.service.store, true)
}

// soon begins a search for what was lost.
func (w *story) soon() error {
	for {
		if begun, err := w.service.queue.Soon(w.ctx, searchName); begun || err != nil {
			return err
		}
	}
}

// A job that fails is retried at once by `bot jobs retry`, or given up by `bot jobs
// drop`, with the service stopped.
func TestStoryJobsByHand(t *testing.T) {
	w := newStory(t, storyOptions{})
	w.settle()
	failing := func(branch string) (number int, job store.Delivery) {
		t.Helper()
		remove := w.hub.Fault(hub.Fault{Path: "/repos/**", Status: 502})
		defer remove()
		w.push(branch, webBase, configOf("web", branch))
		number, err := w.person(developer).OpenPull(w.ctx, storyRepo, hub.NewPull{Title: branch, Head: branch})
		w.must(err)
		w.until("no job waits for another attempt", func() bool {
			list, err := w.service.queue.List(w.ctx, store.Filter{Outcome: store.Pending})
			w.must(err)
			for _, j := range list {
				if j.Event == "pull_request" && j.Attempt > 0 && j.NotBefore.After(time.Now()) {
					job = j
				}
			}
			return job.ID != ""
		})
		w.stop()
		return number, job
	}

	n, job := failing("first")
	has(t, w.admin("jobs", "--outcome", "pending"), job.ID, "unavailable", storyRepo+"#"+strconv.Itoa(n))
	w.admin("jobs", "retry", job.ID)
	w.start()
	w.until("no comment", func() bool { return len(w.bots(n)) == 1 })
	w.settle()
	has(t, w.admin("jobs", "--outcome", "done"), job.ID)

	n, job = failing("second")
	w.admin("jobs", "drop", job.ID)
	has(t, w.admin("jobs", "--outcome", "dropped"), job.ID)
	w.start()
	w.settle()
	if list := w.bots(n); len(list) != 0 {
		t.Errorf("a dropped job was done: %+v", list)
	}
	for _, command := range []string{"retry", "drop"} {
		b, _, stderr := storyBot("SEALIFT_DATABASE="+w.config.Database, "HOME="+t.TempDir())
		if err := execute(w.ctx, b, "jobs", command, "no-such-id"); err == nil {
			t.Errorf("jobs %s of a job that does not exist: no error\n%s", command, stderr)
		}
	}
}
