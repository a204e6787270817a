package check

import (
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
)

func unpinnedRemote() Rule {
	return Rule{
		Name:     "unpinned-remote",
		Severity: gitops.SeverityWarning,
		Doc:      "A remote base or file is not pinned to a commit.",
		Long: `Without a full commit id the same commit of this repository renders differently
tomorrow: whoever can push to the other repository deploys here, without a pull
request. A branch or nothing is a warning. A version tag is a note: tags can be
moved, but seldom are. All of kustomize's spellings are read: https, ssh, git::,
user@host:path, github.com/org/repo, _git/, .git, //, and ?ref= or ?version=.`,
		Bad: `overlay: apps/web
-- in/apps/web/kustomization.yaml --
resources:
- https://github.com/example/web//deploy?ref=main
`,
		Good: `overlay: apps/web
-- in/apps/web/kustomization.yaml --
resources:
- https://github.com/example/web//deploy?ref=0123456789abcdef0123456789abcdef01234567
`,
		run: runUnpinnedRemote,
	}
}

// runUnpinnedRemote judges what is written, not what it leads to: nothing is fetched.
func runUnpinnedRemote(p *pass) error {
	return p.eachRef(func(file string, r ref) error {
		spec, ok := parseRemote(r.path, r.use)
		if !ok || isCommit(spec.ref) || p.isLocal(file, r) {
			return nil
		}
		f := judge(spec)
		f.File, f.Line, f.Column = file, r.node.Line, r.node.Column
		f.Message = r.field + ": " + f.Message + ": " + gitops.Quote(r.path)
		p.report(f)
		return nil
	})
}

// isLocal reports whether kustomize finds a file of that name before it thinks
// of a remote.
func (p *pass) isLocal(file string, r ref) bool {
	if r.use == asDirectory || gitops.IsRemoteFile(r.path) {
		return false
	}
	e, _, err := gitops.Resolve(p.ctx, p.tree, path.Dir(file)+"/"+r.path)
	return err == nil && e.Kind == gitops.File
}

// judge says what is wrong with the reference of a remote that is not pinned. The
// severity is that of the rule where it sets none.
func judge(spec remote) gitops.Finding {
	f := gitops.Finding{Fix: "pin it with ?ref= and the full commit id of 40 digits"}
	if spec.file {
		f.Fix = "use an address that has the full commit id, or copy the file into the repository"
	}
	quoted := gitops.Quote(spec.ref)
	switch {
	case strings.HasPrefix(spec.ref, "-"):
		f.Severity = gitops.SeverityError
		f.Message = "remote base with a ref that looks like an option, " + quoted
	case isVersion(spec.ref):
		f.Severity = gitops.SeverityNote
		f.Message = "remote pinned to version " + quoted + ", which can be moved"
	case spec.file:
		f.Message = "remote file without a commit"
	case spec.ref == "":
		f.Message = "remote base without ?ref="
	case shortID.MatchString(spec.ref):
		f.Message = "remote base with the short commit id " + quoted
	default:
		f.Message = "remote base that follows " + quoted
	}
	return f
}
