package queue_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/queue"
)

// payloadSize is about that of a pull_request delivery of GitHub.
const payloadSize = 20 << 10

// BenchmarkAccept offers 500 deliveries a second for 20 s, each to a pull
// request of its own, while the worker works them off. It reports the answer's
// time at the 50th and 99th percentile, counted from when the delivery was due,
// and how many were worked off a second in all.
func BenchmarkAccept(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkRate(b, filepath.Join(b.TempDir(), "db")) })
	b.Run("postgres", func(b *testing.B) { benchmarkRate(b, postgres.Database(b)) })
}

func benchmarkRate(b *testing.B, url string) {
	const rate, seconds = 500, 20
	q := start(b, url, queue.Options{}, func(context.Context, queue.Job) error { return nil })
	payload := make([]byte, payloadSize)
	for n := range b.N {
		took := make([]time.Duration, rate*seconds)
		begun := time.Now()
		var all sync.WaitGroup
		for i := range took {
			due := begun.Add(time.Duration(i) * time.Second / rate)
			<-time.After(time.Until(due))
			all.Go(func() {
				accept(b, q, queue.Delivery{ID: fmt.Sprint(n, "-", i), Key: fmt.Sprint("o/r#", i), Payload: payload})
				took[i] = time.Since(due)
			})
		}
		all.Wait()
		until(b, q, drained)
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		b.ReportMetric(float64(len(took))/time.Since(begun).Seconds(), "jobs/s")
	}
}

// BenchmarkAcceptFull keeps 64 deliveries under way all the time.
func BenchmarkAcceptFull(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkFull(b, filepath.Join(b.TempDir(), "db")) })
	b.Run("postgres", func(b *testing.B) { benchmarkFull(b, postgres.Database(b)) })
}

func benchmarkFull(b *testing.B, url string) {
	q := start(b, url, queue.Options{}, func(context.Context, queue.Job) error { return nil })
	payload := make([]byte, payloadSize)
	var n atomic.Int64
	b.SetParallelism(32) // 64 on two processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			accept(b, q, queue.Delivery{ID: fmt.Sprint(i), Key: fmt.Sprint("o/r#", i%1000), Payload: payload})
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}
