package webhook

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sealift/sealift/gitops"
)

// Keys of log lines, and of what requests carry.
const (
	keyBytes    = "bytes"
	keyDelivery = "delivery"
	keyDuration = "duration"
	keyError    = "error"
	keyEvent    = "event"
	keyMethod   = "method"
	keyPath     = "path"
	keyRequest  = "request"
	keyStatus   = "status"
)

// observe gives a request an id of our own, and logs at debug level how it
// went.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		id := rand.Text()
		c.Set(keyRequest, id)
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		c.Response().Header().Set(echo.HeaderXContentTypeOptions, "nosniff")
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := time.Since(began)
		if c.Path() == webhookPath {
			s.metrics.answered(took)
		}
		if c.Path() == webhookPath && c.Response().Status >= http.StatusInternalServerError {
			s.config.Failed()
		}
		delivery, _ := c.Get(keyDelivery).(string)
		s.log.LogAttrs(c.Request().Context(), slog.LevelDebug, "request",
			slog.String(keyRequest, id), slog.String(keyMethod, c.Request().Method), slog.String(keyPath, loggedPath(c)),
			slog.Int(keyStatus, c.Response().Status), slog.Int64(keyBytes, c.Response().Size), slog.Duration(keyDuration, took),
			slog.String(keyDelivery, delivery))
		return nil
	}
}

// loggedPath is what the log says of an address: the path without the query, which
// may carry a code; and of a page the pattern that the pages found it by, because its
// path may carry a token. That is "" for what they refused before.
func loggedPath(c echo.Context) string {
	if c.Path() == pagesPath {
		return c.Request().Pattern
	}
	return c.Request().URL.Path
}

// requestID returns the id that observe gave.
func requestID(c echo.Context) string {
	id, _ := c.Get(keyRequest).(string)
	return id
}

// recovered turns a panic into an error of code internal with the stack. What was
// panicked with is shown only when the runtime says it: other values may
// hold what the request held.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if e, ok := r.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(r)
			}
			what := fmt.Sprintf("a %T", r)
			if e, ok := r.(runtime.Error); ok {
				what = e.Error()
			}
			err = gitops.Errorf(gitops.Internal, "panic with %s\n%s", what, debug.Stack())
		}()
		return next(c)
	}
}
