package layout

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

const docs = "../../docs/"

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	s, err := c.Compile(docs + "sealift.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// conforms validates a configuration with the published schema.
func conforms(t *testing.T, s *jsonschema.Schema, config string) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(config), &v); err != nil {
		return err
	}
	return s.Validate(v)
}

// many returns a list of n elements.
func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\n- "+format, i)
	}
	return b.String()
}

func TestConfigOK(t *testing.T) {
	schema := compileSchema(t)
	for _, config := range []string{
		"version: 1",
		"# comment\n---\nversion: 1\n...\n",
		"\ufeffversion: 1",
		"{version: 1, environments: []}",
		"version: 1\nenvironments: [dev, {name: prod-eu, match: ['apps/*/eu', '**/x?', 'a[bc]d/**']}]",
		"version: 1\noverlays: [{path: 'apps/{app}/**/{env}'}, {path: x, app: web, environment: prod}]",
		"version: 1\nignore: [., a, 'a/**', '**']",
		"version: 1\nchecks: {plain-secret: off, latest-tag: {severity: error, allow: ['test/**']}, x: {}}",
		"version: 1\nfail-on: never",
		"version: 1\nenvironments: [{name: a, promote: {promoters: [write, ada, '@acme/platform', a_corp], auto: true, autoMerge: true, soak: 1d2h3m, checks: [ci/test], labels: [Ready to go]}}]",
		"version: 1\nenvironments: [{name: a, promote: {freeze: [{cron: '0 18 * * 5', for: 62h}, {cron: '*/5 0-6 1,15 JAN-MAR MON', for: 1m, timezone: America/Sao_Paulo, reason: rest}]}}]",
		"version: 1\nenvironments: [{name: a, promote: {}, seal: {}}, {name: b, seal: {certificates: [certs/b.pem, c.pem], sealers: [admin]}}, {name: c, seal: {controller: c}}]",
		"version: 1\npromote: {}",
		"version: 1\npromote: {carry: [{path: '**/x.yml', field: a.b}], keep: [{field: '**[name=web].host'}, {path: a}], copy: [a], together: [[a, b], [c, d]], groups: [{name: prod, environments: [e, f], soak: 2h}, {name: x, environments: [g, h]}], skip: false}",
		"version: 1\nenvironments: [prod]\npromote: {groups: [{name: prod, environments: [e, prod]}]}",
		"version: 1\nenvironments:" + many(1000, "e%d"),
	} {
		c, errs := ParseConfig([]byte(config))
		if errs != nil || c == nil {
			t.Errorf("ParseConfig(%.80q) = %v", config, errs)
		}
		if err := conforms(t, schema, config); err != nil {
			t.Errorf("schema: %.80q: %v", config, err)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	schema := compileSchema(t)
	tests := []struct {
		config, want string
		// meaning says that the shape is right: only the parser sees what is
		// wrong.
		meaning bool
	}{
		{config: "", want: `.sealift.yaml:1:1: configuration is empty: it needs "version: 1"`},
		{config: "# nothing\n", want: `.sealift.yaml:1:1: configuration is empty: it needs "version: 1"`},
		{config: "null", want: `.sealift.yaml:1:1: configuration is empty: it needs "version: 1"`},
		{config: "a: [", want: ".sealift.yaml:1:1: invalid YAML: did not find expected node content"},
		{config: "version: 1\n\tx: y", want: ".sealift.yaml:2:1: invalid YAML: found a tab character that violates indentation"},
		{config: "[]", want: ".sealift.yaml:1:1: configuration is a list, it must be a mapping"},
		{config: "{}", want: `.sealift.yaml:1:1: version is missing: add "version: 1"`},
		{config: "version: '1'", want: ".sealift.yaml:1:10: version is not 1, the only one there is"},
		{config: "version: 2", want: ".sealift.yaml:1:10: version is not 1, the only one there is"},
		{config: "version: 1\n---\nversion: 1", want: ".sealift.yaml:3:1: configuration has more than one document", meaning: true},
		{config: "version: 1\nignor: []", want: `.sealift.yaml:2:1: unknown key "ignor"; did you mean "ignore"?`},
		{config: "version: 1\nremotes: []", want: `.sealift.yaml:2:1: unknown key "remotes"`},
		{config: "version: 1\n\"a\\u202eb\": {}", want: `.sealift.yaml:2:1: unknown key "a\u202eb"`},
		{config: "version: 1\nversion: 1", want: `.sealift.yaml:2:1: key "version" is there twice, first in line 1`},
		{config: "version: 1\n? [a]\n: b", want: ".sealift.yaml:2:3: key is a list, it must be a string"},
		{config: "version: 1\nenvironments: dev", want: ".sealift.yaml:2:15: environments is a string, it must be a list"},
		{config: "version: 1\nenvironments: [1]", want: ".sealift.yaml:2:16: environment is a number, it must be a string"},
		{config: "version: 1\nenvironments: [[]]", want: ".sealift.yaml:2:16: environment is a list, it must be a mapping"},
		{config: "version: 1\nenvironments: ['']", want: ".sealift.yaml:2:16: environment is empty"},
		{config: "version: 1\nenvironments: [a b]", want: `.sealift.yaml:2:16: environment "a b" is not a name: letters, digits, ".", "_" and "-", at most 100`},
		{config: "version: 1\nenvironments: [a, a]", want: `.sealift.yaml:2:19: environment "a" is there twice, first in line 2`},
		{config: "version: 1\nenvironments: [a, {name: a}]", want: `.sealift.yaml:2:19: environment "a" is there twice, first in line 2`, meaning: true},
		{config: "version: 1\nenvironments: [{match: [a]}]", want: ".sealift.yaml:2:16: environment has no name"},
		{config: "version: 1\nenvironments: [{name: a, mach: [a]}]", want: `.sealift.yaml:2:26: unknown key "mach"; did you mean "match"?`},
		{config: "version: 1\nenvironments: [{name: a, match: b}]", want: ".sealift.yaml:2:33: match is a string, it must be a list"},
		{config: "version: 1\nenvironments:" + many(1001, "e%d"), want: ".sealift.yaml:3:1: environments has more than 1000 elements"},
		{config: "version: 1\noverlays: [{}]", want: ".sealift.yaml:2:12: overlay has no path"},
		{config: "version: 1\noverlays: [a]", want: ".sealift.yaml:2:12: overlay is a string, it must be a mapping"},
		{config: "version: 1\noverlays: [{path: '/a'}]", want: `.sealift.yaml:2:19: path "/a": pattern starts with a slash: paths are relative to the root of the repository`},
		{config: "version: 1\noverlays: [{path: 'a/{x}'}]", want: `.sealift.yaml:2:19: path "a/{x}": pattern has an unknown capture: there are {app} and {env}`, meaning: true},
		{config: "version: 1\noverlays: [{path: '{app}/{app}'}]", want: `.sealift.yaml:2:19: path "{app}/{app}": pattern names a capture twice`, meaning: true},
		{config: "version: 1\noverlays: [{path: a, app: [b]}]", want: ".sealift.yaml:2:27: app is a list, it must be a string"},
		{config: "version: 1\nignore: [a/../b]", want: `.sealift.yaml:2:10: ignore "a/../b": pattern has an empty, "." or ".." element`, meaning: true},
		{config: "version: 1\nignore: ['a[']", want: `.sealift.yaml:2:10: ignore "a[": pattern has a malformed class`, meaning: true},
		{config: "version: 1\nignore: ['a[z-a]']", want: `.sealift.yaml:2:10: ignore "a[z-a]": pattern has a malformed class`, meaning: true},
		{config: "version: 1\nignore: ['a[+-9]']", want: `.sealift.yaml:2:10: ignore "a[+-9]": pattern has a malformed class`, meaning: true},
		{config: "version: 1\nignore: ['a\\']", want: `.sealift.yaml:2:10: ignore "a\\": pattern ends a name with a backslash`, meaning: true},
		{config: "version: 1\nignore: ['{app}']", want: `.sealift.yaml:2:10: ignore "{app}": pattern has braces: {app} and {env} are for overlays only`},
		{config: "version: 1\nignore: [" + strings.Repeat("a", 513) + "]", want: `.sealift.yaml:2:10: ignore "` + strings.Repeat("a", 200) + `…": pattern is longer than 512 bytes`},
		{config: "version: 1\nignore:" + many(501, "a%d"), want: ".sealift.yaml:3:1: ignore has more than 500 elements"},
		{config: "version: 1\nignore:" + many(400, "a%d") + "\nchecks: {a: {allow:  [" + strings.Repeat("x,", 200) + "]}}", want: ".sealift.yaml:403:223: configuration has more than 500 patterns", meaning: true},
		{config: "version: 1\nchecks: []", want: ".sealift.yaml:2:9: checks is a list, it must be a mapping"},
		{config: "version: 1\nchecks: {a: warn}", want: `.sealift.yaml:2:13: severity is "warn", it must be one of off, note, warning, error`},
		{config: "version: 1\nchecks: {a: erorr}", want: `.sealift.yaml:2:13: severity is "erorr", it must be one of off, note, warning, error; did you mean "error"?`},
		{config: "version: 1\nchecks: {a: false}", want: `.sealift.yaml:2:13: severity is "false", it must be one of off, note, warning, error`},
		{config: "version: 1\nchecks: {a: []}", want: ".sealift.yaml:2:13: rule is a list, it must be a mapping"},
		{config: "version: 1\nchecks: {a: {level: error}}", want: `.sealift.yaml:2:14: unknown key "level"`},
		{config: "version: 1\nfail-on: note", want: `.sealift.yaml:2:10: fail-on is "note", it must be one of error, warning, never`},
		{config: "version: 1\nfail-on: [error]", want: ".sealift.yaml:2:10: fail-on is a list, it must be one of error, warning, never"},
		{config: "version: 1\nenvironments: [{name: a, promote: []}]", want: `.sealift.yaml:2:35: promote is a list, it must be a mapping`},
		{config: "version: 1\nenvironments: [{name: a, promote: {promoter: [ada]}}]", want: `.sealift.yaml:2:36: unknown key "promoter"; did you mean "promoters"?`},
		{config: "version: 1\nenvironments: [{name: a, promote: {promoters: []}}]", want: `.sealift.yaml:2:47: promoters is empty: leave it out, or name somebody or something`},
		{config: "version: 1\nenvironments: [{name: a, promote: {promoters: ada}}]", want: `.sealift.yaml:2:47: promoters is a string, it must be a list`},
		{config: "version: 1\nenvironments: [{name: a, promote: {promoters: [read]}}]", want: `.sealift.yaml:2:48: promoters element "read" is not enough: the rights are write, maintain and admin`},
		{config: "version: 1\nenvironments: [{name: a, promote: {promoters: ['@ada']}}]", want: `.sealift.yaml:2:48: promoters element "@ada" is no team: write it as @organisation/team, and a login without the @`},
		{config: "version: 1\nenvironments: [{name: a, promote: {promoters: ['a b']}}]", want: `.sealift.yaml:2:48: promoters element "a b" is no right, login or team: there are write, maintain and admin, ada, and @acme/platform`},
		{config: "version: 1\nenvironments: [{name: a, promote: {promoters: [ada, ada]}}]", want: `.sealift.yaml:2:53: promoters element "ada" is there twice, first in line 2`},
		{config: "version: 1\nenvironments: [{name: a, promote: {promoters: [1]}}]", want: `.sealift.yaml:2:48: promoters element is a number, it must be a string`},
		{config: "version: 1\nenvironments: [{name: a, promote: {auto: 1}}]", want: `.sealift.yaml:2:42: auto is a number, it must be true or false`},
		{config: "version: 1\nenvironments: [{name: a, promote: {auto: 'yes'}}]", want: `.sealift.yaml:2:42: auto is a string, it must be true or false`},
		{config: "version: 1\nenvironments: [{name: a, promote: {autoMerge: true}}]", want: `.sealift.yaml:2:35: autoMerge is for promotions that are opened automatically: add "auto: true"`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {soak: 60}}]", want: `.sealift.yaml:2:42: soak is no time: write days, hours and minutes, such as 1h30m or 2d`},
		{config: "version: 1\nenvironments: [{name: a, promote: {soak: 1w}}]", want: `.sealift.yaml:2:42: soak is no time: write days, hours and minutes, such as 1h30m or 2d`},
		{config: "version: 1\nenvironments: [{name: a, promote: {soak: -1h}}]", want: `.sealift.yaml:2:42: soak is no time: write days, hours and minutes, such as 1h30m or 2d`},
		{config: "version: 1\nenvironments: [{name: a, promote: {soak: 0h}}]", want: `.sealift.yaml:2:42: soak "0h" is not between a minute and 92 days`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {soak: 93d}}]", want: `.sealift.yaml:2:42: soak "93d" is not between a minute and 92 days`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {checks: [' a']}}]", want: `.sealift.yaml:2:45: checks element " a" is longer than 255 bytes, or has control characters or spaces around it`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {labels: {}}}]", want: `.sealift.yaml:2:44: labels is a mapping, it must be a list`},
		{config: "version: 1\nenvironments: [{name: a, promote: {labels: ['']}}]", want: `.sealift.yaml:2:45: labels element is empty`},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h}]}}]", want: `.sealift.yaml:2:45: freeze has no cron`},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{cron: 0 1 * * *}]}}]", want: `.sealift.yaml:2:45: freeze has no for`},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: '@daily'}]}}]", want: `.sealift.yaml:2:61: cron "@daily": it must have five fields: minute, hour, day of the month, month, day of the week`},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: 0 0 0 1 * *}]}}]", want: `.sealift.yaml:2:61: cron "0 0 0 1 * *": it must have five fields: minute, hour, day of the month, month, day of the week`},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: TZ=UTC 0 0 * *}]}}]", want: `.sealift.yaml:2:61: cron "TZ=UTC 0 0 * *": it must have five fields: minute, hour, day of the month, month, day of the week`},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: 70 0 * * *}]}}]", want: `.sealift.yaml:2:61: cron "70 0 * * *": end of range (70) above maximum (59): 70`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: 0 0 30 2 *}]}}]", want: `.sealift.yaml:2:61: cron "0 0 30 2 *": it never comes`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: 0 0 * * *, timezone: Europe/Zurch}]}}]", want: `.sealift.yaml:2:82: timezone "Europe/Zurch" is unknown: write a name such as Europe/Zurich or UTC`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: 0 0 * * *, timezone: Local}]}}]", want: `.sealift.yaml:2:82: timezone "Local" is unknown: write a name such as Europe/Zurich or UTC`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: 0 0 * * *, timezone: ../../etc/passwd}]}}]", want: `.sealift.yaml:2:82: timezone "../../etc/passwd" is unknown: write a name such as Europe/Zurich or UTC`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, promote: {freeze: [{for: 1h, cron: 0 0 * * *, reason: ''}]}}]", want: `.sealift.yaml:2:80: reason is empty`},
		{config: "version: 1\nenvironments: [{name: a, seal: {certificates: [/etc/x.pem]}}]", want: `.sealift.yaml:2:48: certificates element "/etc/x.pem" is no path of a file: it is relative to the root of the repository, without patterns`},
		{config: "version: 1\nenvironments: [{name: a, seal: {certificates: ['*.pem']}}]", want: `.sealift.yaml:2:48: certificates element "*.pem" is no path of a file: it is relative to the root of the repository, without patterns`},
		{config: "version: 1\nenvironments: [{name: a, seal: {certificates: [../x.pem]}}]", want: `.sealift.yaml:2:48: certificates element "../x.pem" is no path of a file: it is relative to the root of the repository, without patterns`, meaning: true},
		{config: "version: 1\nenvironments: [{name: a, seal: {certificates: [a], controller: b}}]", want: `.sealift.yaml:2:32: seal has certificates and a controller: name one of them`},
		{config: "version: 1\nenvironments: [{name: a, seal: {controller: http://x}}]", want: `.sealift.yaml:2:45: controller "http://x" is not a name: letters, digits, ".", "_" and "-", at most 100`},
		{config: "version: 1\nenvironments: [{name: a, seal: {sealers: [triage]}}]", want: `.sealift.yaml:2:43: sealers element "triage" is not enough: the rights are write, maintain and admin`},
		{config: "version: 1\npromote: {carry: [{}]}", want: `.sealift.yaml:2:19: carry element has neither path nor field`},
		{config: "version: 1\npromote: {carry: [a]}", want: `.sealift.yaml:2:19: carry element is a string, it must be a mapping`},
		{config: "version: 1\npromote: {carry: [{path: /a}]}", want: `.sealift.yaml:2:26: path "/a": pattern starts with a slash: paths are relative to the root of the repository`},
		{config: "version: 1\npromote: {keep: [{field: $.a}]}", want: `.sealift.yaml:2:26: field "$.a": path starts with "$": write it from the first key on`},
		{config: "version: 1\npromote: {keep: [{field: 'a.**'}]}", want: `.sealift.yaml:2:26: field "a.**": path ends with "**": what is below a field belongs to it anyhow`, meaning: true},
		{config: "version: 1\npromote: {keep: [{feld: a}]}", want: `.sealift.yaml:2:19: unknown key "feld"; did you mean "field"?`},
		{config: "version: 1\npromote: {copy: ['{app}']}", want: `.sealift.yaml:2:18: copy "{app}": pattern has braces: {app} and {env} are for overlays only`},
		{config: "version: 1\npromote: {together: [[a]]}", want: `.sealift.yaml:2:22: together element has fewer than two elements`},
		{config: "version: 1\npromote: {together: [[a, b], [b, c]]}", want: `.sealift.yaml:2:31: app "b" is there twice, first in line 2`, meaning: true},
		{config: "version: 1\npromote: {together: [[a, a]]}", want: `.sealift.yaml:2:26: app "a" is there twice, first in line 2`},
		{config: "version: 1\npromote: {groups: [{name: a}]}", want: `.sealift.yaml:2:20: group has no environments`},
		{config: "version: 1\npromote: {groups: [{environments: [a, b]}]}", want: `.sealift.yaml:2:20: group has no name`},
		{config: "version: 1\npromote: {groups: [{name: p, environments: [a, b]}, {name: p, environments: [c, d]}]}", want: `.sealift.yaml:2:53: group "p" is there twice, first in line 2`, meaning: true},
		{config: "version: 1\npromote: {groups: [{name: p, environments: [a, b]}, {name: q, environments: [c, b]}]}", want: `.sealift.yaml:2:81: environment "b" is there twice, first in line 2`, meaning: true},
		{config: "version: 1\npromote: {skip: never}", want: `.sealift.yaml:2:17: skip is a string, it must be true or false`},
		{config: "version: &v 1\nignore: [*v]", want: ".sealift.yaml:2:10: alias is not supported: write the value out"},
		{config: "version: 1\nx: &x {ignore: [a]}\n<<: *x", want: ".sealift.yaml:3:5: alias is not supported: write the value out"},
	}
	for _, tt := range tests {
		c, errs := ParseConfig([]byte(tt.config))
		if c != nil || len(errs) == 0 {
			t.Errorf("ParseConfig(%.80q) has no problem", tt.config)
			continue
		}
		if got := errs[0].Error(); !strings.HasPrefix(got, tt.want) {
			t.Errorf("ParseConfig(%.80q):\n got %s\nwant %s", tt.config, got, tt.want)
		}
		if err := conforms(t, schema, tt.config); err == nil && !tt.meaning {
			t.Errorf("schema accepts %.80q", tt.config)
		} else if err != nil && tt.meaning {
			t.Errorf("schema: %.80q: %v", tt.config, err)
		}
	}
}

