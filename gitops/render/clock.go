package render

import (
	"sync"
	"time"
)

// clock calls a function when a worker has had its time. It stands still while
// the parent fetches something for the worker.
type clock struct {
	mu    sync.Mutex
	left  time.Duration
	since time.Time // zero while it stands still
	timer *time.Timer
	spent bool
}

func newClock(limit time.Duration, end func()) *clock {
	c := &clock{left: limit, since: time.Now()}
	c.timer = time.AfterFunc(limit, func() {
		c.mu.Lock()
		c.spent = !c.since.IsZero()
		spent := c.spent
		c.mu.Unlock()
		if spent {
			end()
		}
	})
	return c
}

func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.since.IsZero() && !c.spent {
		c.timer.Stop()
		c.left -= time.Since(c.since)
		c.since = time.Time{}
	}
}

func (c *clock) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() && !c.spent {
		c.since = time.Now()
		c.timer.Reset(c.left)
	}
}

func (c *clock) expired() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spent
}
