package tree

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// special are the ranges that are not public, besides those that package netip
// knows: the IANA special-purpose address registries, what embeds an IPv4
// address (NAT64, 6to4, Teredo), and the host service that Azure gives a
// public address.
const special = "0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 " +
	"203.0.113.0/24 240.0.0.0/4 168.63.129.16/32 " +
	"2001::/23 2001:db8::/32 2002::/16 3fff::/20"

// isPublic tells whether an address belongs to the public Internet. Of IPv6 only
// 2000::/3 does, so that NAT64 (64:ff9b::/96), mapped and compatible addresses
// are out.
func isPublic(ip netip.Addr) bool {
	if ip.Zone() != "" || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	if ip.Is6() && !netip.MustParsePrefix("2000::/3").Contains(ip) {
		return false
	}
	for s := range strings.FieldsSeq(special) {
		if netip.MustParsePrefix(s).Contains(ip) {
			return false
		}
	}
	return true
}

// dialer finds the addresses of hosts and refuses those that are not public.
type dialer struct {
	private []string // host:port that may have any address
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
}

func newDialer(private []string) *dialer {
	d := &dialer{lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}}
	for _, hostPort := range private {
		d.private = append(d.private, strings.ToLower(hostPort))
	}
	return d
}

// addresses returns the addresses of a host, which are safe to connect to. One
// that is not spoils them all.
func (d *dialer) addresses(ctx context.Context, hostPort string) ([]netip.Addr, error) {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	ips, err := d.find(ctx, host)
	if err != nil || len(ips) == 0 {
		return nil, &gitops.Error{Code: gitops.Unavailable, Cause: gitops.CauseRemote, Message: "remote host not found: " + gitops.Quote(host), Err: err}
	}
	if slices.Contains(d.private, strings.ToLower(hostPort)) {
		return ips, nil
	}
	for _, ip := range ips {
		if !isPublic(ip) {
			return nil, &gitops.Error{Code: gitops.Denied, Cause: gitops.CauseRemote,
				Message: "remote host has an address that is not public: " + gitops.Quote(host)}
		}
	}
	return ips, nil
}

func (d *dialer) find(ctx context.Context, host string) ([]netip.Addr, error) {
	ips := []netip.Addr{}
	if ip, err := netip.ParseAddr(host); err == nil {
		return append(ips, ip.Unmap()), nil
	}
	found, err := d.lookup(ctx, host)
	for _, ip := range found {
		ips = append(ips, ip.Unmap())
	}
	return ips, err
}

// dial connects to one of the checked addresses, so that a second answer of the
// name server has no say.
func (d *dialer) dial(ctx context.Context, network, hostPort string) (net.Conn, error) {
	ips, err := d.addresses(ctx, hostPort)
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(hostPort)
	var conn net.Conn
	for _, ip := range ips {
		var to net.Dialer
		if conn, err = to.DialContext(ctx, network, net.JoinHostPort(ip.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// pin returns the value of git's http.curloptResolve for a host
// (CURLOPT_RESOLVE(3): HOST:PORT:ADDRESS[,ADDRESS]), "" when the host is an
// address itself.
func (d *dialer) pin(ctx context.Context, a address) (string, error) {
	ips, err := d.addresses(ctx, a.hostPort())
	if err != nil {
		return "", err
	}
	if isIP(a.host) {
		return "", nil
	}
	var list []string
	for _, ip := range ips {
		s := ip.String()
		if ip.Is6() {
			s = "[" + s + "]"
		}
		list = append(list, s)
	}
	return a.host + ":" + a.port + ":" + strings.Join(list, ","), nil
}
