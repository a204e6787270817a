package commands

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

func TestParseRollback(t *testing.T) {
	for line, want := range map[string]rollbackAsk{
		"staging":                                 {Environment: "staging"},
		"staging web":                             {Environment: "staging", App: "web"},
		"staging --take before":                   {Environment: "staging", Take: map[string]string{"": "source"}},
		"--take=before staging web":               {Environment: "staging", App: "web", Take: map[string]string{"": "source"}},
		"--take now a/b.yaml:x staging web":       {Environment: "staging", App: "web", Take: map[string]string{"a/b.yaml:x": "target"}},
		"staging --take before --take now b.yaml": {Environment: "staging", Take: map[string]string{"": "source", "b.yaml": "target"}},
	} {
		got, err := parseRollback(strings.Fields(line))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", line, err, diff)
		}
	}
	for line, want := range map[string]string{
		"":                                 "needs an environment",
		"staging web api":                  "needs an environment",
		"staging --force":                  `unknown option "--force"`,
		"staging --take":                   "takes before or now",
		"staging --take source":            `takes before or now, not "source"`,
		"staging --take before --take now": "both before and now",
		"staging --take before web --take=now x/y": "",
	} {
		_, err := parseRollback(strings.Fields(line))
		if want == "" && err != nil || want != "" && (gitops.CodeOf(err) != gitops.Invalid || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}
