package layout

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// config reads the top level.
func (p *parser) config(c *Config, root *yaml.Node) {
	version := false
	p.mapping(root, "configuration", append(p.installation(c),
		field{"version", func(n *yaml.Node) { version = true; p.version(n) }},
		field{"environments", func(n *yaml.Node) { p.environments(c, n) }},
		field{"overlays", func(n *yaml.Node) {
			p.list(n, "overlays", maxOverlayRules, func(e *yaml.Node) { p.overlay(c, e) })
		}},
		field{"ignore", func(n *yaml.Node) { c.Ignore, c.ignore = p.globs(n, "ignore") }},
		field{"checks", func(n *yaml.Node) { p.checks(c, n) }},
		field{"promote", func(n *yaml.Node) { c.Promote = p.promote(n) }},
		field{"fail-on", func(n *yaml.Node) {
			c.FailOn = p.word(n, "fail-on", gitops.SeverityError, gitops.SeverityWarning, Never)
		}},
	)...)
	if !version && root.Kind == yaml.MappingNode {
		p.fail(root, "version is missing: add \"version: 1\"")
	}
}

// version must be known before anything else can be believed.
func (p *parser) version(n *yaml.Node) {
	var v int
	if n.ShortTag() != "!!int" || n.Decode(&v) != nil || v != 1 {
		p.fail(n, "version is not 1, the only one there is")
	}
}

// environments are in the order of the chain. Of two with one name the first counts.
func (p *parser) environments(c *Config, n *yaml.Node) {
	lines := map[string]int{}
	p.list(n, "environments", maxEnvironments, func(e *yaml.Node) {
		env := p.environment(e)
		if env.Name == "" {
			return
		}
		if line, ok := lines[env.Name]; ok {
			p.fail(e, "environment %s is there twice, first in line %d", gitops.Quote(env.Name), line)
			return
		}
		lines[env.Name] = e.Line
		c.Environments = append(c.Environments, env)
	})
}

// environment reads one: a name, or a mapping.
func (p *parser) environment(n *yaml.Node) (env Environment) {
	if n.Kind == yaml.ScalarNode {
		env.Name = p.name(n, "environment")
		return env
	}
	named := false
	p.mapping(n, "environment",
		field{"name", func(n *yaml.Node) { named = true; env.Name = p.name(n, "environment") }},
		field{"match", func(n *yaml.Node) { env.Match, env.match = p.globs(n, "match") }},
		field{"promote", func(n *yaml.Node) { env.Gate = p.gate(n) }},
		field{"seal", func(n *yaml.Node) { env.Sealing = p.sealing(n) }},
	)
	if !named && n.Kind == yaml.MappingNode {
		p.fail(n, "environment has no name")
	}
	return env
}

// overlay keeps a rule that is wrong, so that the others keep their places.
func (p *parser) overlay(c *Config, n *yaml.Node) {
	var r OverlayRule
	path := false
	p.mapping(n, "overlay",
		field{"path", func(n *yaml.Node) {
			path = true
			if r.Path = p.text(n, "path"); r.Path != "" {
				r.glob, _ = p.compile(n, "path", r.Path, true)
			}
		}},
		field{"app", func(n *yaml.Node) { r.App = p.name(n, "app") }},
		field{"environment", func(n *yaml.Node) { r.Environment = p.name(n, "environment") }},
	)
	if !path && n.Kind == yaml.MappingNode {
		p.fail(n, "overlay has no path")
	}
	c.Overlays = append(c.Overlays, r)
}

// checks keeps where a rule is named: that it does not exist is found out later, by who
// knows the rules.
func (p *parser) checks(c *Config, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "checks is %s, it must be a mapping", kindOf(n))
		return
	}
	if len(n.Content)/2 > maxChecks {
		p.fail(n, "checks has more than %d elements", maxChecks)
		return
	}
	c.Checks = map[string]Check{}
	for key, v := range p.unique(n) {
		if p.name(key, "rule") != "" {
			rule := p.check(v)
			rule.Line, rule.Column = key.Line, key.Column
			c.Checks[key.Value] = rule
		}
	}
}

// check reads one rule: a severity, or a mapping.
func (p *parser) check(n *yaml.Node) (c Check) {
	severity := func(n *yaml.Node) {
		c.Severity = p.word(n, "severity", Off, gitops.SeverityNote, gitops.SeverityWarning, gitops.SeverityError)
	}
	if n.Kind == yaml.ScalarNode {
		severity(n)
		return c
	}
	p.mapping(n, "rule",
		field{"severity", severity},
		field{"allow", func(n *yaml.Node) { c.Allow, c.allow = p.globs(n, "allow") }},
	)
	return c
}

// Rules returns the names of the rules that the configuration speaks of, sorted.
func (c *Config) Rules() []string { return slices.Sorted(maps.Keys(c.Checks)) }
