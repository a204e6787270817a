package render

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Options of a [Renderer].
type Options struct {
	// Workers is how many renders run at once; 0 is the number of processors.
	Workers int
	// Timeout bounds the processor time of one render; 0 is [DefaultTimeout], and more
	// than 7 minutes may end it sooner. How long the machine takes for that does
	// not count, but for a bound of ten times as much and two minutes at the least,
	// in which time that is spent to fetch a remote base does not count. Where the
	// processor time of a worker is not known, this is the bound on time.
	Timeout time.Duration
	// Cache keeps renders between runs; nil keeps none.
	Cache *Cache
	// Remote resolves remote bases; nil allows none.
	Remote Remote
	// Program is the executable that runs as worker, this one by default. Its
	// main function must call [WorkerMain] when [IsWorker] says so.
	Program string
	// Log receives a line for each worker that broke; nil discards.
	Log *slog.Logger
}

// Renderer renders paths of trees in worker processes. It is safe for
// concurrent use.
type Renderer struct {
	*pool
	tenant string // whose workers it takes; "" is a tenant like any other
	cache  *Cache // nil keeps nothing
	remote Remote // nil allows none
}

// New returns a Renderer. It starts no process yet.
func New(opts Options) (*Renderer, error) {
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Program == "" {
		program, err := os.Executable()
		if err != nil {
			return nil, unavailable(err)
		}
		opts.Program = program
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &pool{opts: opts, limit: budgetOf(opts.Timeout), slots: make(chan struct{}, opts.Workers), freed: make(chan struct{}, opts.Workers), baseCtx: ctx, cancel: cancel}
	return &Renderer{pool: p, cache: opts.Cache, remote: opts.Remote}, nil
}

// For returns a Renderer for one repository that shares the workers of r and
// has its own cache and remotes. A worker that has rendered for one tenant never
// renders for another. Close r, not what For returns; flush the cache with
// [Cache.Flush].
func (r *Renderer) For(tenant string, cache *Cache, remote Remote) *Renderer {
	return &Renderer{pool: r.pool, tenant: tenant, cache: cache, remote: remote}
}

// Close ends all workers and writes the cache's index. Renders that still run
// fail.
func (r *Renderer) Close() error {
	r.cancel()
	r.mu.Lock()
	r.closed = true
	idle := r.idle
	r.idle = nil
	r.mu.Unlock()
	r.starts.Wait()
	for _, p := range idle {
		r.retire(p)
	}
	if r.cache != nil {
		return r.cache.Flush()
	}
	return nil
}

// Render renders path, a directory of t, as `kustomize build` does, or as t says
// ([gitops.Builder]). It is [Renderer.Build] with nothing added.
func (r *Renderer) Render(ctx context.Context, t gitops.Tree, path string) (gitops.Rendered, error) {
	return r.Build(ctx, Source{Tree: t, Path: path})
}

// Build renders a source. What the source is to blame for is in Rendered.Err; the error
// is a tree that cannot be read, a worker that does not start, or a context that ended.
func (r *Renderer) Build(ctx context.Context, s Source) (gitops.Rendered, error) {
	s = s.resolved()
	done, ok := r.cached(ctx, s)
	if !ok {
		var err error
		if done, err = r.fresh(ctx, s); err != nil {
			return done, err
		}
	}
	return done, nil
}

// Remotes reports whether bases outside of the repository may be fetched.
func (r *Renderer) Remotes() bool { return r.remote != nil }

// cached returns the render of a source from the cache. A hit is as good as a render: it
// was one, with the same answers.
func (r *Renderer) cached(ctx context.Context, s Source) (gitops.Rendered, bool) {
	if r.cache == nil {
		return gitops.Rendered{}, false
	}
	hit, ok := r.cache.get(ctx, s, r.remote)
	if ok {
		r.mu.Lock()
		r.stats.Hits++
		r.mu.Unlock()
	}
	return hit, ok
}

// fresh renders a source in a worker and remembers the result. A render that
// changes kustomize's schema gives what the command gives only in a process that has
// done nothing before, not even warmed up. What another one gave is thrown away, its
// reads too, and the source is rendered once more in such a process.
func (r *Renderer) fresh(ctx context.Context, src Source) (gitops.Rendered, error) {
	s := &server{tree: src.Tree, remote: r.remote, reads: map[string]gitops.Read{}}
	out, err := r.run(ctx, s, src, false)
	if err == nil && out.poisoned {
		s = &server{tree: src.Tree, remote: r.remote, reads: map[string]gitops.Read{}}
		out, err = r.run(ctx, s, src, true)
	}
	if err != nil {
		return gitops.Rendered{}, err
	}
	done := gitops.Rendered{Path: src.Path, Objects: out.objects, Doubts: out.doubts, Reads: s.sortedReads()}
	if out.failure != nil {
		done.Err = out.failure.error()
	}
	if r.cache != nil {
		r.cache.put(src, &done)
	}
	return done, nil
}

// run does one job in a worker: an idle one, or a new cold one. It waits for a slot, so
// that there are never more renders at once than workers, whichever Renderer of the
// pool they are for. The log line has the overlay's path and our own words about the
// cause, nothing that a manifest says.
func (r *Renderer) run(ctx context.Context, s *server, src Source, cold bool) (outcome, error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	}
	defer func() { <-r.slots }()
	p, err := r.acquire(ctx, r.tenant, cold)
	if err != nil {
		return outcome{}, err
	}
	out, err := p.do(ctx, s, src, r.limit)
	r.mu.Lock()
	r.stats.Renders++
	if out.broken {
		r.stats.Broken++
	}
	r.mu.Unlock()
	if out.failure != nil && out.broken {
		r.opts.Log.Warn("render worker broke", "overlay", src.Path, "cause", out.failure.message)
	}
	r.release(p, err != nil || out.broken || out.poisoned || cold)
	if cold {
		out.poisoned = false // a cold process is what the schema was loaded for
	}
	return out, err
}

// manySources is how many sources for each worker make it worth to start all of them
// at once.
const manySources = 20

// parallel calls f for each of n, from 0, in as many goroutines as there are workers,
// until one fails. The error is the first one, or the end of ctx. No f runs any more when
// this returns.
func (r *Renderer) parallel(ctx context.Context, n int, f func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if n > manySources*r.opts.Workers {
		r.Prestart(r.opts.Workers)
	}
	work := make(chan int)
	var wg sync.WaitGroup
	for range min(r.opts.Workers, n) {
		wg.Go(func() {
			for i := range work {
				if err := f(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case work <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}
