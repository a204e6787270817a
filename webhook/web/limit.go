package web

import (
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Attempts of one address, and of one person at forms: a log-in takes two, a form
// two more.
const (
	burst = 20
	// refill is the time after which one more attempt is allowed.
	refill = 3 * time.Second
	// maxBuckets bounds who is remembered.
	maxBuckets = 10_000
)

// limiter counts attempts by address or person, as token buckets. It remembers one
// until its bucket is full again.
type limiter[K comparable] struct {
	now     func() time.Time
	mu      sync.Mutex
	buckets map[K]time.Time // when the bucket is full again
}

func newLimiter[K comparable](now func() time.Time) *limiter[K] {
	return &limiter[K]{now: now, buckets: map[K]time.Time{}}
}

// allow takes one token. Without one it returns when there is one again. When too
// many are remembered, new ones share a bucket.
func (l *limiter[K]) allow(k K) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if _, known := l.buckets[k]; !known && len(l.buckets) >= maxBuckets {
		l.sweep(now)
		if len(l.buckets) >= maxBuckets {
			k = *new(K)
		}
	}
	full := l.buckets[k]
	if full.Before(now) {
		full = now
	}
	full = full.Add(refill)
	if over := full.Sub(now) - burst*refill; over > 0 {
		return now.Add(over), false
	}
	l.buckets[k] = full
	return time.Time{}, true
}

func (l *limiter[K]) sweep(now time.Time) {
	for k, full := range l.buckets {
		if !now.Before(full) {
			delete(l.buckets, k)
		}
	}
}

// attempt counts an attempt of the address that a request comes from.
func (p *Pages) attempt(r *http.Request) error {
	from := p.client(r)
	at, ok := p.limiter.allow(from)
	if ok {
		return nil
	}
	p.log.Warn("too many attempts", slog.String(keyAddress, from.String()))
	return errTooMany(at)
}

func errTooMany(retry time.Time) error {
	return &gitops.Error{Code: gitops.Limited, Message: "Too many attempts", Hint: "Wait a minute and try again.", RetryAt: retry}
}

// client returns the network that a request comes from: an IPv4 address or the
// /64 of an IPv6 address. Of X-Forwarded-For it believes what our own proxies
// wrote: the last address that is not one of them.
func (p *Pages) client(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr := parseAddr(host)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.proxy(addr) {
			break
		}
		next := parseAddr(strings.TrimSpace(hop))
		if !next.IsValid() {
			break
		}
		addr = next
	}
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits) // the zero prefix for no address
	return prefix
}

// parseAddr makes one of the spellings of an address: IPv4 in IPv6 is IPv4, and a zone
// does not count.
func parseAddr(s string) netip.Addr {
	addr, _ := netip.ParseAddr(s) // the zero address for a bad one
	return addr.Unmap().WithZone("")
}

// proxy reports whether an address is that of a proxy of ours.
func (p *Pages) proxy(a netip.Addr) bool {
	return slices.ContainsFunc(p.opts.Proxies, func(n netip.Prefix) bool { return n.Contains(a) })
}

// same compares secrets in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
