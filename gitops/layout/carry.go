package layout

import (
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// The limits of the section `promote`.
const (
	maxFieldRules = 200
	maxGroups     = 100
	maxTogether   = 100
	maxMembers    = 100 // of a group, or of a list of apps
)

// promote reads the section `promote` of the top level.
func (p *parser) promote(n *yaml.Node) (c Promote) {
	p.mapping(n, "promote",
		field{"carry", func(n *yaml.Node) { c.Carry = p.fieldRules(n, "carry") }},
		field{"keep", func(n *yaml.Node) { c.Keep = p.fieldRules(n, "keep") }},
		field{"copy", func(n *yaml.Node) { c.Copy, c.copy = p.globs(n, "copy") }},
		field{"together", func(n *yaml.Node) { c.Together = p.together(n) }},
		field{"groups", func(n *yaml.Node) { c.Groups = p.groups(n) }},
		field{"skip", func(n *yaml.Node) { c.Skip = p.flag(n, "skip") }},
	)
	return c
}

func (p *parser) fieldRules(n *yaml.Node, what string) (list []FieldRule) {
	p.list(n, what, maxFieldRules, func(e *yaml.Node) { list = append(list, p.fieldRule(e, what)) })
	return list
}

// fieldRule reads a path, a field, or both.
func (p *parser) fieldRule(n *yaml.Node, what string) (r FieldRule) {
	p.mapping(n, what+" element",
		field{"path", func(n *yaml.Node) {
			if r.Path = p.text(n, "path"); r.Path != "" {
				r.glob, _ = p.compile(n, "path", r.Path, false)
			}
		}},
		field{"field", func(n *yaml.Node) {
			r.Field = p.text(n, "field")
			if _, err := gitops.ParseFieldPath(r.Field); err != nil && r.Field != "" {
				p.fail(n, "field %s: %v", gitops.Quote(r.Field), err)
			}
		}},
	)
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.fail(n, "%s element has neither path nor field", what)
	}
	return r
}

// names returns a list of at least two names, none of which is in another list.
func (p *parser) names(n *yaml.Node, what, element string, seen map[string]int) (list []string) {
	p.list(n, what, maxMembers, func(e *yaml.Node) {
		if s := p.name(e, element); s != "" && p.once(e, element, seen, s) {
			list = append(list, s)
		}
	})
	if n.Kind == yaml.SequenceNode && len(n.Content) < 2 {
		p.fail(n, "%s has fewer than two elements", what)
	}
	return list
}

// together reads lists of apps that are promoted with each other. An app is in one of
// them.
func (p *parser) together(n *yaml.Node) (list [][]string) {
	seen := map[string]int{}
	p.list(n, "together", maxTogether, func(e *yaml.Node) { list = append(list, p.names(e, "together element", "app", seen)) })
	return list
}

// groups reads the groups of environments. An environment is in one of them.
func (p *parser) groups(n *yaml.Node) (list []Group) {
	names, members := map[string]int{}, map[string]int{}
	p.list(n, "groups", maxGroups, func(e *yaml.Node) {
		if g := p.group(e, members); g.Name != "" && p.once(e, "group", names, g.Name) {
			list = append(list, g)
		}
	})
	return list
}

// group reads one group. Without a name it is of no use, and is reported once for each
// thing it lacks.
func (p *parser) group(n *yaml.Node, seen map[string]int) (g Group) {
	has := map[string]bool{}
	p.mapping(n, "group",
		field{"name", func(n *yaml.Node) { has["name"] = true; g.Name = p.name(n, "group") }},
		field{"environments", func(n *yaml.Node) {
			has["environments"] = true
			g.Members = p.names(n, "environments", "environment", seen)
		}},
		field{"soak", func(n *yaml.Node) { g.Soak = p.duration(n, "soak") }},
	)
	for _, key := range []string{"name", "environments"} {
		if n.Kind == yaml.MappingNode && !has[key] {
			p.fail(n, "group has no %s", key)
		}
	}
	return g
}
