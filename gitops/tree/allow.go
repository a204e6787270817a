package tree

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// pattern is one entry of an allow-list.
type pattern struct {
	scheme string
	host   string // without "*."
	port   string
	sub    bool // the pattern began with "*.": any host below
	path   []string
}

// CheckAllow tells whether an entry of an allow-list is well formed:
// HOST[:PORT][/PATH], where HOST may begin with "*." for all hosts below it and
// PATH is any number of leading elements. An entry is about https unless it
// begins with "http://". Without a port it is about the standard port.
func CheckAllow(entry string) error {
	if _, ok := parsePattern(entry); !ok {
		return &gitops.Error{Code: gitops.Invalid, Message: "allowed remote is not valid: " + gitops.Quote(entry),
			Hint: "write it as github.com/ORG/REPO"}
	}
	return nil
}

// parsePattern reads an entry by making an address of it, so that what is compared
// later went through the same checks: its path gets one more element, which is taken
// off again.
func parsePattern(s string) (pattern, bool) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	scheme, rest, _ := strings.Cut(s, "://")
	rest, sub := strings.CutPrefix(rest, "*.")
	host, path, _ := strings.Cut(rest, "/")
	path = strings.Trim(path, "/")
	a, err := parseURL(s, scheme+"://"+host+"/"+path+"/x") // an address has a path, a pattern need not
	if path == "" {
		a, err = parseURL(s, scheme+"://"+host+"/x")
	}
	if err != nil || a.query != "" || scheme != "https" && scheme != "http" || strings.Contains(host, "@") {
		return pattern{}, false
	}
	return pattern{scheme: a.scheme, host: a.host, port: a.port, sub: sub, path: a.path[:len(a.path)-1]}, true
}

// matches compares whole host names and whole elements of the path. Hosts are
// the same in any case, paths are not. A ".git" at the end of a repository does
// not count.
func (p pattern) matches(a address) bool {
	host := a.host == p.host && !p.sub || p.sub && strings.HasSuffix(a.host, "."+p.host) && !isIP(a.host)
	return host && a.scheme == p.scheme && a.port == p.port && len(a.path) >= len(p.path) &&
		slices.EqualFunc(p.path, a.path[:len(p.path)], sameElement)
}

// sameElement lets "repo" and "repo.git" be the same.
func sameElement(a, b string) bool {
	return strings.TrimSuffix(a, ".git") == strings.TrimSuffix(b, ".git")
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// allowList is what [RemoteOptions] allows.
type allowList []pattern

// newAllowList leaves out entries that are not well formed.
func newAllowList(entries []string) allowList {
	var list allowList
	for _, entry := range entries {
		if p, ok := parsePattern(entry); ok {
			list = append(list, p)
		}
	}
	return list
}

// check returns an error of code denied unless a is allowed.
func (l allowList) check(a address) error {
	if slices.ContainsFunc(l, func(p pattern) bool { return p.matches(a) }) {
		return nil
	}
	return &gitops.Error{Code: gitops.Denied, Cause: gitops.CauseRemote,
		Message: "remote is not allowed: " + gitops.Quote(a.place()), Hint: "allow it with --allow-remote " + a.suggestion()}
}

// suggestion returns the narrowest useful entry that allows a.
func (a address) suggestion() string {
	a.path = slices.Clone(a.path[:min(2, len(a.path))])
	a.path[len(a.path)-1] = strings.TrimSuffix(a.path[len(a.path)-1], ".git")
	return strings.TrimPrefix(a.place(), "https://")
}
