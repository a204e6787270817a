package render

import (
	"sync"
	"time"
)

// clock calls a function when a worker has had its time. It stands still while
// the parent fetches something for the worker.
type clock struct {
	mu    sync.Mutex
	left  time.Duration // at since, or now while it stands still; below 0 when it is late
	since time.Time     // zero while it stands still
	timer *time.Timer
	spent bool // the function is called, or about to be; the clock cannot start again
}

// newClock returns a clock that runs. The function is called once at the most, in a
// goroutine of its own. A timer that goes off while stop is being called loses: the
// time counts as not yet over, and start, with nothing left, sets it off again.
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

// stop lets it stand still; of a clock that does, it is nothing. A render calls it at
// its end too, whatever the state.
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

// expired tells a worker that was killed for its time from one that died by itself.
func (c *clock) expired() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spent
}
