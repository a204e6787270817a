package webhook

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sealift/sealift/gitops"
)

// Where deliveries go, and every path that nothing else answers.
const (
	webhookPath = "/webhook"
	pagesPath   = "/*"
)

// Limits of the edge.
const (
	// MaxBody is the largest payload in bytes: GitHub's cap.
	MaxBody = 25 << 20
	// maxBuffered is how many bytes of payloads are held at a time.
	maxBuffered = 8 * MaxBody
	// acceptTimeout bounds the inbox. GitHub gives up after 10 s.
	acceptTimeout = 9 * time.Second
	// readyTimeout bounds the question whether the service is ready.
	readyTimeout = 5 * time.Second
)

// Delivery is a webhook as it came, verified, with its place in the queue.
type Delivery struct {
	// ID is the X-GitHub-Delivery header. A redelivery has the same one.
	ID string
	// Event is the X-GitHub-Event header.
	Event string
	// Key and Class are as [Key] gives them.
	Key, Class string
	// Payload is the raw body, JSON, but for what was redacted. [Decode] reads it.
	Payload []byte
}

// Inbox stores deliveries.
type Inbox interface {
	// Accept returns once d is on disk, or is known already: then duplicate
	// is true. An error of code unavailable asks GitHub to try later.
	Accept(ctx context.Context, d Delivery) (duplicate bool, err error)
}

// Readiness says whether the service can take work.
type Readiness interface {
	// Ready returns nil when the inbox can be written to and the worker runs.
	Ready(ctx context.Context) error
}

// Config is what [New] needs.
type Config struct {
	// Secrets are the webhook secrets: one, or two while one replaces the other.
	Secrets [][]byte
	// Redact returns a comment without what must not be stored; nil stores all.
	// [Decode] reads what it left.
	Redact func(comment string) string
	// Inbox takes the deliveries. Required.
	Inbox Inbox
	// Failed is called after each delivery that was answered with a status of 500 or
	// more: GitHub will not repeat it by itself. nil does nothing.
	Failed func()
	// MaxBody is the largest payload in bytes; 0 means [MaxBody].
	MaxBody int64
	// Ready is asked by /readyz; nil is always ready.
	Ready Readiness
	// Metrics counts deliveries; nil counts nothing that can be seen.
	Metrics *Metrics
	// ServeMetrics serves /metrics beside the webhook. Without it
	// [Metrics.Handler] is to be served on an address of its own.
	ServeMetrics bool
	// Pages answers every other path; nil answers 404. The request's id stands
	// in the header X-Request-Id of the answer already.
	Pages http.Handler
	// Log is told of refusals, errors and, at debug level, of every request;
	// nil discards.
	Log *slog.Logger
}

// Server is the HTTP edge.
type Server struct {
	config   Config
	verifier *verifier
	echo     *echo.Echo
	log      *slog.Logger
	metrics  *Metrics
	buffered atomic.Int64 // bytes of payloads held now
}

// New returns a server. It fails with code invalid when a required part of c is
// missing.
func New(c Config) (*Server, error) {
	v, err := newVerifier(c.Secrets...)
	if err != nil {
		return nil, err
	}
	if c.Inbox == nil {
		return nil, gitops.Errorf(gitops.Invalid, "webhook has no inbox")
	}
	c.MaxBody = cmp.Or(c.MaxBody, MaxBody)
	if c.Failed == nil {
		c.Failed = func() {}
	}
	s := &Server{config: c, verifier: v, log: c.Log, metrics: c.Metrics}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.metrics == nil {
		s.metrics = NewMetrics()
	}
	s.echo = s.routes()
	return s, nil
}

// Handler returns the handler of all routes. It is safe for concurrent use.
func (s *Server) Handler() http.Handler { return s.echo }

// routes is all that is served: the webhook, health, metrics and pages. What observes
// comes first, so that a panic is counted as the 500 that it becomes.
func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = s.fail
	e.Use(s.observe, recovered)
	e.POST(webhookPath, s.receive)
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", s.ready)
	if s.config.ServeMetrics {
		e.GET("/metrics", echo.WrapHandler(s.metrics.Handler()))
	}
	if s.config.Pages != nil {
		e.Any(pagesPath, echo.WrapHandler(s.config.Pages))
	}
	return e
}

// ready answers whether the service takes work. It does not say why not: that
// is in the log.
func (s *Server) ready(c echo.Context) error {
	if s.config.Ready == nil {
		return c.String(http.StatusOK, "ok\n")
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	if err := s.config.Ready.Ready(ctx); err != nil {
		s.log.Warn("service is not ready", slog.Any(keyError, err))
		return &gitops.Error{Code: gitops.Unavailable, Message: "service is not ready", Err: err}
	}
	return c.String(http.StatusOK, "ok\n")
}
