package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/sealift/sealift/gitops"
)

// sources are what a configuration is loaded from.
type sources struct {
	args  []string
	env   map[string]string
	files map[string]string
}

// load loads it. Without a data directory there is an empty one.
func (s sources) load(t *testing.T) (serviceConfig, []*gitops.Error) {
	t.Helper()
	cmd := &cobra.Command{}
	flags := addConfigFlags(cmd)
	if err := cmd.ParseFlags(s.args); err != nil {
		t.Fatal(err)
	}
	env := maps.Clone(s.env)
	if env == nil {
		env = map[string]string{}
	}
	if env["XDG_DATA_HOME"] == "" {
		env["XDG_DATA_HOME"] = t.TempDir()
	}
	return loadConfig(flags, func(k string) string { return env[k] }, func(name string) ([]byte, error) {
		if text, ok := s.files[name]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	})
}

// good wants no problems.
func (s sources) good(t *testing.T) serviceConfig {
	t.Helper()
	c, problems := s.load(t)
	for _, p := range problems {
		t.Errorf("problem: %v", p)
	}
	return c
}

// bad wants problems, each with a text in it, and no others.
func (s sources) bad(t *testing.T, want ...string) {
	t.Helper()
	_, problems := s.load(t)
	var got []string
	for _, p := range problems {
		if p.Code != gitops.Invalid {
			t.Errorf("%v has code %s", p, p.Code)
		}
		got = append(got, p.Error())
	}
	if len(got) != len(want) {
		t.Errorf("%d problems, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
		return
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("problem %q does not have %q", got[i], want[i])
		}
	}
}

// testKey is a private key as GitHub hands it out.
var testKey = sync.OnceValue(func() string {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
})

func TestConfigDefaults(t *testing.T) {
	c := sources{env: map[string]string{"XDG_DATA_HOME": "/nowhere/data"}}.good(t)
	want := serviceConfig{
		Addr: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080", DataDir: "/nowhere/data/sealift", Database: "sqlite:/nowhere/data/sealift/sealift.db",
		GitHubURL: "https://api.github.com/", GitHubWebURL: "https://github.com", Jobs: 8, CacheSize: 512 << 20, MirrorSize: 1 << 30, RenderTimeout: 12 * time.Second,
		MaxComment: 65000, MaxComments: 5, LogFormat: "text",
	}
	c.shown = nil
	if d := cmp.Diff(want, c, cmp.AllowUnexported(serviceConfig{})); d != "" {
		t.Error(d)
	}
}

func TestConfigDataDir(t *testing.T) {
	for _, x := range []struct{ data, home, want string }{
		{"/x", "/home/a", "/x/sealift"}, {"relative", "/home/a", "/home/a/.local/share/sealift"}, {"relative", "", "sealift-data"},
	} {
		c := sources{env: map[string]string{"XDG_DATA_HOME": x.data, "HOME": x.home}}.good(t)
		if c.DataDir != x.want {
			t.Errorf("%+v: %s", x, c.DataDir)
		}
	}
}

// TestConfigPrecedence takes flags before variables before the file before defaults.
func TestConfigPrecedence(t *testing.T) {
	s := sources{
		args:  []string{"--config=c.yaml", "--addr=127.0.0.1:1", "--allow-remote=a.example", "--allow-remote=b.example/x"},
		env:   map[string]string{"SEALIFT_ADDR": "127.0.0.1:2", "SEALIFT_JOBS": "2", "SEALIFT_WORKERS": "", "SEALIFT_TRUSTED_PROXIES": "10.1.2.3/8, fd00::1"},
		files: map[string]string{"c.yaml": "addr: 127.0.0.1:3\njobs: 3\nworkers: 3\nallow-private-address: [a:1, 'b:2']\ncache-size: 2GiB\nrender-timeout:\n"},
	}
	c := s.good(t)
	if c.Addr != "127.0.0.1:1" || c.Jobs != 2 || c.Workers != 3 || c.CacheSize != 2<<30 || c.RenderTimeout != 12*time.Second {
		t.Errorf("addr %s, jobs %d, workers %d, cache %d, time-out %v", c.Addr, c.Jobs, c.Workers, c.CacheSize, c.RenderTimeout)
	}
	if !slices.Equal(c.AllowRemote, []string{"a.example", "b.example/x"}) || !slices.Equal(c.AllowPrivate, []string{"a:1", "b:2"}) {
		t.Errorf("remotes %q, private %q", c.AllowRemote, c.AllowPrivate)
	}
	if fmt.Sprint(c.TrustedProxies) != "[10.0.0.0/8 fd00::1/128]" {
		t.Errorf("proxies %v", c.TrustedProxies)
	}
	s = sources{env: map[string]string{"SEALIFT_CONFIG": "c.yaml"}, files: s.files}
	if c := s.good(t); c.Jobs != 3 {
		t.Errorf("jobs %d", c.Jobs)
	}
}

