package commands

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
)

// office is people, teams, checks and holds that are written down.
type office struct {
	Host    // what a gate does not ask
	Changes // the same
	rights  map[string]string
	teams   map[string][]string
	checks  map[string]gitops.Conclusion
	held    []gitops.Hold
}

func (o office) Permission(_ context.Context, login string) (string, error) {
	if right, ok := o.rights[login]; ok {
		return right, nil
	}
	return "", gitops.Errorf(gitops.NotFound, "person not found")
}

func (o office) TeamMember(_ context.Context, team, login string) (bool, error) {
	return slices.Contains(o.teams[team], login), nil
}

func (o office) Conclusions(context.Context, string) (map[string]gitops.Conclusion, error) {
	return o.checks, nil
}

func (o office) Hold(context.Context, gitops.Hold) error                     { return nil }
func (o office) Unhold(context.Context, int64, string, string) (bool, error) { return false, nil }
func (o office) Holds(context.Context, int64) ([]gitops.Hold, error)         { return o.held, nil }

var atWork = office{
	rights: map[string]string{"ada": "write", "bob": "read", "cleo": "admin", "dan": "write", "max": "maintain"},
	teams:  map[string][]string{"acme/platform": {"dan", "bob"}},
	checks: map[string]gitops.Conclusion{"green": "success", "calm": "neutral", "red": "failure", "slow": ""},
}

func TestMay(t *testing.T) {
	for _, tt := range []struct {
		who, login string
		want       bool
	}{
		{"", "ada", true},
		{"", "bob", false},
		{"", "nobody", false},
		{"write", "max", true},
		{"maintain", "ada", false},
		{"maintain", "cleo", true},
		{"admin", "max", false},
		{"ada", "ada", true},
		{"Ada", "ada", true},
		{"ada", "cleo", false},
		{"bob", "bob", false}, // he lost the right to write
		{"@acme/platform", "dan", true},
		{"@acme/platform", "bob", false},
		{"@acme/platform", "cleo", false},
		{"@acme/other ada", "ada", true},
		{"write", "write", false},
	} {
		got, says, err := may(t.Context(), atWork, atWork, strings.Fields(tt.who), tt.login)
		if err != nil || got != tt.want || says == "" {
			t.Errorf("%q, %s: %t, %q, %v", tt.who, tt.login, got, says, err)
		}
	}
	_, says, _ := may(t.Context(), atWork, atWork, []string{"maintain", "@acme/platform", "ada"}, "bob")
	if want := "who may maintain the repository, members of acme/platform, ada"; says != want {
		t.Errorf("says %q", says)
	}
}

