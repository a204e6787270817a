package tree

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/sealift/sealift/gitops"
)

// maxRedirects is how many redirects File follows.
const maxRedirects = 5

// File returns the file at an https URL. It is fetched once in the lifetime of
// r; the bytes are shared and must not be changed.
//
// Its errors are like those of [Remotes.Git]; a file larger than the limit is
// one of code invalid and cause limit. A redirect is followed when its target
// is allowed too.
func (r *Remotes) File(ctx context.Context, url string) ([]byte, error) {
	a, err := parseFile(url)
	if err != nil {
		return nil, err
	}
	if err := r.allow.check(a); err != nil {
		return nil, err
	}
	return r.files.do(ctx, a.url(), r.opts.Timeout, func(ctx context.Context) ([]byte, error) {
		return r.get(ctx, a)
	})
}

func (r *Remotes) get(ctx context.Context, a address) ([]byte, error) {
	client, err := r.client()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url(), nil)
	if err != nil {
		return nil, badAddress(a.place(), "not a URL")
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, notRead(a, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, &gitops.Error{Code: gitops.NotFound, Cause: gitops.CauseRemote, Message: "remote file not found: " + gitops.Quote(a.place())}
	default:
		return nil, notRead(a, errors.New("status "+fmt.Sprint(response.StatusCode)))
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, r.opts.MaxFile+1))
	if err != nil {
		return nil, notRead(a, err)
	}
	if int64(len(data)) > r.opts.MaxFile {
		return nil, tooLarge(a.place(), r.opts.MaxFile)
	}
	return data, nil
}

// notRead makes the error for a request that failed. One that this package made
// on the way, about an address, stays as it is.
func notRead(a address, err error) error {
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		return e
	}
	return &gitops.Error{Code: gitops.Unavailable, Cause: gitops.CauseRemote, Message: "remote file not read: " + gitops.Quote(a.place()) + ": " + reason(err), Err: err}
}

// reason returns the innermost message, without the URL that net/http puts in
// front, which may hold a secret in its query.
func reason(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

func newClient(d *dialer, allow allowList, caFile string) (*http.Client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		config.RootCAs = x509.NewCertPool()
		if err != nil || !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &gitops.Error{Code: gitops.Invalid, Message: "certificates not readable: " + gitops.Quote(caFile), Err: err}
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            d.dial,
			TLSClientConfig:        config,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(request *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errors.New("too many redirects")
			}
			a, err := parseFile(request.URL.String())
			if err != nil {
				return err
			}
			return allow.check(a)
		},
	}, nil
}