// TestConfigEverySettingEverywhere sets each setting by flag, variable and file.
func TestConfigEverySettingEverywhere(t *testing.T) {
	values := map[string]string{
		"addr": "127.0.0.1:99", "metrics-addr": "127.0.0.1:98", "public-url": "https://s.example.com", "trusted-proxies": "10.0.0.0/8", "data-dir": t.TempDir(), "database": "sqlite:/x.db",
		"github-url": "https://ghe.example.com/api/v3/", "github-web-url": "https://ghe.example.com", "app-id": "5", "private-key": testKey(), "webhook-secret": "one\ntwo",
		"client-id": "Iv1.a", "client-secret": "client", "jobs": "3", "workers": "4", "render-timeout": "3s", "cache-size": "64MiB", "mirror-size": "64MiB", "max-comment": "9000",
		"max-comments": "2", "allow-remote": "github.com/acme", "allow-private-address": "git.example.com:443", "remote-ca": "/ca.pem",
		"controllers": "prod=https://sealed.example.com,dev=/etc/dev.pem", "inline-plaintext": "accept", "log-level": "debug", "log-format": "json",
	}
	var byFlag, byEnv, byFile sources
	byEnv.env, byFlag.files = map[string]string{}, map[string]string{}
	var file strings.Builder
	for _, s := range configTable() {
		value, ok := values[s.name]
		if !ok {
			t.Fatalf("no value for %s", s.name)
		}
		if s.secret {
			byFlag.args = append(byFlag.args, "--"+s.name+"-file=/run/"+s.name)
			byFlag.files["/run/"+s.name] = value + "\n"
		} else {
			byFlag.args = append(byFlag.args, "--"+s.name+"="+value)
		}
		byEnv.env[envName(s.name)] = value
		fmt.Fprintf(&file, "%s: %q\n", s.name, value)
	}
	byFile.args, byFile.files = []string{"--config=c"}, map[string]string{"c": file.String()}
	want := byFlag.good(t)
	want.shown = nil
	if want.AppID != 5 || len(want.WebhookSecrets) != 2 || string(want.WebhookSecrets[1]) != "two" || want.RemoteCA != "/ca.pem" {
		t.Errorf("the values did not arrive")
	}
	for what, s := range map[string]sources{"variables": byEnv, "file": byFile} {
		c := s.good(t)
		c.shown = nil
		c.PrivateKey, want.PrivateKey = bytes.TrimSpace(c.PrivateKey), bytes.TrimSpace(want.PrivateKey)
		if d := cmp.Diff(want, c, cmp.AllowUnexported(serviceConfig{}), cmp.Comparer(func(a, b interface{ String() string }) bool { return a.String() == b.String() })); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
}

// TestConfigAllProblems has everything wrong at once.
func TestConfigAllProblems(t *testing.T) {
	s := sources{
		args: []string{"--config=c.yaml", "--addr=8080", "--log-level=loud", "--private-key-file=/run/key"},
		env:  map[string]string{"SEALIFT_JOBS": "many", "SEALIFT_APP_ID": "0", "SEALIFT_DATABASE": "mysql://root:hunter2@db/x", "SEALIFT_TRUSTED_PROXIES": "10.0.0.0/8,x"},
		files: map[string]string{"/run/key": "hunter2", "c.yaml": `cache-size: 5 apples
worker: 3
max_comment: 5
log-format: text
log-format: json
jobs: [1, 2]
allow-remote: {a: b}
webhook-secret: |
  hunter2
  hunter2
  hunter2
`},
	}
	s.bad(t,
		`c.yaml:2:1: unknown setting "worker"; did you mean "workers"?`,
		`c.yaml:3:1: unknown setting "max_comment"; did you mean "max-comment"?`,
		`c.yaml:5:1: setting "log-format" is there twice`,
		`c.yaml:6:7: jobs: want a single value`,
		`c.yaml:7:15: allow-remote: want a value or a list of values`,
		`--addr: address is not valid: "8080"`,
		`SEALIFT_TRUSTED_PROXIES: network is not valid: "x"`,
		`SEALIFT_DATABASE: database address is not valid`,
		`SEALIFT_APP_ID: App id is not valid: "0"`,
		`--private-key-file: private key is not PEM`,
		`c.yaml:8:17: webhook-secret: webhook secret has 3 lines, want one or two`,
		`SEALIFT_JOBS: number is not valid: "many"`,
		`c.yaml:1:13: cache-size: size is not valid: "5 apples"`,
		`--log-level: level is not valid: "loud"`,
	)
	c, problems := s.load(t)
	var out bytes.Buffer
	if err := c.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		fmt.Fprintf(&out, "%v %s\n", p, p.Hint)
	}
	if fmt.Fprintf(&out, "%v %+v %#v", c, c, c); strings.Contains(out.String(), "hunter2") {
		t.Errorf("a secret is told:\n%s", out.String())
	}
}

