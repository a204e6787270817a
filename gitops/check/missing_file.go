package check

import (
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
)

func missingFile() Rule {
	return Rule{
		Name:     "missing-file",
		Severity: gitops.SeverityError,
		Doc:      "A kustomization names a file or directory that is not there.",
		Long: `kustomize stops at the first entry that leads nowhere. The finding points at the
entry and names what the repository has that looks like it. Entries that lead
out of the repository are the business of unpinned-remote and render-error.`,
		Bad: `overlay: apps/web
-- in/apps/web/kustomization.yaml --
resources:
- deploymnet.yaml
-- in/apps/web/deployment.yaml --
kind: Deployment
`,
		Good: `overlay: apps/web
-- in/apps/web/kustomization.yaml --
resources:
- deployment.yaml
-- in/apps/web/deployment.yaml --
kind: Deployment
`,
		run: runMissingFile,
	}
}

func runMissingFile(p *pass) error { return p.eachRef(p.checkRef) }

// checkRef reports r when it is local and leads nowhere.
func (p *pass) checkRef(file string, r ref) error {
	at, err := p.lookup(file, r)
	if err != nil || at.Path == "" {
		return err
	}
	if _, ok := parseRemote(r.path, r.use); ok && at.Kind != gitops.File {
		return nil
	}
	var message string
	switch {
	case at.Kind == gitops.Missing:
		message = "no such file or directory: " + gitops.Quote(r.path)
		if r.use == asFile {
			message = "no such file: " + gitops.Quote(r.path)
		}
	case at.Kind == gitops.Dir && r.use == asFile:
		message = "a directory where a file is expected: " + gitops.Quote(r.path)
	case at.Kind == gitops.Dir && !p.hasKustomization(at.Path):
		message = "no kustomization file in directory " + gitops.Quote(r.path)
	default:
		return nil
	}
	p.report(gitops.Finding{
		File: file, Line: r.node.Line, Column: r.node.Column,
		Message: r.field + ": " + message,
		Fix:     p.suggest(file, at),
	})
	return nil
}

// lookup returns what r leads to; an entry without path when it leads out of
// the repository, which is not for this rule to judge.
func (p *pass) lookup(file string, r ref) (gitops.Entry, error) {
	if path.IsAbs(r.path) {
		return gitops.Entry{}, nil
	}
	e, _, err := gitops.Resolve(p.ctx, p.tree, path.Dir(file)+"/"+r.path)
	if gitops.CodeOf(err) == gitops.Invalid {
		return gitops.Entry{}, nil
	}
	return e, err
}

// hasKustomization says yes to anything of that name, a broken link too: what is wrong
// with it is the renderer's to say.
func (p *pass) hasKustomization(dir string) bool {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if p.tree.Lookup(path.Join(dir, name)).Kind != gitops.Missing {
			return true
		}
	}
	return false
}

// suggest names the paths that look like at, as the kustomization in file
// would write them.
func (p *pass) suggest(file string, at gitops.Entry) string {
	if at.Kind != gitops.Missing {
		return ""
	}
	var out []string
	for _, n := range p.near(at.Path) {
		out = append(out, gitops.Quote(relative(path.Dir(file), n)))
	}
	if len(out) == 0 {
		return "add the file or remove the entry"
	}
	return "did you mean " + strings.Join(out, " or ") + "?"
}

// relative returns target as seen from dir; both are clean.
func relative(dir, target string) string {
	up := ""
	for dir != "." && !strings.HasPrefix(target, dir+"/") {
		dir = path.Dir(dir)
		up += "../"
	}
	if dir == "." {
		return up + target
	}
	return up + strings.TrimPrefix(target, dir+"/")
}
