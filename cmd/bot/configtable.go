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

	"github.com/spf13/cobra"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// setting is one setting of the service. It is a flag, a variable and a key of
// the file, which are all named after it.
type setting struct {
	name    string
	section string
	// fallback is the default; "" is none. otherwise says in the documentation
	// what happens without a value.
	fallback, otherwise string
	// help says what it is, with the form of the value in backquotes.
	help string
	// secret settings are no flags: argument lists can be read by others.
	secret bool
	// inFile lets NAME-file and NAME_FILE name a file that has the value.
	inFile bool
	list   bool
	// mask returns what may be shown of a value; nil is all of it.
	mask func(string) string
	set  func(*serviceConfig, string) error
}

// The sections, in the order of the documentation.
const (
	sectionService = "Service"
	sectionApp     = "GitHub App"
	sectionWork    = "Work"
	sectionLog     = "Log"
)

// envName returns the variable of a setting.
func envName(name string) string {
	return "SEALIFT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// configTable is all settings. Flags, variables, keys of the file, `--check` and
// the documentation come from it.
func configTable() []setting {
	var out []setting
	for _, group := range [][]setting{serviceSettings(), appSettings(), workSettings(), logSettings()} {
		out = append(out, group...)
	}
	return out
}

func serviceSettings() []setting {
	const in = sectionService
	return []setting{
		{name: "addr", section: in, fallback: "127.0.0.1:8080", help: "`HOST:PORT` of the webhook and the pages", set: to(func(c *serviceConfig) *string { return &c.Addr }, address)},
		{name: "metrics-addr", section: in, otherwise: "no metrics", help: "`HOST:PORT` of /metrics", set: to(func(c *serviceConfig) *string { return &c.MetricsAddr }, address)},
		{name: "public-url", section: in, otherwise: "http:// and addr, when that is a loopback address", help: "`URL` under which GitHub and people reach the service: scheme and host", set: to(func(c *serviceConfig) *string { return &c.PublicURL }, siteURL)},
		{name: "trusted-proxies", section: in, list: true, otherwise: "none", help: "`NETWORK` of reverse proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8", set: to(func(c *serviceConfig) *[]netip.Prefix { return &c.TrustedProxies }, each(network))},
		{name: "data-dir", section: in, otherwise: "below the user's data directory, else sealift-data", help: "`DIR` of the database, mirrors and caches", set: to(func(c *serviceConfig) *string { return &c.DataDir }, nonEmpty)},
		{name: "database", section: in, inFile: true, otherwise: "SQLite in data-dir", help: "`ADDRESS` of the database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME", mask: maskDatabase, set: to(func(c *serviceConfig) *string { return &c.Database }, database)},
	}
}

func appSettings() []setting {
	const in = sectionApp
	return []setting{
		{name: "github-url", section: in, fallback: "https://api.github.com/", help: "`URL` of GitHub's REST API; on an Enterprise Server https://HOST/api/v3/", set: to(func(c *serviceConfig) *string { return &c.GitHubURL }, apiURL)},
		{name: "github-web-url", section: in, otherwise: "the host of github-url", help: "`URL` of GitHub's pages", set: to(func(c *serviceConfig) *string { return &c.GitHubWebURL }, siteURL)},
		{name: "app-id", section: in, otherwise: "what the set-up page stored", help: "`NUMBER` of the App", set: to(func(c *serviceConfig) *int64 { return &c.AppID }, appID)},
		{name: "private-key", section: in, secret: true, inFile: true, otherwise: "what the set-up page stored", help: "private key of the App, as PEM", mask: hide, set: to(func(c *serviceConfig) *[]byte { return &c.PrivateKey }, privateKey)},
		{name: "webhook-secret", section: in, secret: true, inFile: true, list: true, otherwise: "what the set-up page stored", help: "secret that GitHub signs deliveries with; a second line is accepted too, while one replaces the other", mask: hide, set: to(func(c *serviceConfig) *[][]byte { return &c.WebhookSecrets }, webhookSecrets)},
		{name: "client-id", section: in, otherwise: "what the set-up page stored; without one nobody logs in and there are no report pages", help: "client `ID` of the App, for the log-in of people", set: to(func(c *serviceConfig) *string { return &c.ClientID }, nonEmpty)},
		{name: "client-secret", section: in, secret: true, inFile: true, otherwise: "what the set-up page stored", help: "client secret of the App", mask: hide, set: to(func(c *serviceConfig) *string { return &c.ClientSecret }, nonEmpty)},
	}
}

func workSettings() []setting {
	const in = sectionWork
	return []setting{
		{name: "jobs", section: in, fallback: "8", help: "`NUMBER` of pull requests worked on at a time", set: to(func(c *serviceConfig) *int { return &c.Jobs }, number(1, 1000))},
		{name: "workers", section: in, otherwise: "the number of processors", help: "`NUMBER` of renders at a time", set: to(func(c *serviceConfig) *int { return &c.Workers }, number(1, 1000))},
		{name: "render-timeout", section: in, fallback: "12s", help: "longest `TIME` one overlay may take", set: to(func(c *serviceConfig) *time.Duration { return &c.RenderTimeout }, duration)},
		{name: "cache-size", section: in, fallback: "512MiB", help: "`SIZE` of the render cache of one repository, on disk", set: to(func(c *serviceConfig) *int64 { return &c.CacheSize }, size)},
		{name: "mirror-size", section: in, fallback: "1GiB", help: "largest `SIZE` of the mirror of one repository, on disk", set: to(func(c *serviceConfig) *int64 { return &c.MirrorSize }, size)},
		{name: "max-comment", section: in, fallback: "65000", help: "longest comment, in `BYTES`; GitHub says 65,536 characters", set: to(func(c *serviceConfig) *int { return &c.MaxComment }, number(1000, 262144))},
		{name: "max-comments", section: in, fallback: "5", help: "`NUMBER` of comments that a report is split over at most", set: to(func(c *serviceConfig) *int { return &c.MaxComments }, number(1, 50))},
		{name: "allow-remote", section: in, list: true, otherwise: "none", help: "fetch remote bases from `HOST[/ORG[/REPO]]`", set: to(func(c *serviceConfig) *[]string { return &c.AllowRemote }, each(remote))},
		{name: "allow-private-address", section: in, list: true, otherwise: "none", help: "`HOST:PORT` of an allowed remote that may have a private address", set: to(func(c *serviceConfig) *[]string { return &c.AllowPrivate }, each(address))},
		{name: "remote-ca", section: in, otherwise: "the system's", help: "`FILE` of PEM certificates to trust for remotes", set: to(func(c *serviceConfig) *string { return &c.RemoteCA }, nonEmpty)},
	}
}

func logSettings() []setting {
	const in = sectionLog
	return []setting{
		{name: "log-level", section: in, fallback: "info", help: "least `LEVEL` that is logged: debug, info, warn or error", set: to(func(c *serviceConfig) *slog.Level { return &c.LogLevel }, level)},
		{name: "log-format", section: in, fallback: "text", help: "`FORMAT` of log lines: text or json", set: to(func(c *serviceConfig) *string { return &c.LogFormat }, format)},
	}
}

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

func hide(string) string { return "(set)" }

// addConfigFlags gives a command the flags of the table, and --config. It returns
// what [loadConfig] asks for them.
func addConfigFlags(cmd *cobra.Command) func(string) (string, bool) {
	f := cmd.Flags()
	f.String("config", "", "`FILE` of settings (YAML)")
	for _, s := range configTable() {
		help := s.help
		if d := defaultText(s); d != "" {
			help += " (default: " + d + ")"
		}
		switch {
		case s.secret:
		case s.list:
			f.StringArray(s.name, nil, help+"; may be repeated")
		default:
			f.String(s.name, "", help)
		}
		if s.inFile {
			f.String(s.name+"-file", "", "`FILE` that has the "+strings.ReplaceAll(s.name, "-", " "))
		}
	}
	return func(name string) (string, bool) {
		flag := f.Lookup(name)
		if flag == nil {
			return "", false
		}
		if list, ok := flag.Value.(interface{ GetSlice() []string }); ok {
			return strings.Join(list.GetSlice(), ","), flag.Changed
		}
		return flag.Value.String(), flag.Changed
	}
}

// defaultText says what happens without a value.
func defaultText(s setting) string {
	if s.fallback != "" {
		return s.fallback
	}
	return s.otherwise
}