// TestConfigBadFiles says where a file is wrong, without what stands there.
func TestConfigBadFiles(t *testing.T) {
	for text, want := range map[string]string{
		"a: [": "c:1: configuration file is not YAML", "- a": "c:1:1: configuration file is not a mapping", "\tx": "is not YAML", "webhook-secret: hunter2: x": "is not YAML",
		"addr: *x": "is not YAML",
	} {
		_, problems := sources{args: []string{"--config=c"}, files: map[string]string{"c": text}}.load(t)
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), want) || strings.Contains(problems[0].Error(), "hunter2") {
			t.Errorf("%q: %v, want %s", text, problems, want)
		}
	}
	sources{args: []string{"--config=none"}}.bad(t, "configuration file: open none")
	sources{args: []string{"--config=c"}, files: map[string]string{"c": "# nothing\n"}}.good(t)
}

func TestConfigBadValues(t *testing.T) {
	for _, x := range []struct{ setting, value, want string }{
		{"addr", "127.0.0.1:70000", "address"}, {"addr", "127.0.0.1:http", "address"}, {"public-url", "http://a.example", "URL"}, {"public-url", "https://a.example/x", "URL"},
		{"public-url", "https://u:p@a.example", "URL"}, {"github-url", "http://ghe.example.com", "URL"}, {"github-url", "ghe.example.com", "URL"}, {"github-web-url", "", "value"},
		{"render-timeout", "0s", "time"}, {"render-timeout", "2h", "time"}, {"cache-size", "1", "size"}, {"cache-size", "-1", "size"}, {"cache-size", "999999999999GiB", "size"},
		{"cache-size", "8192GiB", "size"}, {"max-comment", "10", "number"}, {"workers", "0", "number"}, {"allow-remote", "../x", "allowed remote"}, {"log-format", "xml", "format"},
		{"database", "", "value"}, {"data-dir", "", "value"}, {"database", "postgres://[", "database"}, {"app-id", "x", "App id"},
	} {
		_, problems := sources{args: []string{"--" + x.setting + "=" + x.value}}.load(t)
		if x.value == "" && len(problems) == 1 {
			continue
		}
		if len(problems) == 0 || !strings.Contains(problems[0].Message, x.want) {
			t.Errorf("%s=%q: %v", x.setting, x.value, problems)
		}
	}
}

// TestConfigTogether finds settings that do not go together.
func TestConfigTogether(t *testing.T) {
	key := testKey()
	sources{args: []string{"--addr=:8080"}}.bad(t, "public-url is missing")
	sources{args: []string{"--metrics-addr=127.0.0.1:8080"}}.bad(t, "metrics-addr is the same as addr")
	sources{args: []string{"--app-id=1"}}.bad(t, "private-key is missing", "webhook-secret is missing")
	sources{env: map[string]string{"SEALIFT_PRIVATE_KEY": key}}.bad(t, "app-id is missing")
	sources{args: []string{"--client-id=x"}}.bad(t, "client-secret is missing")
	sources{env: map[string]string{"SEALIFT_CLIENT_SECRET": "x"}}.bad(t, "client-id is missing")
	sources{env: map[string]string{"SEALIFT_WEBHOOK_SECRET": "a", "SEALIFT_WEBHOOK_SECRET_FILE": "b"}}.bad(t, "SEALIFT_WEBHOOK_SECRET and SEALIFT_WEBHOOK_SECRET_FILE are both given")
	sources{args: []string{"--database-file=none"}}.bad(t, "--database-file: open none")
	c := sources{args: []string{"--github-url=https://ghe.example.com/api/v3"}}.good(t)
	if c.GitHubURL != "https://ghe.example.com/api/v3/" || c.GitHubWebURL != "https://ghe.example.com" {
		t.Errorf("%s %s", c.GitHubURL, c.GitHubWebURL)
	}
}

