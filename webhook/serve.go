package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Limits of a connection.
const (
	headerTimeout  = 10 * time.Second
	readTimeout    = 30 * time.Second
	writeTimeout   = 60 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
	// drainTimeout is how long requests may take to end after a stop.
	drainTimeout = 20 * time.Second
)

// Serve answers connections of l with h until ctx ends. Then it takes no more
// of them, lets the requests that run end for at most 20 s, and returns nil. The
// error is of code unavailable: l failed, or requests had to be cut off.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return &gitops.Error{Code: gitops.Unavailable, Message: "listener " + l.Addr().String() + " failed", Err: err}
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		return &gitops.Error{Code: gitops.Unavailable, Message: "requests were cut off after " + drainTimeout.String(), Err: errors.Join(err, srv.Close())}
	}
	return nil
}
