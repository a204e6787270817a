package webhook

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/sealift/sealift/gitops"
)

// retryAfter is what a sender is told to wait when we are overloaded.
const retryAfter = 5 * time.Second

// problem is the answer to a request that failed.
type problem struct {
	Code    gitops.Code `json:"code"`
	Message string      `json:"message"`
	Hint    string      `json:"hint,omitempty"`
}

// protocol is an error against HTTP itself, which has a status for it that
// is not in the table of codes.
func protocol(status int, e *gitops.Error) error {
	e.Code = gitops.Invalid
	return &echo.HTTPError{Code: status, Message: e.Message, Internal: e}
}

// fail answers a request that ended with err. Of our own bugs it tells a
// reference only; the log has the rest.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, e := s.classify(err)
	if e.Code == gitops.Internal {
		s.log.Error("request failed", slog.String(keyRequest, requestID(c)), slog.String(keyPath, c.Path()), slog.Any(keyError, err))
		e = &gitops.Error{Code: gitops.Internal, Message: "internal error, reference " + requestID(c)}
	}
	s.metrics.Error(e)
	if wait := waitOf(e); wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if c.Request().Method == http.MethodHead {
		err = c.NoContent(status)
	} else {
		err = c.JSON(status, problem{Code: e.Code, Message: e.Message, Hint: e.Hint})
	}
	if err != nil {
		s.log.Debug("answer was not sent", slog.String(keyRequest, requestID(c)), slog.Any(keyError, err))
	}
}

// classify returns the status and the error to answer with.
func (s *Server) classify(err error) (int, *gitops.Error) {
	e, ours := errors.AsType[*gitops.Error](err)
	h, ofHTTP := errors.AsType[*echo.HTTPError](err)
	switch {
	case ours && ofHTTP:
		return h.Code, e
	case ours:
		return e.Code.HTTP(), e
	case ofHTTP && h.Code == http.StatusNotFound:
		return h.Code, gitops.Errorf(gitops.NotFound, "page not found")
	case ofHTTP && h.Code < http.StatusInternalServerError:
		return h.Code, gitops.Errorf(gitops.Invalid, "%s", http.StatusText(h.Code))
	}
	return http.StatusInternalServerError, gitops.Errorf(gitops.Internal, "internal error")
}

// waitOf returns how long the sender should wait, 0 when that would not help.
func waitOf(e *gitops.Error) time.Duration {
	switch e.Code {
	case gitops.Unavailable:
		return retryAfter
	case gitops.Limited:
		return max(time.Until(e.RetryAt), retryAfter)
	}
	return 0
}
