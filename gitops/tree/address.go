package tree

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// address is a place on another host, in the one form that is compared with
// the allow-list and asked for: no user, no escapes, no dots to climb with.
type address struct {
	scheme string   // https or http
	host   string   // lower case; an IPv6 address without brackets
	port   string   // always set
	path   []string // not empty
	query  string   // of a file, with "?"
}

// url returns the address as a URL.
func (a address) url() string { return a.place() + a.query }

// place returns the address without the query, which may hold a secret.
func (a address) place() string {
	host := a.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if a.port != defaultPort(a.scheme) {
		host += ":" + a.port
	}
	return a.scheme + "://" + host + "/" + strings.Join(a.path, "/")
}

// hostPort returns host:port as net.Dial wants it.
func (a address) hostPort() string { return net.JoinHostPort(a.host, a.port) }

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

// The forms of the parts of an address.
var (
	scpForm     = regexp.MustCompile(`^(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9.-]+):/?([^/:][^:]*)$`)
	portForm    = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)
	hostForm    = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)
	numberForm  = regexp.MustCompile(`^([0-9]+|0x[0-9a-f]*)$`)
	elementForm = regexp.MustCompile(`^[A-Za-z0-9._~+@=,!$()*'-]+$`)
	userForm    = regexp.MustCompile(`^([^/]*//)[^/]*@`)
)

// maxAddress is the longest address, in bytes.
const maxAddress = 2048

// parseRepo parses a clone URL. SSH in both spellings becomes https on the
// standard port. Anything else that is not https or http is refused with code
// denied.
func parseRepo(s string) (address, error) {
	web := s
	if scp := scpForm.FindStringSubmatch(s); scp != nil {
		web = "ssh://" + scp[1] + "/" + scp[2]
	}
	a, err := parseURL(s, strings.TrimPrefix(web, "git+"))
	if err != nil {
		return address{}, err
	}
	if a.query != "" {
		return address{}, badAddress(s, "a clone URL has no query")
	}
	return a, nil
}

// parseFile parses the URL of a file.
func parseFile(s string) (address, error) { return parseURL(s, s) }

// parseURL parses s, which was written as original. A user without a password is
// dropped: "git@" is what SSH addresses have. It returns the path as it is escaped; as
// no element may hold a percent sign, that is the path.
func parseURL(original, s string) (address, error) {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxAddress {
		return address{}, badAddress(original, "not a URL")
	}
	a := address{scheme: strings.ToLower(u.Scheme), host: strings.ToLower(u.Hostname()), port: u.Port()}
	switch {
	case a.scheme == "ssh":
		a.scheme, a.port = "https", ""
	case a.scheme != "https" && a.scheme != "http":
		return address{}, &gitops.Error{Code: gitops.Denied, Cause: gitops.CauseRemote, Message: "remote address is not https: " + gitops.Quote(redact(original)),
			Hint: "only https addresses can be allowed"}
	}
	if a.port == "" {
		a.port = defaultPort(a.scheme)
	}
	if _, secret := u.User.Password(); secret {
		return address{}, badAddress(original, "it has a password in it")
	}
	if !validHost(a.host) || !portForm.MatchString(a.port) {
		return address{}, badAddress(original, "host")
	}
	if u.RawQuery != "" {
		a.query = "?" + u.RawQuery
	}
	a.path = strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for _, element := range a.path {
		if !validElement(element) {
			return address{}, badAddress(original, "path")
		}
	}
	return a, nil
}

// validHost accepts a name of letters, digits, hyphens and dots, or an IP
// address in its usual form. Other spellings of IPv4 ("127.1", "0x7f000001")
// look like names to some programs and like addresses to others.
func validHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	last := host[strings.LastIndex(host, ".")+1:]
	return len(host) <= 253 && hostForm.MatchString(host) &&
		!strings.Contains(host, "..") && !numberForm.MatchString(last)
}

// validElement accepts one element of a path. Percent signs are refused: what
// they hide would be compared in one form and used in another.
func validElement(s string) bool {
	return s != "." && s != ".." && !strings.HasPrefix(s, "-") && elementForm.MatchString(s)
}

// badAddress says why an address is refused, with as much of it as holds no secret.
func badAddress(s, why string) error {
	return &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseRemote, Message: "remote address is not valid (" + why + "): " + gitops.Quote(redact(s))}
}

// redact removes a password and a query from an address for a message.
func redact(s string) string {
	s, _, _ = strings.Cut(s, "?")
	return userForm.ReplaceAllString(s, "$1")
}

// checkRef refuses what cannot be the name of a branch, tag or commit
// (git-check-ref-format(1)), above all what git could take for an option.
//
// The empty ref, which stands for the default branch, is valid.
func checkRef(ref string) error {
	if ref == "" {
		return nil
	}
	bad := len(ref) > maxRef || strings.HasPrefix(ref, "-") || ref == "@" || strings.ContainsAny(ref, " :?*[\\^~\x7f") ||
		strings.IndexFunc(ref, func(r rune) bool { return r < ' ' || r == '\uFFFD' }) >= 0
	for _, part := range []string{"..", "@{", "//", "/.", "./", ".lock/"} {
		bad = bad || strings.Contains("/"+ref+"/", part)
	}
	if bad {
		return &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseRemote, Message: "ref is not valid: " + gitops.Quote(ref),
			Hint: "name a branch, a tag or a commit"}
	}
	return nil
}

// maxRef is the longest ref, in bytes.
const maxRef = 255
