package layout

import (
	"testing"
	"time"
	_ "time/tzdata" // the test must not depend on the machine

	"github.com/google/go-cmp/cmp"
)

// freeze returns the one freeze of a configuration.
func freeze(t *testing.T, keys string) Freeze {
	t.Helper()
	c, errs := ParseConfig([]byte("version: 1\nenvironments: [{name: a, promote: {freeze: [{" + keys + "}]}}]"))
	if errs != nil {
		t.Fatal(errs)
	}
	return c.Environments[0].Gate.Freezes[0]
}

func TestFreezeUntil(t *testing.T) {
	const (
		weekend = "cron: '0 18 * * 5', for: 62h, timezone: Europe/Zurich"
		night   = "cron: '30 2 * * *', for: 1h, timezone: Europe/Zurich"
		always  = "cron: '0 0 * * *', for: 24h"
		days    = "cron: '0 0 * * 6,0', for: 24h"
	)
	for _, tt := range []struct{ freeze, at, until string }{
		{weekend, "2026-07-17T17:59:59+02:00", ""},
		{weekend, "2026-07-17T18:00:00+02:00", "2026-07-20T08:00:00+02:00"},
		{weekend, "2026-07-20T07:59:59+02:00", "2026-07-20T08:00:00+02:00"},
		{weekend, "2026-07-20T08:00:00+02:00", ""},
		{weekend, "2026-01-16T16:59:59Z", ""},
		{weekend, "2026-01-16T17:00:00Z", "2026-01-19T07:00:00Z"},
		// The clock goes back on Sunday: 62 hours are 62 hours.
		{weekend, "2026-10-25T12:00:00Z", "2026-10-26T06:00:00Z"},
		// 02:30 does not exist on the day on which the clock goes forward, and is there
		// twice on the other.
		{night, "2026-03-29T01:45:00Z", "2026-03-29T02:30:00Z"},
		{night, "2026-10-25T01:45:00Z", "2026-10-25T02:30:00Z"},
		{night, "2026-07-01T00:30:00Z", "2026-07-01T01:30:00Z"},
		{night, "2026-07-01T01:30:00Z", ""},
		// Days that follow each other are one freeze.
		{days, "2026-07-18T12:00:00Z", "2026-07-20T00:00:00Z"},
		{days, "2026-07-20T00:00:00Z", ""},
		{"cron: '0 0 29 2 *', for: 1d", "2028-02-29T23:59:00Z", "2028-03-01T00:00:00Z"},
		{"cron: '0 0 29 2 *', for: 1d", "2027-03-01T00:00:00Z", ""},
		{"cron: '0 0 15 12 *', for: 30d", "2027-01-10T00:00:00Z", "2027-01-14T00:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		until, frozen := freeze(t, tt.freeze).Until(at)
		want, err := time.Parse(time.RFC3339, tt.until)
		if frozen != (tt.until != "") || frozen && (err != nil || !until.Equal(want)) {
			t.Errorf("%s at %s: %t until %s, want %q", tt.freeze, tt.at, frozen, until, tt.until)
		}
	}
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	if until, frozen := freeze(t, always).Until(at); !frozen || until.Before(at.AddDate(1, 0, 0)) {
		t.Errorf("a freeze that never ends: %t until %s", frozen, until)
	}
	if _, frozen := (Freeze{For: time.Hour}).Until(at); frozen {
		t.Error("the zero freeze holds")
	}
}

// TestFreezeBounded asks for the end of a freeze with the most starts there can be.
func TestFreezeBounded(t *testing.T) {
	f := freeze(t, "cron: '* * * * *', for: 92d")
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	if until, frozen := f.Until(at); !frozen || !until.After(at.Add(f.For)) {
		t.Errorf("%t until %s", frozen, until)
	}
}

func TestConfigPolicy(t *testing.T) {
	c, errs := ParseConfig([]byte(`version: 1
environments:
  - dev
  - name: prod
    promote: {promoters: ["@acme/platform", ada], auto: true, soak: 1d2h3m, checks: [ci], labels: [ok]}
    seal: {controller: prod, sealers: [admin]}
promote:
  carry: [{path: "**/x.yml", field: a.b}]
  keep: [{field: c}]
  copy: ["**/version.yml"]
  together: [[web, api]]
  groups: [{name: prod, environments: [eu, us], soak: 2h}]
  skip: true
`))
	if errs != nil {
		t.Fatal(errs)
	}
	want := Gate{Promoters: []string{"@acme/platform", "ada"}, Auto: true, Soak: 26*time.Hour + 3*time.Minute, Checks: []string{"ci"}, Labels: []string{"ok"}}
	if d := cmp.Diff(want, c.Environment("prod").Gate); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Sealing{Controller: "prod", Sealers: []string{"admin"}}, c.Environment("prod").Sealing); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Gate{}, c.Environment("other").Gate); d != "" {
		t.Error(d)
	}
	p := c.Promote
	if g, ok := p.Group("prod"); !ok || g.Soak != 2*time.Hour || !cmp.Equal(g.Members, []string{"eu", "us"}) {
		t.Errorf("group %+v", g)
	}
	if _, ok := p.Group("eu"); ok {
		t.Error("a member is a group")
	}
	if !cmp.Equal(p.WithApp("api"), []string{"web", "api"}) || !cmp.Equal(p.WithApp("x"), []string{"x"}) {
		t.Errorf("together %v", p.Together)
	}
	if !p.Copies("a/version.yml") || p.Copies("a/version.yaml") || !p.Carry[0].Matches("x.yml") || p.Carry[0].Matches("y.yml") || !p.Keep[0].Matches("any") {
		t.Error("patterns do not match what they say")
	}
}
