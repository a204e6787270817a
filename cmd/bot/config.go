package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sealift/sealift/gitops"
)

// serviceConfig is the configuration of `bot serve`, complete: what was not given
// has its default.
type serviceConfig struct {
	Addr, MetricsAddr string // MetricsAddr "" serves no metrics
	PublicURL         string // a scheme and a host
	TrustedProxies    []netip.Prefix
	DataDir, Database string

	GitHubURL, GitHubWebURL string // the API with a slash at its end, the pages without
	AppID                   int64  // 0: there is no App yet
	AppSlug                 string // "" unless the set-up page stored the App
	PrivateKey              []byte // PEM
	WebhookSecrets          [][]byte
	ClientID, ClientSecret  string // "" without log-in

	Jobs, Workers             int   // Workers 0: the number of processors
	CacheSize, MirrorSize     int64 // bytes
	RenderTimeout             time.Duration
	MaxComment, MaxComments   int
	AllowRemote, AllowPrivate []string
	RemoteCA                  string

	Controllers     []controller
	InlinePlaintext bool // accept values in comments on private repositories

	LogLevel  slog.Level
	LogFormat string // text or json

	shown map[string]given // by the name of the setting, masked
}

// String tells nothing: a configuration has secrets.
func (serviceConfig) String() string { return "configuration of the service" }

// GoString is String.
func (c serviceConfig) GoString() string { return c.String() }

// given is the value of a setting and where it comes from.
type given struct {
	text, from string
	at         place
}

// place is where something stands in a file; the zero value is nowhere.
type place struct {
	file         string
	line, column int
}

// problem makes an error about a setting.
func (p place) problem(format string, args ...any) *gitops.Error {
	e := gitops.Errorf(gitops.Invalid, format, args...)
	e.File, e.Line, e.Column = p.file, p.line, p.column
	return e
}

// loader collects the configuration and every problem in it.
type loader struct {
	flags    func(name string) (string, bool) // false for a flag that was not given
	getenv   func(string) string
	readFile func(string) ([]byte, error)
	file     map[string]given // what the configuration file says, by key
	problems []*gitops.Error  // all of them are reported at once
	absent   []*gitops.Error  // files of credentials that are not there
}

// loadConfig puts the configuration together: flags before SEALIFT_ variables
// before the file before defaults. A variable that is empty counts as not given.
// flags returns the value of a flag, and whether it was given. The configuration
// is usable when there are no problems.
func loadConfig(flags func(string) (string, bool), getenv func(string) string, readFile func(string) ([]byte, error)) (serviceConfig, []*gitops.Error) {
	l := &loader{flags: flags, getenv: getenv, readFile: readFile}
	c := serviceConfig{shown: map[string]given{}}
	l.readConfigFile()
	for _, s := range configTable() {
		l.load(&c, s)
	}
	l.derive(&c)
	l.completeApp(&c)
	return c, l.problems
}

func (l *loader) add(e *gitops.Error) { l.problems = append(l.problems, e) }

// readConfigFile reads the file that --config or SEALIFT_CONFIG names, if any.
func (l *loader) readConfigFile() {
	name, ok := l.flags("config")
	if !ok {
		name = l.getenv("SEALIFT_CONFIG")
	}
	if name == "" {
		return
	}
	data, err := l.readFile(name)
	if err != nil {
		l.add(gitops.Errorf(gitops.Invalid, "configuration file: %w", err))
		return
	}
	var problems []*gitops.Error
	l.file, problems = parseConfig(name, data)
	l.problems = append(l.problems, problems...)
}

// load finds one setting and sets it.
func (l *loader) load(c *serviceConfig, s setting) {
	g, ok := l.find(s)
	if !ok {
		if s.fallback == "" {
			return
		}
		g = given{text: s.fallback, from: "default"}
	}
	l.set(c, s, g)
}