// TestConfigAbsentCredentials is a pod whose Secret is not there yet: it starts with the
// set-up page.
func TestConfigAbsentCredentials(t *testing.T) {
	mounted := map[string]string{"SEALIFT_PRIVATE_KEY_FILE": "/etc/key", "SEALIFT_WEBHOOK_SECRET_FILE": "/etc/secret"}
	if c := (sources{env: mounted}).good(t); c.AppID != 0 {
		t.Error("an App out of nothing")
	}
	mounted["SEALIFT_APP_ID"] = "1"
	sources{env: mounted}.bad(t, "SEALIFT_PRIVATE_KEY_FILE: open /etc/key", "SEALIFT_WEBHOOK_SECRET_FILE: open /etc/secret")
}

// TestConfigPrint masks every secret, also within addresses.
func TestConfigPrint(t *testing.T) {
	c := sources{
		args:  []string{"--app-id=5", "--allow-remote=a.example", "--allow-remote=b.example"},
		env:   map[string]string{"SEALIFT_PRIVATE_KEY_FILE": "/run/key", "SEALIFT_DATABASE": "postgres://bot:hunter2@db/sealift?password=hunter3", "SEALIFT_DATA_DIR": "/nowhere/x"},
		files: map[string]string{"/run/key": testKey(), "c.yaml": "webhook-secret: [hunter4, hunter5]\n"},
	}
	c.args = append(c.args, "--config=c.yaml")
	config := c.good(t)
	var out bytes.Buffer
	if err := config.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"addr                   127.0.0.1:8080                       default\n",
		"app-id                 5                                    --app-id\n",
		"private-key            (set)                                SEALIFT_PRIVATE_KEY_FILE\n",
		"webhook-secret         (set)                                webhook-secret\n",
		"client-secret          -                                    default\n",
		"database               postgres://bot:xxxxx@db/sealift      SEALIFT_DATABASE\n",
		"allow-remote           a.example,b.example                  --allow-remote\n",
	} {
		if !strings.Contains(squeeze(out.String()), squeeze(line)) {
			t.Errorf("no line %q in\n%s", line, out.String())
		}
	}
	if strings.Contains(out.String(), "hunter") || strings.Contains(out.String(), "BEGIN") {
		t.Errorf("a secret is printed:\n%s", out.String())
	}
	if config.Database != "postgres://bot:hunter2@db/sealift?password=hunter3" || string(config.WebhookSecrets[1]) != "hunter5" {
		t.Error("masking changed the values")
	}
}

// squeeze makes every run of spaces one.
func squeeze(s string) string {
	for strings.Contains(s, "  ") {
		s = strings.ReplaceAll(s, "  ", " ")
	}
	return s
}

// TestStoredApp keeps what the set-up page got, for the owner's eyes only.
func TestStoredApp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	app := storedApp{ID: 7, Slug: "our-sealift", PEM: testKey(), WebhookSecret: "hook", ClientID: "Iv1.x", ClientSecret: "client"}
	if _, ok, err := readApp(dir); ok || err != nil {
		t.Fatalf("an App in an empty directory: %v", err)
	}
	if err := writeApp(dir, app); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, appFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	if err := writeApp(dir, app); gitops.CodeOf(err) != gitops.Invalid {
		t.Errorf("written twice: %v", err)
	}
	c := sources{args: []string{"--data-dir=" + dir}}.good(t)
	if c.AppID != 7 || c.AppSlug != "our-sealift" || string(c.PrivateKey) != strings.TrimSpace(testKey()) || string(c.WebhookSecrets[0]) != "hook" || c.ClientID != "Iv1.x" || c.ClientSecret != "client" {
		t.Error("the stored App did not arrive")
	}
	c = sources{args: []string{"--data-dir=" + dir}, env: map[string]string{"SEALIFT_WEBHOOK_SECRET": "new\nhook", "SEALIFT_PRIVATE_KEY_FILE": "/not/mounted"}}.good(t)
	if c.AppID != 7 || len(c.WebhookSecrets) != 2 {
		t.Error("what is given does not come first")
	}
	sources{args: []string{"--data-dir=" + dir, "--app-id=8"}}.bad(t, "private-key is missing", "webhook-secret is missing") // another App
}

