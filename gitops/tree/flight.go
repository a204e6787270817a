package tree

import (
	"context"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// flights does each thing once, however many ask for it, and remembers how it
// ended. A thing that nobody waits for any more is cancelled and forgotten.
type flights[T any] struct {
	mu    sync.Mutex
	calls map[string]*flight[T]
}

// flight is one thing under way, or how it ended.
type flight[T any] struct {
	done    chan struct{} // closed when value and err are set
	waiting int           // callers of do that did not return yet
	cancel  context.CancelFunc
	value   T
	err     error
}

// do returns what f returns for key. The context of f is that of no caller. It ends
// with limit or when the last caller left. An error is remembered like a value, so that
// one comparison does not ask a dead host for every overlay.
func (fs *flights[T]) do(ctx context.Context, key string, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	c := fs.join(ctx, key, limit, f)
	select {
	case <-c.done:
		fs.leave(key, c, false)
		return c.value, own(c.err)
	case <-ctx.Done():
		if fs.leave(key, c, true) {
			<-c.done // it has ended, and its git too, before we do
		}
		var none T
		err := context.Cause(ctx)
		return none, &gitops.Error{Code: gitops.Unavailable, Cause: gitops.CauseRemote, Message: "remote not read: " + err.Error(), Err: err}
	}
}

// own returns a copy of an error that several callers get, so that each may add
// the place to it.
func own(err error) error {
	if e, ok := err.(*gitops.Error); ok {
		mine := *e
		return &mine
	}
	return err
}

// join starts the flight of a key, or gets on one that is there. Each join needs a
// leave.
func (fs *flights[T]) join(ctx context.Context, key string, limit time.Duration, f func(context.Context) (T, error)) *flight[T] {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	c, ok := fs.calls[key]
	if !ok {
		c = &flight[T]{done: make(chan struct{})}
		ctx, c.cancel = context.WithTimeout(context.WithoutCancel(ctx), limit)
		if fs.calls == nil {
			fs.calls = map[string]*flight[T]{}
		}
		fs.calls[key] = c
		go func() {
			defer c.cancel()
			defer close(c.done)
			c.value, c.err = f(ctx)
		}()
	}
	c.waiting++
	return c
}

// leave cancels and forgets a flight that nobody waits for, and tells whether it
// did.
func (fs *flights[T]) leave(key string, c *flight[T], early bool) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	c.waiting--
	if !early || c.waiting > 0 {
		return false
	}
	c.cancel()
	delete(fs.calls, key)
	return true
}
