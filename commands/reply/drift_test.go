package reply

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
)

func TestDriftText(t *testing.T) {
	value := func(s string) *string { return &s }
	d := Drift{Pairs: []DriftPair{
		{A: "dev", B: "prod", Apps: []string{"api", "web"}, Unread: []DriftUnread{{"api", "apps/api/dev", gitops.CauseMissing}}, Fields: []DriftField{
			{App: "web", Object: "ConfigMap/c", Field: "data.x", A: value("one\ntwo\nthree"), B: value("one\n2\nthree"), Since: strings.Repeat("ab", 20)},
			{App: "web", Object: "ConfigMap/\x1b[2J", Field: "", A: value("present")},
			{App: "web", Object: "ConfigMap/c", Field: "data.y", A: value(""), B: value("one\n")},
		}},
		{A: "prod", B: "dr", Apps: []string{"web"}},
		{A: "prod", B: "eu", Apps: []string{"web"}},
		{A: "eu", B: "us", Apps: []string{"web"}, Unread: []DriftUnread{{"web", "apps/web/eu", gitops.CauseHelm}, {"web", "apps/web/us", gitops.CauseHelm}}},
		{A: "us", B: "ap", Apps: []string{"web"}, Added: []DriftAdded{{"web", "apps/web/ap", gitops.Deployer{Kind: "Application", Name: "web-ap"}}}},
	}}
	var b strings.Builder
	if err := DriftText(&b, d, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	want := `dev -> prod: 3 fields of 1 app differ; 1 app not compared
not compared: api, since apps/api/dev does not render (missing-file)
APP  OBJECT             FIELD     DEV      PROD  SINCE
web  ConfigMap/c        data.x    two      2     abababa
web  ConfigMap/\x1b[2J  (object)  present  -     -
web  ConfigMap/c        data.y    ""       one   -

prod -> dr: no drift in 1 app
prod -> eu: no drift in 1 app

eu -> us: nothing is compared, 1 app does not render
not compared: web, since apps/web/eu and 1 more do not render (helm)

us -> ap: no drift in what is compared of 1 app
not compared: what Application web-ap adds to apps/web/ap
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestDriftJSON(t *testing.T) {
	got, err := DriftJSON(Drift{Pairs: []DriftPair{{A: "dev", B: "prod", Fields: []DriftField{{App: "web", Object: "ConfigMap/c"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"schema": "sealift/drift/v1"`, `"apps": []`, `"unread": []`, `"value_a": null`, `"since": ""`, `"added": []`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	if empty, _ := DriftJSON(Drift{}); !strings.Contains(string(empty), `"pairs": []`) {
		t.Errorf("no pairs: %s", empty)
	}
}
