package commands

import (
	"context"
	"sync/atomic"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
)

// Validation checks one tree and its configuration.
type Validation struct {
	Tree     gitops.Tree
	Renderer *render.Renderer
	// Memo keeps what layout found out about files; it may be nil.
	Memo layout.Memo
	// Repository says which repository and branch it is, as far as that is known.
	Repository Identity
	// Progress, if not nil, is called as overlays are done.
	Progress func(done, total int)
}

// ValidationResult is what a [Validation] found.
type ValidationResult struct {
	Findings []gitops.Finding // sorted by place
	Overlays int              // how many were rendered
	// Failed says that a finding has the severity that fails a check.
	Failed bool
}

// List returns the overlays of the tree, sorted by path.
func (c Validation) List(ctx context.Context) ([]gitops.Overlay, error) {
	config, err := configOf(ctx, c.Tree)
	if err != nil {
		return nil, err
	}
	l, err := layoutReader(config, c.Memo, c.Repository, c.Renderer).Read(ctx, c.Tree)
	if err != nil {
		return nil, err
	}
	return l.Overlays, nil
}

// Run renders every overlay and runs every rule. Problems of the configuration
// are findings; the tree is then checked as if there was none.
func (c Validation) Run(ctx context.Context) (ValidationResult, error) {
	config, problems := layout.ReadConfig(ctx, c.Tree)
	if config == nil {
		config = &layout.Config{}
	}
	l, err := layoutReader(config, c.Memo, c.Repository, c.Renderer).Read(ctx, c.Tree)
	if err != nil {
		return ValidationResult{}, err
	}
	in := check.Input{
		Tree: c.Tree, Allowed: config.Allowed,
		Environment: func(dir string) string { return l.Overlay(dir).Environment },
		SameKey:     func(a, b string) bool { return sameKey(config, a, b) },
	}
	if in.Overlays, err = c.render(ctx, l); err != nil {
		return ValidationResult{}, err
	}
	found, err := check.Run(ctx, in)
	if err != nil {
		return ValidationResult{}, err
	}
	found = append(found, l.Notes...)
	found = append(found, configFindings(problems)...)
	found = append(found, unknownRules(config)...)
	result := ValidationResult{Findings: graded(config, found), Overlays: len(in.Overlays)}
	result.Failed = Fails(result.Findings, config.FailOn)
	return result, nil
}

// render renders all units, in any order.
func (c Validation) render(ctx context.Context, l *layout.Layout) ([]check.Overlay, error) {
	trees := artifacts{}
	sources := make([]render.Source, len(l.Units))
	for i, u := range l.Units {
		from, err := trees.of(ctx, c.Tree, u.Artifact)
		if err != nil {
			return nil, err
		}
		sources[i] = render.Source{Tree: from, Path: u.Path, Build: u.Build}
	}
	var count atomic.Int64
	var list []check.Overlay
	for done, err := range c.Renderer.Sources(ctx, sources) {
		if err != nil {
			return nil, err
		}
		if c.Progress != nil {
			c.Progress(int(count.Add(1)), len(sources))
		}
		list = append(list, check.Overlay{Head: &done.Rendered})
	}
	return list, nil
}

// Fails reports whether findings fail a check whose threshold is failOn; "" is
// error.
func Fails(found []gitops.Finding, failOn gitops.Severity) bool {
	for _, f := range found {
		switch failOn {
		case layout.Never:
			return false
		case gitops.SeverityWarning:
			if f.Severity == gitops.SeverityWarning {
				return true
			}
			fallthrough
		default:
			if f.Severity == gitops.SeverityError {
				return true
			}
		}
	}
	return false
}