// set sets one setting, and remembers what may be shown of it.
func (l *loader) set(c *serviceConfig, s setting, g given) {
	shown := g
	if s.mask != nil {
		shown.text = s.mask(g.text)
	}
	c.shown[s.name] = shown
	err := s.set(c, g.text)
	if err == nil {
		return
	}
	e := g.at.problem("%s: %s", g.from, err.Error())
	if ge, ok := errors.AsType[*gitops.Error](err); ok {
		e.Hint = ge.Hint
	}
	l.add(e)
}

// find returns what was given for a setting at the first of the three places.
func (l *loader) find(s setting) (given, bool) {
	fromFlags := func(name string) (given, bool) {
		text, ok := l.flags(name)
		return given{text: text, from: "--" + name}, ok
	}
	fromEnv := func(name string) (given, bool) {
		key := envName(name)
		return given{text: l.getenv(key), from: key}, l.getenv(key) != ""
	}
	fromFile := func(name string) (given, bool) {
		g, ok := l.file[name]
		return g, ok
	}
	for _, look := range []func(string) (given, bool){fromFlags, fromEnv, fromFile} {
		g, direct := look(s.name)
		if !s.inFile {
			if direct {
				return g, true
			}
			continue
		}
		f, indirect := look(s.name + "-file")
		switch {
		case direct && indirect:
			l.add(f.at.problem("%s and %s are both given", g.from, f.from))
			return g, true
		case direct:
			return g, true
		case indirect:
			return l.content(s, f)
		}
	}
	return given{}, false
}

// content reads the file that a setting is in. Files of the App's credentials may
// be absent as long as there is no App: they are mounted when there is one.
func (l *loader) content(s setting, f given) (given, bool) {
	data, err := l.readFile(f.text)
	if err == nil {
		return given{text: strings.TrimRight(string(data), "\r\n"), from: f.from, at: f.at}, true
	}
	problem := f.at.problem("%s: %w", f.from, err)
	if s.section == sectionApp && errors.Is(err, fs.ErrNotExist) {
		l.absent = append(l.absent, problem)
	} else {
		l.add(problem)
	}
	return given{}, false
}

// derive fills in defaults that depend on other settings.
func (l *loader) derive(c *serviceConfig) {
	derived := func(name string, at *string, value string) {
		if *at == "" && value != "" && c.shown[name].text == "" {
			*at = value
			c.shown[name] = given{text: value, from: "default"}
		}
	}
	derived("data-dir", &c.DataDir, l.dataDir())
	derived("database", &c.Database, "sqlite:"+filepath.Join(c.DataDir, "sealift.db"))
	derived("github-web-url", &c.GitHubWebURL, webURL(c.GitHubURL))
	if local := loopbackAddr(c.Addr); local {
		derived("public-url", &c.PublicURL, "http://"+c.Addr)
	} else if c.Addr != "" && c.PublicURL == "" && c.shown["public-url"].text == "" {
		l.add(&gitops.Error{Code: gitops.Invalid, Message: "public-url is missing: addr is not a loopback address", Hint: "give the address under which GitHub reaches the service"})
	}
	if c.MetricsAddr != "" && c.MetricsAddr == c.Addr {
		l.add(gitops.Errorf(gitops.Invalid, "metrics-addr is the same as addr"))
	}
}

// dataDir is the user's directory for data, or one here.
func (l *loader) dataDir() string {
	if dir := l.getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sealift")
	}
	if dir := l.getenv("HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, ".local", "share", "sealift")
	}
	return "sealift-data"
}

// webURL returns the pages that belong to an API: GitHub's own, or those of an
// Enterprise Server, whose API is at https://HOST/api/v3/.
func webURL(api string) string {
	u, err := url.Parse(api)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + strings.TrimPrefix(u.Host, "api.")
}

func loopbackAddr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && loopbackHost(host)
}

// loopbackHost goes by the name alone, as a browser does.
func loopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// print writes the effective configuration. Secrets are masked.
func (c *serviceConfig) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range configTable() {
		g := c.shown[s.name]
		text := gitops.Printable(strings.ReplaceAll(g.text, "\n", ","))
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.name, cmp.Or(text, "-"), cmp.Or(g.from, "default"))
	}
	return t.Flush()
}
