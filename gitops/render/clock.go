package render

import (
	"fmt"
	"sync"
	"time"
)

// budget is what one render may take. The processor time of the worker is what counts:
// how long that takes depends on what else the machine does. Where it is not known, the
// time on the wall has to do, and has the same limit.
type budget struct {
	cpu time.Duration
	// wall ends a worker that waits for something that does not come.
	wall time.Duration
}

// budgetOf returns the budget of renders that may take as much processor time.
func budgetOf(cpu time.Duration) budget {
	const atLeast, times = 2 * time.Minute, 10
	return budget{cpu: cpu, wall: max(times*cpu, atLeast)}
}

// clock calls a function when a worker has used its budget. Time on the wall does not
// count while the parent fetches something for the worker; the worker that waits uses
// no processor.
type clock struct {
	hands
	budget budget
	end    func()

	mu    sync.Mutex
	first time.Duration // what the worker had used before
	known bool          // its processor time can be read
	wall  time.Duration // that has passed, without what passes since
	since time.Time     // zero while it stands still
	timer timer
	spent string // what there was too much of, "" while there was not; it cannot start again
}

// hands is what a clock reads and is woken by; tests have their own.
type hands struct {
	now   func() time.Time
	after func(time.Duration, func()) timer
	// cpu is the processor time that the worker has used in its life; false where that
	// is not known.
	cpu func() (time.Duration, bool)
}

// timer is a [time.Timer].
type timer interface {
	Stop() bool
	Reset(time.Duration) bool
}

// handsOf are the hands of a clock for a process.
func handsOf(pid int) hands {
	return hands{
		now:   time.Now,
		after: func(d time.Duration, f func()) timer { return time.AfterFunc(d, f) },
		cpu:   func() (time.Duration, bool) { return processTime(pid) },
	}
}

// newClock returns a clock that runs. The function is called once at the most, in a
// goroutine of its own.
func newClock(b budget, h hands, end func()) *clock {
	c := &clock{hands: h, budget: b, end: end, since: h.now()}
	c.first, c.known = h.cpu()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = c.after(min(b.cpu, b.wall), c.look)
	return c
}

// tick is the least time between two looks at a worker. One that runs on several
// processors may need less for the rest of its budget, and gets that much more.
const tick = 10 * time.Millisecond

// left is how long the worker cannot have used its budget yet, 0 when it has, and then
// spent says what. The caller holds the lock, and the clock runs.
func (c *clock) left() time.Duration {
	wall := c.wall + c.now().Sub(c.since)
	used, known := c.cpu()
	if used -= c.first; !known || !c.known {
		used = wall
	}
	left := min(c.budget.cpu-used, c.budget.wall-wall)
	switch {
	case left > 0:
		return max(left, tick)
	case used < c.budget.cpu:
		c.spent = fmt.Sprintf("render took longer than %v", c.budget.wall)
	case known && c.known:
		c.spent = fmt.Sprintf("render took more than %v of processor time", c.budget.cpu)
	default:
		c.spent = fmt.Sprintf("render took longer than %v", c.budget.cpu)
	}
	return 0
}

// look is called when the budget may be used. A timer that goes off while stop is being
// called loses: start looks again.
func (c *clock) look() {
	c.mu.Lock()
	if c.spent != "" || c.since.IsZero() {
		c.mu.Unlock()
		return
	}
	if left := c.left(); left > 0 {
		c.timer.Reset(left)
	}
	spent := c.spent != ""
	c.mu.Unlock()
	if spent {
		c.end()
	}
}

// stop lets it stand still; of a clock that does, it is nothing. A render calls it at
// its end too, whatever the state.
func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.since.IsZero() && c.spent == "" {
		c.timer.Stop()
		c.wall += c.now().Sub(c.since)
		c.since = time.Time{}
	}
}

// start lets a clock go on that stands still. What was left is looked at first, so that
// one that was stopped at its very end ends.
func (c *clock) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() && c.spent == "" {
		c.since = c.now()
		c.timer.Reset(0)
	}
}

// expired says what there was too much of, "" when there was not: it tells a worker that
// was killed for its time from one that died by itself.
func (c *clock) expired() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spent
}
