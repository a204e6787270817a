package commands

import (
	"cmp"
	"slices"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/layout"
)

// sameKey reports whether the configuration gives two environments the same
// certificates or controller to seal with.
func sameKey(c *layout.Config, a, b string) bool {
	var found []layout.Sealing
	for _, e := range c.Environments {
		if e.Name == a || e.Name == b {
			found = append(found, e.Sealing)
		}
	}
	if len(found) != 2 {
		return false
	}
	x, y := found[0], found[1]
	return x.Controller == y.Controller && slices.Equal(x.Certificates, y.Certificates) &&
		(x.Controller != "" || len(x.Certificates) > 0)
}

// graded gives each finding the severity that the configuration says, drops
// those that it allows and those of rules that are off, and sorts.
func graded(c *layout.Config, found []gitops.Finding) []gitops.Finding {
	var list []gitops.Finding
	for _, f := range found {
		if c.Allowed(f.Rule, f.File) {
			continue
		}
		f.Severity = cmp.Or(c.Checks[f.Rule].Severity, f.Severity)
		list = append(list, f)
	}
	slices.SortStableFunc(list, func(a, b gitops.Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return list
}

// configRule is the rule of problems in the configuration file.
const configRule = "config"

// ruleNames are all rules that findings may have.
func ruleNames() []string {
	names := []string{configRule, layout.RuleName, gitops.NotCompared}
	for _, r := range check.Rules() {
		names = append(names, r.Name)
	}
	return names
}

// unknownRules says which rules of the configuration do not exist, with the name
// that was probably meant.
func unknownRules(c *layout.Config) []gitops.Finding {
	var list []gitops.Finding
	names := ruleNames()
	for _, name := range c.Rules() {
		if slices.Contains(names, name) {
			continue
		}
		near := slices.MinFunc(names, func(a, b string) int {
			return cmp.Compare(gitops.Distance(name, a), gitops.Distance(name, b))
		})
		list = append(list, gitops.Finding{
			Rule: configRule, Severity: gitops.SeverityError, File: layout.ConfigFile, Line: c.Checks[name].Line, Column: c.Checks[name].Column,
			Message: "checks: there is no rule " + gitops.Quote(name), Fix: "did you mean " + gitops.Quote(near) + "?",
		})
	}
	return list
}

// configFindings are problems of the configuration as findings of the report.
func configFindings(problems []*gitops.Error) []gitops.Finding {
	var list []gitops.Finding
	for _, e := range problems {
		list = append(list, gitops.Finding{Rule: configRule, Severity: gitops.SeverityError, File: layout.ConfigFile, Line: e.Line, Column: e.Column, Message: e.Message, Fix: e.Hint})
	}
	return list
}
