package web

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

// TestClient believes X-Forwarded-For of our own proxies, from the right.
func TestClient(t *testing.T) {
	p := &Pages{opts: Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"192.0.2.1:5", "", "192.0.2.1/32"},
		{"192.0.2.1:5", "198.51.100.1", "192.0.2.1/32"}, // not a proxy of ours
		{"10.1.1.1:5", "198.51.100.1", "198.51.100.1/32"},
		{"10.1.1.1:5", "6.6.6.6, 198.51.100.1", "198.51.100.1/32"}, // what a client wrote itself
		{"10.1.1.1:5", "198.51.100.1, 10.2.2.2", "198.51.100.1/32"},
		{"10.1.1.1:5", "rubbish", "10.1.1.1/32"},
		{"10.1.1.1:5", "rubbish, 10.2.2.2", "10.2.2.2/32"},
		{"10.1.1.1:5", "", "10.1.1.1/32"},
		{"[fd00::1]:5", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.1]:5", "", "192.0.2.1/32"},
		{"[fe80::1%eth0]:5", "", "fe80::/64"},
		{"@", "", "invalid Prefix"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := p.client(r).String(); got != c.want {
			t.Errorf("%s for %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

// TestLimiterIsBounded fills it with addresses.
func TestLimiterIsBounded(t *testing.T) {
	now := time.Unix(1e9, 0)
	l := newLimiter[netip.Prefix](func() time.Time { return now })
	address := func(i int) netip.Prefix {
		return netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.%d/32", i>>16, i>>8&255, i&255))
	}
	for i := range maxBuckets {
		if _, ok := l.allow(address(i)); !ok {
			t.Fatalf("address %d has no token", i)
		}
	}
	refused := 0
	for i := range 100 {
		if _, ok := l.allow(address(maxBuckets + i)); !ok {
			refused++
		}
	}
	if len(l.buckets) > maxBuckets+1 || refused != 100-burst {
		t.Errorf("%d buckets, %d of 100 new addresses refused", len(l.buckets), refused)
	}
	if _, ok := l.allow(address(1)); !ok {
		t.Error("a known address suffers from new ones")
	}
	now = now.Add(burst * refill)
	if _, ok := l.allow(address(maxBuckets)); !ok || len(l.buckets) > 10 {
		t.Errorf("%d buckets after a while", len(l.buckets))
	}
}

// TestWaitTells says until when to wait.
func TestWaitTells(t *testing.T) {
	now := time.Unix(1e9, 0)
	l := newLimiter[netip.Prefix](func() time.Time { return now })
	for range burst {
		l.allow(netip.Prefix{})
	}
	at, ok := l.allow(netip.Prefix{})
	if ok || at.Sub(now) != refill {
		t.Errorf("wait of %v, %v", at.Sub(now), ok)
	}
	now = at
	if _, ok := l.allow(netip.Prefix{}); !ok {
		t.Error("the time told is too early")
	}
}
