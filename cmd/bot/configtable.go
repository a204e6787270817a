package main

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
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
	sectionSeal    = "Secrets"
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
	for _, group := range [][]setting{serviceSettings(), appSettings(), workSettings(), sealSettings(), logSettings()} {
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
		{name: "render-timeout", section: in, fallback: "12s", help: "processor `TIME` one overlay may take", set: to(func(c *serviceConfig) *time.Duration { return &c.RenderTimeout }, duration)},
		{name: "cache-size", section: in, fallback: "512MiB", help: "`SIZE` of the render cache of one repository, on disk", set: to(func(c *serviceConfig) *int64 { return &c.CacheSize }, size)},
		{name: "mirror-size", section: in, fallback: "1GiB", help: "largest `SIZE` of the mirror of one repository, on disk", set: to(func(c *serviceConfig) *int64 { return &c.MirrorSize }, size)},
		{name: "max-comment", section: in, fallback: "65000", help: "longest comment, in `BYTES`; GitHub says 65,536 characters", set: to(func(c *serviceConfig) *int { return &c.MaxComment }, number(1000, 262144))},
		{name: "max-comments", section: in, fallback: "5", help: "`NUMBER` of comments that a report is split over at most", set: to(func(c *serviceConfig) *int { return &c.MaxComments }, number(1, 50))},
		{name: "allow-remote", section: in, list: true, otherwise: "none", help: "fetch remote bases from `HOST[/ORG[/REPO]]`", set: to(func(c *serviceConfig) *[]string { return &c.AllowRemote }, each(remote))},
		{name: "allow-private-address", section: in, list: true, otherwise: "none", help: "`HOST:PORT` of an allowed remote that may have a private address", set: to(func(c *serviceConfig) *[]string { return &c.AllowPrivate }, each(address))},
		{name: "remote-ca", section: in, otherwise: "the system's", help: "`FILE` of PEM certificates to trust for remotes", set: to(func(c *serviceConfig) *string { return &c.RemoteCA }, nonEmpty)},
	}
}

func sealSettings() []setting {
	const in = sectionSeal
	return []setting{
		{name: "controllers", section: in, list: true, otherwise: "none", help: "`NAME=URL` of a controller of sealed-secrets that repositories may name, or `NAME=FILE` of its certificates as PEM; from the URL /v1/cert.pem is fetched, and /reseal uses /v1/rotate", set: to(func(c *serviceConfig) *[]controller { return &c.Controllers }, controllers)},
		{name: "inline-plaintext", section: in, fallback: "refuse", help: "`ANSWER` to a value in plain in a /seal comment, which is deleted in any case: refuse it, or accept it in private repositories; it has left in e-mails by then", set: to(func(c *serviceConfig) *bool { return &c.InlinePlaintext }, acceptance)},
	}
}

func logSettings() []setting {
	const in = sectionLog
	return []setting{
		{name: "log-level", section: in, fallback: "info", help: "least `LEVEL` that is logged: debug, info, warn or error", set: to(func(c *serviceConfig) *slog.Level { return &c.LogLevel }, level)},
		{name: "log-format", section: in, fallback: "text", help: "`FORMAT` of log lines: text or json", set: to(func(c *serviceConfig) *string { return &c.LogFormat }, format)},
	}
}

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
			f.String(s.name+"-file", "", "`FILE` that has the value of "+s.name)
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
