package main

import (
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// to makes a setter of a field and of what reads its value.
func to[T any](field func(*serviceConfig) *T, parse func(string) (T, error)) func(*serviceConfig, string) error {
	return func(c *serviceConfig, s string) error {
		v, err := parse(strings.TrimSpace(s))
		if err == nil {
			*field(c) = v
		}
		return err
	}
}

// each reads a list, whose elements are parted by commas or lines.
func each[T any](parse func(string) (T, error)) func(string) ([]T, error) {
	return func(s string) ([]T, error) {
		var out []T
		for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == '\n' }) {
			v, err := parse(strings.TrimSpace(part))
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
}

// bad is an error about a value, which is quoted: not for secrets.
func bad(what, value, hint string) error {
	return &gitops.Error{Code: gitops.Invalid, Message: what + " is not valid: " + gitops.Quote(value), Hint: hint}
}

func nonEmpty(s string) (string, error) {
	if s == "" {
		return "", gitops.Errorf(gitops.Invalid, "value is empty")
	}
	return s, nil
}

func address(s string) (string, error) {
	_, port, err := net.SplitHostPort(s)
	if n, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || n == 0 && port != "0" {
		return "", bad("address", s, "write it as HOST:PORT")
	}
	return s, nil
}

// site reads an http or https address without user, query and fragment.
func site(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, false
	}
	return u, u.Scheme == "https" || loopbackHost(u.Hostname())
}

// maskURL keeps a password in an address out of messages.
func maskURL(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return "…"
}

func siteURL(s string) (string, error) {
	u, ok := site(s)
	if !ok || strings.Trim(u.Path, "/") != "" {
		return "", bad("URL", maskURL(s), "write it as https://HOST; http is for loopback addresses only")
	}
	return u.Scheme + "://" + u.Host, nil
}

func apiURL(s string) (string, error) {
	u, ok := site(s)
	if !ok {
		return "", bad("URL", maskURL(s), "write it as https://HOST/api/v3/; http is for loopback addresses only")
	}
	return strings.TrimRight(u.String(), "/") + "/", nil
}

func network(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.Prefix{}, bad("network", s, "write it as 10.0.0.0/8")
}

func remote(s string) (string, error) { return s, tree.CheckAllow(s) }

func appID(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, bad("App id", s, "it is the number on the App's page on GitHub")
	}
	return n, nil
}

func privateKey(s string) ([]byte, error) {
	block, _ := pem.Decode([]byte(s))
	if block == nil {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: "private key is not PEM", Hint: "it begins with -----BEGIN RSA PRIVATE KEY-----"}
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return []byte(s), nil
	}
	if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		return nil, gitops.Errorf(gitops.Invalid, "private key cannot be read")
	}
	return []byte(s), nil
}

func webhookSecrets(s string) ([][]byte, error) {
	var out [][]byte
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, []byte(line))
		}
	}
	if len(out) == 0 || len(out) > 2 {
		return nil, gitops.Errorf(gitops.Invalid, "webhook secret has %d lines, want one or two", len(out))
	}
	return out, nil
}

func number(low, high int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high {
			return 0, bad("number", s, "want "+strconv.Itoa(low)+" to "+strconv.Itoa(high))
		}
		return n, nil
	}
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > time.Hour {
		return 0, bad("time", s, "write it as 12s or 2m")
	}
	return d, nil
}

var sizeForm = regexp.MustCompile(`^([0-9]{1,12})(B|KiB|MiB|GiB)?$`)

// size reads a number of bytes.
func size(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, bad("size", s, "write it as 512MiB or 2GiB")
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // twelve digits
	n <<= map[string]int{"KiB": 10, "MiB": 20, "GiB": 30}[m[2]]
	const least, most = 1 << 20, 1 << 42
	if n < least || n > most || len(m[1]) > 9 && m[2] != "" && m[2] != "B" {
		return 0, bad("size", s, "want 1MiB to 4096GiB")
	}
	return n, nil
}

func acceptance(s string) (bool, error) {
	if s != "accept" && s != "refuse" {
		return false, bad("word", s, "want accept or refuse")
	}
	return s == "accept", nil
}

func level(s string) (slog.Level, error) {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	l, ok := levels[s]
	if !ok {
		return 0, bad("level", s, "want debug, info, warn or error")
	}
	return l, nil
}

func format(s string) (string, error) {
	if s != "text" && s != "json" {
		return "", bad("format", s, "want text or json")
	}
	return s, nil
}

// database looks at an address only as far as to tell what it is, and never
// quotes one that may have a password.
func database(s string) (string, error) {
	scheme, _, is := strings.Cut(s, "://")
	if !is {
		return nonEmpty(s)
	}
	u, err := url.Parse(s)
	if scheme != "postgres" && scheme != "postgresql" || err != nil {
		return "", &gitops.Error{Code: gitops.Invalid, Message: "database address is not valid", Hint: "write it as sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"}
	}
	return u.String(), nil
}

// maskDatabase hides a password, which may stand in the query as well.
func maskDatabase(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return hide(s)
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}

// hide masks a secret: its length would tell something, too.
func hide(string) string { return "(set)" }
