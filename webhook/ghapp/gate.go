package ghapp

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// How long to wait when GitHub does not say: a minute, twice as long each time,
// up to a quarter of an hour. No wait is longer than the hour in which every limit
// is new.
const (
	firstWait   = time.Minute
	longestWait = 15 * time.Minute
	anyWait     = time.Hour
)

// gate is shut while GitHub wants us to wait.
type gate struct {
	mu      sync.Mutex
	until   time.Time // by our clock
	strikes int       // silent refusals in a row
	onWrite bool      // the last of them was a write
}

// check returns an error of code limited while the gate is shut.
func (g *gate) check(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.until) {
		return waitUntil(g.until, "GitHub asked to wait")
	}
	return nil
}

func waitUntil(t time.Time, why string) *gitops.Error {
	return &gitops.Error{Code: gitops.Limited, Message: why, RetryAt: t}
}

// limited shuts the gate: for as long as retry-after says; else until x-ratelimit-reset
// when nothing remains; else for a growing time. Refusals that come while it is shut
// were on their way already and change nothing, unless they name a time. The error has
// the time until which the gate is shut, whoever shut it.
func (g *gate) limited(now, githubNow time.Time, h http.Header, write bool) *gitops.Error {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait, told := told(h, githubNow)
	shut := now.Before(g.until)
	if !told && !shut {
		wait = min(firstWait<<min(g.strikes, 10), longestWait)
		g.strikes++
		g.onWrite = write
	}
	if until := now.Add(min(max(wait, 0), anyWait)); until.After(g.until) {
		g.until = until
	}
	return waitUntil(g.until, "")
}

// told returns how long the headers say to wait.
func told(h http.Header, githubNow time.Time) (time.Duration, bool) {
	if s := h.Get("Retry-After"); s != "" {
		if n, err := strconv.ParseInt(s, 10, 32); err == nil {
			return max(time.Duration(n)*time.Second, time.Second), true
		}
		if t, err := http.ParseTime(s); err == nil {
			return max(t.Sub(githubNow), time.Second), true
		}
	}
	if h.Get("X-Ratelimit-Remaining") == "0" {
		if n, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
			return max(time.Unix(n, 0).Sub(githubNow), time.Second), true
		}
	}
	return 0, false
}

// passed tells that a call went through. A read says nothing about the limits on
// writes.
func (g *gate) passed(write bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if write || !g.onWrite {
		g.strikes = 0
	}
}
