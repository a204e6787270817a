package main

import (
	"fmt"
	"sync"
	"time"
)

// progress shows how far a run is, on a terminal and only when it takes longer
// than a second.
type progress struct {
	mu          sync.Mutex
	done, total int           // overlays
	end         chan struct{} // closed by stop
	ended       sync.WaitGroup
}

func (b *bot) progress(what string) *progress {
	p := &progress{end: make(chan struct{})}
	if !b.errTerminal {
		return p
	}
	p.ended.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		start, shown := time.Now(), false
		for {
			select {
			case <-p.end:
				if shown {
					fmt.Fprint(b.stderr, "\r\x1b[K")
				}
				return
			case now := <-tick.C:
				p.mu.Lock()
				done, total := p.done, p.total
				p.mu.Unlock()
				if now.Sub(start) > time.Second && total > 0 {
					shown = true
					fmt.Fprintf(b.stderr, "\r%s %d of %d overlays\x1b[K", what, done, total)
				}
			}
		}
	})
	return p
}

func (p *progress) step(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total = max(p.done, done), total
}

// stop takes the line away and waits until it is gone. It is called once.
func (p *progress) stop() {
	close(p.end)
	p.ended.Wait()
}