func TestConfigHostile(t *testing.T) {
	bomb := "version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9))
	}
	for name, config := range map[string]string{
		"alias bomb":    bomb,
		"self alias":    "version: 1\nd: &d [*d]",
		"deep nesting":  "version: 1\nignore: " + strings.Repeat("[", 100_000),
		"deep mappings": "version: 1\nignore: " + strings.Repeat("{a: ", 9_000) + strings.Repeat("}", 9_000),
		"too large":     "version: 1\n# " + strings.Repeat("x", 50<<20),
		"many problems": "version: 1\n" + strings.Repeat("x: 1\n", 10_000),
		"control bytes": "version: 1\n\x00\x01: 2",
	} {
		t.Run(name, func(t *testing.T) {
			c, errs := ParseConfig([]byte(config))
			if c != nil || len(errs) == 0 || len(errs) > maxProblems {
				t.Errorf("got %d problems", len(errs))
			}
			for _, e := range errs {
				if e.Code != gitops.Invalid || e.Line < 1 || e.Column < 1 || strings.ContainsAny(e.Error(), "\n\x00") {
					t.Errorf("problem without code or place, or with control characters: %q", e)
				}
			}
		})
	}
}

// TestConfigDocumentation parses every YAML block of the documentation.
func TestConfigDocumentation(t *testing.T) {
	data, err := os.ReadFile(docs + "configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	schema := compileSchema(t)
	blocks := strings.Split(string(data), "```yaml\n")[1:]
	seen := map[string]bool{}
	for _, block := range blocks {
		config, _, _ := strings.Cut(block, "```")
		if _, errs := ParseConfig([]byte(config)); errs != nil {
			t.Errorf("example is not right: %v\n%s", errs, config)
		}
		if err := conforms(t, schema, config); err != nil {
			t.Errorf("example does not conform to the schema: %v\n%s", err, config)
		}
		for line := range strings.Lines(config) {
			key, _, _ := strings.Cut(line, ":")
			seen[key] = true
		}
	}
	for _, key := range []string{"version", "environments", "overlays", "ignore", "checks", "promote", "fail-on"} {
		if !seen[key] {
			t.Errorf("documentation has no example of %s", key)
		}
	}
}

func TestConfigValues(t *testing.T) {
	c, errs := ParseConfig([]byte("version: 1\nfail-on: warning\nchecks:\n  a: off\n  b: {severity: note, allow: ['x/**']}\n  c: {allow: [y]}\n"))
	if errs != nil {
		t.Fatal(errs)
	}
	if c.FailOn != gitops.SeverityWarning {
		t.Errorf("FailOn = %q", c.FailOn)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, c.Rules()); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		rule, file string
		want       bool
	}{{"a", "any", true}, {"b", "x/y/z", true}, {"b", "x", false}, {"c", "y", true}, {"c", "y/z", false}, {"none", "y", false}} {
		if got := c.Allowed(tt.rule, tt.file); got != tt.want {
			t.Errorf("%s allowed in %s: %v", tt.rule, tt.file, got)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("version: 1\nenvironments: [dev, {name: prod, match: [a/**]}]\noverlays: [{path: '{app}/{env}'}]\nchecks: {a: {allow: [x]}}\nfail-on: error"))
	f.Add([]byte("version: 1\na: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, errs := ParseConfig(data)
		if (c == nil) == (len(errs) == 0) {
			t.Fatalf("configuration %v with problems %v", c, errs)
		}
		for _, e := range errs {
			if e.Line < 1 || e.Column < 1 {
				t.Fatalf("problem without a place: %v", e)
			}
		}
		if c != nil {
			newNamer(c, nil, nil).overlay("a/b")
		}
	})
}
