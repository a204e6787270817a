package webhook

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sealift/sealift/gitops"
)

// Metrics are the figures of the service, in a registry of their own. It is safe
// for concurrent use.
type Metrics struct {
	registry   *prometheus.Registry
	deliveries *prometheus.CounterVec
	answers    prometheus.Histogram
	renders    prometheus.Histogram
	cache      *prometheus.CounterVec
	calls      *prometheus.CounterVec
	quota      *prometheus.GaugeVec
	errors     *prometheus.CounterVec
	expiry     *prometheus.GaugeVec
}

// NewMetrics returns metrics that are all zero, with those of the process and
// of the Go runtime.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		deliveries: counter("sealift_deliveries_total", "Webhook deliveries, by event and what became of them.", "event", "outcome"),
		answers:    histogram("sealift_delivery_seconds", "Time from a delivery's headers to its answer.", .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10),
		renders:    histogram("sealift_render_seconds", "Time to render one comparison.", .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 60, 120, 300),
		cache:      counter("sealift_render_cache_total", "Look-ups in the cache of renders.", "result"),
		calls:      counter("sealift_github_calls_total", "Calls of GitHub's API, by operation and status; status 0 is no answer.", "operation", "status"),
		quota: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "sealift_github_quota_remaining", Help: "Calls that GitHub allows until its limit resets.",
		}, []string{"installation"}),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "sealift_certificate_expiry_seconds", Help: "When the certificate expires that secrets of an environment are sealed with, in seconds since 1970.",
		}, []string{"repository", "environment"}),
		errors: counter("sealift_errors_total", "Errors of requests and jobs, by code.", "code"),
	}
	m.registry.MustRegister(m.deliveries, m.answers, m.renders, m.cache, m.calls, m.quota, m.errors, m.expiry,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets ...float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

// Handler serves the metrics in the formats of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// delivery counts one. Events that nothing is done about share a label.
func (m *Metrics) delivery(event string, v verdict) {
	if decoders(event) == nil {
		event = "other"
	}
	m.deliveries.WithLabelValues(event, string(v)).Inc()
}

func (m *Metrics) answered(took time.Duration) { m.answers.Observe(took.Seconds()) }

// Rendered notes how long the render of one comparison took.
func (m *Metrics) Rendered(took time.Duration) { m.renders.Observe(took.Seconds()) }

// Cached adds to the look-ups in the cache of renders.
func (m *Metrics) Cached(hits, misses int) {
	m.cache.WithLabelValues("hit").Add(float64(hits))
	m.cache.WithLabelValues("miss").Add(float64(misses))
}

// Called counts a call of GitHub's API. The operation is one of a small, fixed
// set; the status is 0 when there was no answer.
func (m *Metrics) Called(operation string, status int) {
	m.calls.WithLabelValues(operation, strconv.Itoa(status)).Inc()
}

// Quota notes how many calls GitHub still allows an installation.
func (m *Metrics) Quota(installation int64, remaining int) {
	m.quota.WithLabelValues(strconv.FormatInt(installation, 10)).Set(float64(remaining))
}

// Error counts an error by its code; nil is none.
func (m *Metrics) Error(err error) {
	if err != nil {
		m.errors.WithLabelValues(string(gitops.CodeOf(err))).Inc()
	}
}

// Certificate notes when the certificate that was chosen for an environment expires.
func (m *Metrics) Certificate(repository, environment string, expires time.Time) {
	m.expiry.WithLabelValues(repository, environment).Set(float64(expires.Unix()))
}

// Search adds whether a search for deliveries that were refused is still to be begun,
// which is asked for whenever the metrics are read. It is called once.
func (m *Metrics) Search(owed func() bool) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sealift_search_owed", Help: "1 while a delivery was refused and no search of GitHub's log for it has begun, else 0.",
	}, func() float64 {
		if owed() {
			return 1
		}
		return 0
	}))
}
