package ghapp

import (
	"context"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// GitHub's limits on creating content, and the longest that a call waits for its
// turn by itself; beyond that the job is better put off.
const (
	contentMinute = 80
	contentHour   = 500
	patience      = 15 * time.Second
)

// pace keeps the writes of one installation in a row and within the limits. The
// windows slide, as GitHub's do.
type pace struct {
	turn chan struct{} // holds one value while nobody writes
	mu   sync.Mutex
	sent []time.Time // of content, within the last hour
}

// newPace returns a pace at which nothing was sent yet.
func newPace() pace {
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	return pace{turn: turn}
}

// wait waits for the turn of a call and returns what ends it. It fails with code
// limited when that takes too long.
func (p *pace) wait(ctx context.Context, now func() time.Time, write, content bool) (done func(), err error) {
	if !write {
		return func() {}, nil
	}
	select {
	case <-p.turn:
	case <-ctx.Done():
		return nil, cancelled(ctx)
	}
	done = func() { p.turn <- struct{}{} }
	if content {
		err = p.space(ctx, now)
	}
	if err != nil {
		done()
		return nil, err
	}
	return done, nil
}

// space waits until one more may be created, and counts it.
func (p *pace) space(ctx context.Context, now func() time.Time) error {
	if delay := p.delay(now()); delay > patience {
		return waitUntil(now().Add(delay), "writes to GitHub are paced")
	} else if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return cancelled(ctx)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, now())
	return nil
}

// margin is how much longer than GitHub's our windows are: a call is counted
// here when it leaves and there when it arrives.
const margin = time.Second

// delay returns how long to wait before one more is created. Both windows count.
func (p *pace) delay(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	hour, minute := time.Hour+margin, time.Minute+margin
	for len(p.sent) > 0 && !p.sent[0].After(now.Add(-hour)) {
		p.sent = p.sent[1:]
	}
	var wait time.Duration
	if n := len(p.sent); n >= contentHour {
		wait = p.sent[n-contentHour].Add(hour).Sub(now)
	}
	if n := len(p.sent); n >= contentMinute {
		wait = max(wait, p.sent[n-contentMinute].Add(minute).Sub(now))
	}
	return wait
}

// cancelled makes the error for a context that ended.
func cancelled(ctx context.Context) error {
	err := context.Cause(ctx)
	return &gitops.Error{Code: gitops.Unavailable, Message: "GitHub not asked: " + redact(err.Error()), Err: err}
}
