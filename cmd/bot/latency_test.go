//go:build unix

package main

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/cmd/bot/sample"
	"github.com/sealift/sealift/webhook/hub"
)

// What [TestLatency] does. GitHub takes 80 writes a minute of an installation,
// so that the pushes go to several.
const (
	latencyPushes = 100
	latencyOrgs   = 4
)

// spans are the parts of the time from a delivery to the check, as the hub sees
// them.
var spanNames = [...]string{
	"delivery to its answer", "answer to the first fetch", "fetch", "merge, render and write up", "update of the comment", "**delivery to comment**", "comment to check",
}

// TestLatency pushes to pull requests of the demo's repository, one push at a
// time, and measures from the delivery to the comment, with warm mirrors. Each
// push changes the image of a service in two environments.
func TestLatency(t *testing.T) {
	measured(t)
	b := newBox(t, "", 1)
	var repos []string
	for i := range latencyOrgs {
		repos = append(repos, b.addOrg(fmt.Sprint("org", i), "store-gitops", sample.Base()))
	}
	b.replicas[0].start()
	b.traffic.watching.Store(true)
	for i, repo := range repos {
		b.pushSample(repo, i)
		if _, err := b.hub.User(developer).OpenPull(t.Context(), repo, hub.NewPull{Title: "x", Head: sample.Change().Branch}); err != nil {
			t.Fatal(err)
		}
		b.untilChecked(repo)
	}
	took := make([][]time.Duration, len(spanNames))
	for i := range latencyPushes {
		repo := repos[i%latencyOrgs]
		b.pushSample(repo, latencyOrgs+i)
		for s, d := range split(t, b.untilChecked(repo)) {
			took[s] = append(took[s], d)
		}
	}
	t.Logf("%d pushes\n| part | median | p95 |\n|---|---|---|\n%s", latencyPushes, spanRows(took))
	b.replicas[0].stop()
}

func spanRows(took [][]time.Duration) string {
	var rows strings.Builder
	for i, name := range spanNames {
		fmt.Fprintf(&rows, "| %s | %s | %s |\n", name, millis(quantile(took[i], 0.5)), millis(quantile(took[i], 0.95)))
	}
	return rows.String()
}

// pushSample pushes the change of the demo, repaired, with another version.
func (b *box) pushSample(repo string, version int) {
	b.t.Helper()
	change := sample.Change()
	files := maps.Clone(change.Files)
	maps.Copy(files, sample.Repair())
	for name, text := range files {
		files[name] = strings.ReplaceAll(text, "newTag: v1.5.0", fmt.Sprintf("newTag: v1.5.%d", version))
	}
	for _, name := range change.Delete {
		files[name] = hub.Deleted
	}
	if _, err := b.hub.User(developer).Push(b.t.Context(), repo, change.Branch, "orders", files); err != nil {
		b.t.Fatal(err)
	}
}

// untilChecked returns what was asked of the front and the hub until the check of
// a pull request of repo was there.
func (b *box) untilChecked(repo string) []exchange {
	b.t.Helper()
	var all []exchange
	for {
		select {
		case e := <-b.traffic.seen:
			if strings.Contains(e.path, "/"+repo) || e.event == "pull_request" {
				all = append(all, e)
			}
			if e.isCheck() {
				return all
			}
		case <-b.t.Context().Done():
			b.t.Fatal("the test ended first")
		}
	}
}

func (e exchange) isCheck() bool {
	return e.method == http.MethodPost && path.Base(e.path) == "check-runs"
}

// split divides the time of one push into the spans.
func split(t *testing.T, all []exchange) []time.Duration {
	t.Helper()
	find := func(what string, is func(exchange) bool) exchange {
		i := slices.IndexFunc(all, is)
		if i < 0 {
			t.Fatalf("there was no %s: %v", what, all)
		}
		return all[i]
	}
	delivery := find("delivery", func(e exchange) bool { return e.event == "pull_request" })
	comment := find("comment", func(e exchange) bool {
		return e.method == http.MethodPatch && strings.Contains(e.path, "/issues/comments/")
	})
	git := slices.DeleteFunc(slices.Clone(all), func(e exchange) bool { return !strings.Contains(e.path, ".git/") })
	if len(git) == 0 {
		t.Fatalf("there was no fetch: %v", all)
	}
	fetch, fetched := git[0].begin, git[len(git)-1].end
	return []time.Duration{
		delivery.end.Sub(delivery.begin), fetch.Sub(delivery.end), fetched.Sub(fetch), comment.begin.Sub(fetched),
		comment.end.Sub(comment.begin), comment.end.Sub(delivery.begin), all[len(all)-1].end.Sub(comment.end),
	}
}

// What [TestMemory] does.
const (
	memoryOrgs  = 25
	memoryPulls = 1000
	memoryStep  = 100
)

// TestMemory opens 1,000 pull requests, a few at a time, and notes how large the
// process and its render workers are on the way.
func TestMemory(t *testing.T) {
	measured(t)
	b := newBox(t, "", 1)
	var repos []string
	for i := range memoryOrgs {
		repos = append(repos, b.addOrg(fmt.Sprint("org", i), "shop", shop()))
	}
	r := b.replicas[0]
	r.start()
	b.traffic.watching.Store(true)
	var sizes, workers []float64
	for n := range memoryPulls {
		if n >= 8 {
			b.untilChecked("")
		}
		b.openShop(repos[n%memoryOrgs], n)
		if (n+1)%memoryStep == 0 {
			sizes, workers = append(sizes, r.resident()), append(workers, r.residentWorkers())
		}
	}
	for range 8 {
		b.untilChecked("")
	}
	t.Logf("resident MB after each %d pull requests: %.0f; of its workers: %.0f", memoryStep, sizes, workers)
	last, middle := len(sizes)-1, len(sizes)/2
	t.Logf("\n| resident size after %d, %d and %d pull requests | %.0f, %.0f, %.0f MB |", memoryStep, (middle+1)*memoryStep, memoryPulls, sizes[0], sizes[middle], sizes[last])
	r.stop()
}

func (b *box) openShop(repo string, n int) {
	b.t.Helper()
	dev, branch := b.hub.User(developer), fmt.Sprint("change", n)
	overlay := fmt.Sprintf("resources: [../../base]\nnamePrefix: p%d-\n", n)
	_, err := dev.Push(b.t.Context(), repo, branch, branch, map[string]string{"app/overlays/prod/kustomization.yaml": overlay})
	if err == nil {
		_, err = dev.OpenPull(b.t.Context(), repo, hub.NewPull{Title: branch, Head: branch})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// residentWorkers returns the resident size of the render workers together.
func (r *replica) residentWorkers() float64 {
	total := 0.0
	for _, pid := range childrenOf(r.cmd.Process.Pid) {
		total += resident(pid)
	}
	return total
}
