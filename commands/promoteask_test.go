package commands

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

func TestParsePromote(t *testing.T) {
	for line, want := range map[string]promoteAsk{
		"":                                     {},
		"staging":                              {To: "staging"},
		"staging web api web":                  {To: "staging", Apps: []string{"web", "api"}},
		"--all staging":                        {To: "staging", All: true},
		"staging --from dev --dry-run":         {To: "staging", From: "dev", DryRun: true},
		"staging --from=dev web":               {To: "staging", From: "dev", Apps: []string{"web"}},
		"--together --create --force prod web": {To: "prod", Apps: []string{"web"}, Together: true, Create: true, Force: true},
		"staging --take source":                {To: "staging", Take: map[string]string{"": "source"}},
		"--take target staging web":            {To: "staging", Apps: []string{"web"}, Take: map[string]string{"": "target"}},
		"staging --take source a/b.yaml:spec.replicas --take=target": {To: "staging", Take: map[string]string{"a/b.yaml:spec.replicas": "source", "": "target"}},
		"staging --take source kustomization.yaml web":               {To: "staging", Apps: []string{"web"}, Take: map[string]string{"kustomization.yaml": "source"}},
	} {
		got, err := parsePromote(strings.Fields(line))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", line, err, diff)
		}
	}
}

func TestParsePromoteErrors(t *testing.T) {
	for line, says := range map[string]string{
		"staging --al":                              "`--all`",
		"staging --dryrun":                          "`--dry-run`",
		"--frm dev":                                 "`--from`",
		"staging -h":                                `"-h"`,
		"staging --all web":                         "--all and names",
		"staging --from":                            "--from lacks its value",
		"staging --from --all":                      "--from lacks its value",
		"staging --from=":                           "--from lacks its value",
		"staging --from dev --from qa":              "--from is there twice",
		"staging --take":                            "--take lacks its value",
		"staging --take mine":                       `source or target, not "mine"`,
		"staging --take source --take target":       "both source and target",
		"staging --all=yes":                         "--all takes no value",
		"staging --\x1b[31m":                        `"--\x1b[31m"`,
		"--take source a.yaml --take target a.yaml": "both source and target",
	} {
		_, err := parsePromote(strings.Fields(line))
		e, ok := err.(*gitops.Error)
		if !ok || e.Code != gitops.Invalid || !strings.Contains(e.Message+" "+e.Hint, says) || !strings.Contains(e.Hint, "/promote [environment]") {
			t.Errorf("%q: %v, hint %q", line, err, e.Hint)
		}
	}
}

// FuzzParsePromote checks that any words are read or refused, and that what was
// read can be kept and means the same.
func FuzzParsePromote(f *testing.F) {
	f.Add("staging web --take source a:b --from=dev")
	f.Add("--take target --- -= --take=")
	f.Fuzz(func(t *testing.T, line string) {
		ask, err := parsePromote(strings.Fields(line))
		if err != nil && gitops.CodeOf(err) != gitops.Invalid {
			t.Errorf("%q: %v", line, err)
		}
		for _, word := range append(ask.Apps, ask.To) {
			if strings.HasPrefix(word, "-") {
				t.Errorf("%q: an option is the name %q", line, word)
			}
		}
	})
}
