package render

import (
	"context"
	"slices"
	"sync"
	"syscall"
	"time"
)

// pool is the worker processes that a Renderer and all made from it by
// [Renderer.For] share.
type pool struct {
	opts  Options
	limit budget        // of one render
	slots chan struct{} // one per render that runs, opts.Workers at the most

	// freed has something when a worker became idle, or one that was on its way
	// did not start.
	freed chan struct{}

	mu       sync.Mutex
	idle     []*process // the one idle longest first
	busy     int        // workers that render
	starting int        // workers that nobody waits for yet
	closed   bool
	starts   sync.WaitGroup  // those of starting; Close waits for them
	stats    Stats           // guarded by mu
	walls    string          // of the worker that started last
	baseCtx  context.Context // of starts that no render waits for; ends with Close
	cancel   context.CancelFunc
}

// Stats counts what a Renderer did.
type Stats struct {
	// Renders is how many renders workers did, Hits how many the cache answered.
	Renders, Hits int
	// Workers is how many processes were started, Broken how many of them died
	// or were killed over a render.
	Workers, Broken int
	// WorkerRSS is the largest resident set of any worker that has ended, in KiB.
	WorkerRSS int64
}

// startTime is about how long a worker takes to warm up. It is only how long acquire
// waits for a busy one instead; nothing breaks when it is wrong.
const startTime = 60 * time.Millisecond

// Prestart starts workers in the background, ahead of need, until n are ready for r or
// on their way. A start that fails is not reported: the render that needs the worker
// tries again and says why.
func (r *Renderer) Prestart(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	for range min(n, r.opts.Workers) - r.starting - r.usable(r.tenant) {
		r.starting++
		r.starts.Go(func() {
			p, err := r.spawn(r.baseCtx, false)
			r.mu.Lock()
			r.starting--
			r.busy++ // release counts it back
			r.mu.Unlock()
			r.release(p, err != nil)
		})
	}
}

// usable returns how many idle workers may render for a tenant.
func (r *pool) usable(tenant string) int {
	n := 0
	for _, p := range r.idle {
		if p.tenant == nil || *p.tenant == tenant {
			n++
		}
	}
	return n
}

// Stats returns the counts so far. WorkerRSS covers all workers after Close.
func (r *pool) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// Walls names what encloses a worker on this machine, such as
// "landlock,rlimits,seccomp"; "" before the first worker started.
func (r *pool) Walls() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.walls
}

// acquire returns a worker that has not rendered for anybody else. Most renders are
// done sooner than a worker starts, so one that is busy or on its way is waited for
// that long. A cold one is always new. The caller holds a slot, so busy workers are
// never more than slots, and gives the worker back with release whatever happened.
func (r *pool) acquire(ctx context.Context, tenant string, cold bool) (*process, error) {
	if !cold {
		late := time.After(startTime)
		for waiting := true; waiting; {
			p, more := r.take(tenant)
			if p != nil {
				return p, nil
			}
			if !more {
				break
			}
			select {
			case <-r.freed:
			case <-late:
				waiting = false
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	p, err := r.spawn(ctx, cold)
	if err != nil {
		return nil, err
	}
	p.tenant = &tenant
	r.mu.Lock()
	r.busy++
	r.mu.Unlock()
	return p, nil
}

// take returns an idle worker of the tenant, else one that is new, else nil, and
// whether more may become idle soon.
func (r *pool) take(tenant string) (p *process, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := -1
	for i, p := range r.idle {
		if p.tenant != nil && *p.tenant == tenant {
			found = i
			break
		}
		if p.tenant == nil {
			found = i
		}
	}
	if found < 0 {
		return nil, r.busy+r.starting > 0
	}
	p = r.idle[found]
	r.idle = slices.Delete(r.idle, found, found+1)
	p.tenant = &tenant
	r.busy++
	return p, false
}

// spawn starts a worker and counts it. It belongs to no tenant yet.
func (r *pool) spawn(ctx context.Context, cold bool) (*process, error) {
	p, err := start(ctx, r.opts.Program, cold)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.stats.Workers++
	r.walls = p.walls
	r.mu.Unlock()
	return p, nil
}

// release puts a worker back, or ends it when it cannot be used again; p is nil
// when it did not start. Of more idle workers than can run at once, the one idle
// longest goes.
func (r *pool) release(p *process, spent bool) {
	r.mu.Lock()
	r.busy--
	if !spent && !r.closed && p.jobs < maxJobs && !p.tired() {
		r.idle = append(r.idle, p)
		p = nil
		if len(r.idle) > r.opts.Workers {
			p = r.idle[0]
			r.idle = slices.Delete(r.idle, 0, 1)
		}
	}
	r.mu.Unlock()
	select {
	case r.freed <- struct{}{}:
	default:
	}
	if p != nil {
		r.retire(p)
	}
}

// retire ends a worker that is in no list any more, and notes how large it was.
func (r *pool) retire(p *process) {
	p.kill()
	rss := int64(0)
	if usage, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = usage.Maxrss
	}
	r.mu.Lock()
	r.stats.WorkerRSS = max(r.stats.WorkerRSS, rss)
	r.mu.Unlock()
}
