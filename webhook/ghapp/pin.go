package ghapp

import (
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// pin lets requests through to one place only: a scheme, host and leading path. GraphQL
// belongs to it, which an Enterprise Server has beside that path.
// Both libraries send the token to whatever host a redirect names; this is below
// them, so it never gets there.
type pin struct {
	root *url.URL
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (p pin) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := p.check(req.URL); err != nil {
		closeBody(req)
		return nil, err
	}
	return p.next.RoundTrip(req)
}

// check refuses an address outside of the pinned root: another host, a user in it, or a
// path that could climb out. GraphQL is beside the root of the REST API.
func (p pin) check(u *url.URL) error {
	if u.Scheme != p.root.Scheme || !strings.EqualFold(u.Host, p.root.Host) || u.User != nil {
		return gitops.Errorf(gitops.Unavailable, "GitHub sent us to another host: %s", gitops.Quote(u.Scheme+"://"+u.Host))
	}
	// GitHub resolves dots, also escaped ones: "a/../b" is another endpoint.
	if strings.Contains(u.Path, `\`) || path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") || !strings.HasPrefix(u.Path, p.root.Path) && u.Path != graphqlPath(p.root) {
		return gitops.Errorf(gitops.Invalid, "path of a GitHub call is not clean: %s", gitops.Quote(u.Path))
	}
	return nil
}

// closeBody does what a transport must when it does not send a request.
func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// newTransport returns a transport of ours: time-outs for every step, and no
// more connections than GitHub's limit of concurrent calls bears.
func newTransport() http.RoundTripper {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  DefaultTimeout,
		MaxResponseHeaderBytes: 1 << 20,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    16,
		MaxConnsPerHost:        64,
		IdleConnTimeout:        90 * time.Second,
	}
}
