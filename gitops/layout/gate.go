package layout

import (
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// maxFreezes is how many times of rest an environment may have.
const maxFreezes = 20

// gate reads the section `promote` of an environment.
func (p *parser) gate(n *yaml.Node) (g Gate) {
	p.mapping(n, "promote",
		field{"promoters", func(n *yaml.Node) { g.Promoters = p.people(n, "promoters") }},
		field{"auto", func(n *yaml.Node) { g.Auto = p.flag(n, "auto") }},
		field{"autoMerge", func(n *yaml.Node) { g.AutoMerge = p.flag(n, "autoMerge") }},
		field{"soak", func(n *yaml.Node) { g.Soak = p.duration(n, "soak") }},
		field{"checks", func(n *yaml.Node) { g.Checks = p.words(n, "checks") }},
		field{"labels", func(n *yaml.Node) { g.Labels = p.words(n, "labels") }},
		field{"freeze", func(n *yaml.Node) {
			p.list(n, "freeze", maxFreezes, func(e *yaml.Node) { g.Freezes = append(g.Freezes, p.freeze(e)) })
		}},
	)
	if g.AutoMerge && !g.Auto {
		p.fail(n, "autoMerge is for promotions that are opened automatically: add \"auto: true\"")
	}
	return g
}

// freeze reads one time of rest.
func (p *parser) freeze(n *yaml.Node) (f Freeze) {
	f.Zone = time.UTC
	has := map[string]bool{}
	p.mapping(n, "freeze",
		field{"cron", func(n *yaml.Node) {
			has["cron"] = true
			f.Cron = p.text(n, "cron")
			var err error
			if f.starts, err = parseCron(f.Cron); err != nil && f.Cron != "" {
				p.fail(n, "cron %s: %s", gitops.Quote(f.Cron), gitops.Printable(err.Error()))
			}
		}},
		field{"for", func(n *yaml.Node) { has["for"] = true; f.For = p.duration(n, "for") }},
		field{"timezone", func(n *yaml.Node) { f.Zone = p.zone(n) }},
		field{"reason", func(n *yaml.Node) {
			if f.Reason = p.text(n, "reason"); len(f.Reason) > maxWord {
				p.fail(n, "reason is longer than %d bytes", maxWord)
			}
		}},
	)
	for _, key := range []string{"cron", "for"} {
		if n.Kind == yaml.MappingNode && !has[key] {
			p.fail(n, "freeze has no %s", key)
		}
	}
	return f
}

// zone returns a time zone by its name in the IANA database.
func (p *parser) zone(n *yaml.Node) *time.Location {
	s := p.text(n, "timezone")
	if s == "" {
		return time.UTC
	}
	zone, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		p.fail(n, "timezone %s is unknown: write a name such as Europe/Zurich or UTC", gitops.Quote(s))
		return time.UTC
	}
	return zone
}

// sealing reads the section `seal` of an environment.
func (p *parser) sealing(n *yaml.Node) (s Sealing) {
	p.mapping(n, "seal",
		field{"certificates", func(n *yaml.Node) { s.Certificates = p.files(n, "certificates") }},
		field{"controller", func(n *yaml.Node) { s.Controller = p.name(n, "controller") }},
		field{"sealers", func(n *yaml.Node) { s.Sealers = p.people(n, "sealers") }},
	)
	if len(s.Certificates) > 0 && s.Controller != "" {
		p.fail(n, "seal has certificates and a controller: name one of them")
	}
	return s
}
