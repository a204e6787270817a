package pages

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// policy allows what the package itself serves.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard refuses foreign host names, so that no other site can pretend to be this one, and
// sets the headers of every answer.
func (p *pages) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", policy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "same-origin")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cache-Control", "no-cache")
		if !p.ours(r.Host) {
			http.Error(w, "This server is not "+gitops.Quote(r.Host)+".", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ours reports whether a Host header is the hub's or means this machine.
func (p *pages) ours(host string) bool {
	if u, err := url.Parse(p.hub.WebURL()); err == nil && strings.EqualFold(host, u.Host) {
		return true
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	ip := net.ParseIP(name)
	return strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
}
