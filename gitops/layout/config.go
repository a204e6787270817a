package layout

import (
	"context"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/argocd"
	"github.com/sealift/sealift/gitops/layout/flux"
)

// ConfigFile is the path of the configuration in a repository.
const ConfigFile = ".sealift.yaml"

// maxConfig is the largest configuration in bytes.
const maxConfig = 256 << 10

// Config is what `.sealift.yaml` says. The zero value says nothing. Make one
// with [ParseConfig].
type Config struct {
	// Environments are in the order of the chain, the first one changed first.
	Environments []Environment
	// Overlays name directories and say what they are. The first one that
	// matches a directory counts.
	Overlays []OverlayRule
	// Ignore is patterns of directories that are no overlays.
	Ignore []string
	// Checks is how rules are to be taken, by their names.
	Checks map[string]Check
	// FailOn is the severity from which on findings fail a check, and "" when
	// nothing is said. Never is "never".
	FailOn gitops.Severity
	// Promote says what promotions carry.
	Promote Promote
	// Repositories are further addresses of this repository.
	Repositories []string
	// Kustomize, ArgoCD and Flux are what the installations say that deploy the repository.
	Kustomize KustomizeOptions
	ArgoCD    argocd.Options
	Flux      flux.Options
	// Charts are what charts see of the clusters.
	Charts ChartOptions
	// NotCompared is what the check says when something is not compared.
	NotCompared NotComparedMode

	ignore []glob
}

// Environment is one of the configuration's.
type Environment struct {
	Name string
	// Match is patterns of directories that belong to it, whatever their paths
	// look like.
	Match []string
	// Gate is what must hold before something is promoted to it; Sealing how its
	// secrets are sealed.
	Gate    Gate
	Sealing Sealing

	match []glob
}

// OverlayRule says what the directories are that a pattern matches.
type OverlayRule struct {
	Path string
	// App and Environment are given, or else taken from the captures {app} and
	// {env} of Path, or else from the directory's path.
	App, Environment string

	glob glob
}

// Check is how one rule is to be taken.
type Check struct {
	// Severity replaces the rule's own; "" leaves it.
	Severity gitops.Severity
	// Allow is patterns of files in which the rule finds nothing.
	Allow []string
	// Line and Column are where the rule is named.
	Line, Column int

	allow []glob
}

// The words beside the severities.
const (
	// Off is the severity of a rule that is not to run.
	Off gitops.Severity = "off"
	// Never is the value of Config.FailOn for findings that never fail.
	Never gitops.Severity = "never"
)

// Allowed reports whether a rule is to find nothing in a file: it is off, or allowed
// there.
func (c *Config) Allowed(rule, file string) bool {
	check := c.Checks[rule]
	return check.Severity == Off || matchAny(check.allow, file)
}

// rule returns the first overlay rule for a directory, or nil.
func (c *Config) rule(dir string) *OverlayRule {
	for i := range c.Overlays {
		if c.Overlays[i].glob.match(dir) {
			return &c.Overlays[i]
		}
	}
	return nil
}

// ParseConfig reads a configuration. It returns all problems at once, in the
// order of the file, each with code invalid, line and column; the configuration
// is nil when there are any.
func ParseConfig(data []byte) (*Config, []*gitops.Error) {
	p := &parser{}
	root := p.document(data)
	c := &Config{}
	if root != nil {
		p.config(c, root)
	}
	if len(p.errs) > 0 {
		return nil, p.sorted()
	}
	return c, nil
}

// ReadConfig reads the configuration of a tree. Both results are nil when it has
// none.
func ReadConfig(ctx context.Context, t gitops.Tree) (*Config, []*gitops.Error) {
	e := t.Lookup(ConfigFile)
	if e.Kind == gitops.Missing {
		return nil, nil
	}
	if e.Kind != gitops.File {
		return nil, []*gitops.Error{{Code: gitops.Invalid, File: ConfigFile, Message: "configuration is a " + e.Kind.String() + ", it must be a file"}}
	}
	data, err := t.Read(ctx, ConfigFile)
	if err != nil {
		return nil, []*gitops.Error{{Code: gitops.CodeOf(err), File: ConfigFile, Message: "configuration cannot be read", Err: err}}
	}
	return ParseConfig(data)
}