// TestStoredAppRefused uses no file that others could have read or that is damaged, and
// shows nothing of it.
func TestStoredAppRefused(t *testing.T) {
	for what, x := range map[string]struct {
		mode os.FileMode
		text string
		want string
	}{
		"others read":  {0o604, `{"id": 1}`, "can be read by others"},
		"others write": {0o602, `{"id": 1}`, "can be read by others"},
		"everybody":    {0o644, `{"id": 1}`, "can be read by others"},
		"no JSON":      {0o600, `{"id": hunter2`, "cannot be read"},
		"no id":        {0o600, `{}`, "cannot be read"},
		"bad key":      {0o660, `{"id": 1, "pem": "hunter2", "webhook_secret": "x"}`, "app.json: private key is not PEM"},
	} {
		dir := t.TempDir()
		name := filepath.Join(dir, appFile)
		if err := os.WriteFile(name, []byte(x.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, x.mode); err != nil {
			t.Fatal(err)
		}
		_, problems := sources{args: []string{"--data-dir=" + dir}}.load(t)
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), x.want) || strings.Contains(problems[0].Error(), "hunter2") {
			t.Errorf("%s: %v", what, problems)
		}
	}
}

// FuzzParseConfig looks for a file that gives a setting nobody knows.
func FuzzParseConfig(f *testing.F) {
	f.Add("addr: x\njobs: [1]\n")
	f.Add("a: &a [*a]\n? {x: y}\n: z\n")
	f.Add("- 1\n---\n!!binary x")
	f.Fuzz(func(t *testing.T, text string) {
		values, problems := parseConfig("c", []byte(text))
		for name := range values {
			if _, ok := fileKeys()[name]; !ok {
				t.Errorf("unknown setting %q was taken", name)
			}
		}
		for _, p := range problems {
			if p.Code != gitops.Invalid || strings.ContainsAny(p.Error(), "\n\r") {
				t.Errorf("problem %q", p.Error())
			}
		}
	})
}

// TestConfigDocs keeps docs/service-configuration.md the page that the table gives.
func TestConfigDocs(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "service-configuration.md")
	want := configPage()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("docs/service-configuration.md is not current (make docs), -want +got:\n%s", d)
	}
}

func configPage() string {
	var b strings.Builder
	b.WriteString(`# Configuration of the service

The settings of ` + "`bot serve`" + `. This page is made from the table of settings by ` + "`make docs`" + `.
What a repository can set for itself is in [configuration.md](configuration.md).

Every setting can be given in three places. The first one that has it wins:

1. a flag: ` + "`--public-url https://sealift.example.com`" + `
2. a variable: ` + "`SEALIFT_PUBLIC_URL=https://sealift.example.com`" + `. An empty one counts as not given.
3. the file that ` + "`--config`" + ` or ` + "`SEALIFT_CONFIG`" + ` names, in YAML: ` + "`public-url: https://sealift.example.com`" + `

Secrets are no flags, because others on the machine can read argument lists. Give
the file that holds one: ` + "`--private-key-file`, `SEALIFT_PRIVATE_KEY_FILE` or `private-key-file`" + `.

Lists are lists in YAML, parted by commas in a variable, and flags that are repeated.

` + "`bot serve --check`" + ` prints every problem, or the effective configuration with secrets
masked, and where each value comes from.
`)
	section := ""
	for _, s := range configTable() {
		if s.section != section {
			section = s.section
			fmt.Fprintf(&b, "\n## %s\n\n| setting | what it is | default |\n|---|---|---|\n", section)
		}
		name := "`" + s.name + "`"
		switch {
		case s.secret:
			name += " (secret) or `" + s.name + "-file`"
		case s.inFile:
			name += " or `" + s.name + "-file`"
		}
		def := s.otherwise
		if s.fallback != "" {
			def = "`" + s.fallback + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, s.help, def)
	}
	b.WriteString(`
## The stored App

The set-up page stores the App that it registers in ` + "`app.json`" + ` in the data directory,
with mode 0600. What is not given otherwise is read from there. The service refuses
the file when others than its owner and group may read it. Files of credentials
may be missing as long as no ` + "`app-id`" + ` is given, so that a pod can start before its
Secret is there.
`)
	return b.String()
}

// TestConfigTableIsWhole holds every setting to the same form.
func TestConfigTableIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range configTable() {
		if seen[s.name] || s.name == "config" {
			t.Errorf("%s is there twice", s.name)
		}
		seen[s.name] = true
		if s.help == "" || strings.HasSuffix(s.help, ".") || strings.Contains(s.help, "|") || (s.fallback == "") == (s.otherwise == "") {
			t.Errorf("%s: help %q, default %q, %q", s.name, s.help, s.fallback, s.otherwise)
		}
		if s.secret && (s.mask == nil || !s.inFile) {
			t.Errorf("%s is a secret that is shown or cannot be in a file", s.name)
		}
	}
}
