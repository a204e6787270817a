package check

import (
	"github.com/sealift/sealift/gitops"
)

const renderErrorName = "render-error"

func renderError() Rule {
	return Rule{
		Name:     renderErrorName,
		Severity: gitops.SeverityError,
		Doc:      "A kustomization does not build.",
		Long: `What does not build is not deployed: the environment keeps its old state, silently.
The place is the one that the renderer names. It is an error when the overlay
is new or built before the change, and a note when it failed before too. What Sealift
does not have is a warning, because it may build elsewhere: a remote base that is not
allowed or not reachable, a Helm chart of elsewhere, a plugin.`,
		Bad: `overlay: apps/web/prod | invalid | bad-field | apps/web/prod/kustomization.yaml | 2 | unknown field "resource"
-- in/apps/web/prod/kustomization.yaml --
kind: Kustomization
resource: [../base]
`,
		Good: `overlay: apps/web/prod
-- in/apps/web/prod/kustomization.yaml --
kind: Kustomization
resources: [../base]
-- in/apps/web/base/kustomization.yaml --
namePrefix: web-
`,
		run: runRenderError,
	}
}

// runRenderError turns errors of renders into findings. Their messages and hints may
// quote manifests, so they are made printable here.
func runRenderError(p *pass) error {
	for _, o := range p.overlays {
		if o.Head == nil || o.Head.Err == nil {
			continue
		}
		e := o.Head.Err
		f := gitops.Finding{
			File: e.File, Line: e.Line, Column: e.Column,
			Message:  oneLine(e.Message),
			Fix:      oneLine(e.Hint),
			Overlays: []string{o.Head.Path},
		}
		if f.File == "" {
			f.File = o.Head.Path
		}
		switch {
		case o.Base != nil && o.Base.Err != nil:
			f.Severity = gitops.SeverityNote
		case e.Cause.Elsewhere():
			f.Severity = gitops.SeverityWarning
		}
		p.report(f)
	}
	return nil
}

// oneLine makes a foreign message safe to print on one line.
func oneLine(s string) string { return gitops.Printable(s) }
