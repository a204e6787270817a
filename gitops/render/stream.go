package render

import (
	"errors"
	"iter"
)

// errStopped ends a stream whose reader has had enough.
var errStopped = errors.New("stopped")

// stream turns a function that pushes values from several goroutines into an
// iterator. An error other than errStopped is yielded last. When the reader
// stops early, run is told so by its yield and waited for.
func stream[T any](run func(yield func(T) bool) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		values := make(chan T)
		stopped := make(chan struct{})
		ended := make(chan error, 1)
		go func() {
			ended <- run(func(v T) bool {
				select {
				case values <- v:
					return true
				case <-stopped:
					return false
				}
			})
			close(values)
		}()
		for v := range values {
			if !yield(v, nil) {
				close(stopped)
				<-ended
				return
			}
		}
		if err := <-ended; err != nil && !errors.Is(err, errStopped) {
			var zero T
			yield(zero, err)
		}
	}
}
