package ghapp_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub"
)

const mint = "POST /app/installations/{id}/access_tokens"

// TestTokens asks for one token for one set of permissions, and for a new one exactly
// when it was refused.
func TestTokens(t *testing.T) {
	w := newWorld(t, hub.Options{})
	n := w.pull("one")
	w.ResetCalls()
	for range 3 {
		r := w.open(ghapp.RenderPermissions())
		_, err := r.Pull(t.Context(), n)
		must(t, err)
	}
	if got := w.Calls()[mint]; got != 1 { // Find has one already
		t.Errorf("%d tokens for one set of permissions", got)
	}
	_, err := w.open(ghapp.Permissions{"contents": "read"}).CreateComment(t.Context(), n, "x")
	wantError(t, err, gitops.Denied, "issues=write")
	w.ExpireTokens()
	w.ResetCalls()
	_, err = w.repo.CreateComment(t.Context(), n, "sent again with its body")
	must(t, err)
	if got := w.Calls()[mint]; got != 1 {
		t.Errorf("%d tokens after one was refused", got)
	}
	one, err := w.repo.GitToken(t.Context(), "")
	must(t, err)
	same, err := w.repo.GitToken(t.Context(), "")
	must(t, err)
	other, err := w.repo.GitToken(t.Context(), one)
	must(t, err)
	if one != same || one == other {
		t.Error("a token is asked for anew exactly when it was refused")
	}
}

// TestTokensAtOnce asks for one new token when several calls hear that theirs is
// refused.
func TestTokensAtOnce(t *testing.T) {
	w := newWorld(t, hub.Options{})
	n := w.pull("one")
	w.ExpireTokens()
	w.ResetCalls()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.repo.Pull(t.Context(), n); err != nil {
				t.Error(err)
			}
			if _, err := w.open(ghapp.RenderPermissions()).CreateComment(t.Context(), n, "x"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := w.Calls()[mint]; got > 3 { // three sets of permissions
		t.Errorf("%d tokens", got)
	}
}

// The installation goes away under a job.
func TestInstallationEnds(t *testing.T) {
	w := newWorld(t, hub.Options{})
	n := w.pull("one")
	must(t, w.app.Suspend(w.inst))
	_, err := w.repo.Pull(t.Context(), n)
	wantError(t, err, gitops.Denied, "suspended")
	must(t, w.app.Unsuspend(w.inst))
	_, err = w.repo.Pull(t.Context(), n)
	must(t, err)
	must(t, w.app.SetPermissions(w.inst, map[string]string{"contents": "read"}))
	w.ExpireTokens()
	_, err = w.repo.Pull(t.Context(), n)
	wantError(t, err, gitops.Denied, "not granted", "issues=write")
	must(t, w.app.Uninstall(w.inst))
	_, err = w.repo.Pull(t.Context(), n)
	wantError(t, err, gitops.NotFound, "access_tokens")
	_, err = w.gh.Find(t.Context(), "acme", "gitops")
	wantError(t, err, gitops.NotFound)
}

// TestRepositoryIsGone says not found for a repository that was deleted.
func TestRepositoryIsGone(t *testing.T) {
	w := newWorld(t, hub.Options{})
	n := w.pull("one")
	must(t, w.User("admin").DeleteRepo(t.Context(), repository))
	_, err := w.repo.Pull(t.Context(), n)
	wantError(t, err, gitops.NotFound)
	_, err = w.repo.CreateComment(t.Context(), n, "x")
	wantError(t, err, gitops.NotFound)
}

// Our clock is wrong by minutes or hours, either way.
func TestClockSkew(t *testing.T) {
	for _, skew := range []time.Duration{-3 * time.Hour, -5 * time.Minute, 5 * time.Minute, 3 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			w := newWorld(t, hub.Options{}, func(c *ghapp.Config) { c.Now = func() time.Time { return time.Now().Add(skew) } })
			n := w.pull("one")
			w.ResetCalls()
			for range 3 {
				_, err := w.repo.Pull(t.Context(), n)
				must(t, err)
			}
			if got := w.Calls()[mint]; got > 1 {
				t.Errorf("%d tokens for three calls", got)
			}
		})
	}
}

// TestConditional asks again with the ETag, and takes 304 for what it knew.
func TestConditional(t *testing.T) {
	w := newWorld(t, hub.Options{})
	n := w.pull("one")
	for range 3 {
		p, err := w.repo.Pull(t.Context(), n)
		if err != nil || p.Number != n {
			t.Fatalf("Pull = %+v, %v", p, err)
		}
	}
	w.meter.mu.Lock()
	left := w.meter.left[w.inst]
	got := w.meter.calls["GET /repos/*/*/pulls/*"]
	w.meter.mu.Unlock()
	// The hub finds out about mergeability after the first answer.
	if len(got) != 3 || got[0] != http.StatusOK || got[2] != http.StatusNotModified {
		t.Errorf("statuses %v", got)
	}
	_, err := w.repo.Pull(t.Context(), n)
	must(t, err)
	w.meter.mu.Lock()
	defer w.meter.mu.Unlock()
	if w.meter.left[w.inst] != left {
		t.Errorf("%d calls left after a free one, %d before", w.meter.left[w.inst], left)
	}
}

// The hub's own limits, which are GitHub's.
func TestPacing(t *testing.T) {
	now := time.Now()
	w := newWorld(t, hub.Options{Limits: hub.Limits{Hourly: 5000, Concurrent: 100, Content: 80, ContentHourly: 500}}, func(c *ghapp.Config) { c.Now = func() time.Time { return now } })
	n := w.pull("one")
	for i := range 80 {
		if _, err := w.repo.CreateComment(t.Context(), n, "x"); err != nil {
			t.Fatalf("comment %d: %v", i, err)
		}
	}
	w.ResetCalls()
	_, err := w.repo.CreateComment(t.Context(), n, "x")
	e := wantError(t, err, gitops.Limited, "paced")
	if wait := e.RetryAt.Sub(now); wait != 61*time.Second {
		t.Errorf("wait %v", wait)
	}
	if w.RESTCalls() != 0 {
		t.Error("GitHub was asked beyond its limit")
	}
	_, err = w.repo.Pull(t.Context(), n) // reading goes on
	must(t, err)
}

// TestHubLimits meets the limits of a hub in each of their forms.
func TestHubLimits(t *testing.T) {
	for name, l := range map[string]hub.Limits{
		"told":   {Content: 2},
		"silent": {Content: 2, Silent: true},
		"429":    {Content: 2, Silent: true, Status: http.StatusTooManyRequests},
		"hourly": {Hourly: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, hub.Options{})
			n := w.pull("one")
			w.SetLimits(l)
			var err error
			for range 4 {
				if _, err = w.repo.CreateComment(t.Context(), n, "x"); err != nil {
					break
				}
			}
			e := wantError(t, err, gitops.Limited)
			if wait := time.Until(e.RetryAt); wait < 55*time.Second || wait > time.Hour {
				t.Errorf("wait %v", wait)
			}
		})
	}
}
