package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/labstack/echo/v4"

	"github.com/sealift/sealift/gitops"
)

// body reads a request's body, and counts it against what all requests together
// may hold, for as long as it is held.
type body struct {
	in   io.Reader
	max  int64
	size int64 // as announced, -1 when unknown
	held *atomic.Int64
	mine int64
}

func (s *Server) body(c echo.Context) *body {
	r := c.Request()
	return &body{in: http.MaxBytesReader(c.Response().Writer, r.Body, s.config.MaxBody), max: s.config.MaxBody, size: r.ContentLength, held: &s.buffered}
}

// read returns the whole body. It never reads more than the limit. The error
// is of code unavailable when all requests together hold too much.
func (b *body) read() ([]byte, error) {
	if b.size > b.max {
		return nil, b.tooLarge()
	}
	data, err := io.ReadAll(b)
	if err == nil {
		return data, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, b.tooLarge()
	}
	if _, ok := errors.AsType[*gitops.Error](err); ok {
		return nil, err
	}
	return nil, &gitops.Error{Code: gitops.Invalid, Message: "body ended early", Err: err}
}

// Read implements io.Reader for read.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.mine += int64(n)
	if b.held.Add(int64(n)) > maxBuffered {
		return n, gitops.Errorf(gitops.Unavailable, "deliveries that are being read hold more than %d MiB", maxBuffered>>20)
	}
	return n, err
}

// release says that the body is no longer held.
func (b *body) release() { b.held.Add(-b.mine) }

// tooLarge answers before the signature is known: what is too large is not read to its
// end.
func (b *body) tooLarge() error {
	return protocol(http.StatusRequestEntityTooLarge, &gitops.Error{Message: fmt.Sprintf("body is larger than %d bytes", b.max)})
}
