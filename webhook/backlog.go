package webhook

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Depth is how much work there is.
type Depth struct {
	// Ready may run now, Waiting has a time to wait for, Running is being
	// worked on, and Failed is the dead letter box.
	Ready, Waiting, Running, Failed int
	// Oldest is when the oldest delivery came that is not worked off; zero when
	// there is none.
	Oldest time.Time
}

// backlogTimeout bounds the question how deep the queue is.
const backlogTimeout = 5 * time.Second

// backlog asks for the depth whenever the metrics are read.
type backlog struct {
	depth     func(context.Context) (Depth, error)
	jobs, age *prometheus.Desc
}

// Watch adds the depth of the queue and the age of its oldest delivery, which
// are asked for whenever the metrics are read. While depth fails they are
// left out. It is called once.
func (m *Metrics) Watch(depth func(context.Context) (Depth, error)) {
	m.registry.MustRegister(&backlog{
		depth: depth,
		jobs:  prometheus.NewDesc("sealift_queue_jobs", "Jobs that are not done, by state.", []string{"state"}, nil),
		age:   prometheus.NewDesc("sealift_queue_oldest_seconds", "Age of the oldest delivery that is not worked off; 0 when there is none.", nil, nil),
	})
}

// Describe implements prometheus.Collector.
func (b *backlog) Describe(out chan<- *prometheus.Desc) {
	out <- b.jobs
	out <- b.age
}

// Collect implements prometheus.Collector.
func (b *backlog) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTimeout)
	defer cancel()
	d, err := b.depth(ctx)
	if err != nil {
		return
	}
	for state, n := range map[string]int{"ready": d.Ready, "waiting": d.Waiting, "running": d.Running, "failed": d.Failed} {
		out <- prometheus.MustNewConstMetric(b.jobs, prometheus.GaugeValue, float64(n), state)
	}
	age := 0.0
	if !d.Oldest.IsZero() {
		age = max(time.Since(d.Oldest).Seconds(), 0)
	}
	out <- prometheus.MustNewConstMetric(b.age, prometheus.GaugeValue, age)
}
