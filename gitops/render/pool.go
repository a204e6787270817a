package render

import (
	"context"
	"slices"
	"sync"
	"syscall"
)

// pool is the worker processes that a Renderer and all made from it by
// [Renderer.For] share.
type pool struct {
	opts  Options
	slots chan struct{} // one per render that runs

	mu      sync.Mutex
	idle    []*process
	closed  bool
	starts  sync.WaitGroup
	stats   Stats
	walls   string
	baseCtx context.Context
	cancel  context.CancelFunc
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

// Prestart starts up to n workers in the background, ahead of need: a worker
// takes about 60 ms to warm up.
func (r *pool) Prestart(n int) {
	for range min(n, r.opts.Workers) {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return
		}
		r.starts.Add(1)
		r.mu.Unlock()
		go func() {
			defer r.starts.Done()
			if p, err := r.spawn(r.baseCtx, false); err == nil {
				r.release(p, false)
			}
		}()
	}
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

// acquire returns a worker that has not rendered for anybody else.
func (r *pool) acquire(ctx context.Context, tenant string, cold bool) (*process, error) {
	if !cold {
		if p := r.take(tenant); p != nil {
			p.tenant = &tenant
			return p, nil
		}
	}
	p, err := r.spawn(ctx, cold)
	if err == nil {
		p.tenant = &tenant
	}
	return p, err
}

// take returns an idle worker of the tenant, else one that is new, else nil.
func (r *pool) take(tenant string) *process {
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
		return nil
	}
	p := r.idle[found]
	r.idle = slices.Delete(r.idle, found, found+1)
	return p
}

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

// release puts a worker back, or ends it when it cannot be used again. Of more
// idle workers than can run at once, the one idle longest goes.
func (r *pool) release(p *process, spent bool) {
	r.mu.Lock()
	if !spent && !r.closed && p.jobs < maxJobs {
		r.idle = append(r.idle, p)
		p = nil
		if len(r.idle) > r.opts.Workers {
			p = r.idle[0]
			r.idle = slices.Delete(r.idle, 0, 1)
		}
	}
	r.mu.Unlock()
	if p != nil {
		r.retire(p)
	}
}

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
