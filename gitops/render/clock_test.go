package render

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// stage is a machine that a test moves on: its wall clock, the processor time of a
// worker, and the timer that wakes the clock under test.
type stage struct {
	wall, cpu time.Duration
	unknown   bool // the processor time cannot be read
	due       time.Duration
	set       bool
	wake      func()
	looks     int
	ended     int
}

func (s *stage) hands() hands {
	return hands{
		now: func() time.Time { return time.Time{}.Add(time.Hour + s.wall) },
		after: func(d time.Duration, f func()) timer {
			s.due, s.set, s.wake = s.wall+d, true, f
			return s
		},
		cpu: func() (time.Duration, bool) { return s.cpu, !s.unknown },
	}
}

// Stop implements timer.
func (s *stage) Stop() bool { s.set = false; return true }

// Reset implements timer.
func (s *stage) Reset(d time.Duration) bool { s.due, s.set = s.wall+d, true; return true }

// pass lets time go by, of which the worker gets a share of the processor, and wakes
// the clock whenever it is due.
func (s *stage) pass(d time.Duration, share float64) {
	for d > 0 {
		step := d
		if s.set && s.due > s.wall {
			step = min(step, s.due-s.wall)
		}
		s.wall += step
		s.cpu += time.Duration(share * float64(step))
		d -= step
		for s.set && s.due <= s.wall {
			s.set = false
			s.looks++
			s.wake()
		}
	}
}

func (s *stage) clock(b budget) *clock { return newClock(b, s.hands(), func() { s.ended++ }) }

// TestClockBusyMachine gives a worker a twentieth of a processor: it has the time on the
// wall that it needs, and ends when its processor time does.
func TestClockBusyMachine(t *testing.T) {
	s := &stage{cpu: time.Hour} // of earlier renders
	c := s.clock(budgetOf(12 * time.Second))
	s.pass(100*time.Second, 0.05)
	if c.expired() != "" || s.ended != 0 {
		t.Fatalf("ended after %v of processor time: %s", s.cpu-time.Hour, c.expired())
	}
	s.pass(10*time.Second, 1)
	if c.expired() != "render took more than 12s of processor time" || s.ended != 1 {
		t.Errorf("%q, ended %d times after %v", c.expired(), s.ended, s.cpu-time.Hour)
	}
	if s.looks > 100 {
		t.Errorf("it looked %d times", s.looks)
	}
}

// TestClockHangs ends a worker that uses no processor, and never one that waits for a
// fetch.
func TestClockHangs(t *testing.T) {
	s := &stage{}
	c := s.clock(budgetOf(12 * time.Second))
	s.pass(time.Minute, 0)
	c.stop()
	s.pass(time.Hour, 0)
	c.start()
	s.pass(59*time.Second, 0)
	if c.expired() != "" {
		t.Fatalf("after 119 s: %s", c.expired())
	}
	s.pass(2*time.Second, 0)
	if c.expired() != "render took longer than 2m0s" || s.ended != 1 {
		t.Errorf("%q, ended %d times", c.expired(), s.ended)
	}
	if b := budgetOf(time.Minute); b.wall != 10*time.Minute {
		t.Errorf("%v", b)
	}
}

// TestClockBlind has the time on the wall only.
func TestClockBlind(t *testing.T) {
	s := &stage{unknown: true}
	c := s.clock(budgetOf(12 * time.Second))
	s.pass(11*time.Second, 1)
	c.stop()
	s.pass(time.Hour, 0)
	c.start()
	if s.pass(500*time.Millisecond, 1); c.expired() != "" {
		t.Fatal(c.expired())
	}
	if s.pass(time.Second, 1); c.expired() != "render took longer than 12s" || s.ended != 1 {
		t.Errorf("%q, ended %d times", c.expired(), s.ended)
	}
}

// TestClockRandom lets workers run, wait and fetch at random, sometimes on two
// processors. One is ended if and only if it has used its budget: at once on one
// processor, and on two before it has used twice as much.
func TestClockRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	b := budget{cpu: 10 * time.Second, wall: time.Minute}
	why := map[string]int{}
	for range 2000 {
		s := &stage{cpu: time.Duration(rnd.IntN(100)) * time.Second}
		first, ran, running := s.cpu, time.Duration(0), true
		processors := 1 + rnd.IntN(2)
		c := s.clock(b)
		for range 40 {
			d := time.Duration(rnd.IntN(6000)) * time.Millisecond
			if running {
				s.pass(d, float64(processors)*rnd.Float64()*float64(rnd.IntN(2)))
				ran += d
			} else {
				s.pass(d, 0)
			}
			used := s.cpu - first
			switch over := used >= time.Duration(processors)*(b.cpu+tick) || ran >= b.wall+tick; {
			case c.expired() == "" && over && running:
				t.Fatalf("goes on after %v, %v of processor time", ran, used)
			case c.expired() != "" && used < b.cpu && ran < b.wall:
				t.Fatalf("%s after %v, %v of processor time", c.expired(), ran, used)
			case c.expired() != "" && s.ended != 1:
				t.Fatalf("ended %d times", s.ended)
			}
			if rnd.IntN(3) == 0 && running {
				c.stop()
				running = false
			} else if !running {
				c.start()
				running = true
			}
		}
		why[c.expired()]++
		c.stop()
	}
	if len(why) < 3 {
		t.Errorf("%v: not every end came", why)
	}
}

// TestProcessTime reads the processor time of this process, which only grows.
func TestProcessTime(t *testing.T) {
	before, ok := processTime(os.Getpid())
	if !ok {
		t.Skip("the processor time of a process is not known here")
	}
	for s := strings.Repeat("x", 1000); ; s = strings.ToUpper(strings.ToLower(s)) {
		after, ok := processTime(os.Getpid())
		if !ok || after < before {
			t.Fatalf("%v, then %v %t", before, after, ok)
		}
		if after > before+time.Millisecond {
			return
		}
	}
}