func TestGate(t *testing.T) {
	now := time.Date(2026, 7, 17, 20, 0, 0, 0, time.UTC) // a Friday
	const frozen = "freeze: [{cron: '0 18 * * 5', for: 62h, timezone: Europe/Zurich, reason: weekend}]"
	base := gateRequest{
		From: "dev", To: "staging", Apps: []string{"web"},
		Source: strings.Repeat("a", 40), Since: now.Add(-time.Hour), Login: "ada",
	}
	with := func(change func(*gateRequest)) gateRequest { r := base; change(&r); return r }
	automatic := with(func(r *gateRequest) { r.Login = "" })
	toProd := with(func(r *gateRequest) { r.From, r.To = "staging", "prod-eu" })
	for _, tt := range []struct {
		name, gate, promote string
		request             gateRequest
		held                []gitops.Hold
		want                string // the refusals, one a line
	}{
		{name: "no rules", request: base},
		{name: "may not write", request: with(func(r *gateRequest) { r.Login = "bob" }), want: "promoters: bob may not promote to staging; who may write to the repository may"},
		{name: "not on the list", gate: "promoters: [cleo, '@acme/platform']", request: base, want: "promoters: ada may not promote to staging; cleo, members of acme/platform may"},
		{name: "automatic is nobody", gate: "promoters: [cleo], labels: [ok]", request: automatic},
		{name: "first of a group", promote: "groups: [{name: prod, environments: [prod-eu, prod-us], soak: 2h}]", request: toProd},
		{
			name: "second of a group too early", promote: "groups: [{name: prod, environments: [prod-eu, prod-us], soak: 2h}]",
			request: with(func(r *gateRequest) { r.From, r.To, r.Before = "staging", "prod-us", now.Add(-time.Hour) }),
			want:    "group: prod-eu has had this since 2026-07-17 19:00 UTC, and prod-us waits until 2026-07-17 21:00 UTC",
		},
		{
			name: "second of a group first", promote: "groups: [{name: prod, environments: [prod-eu, prod-us]}]",
			request: with(func(r *gateRequest) { r.From, r.To = "staging", "prod-us" }), want: "group: prod-eu comes before prod-us in prod, and does not have this yet",
		},
		{
			name: "second of a group in time", promote: "groups: [{name: prod, environments: [prod-eu, prod-us], soak: 2h}]",
			request: with(func(r *gateRequest) { r.From, r.To, r.Before = "staging", "prod-us", now.Add(-2*time.Hour) }),
		},
		{name: "frozen", gate: frozen, request: base, want: `freeze: staging is frozen until 2026-07-20 08:00 CEST: "weekend"`},
		{name: "frozen for the automatic too", gate: frozen, request: automatic, want: `freeze: staging is frozen until 2026-07-20 08:00 CEST: "weekend"`},
		{name: "not frozen", gate: strings.Replace(frozen, "18", "23", 1), request: base},
		{name: "soaks", gate: "soak: 1h30m", request: base, want: "soak: dev has been as it is since 2026-07-17 19:00 UTC, and must be for 1h30m: until 2026-07-17 20:30 UTC"},
		{name: "soaked", gate: "soak: 1h", request: base},
		{name: "soak unknown", gate: "soak: 1h", request: with(func(r *gateRequest) { r.Since = time.Time{} }), want: "soak: staging wants dev to be as it is for 1h, and it is not known since when that is"},
		{name: "green", gate: "checks: [green, calm]", request: base},
		{
			name: "not green", gate: "checks: [red, green, slow, gone]", request: base,
			want: "checks: check \"red\" is not green on aaaaaaa: failure\nchecks: check \"slow\" still runs on aaaaaaa\nchecks: check \"gone\" is not there on aaaaaaa",
		},
		{name: "labelled", gate: "labels: [ok]", request: with(func(r *gateRequest) { r.Labels = []string{"x", "ok"} })},
		{name: "not labelled", gate: "labels: [ok, go]", request: with(func(r *gateRequest) { r.Labels = []string{"ok"} }), want: `labels: pull request does not have the label "go"`},
		{
			name: "held", request: base, held: []gitops.Hold{{Environment: "staging", Login: "cleo", Since: now.Add(-24 * time.Hour), Reason: "load\ntest"}},
			want: `hold: staging is on hold since 2026-07-16 20:00 UTC by cleo: "load\ntest"; /unhold staging ends that`,
		},
		{
			name: "app held", request: base, held: []gitops.Hold{{Environment: "staging", App: "web", Login: "cleo", Since: now}},
			want: "hold: staging web is on hold since 2026-07-17 20:00 UTC by cleo; /unhold staging web ends that",
		},
		{name: "others held", request: base, held: []gitops.Hold{{Environment: "prod-eu"}, {Environment: "staging", App: "api"}}},
		{name: "automatic held", request: base, held: []gitops.Hold{{Environment: "staging", Automatic: true}}},
		{
			name: "automatic held for the automatic", request: automatic, held: []gitops.Hold{{Environment: "staging", App: "web", Login: "cleo", Since: now, Automatic: true}},
			want: "hold: staging web is on hold since 2026-07-17 20:00 UTC by cleo (only automatic promotions); /unhold staging web ends that",
		},
		{
			name: "several", gate: "promoters: [cleo], labels: [ok]", request: base,
			want: "promoters: ada may not promote to staging; cleo may\nlabels: pull request does not have the label \"ok\"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, errs := layout.ParseConfig([]byte("version: 1\nenvironments: [{name: staging, promote: {" + tt.gate + "}}]\npromote: {" + tt.promote + "}"))
			if errs != nil {
				t.Fatal(errs)
			}
			world := atWork
			world.held = tt.held
			tt.request.Config = config
			s := &Service{Holds: world, Now: func() time.Time { return now }}
			refused, err := s.gate(t.Context(), world, world, tt.request)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, r := range refused {
				lines = append(lines, r.Rule+": "+r.Message)
			}
			if got := strings.Join(lines, "\n"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
