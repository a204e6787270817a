package check

import (
	"github.com/sealift/sealift/gitops"
)

func sealedSecretName() Rule {
	return Rule{
		Name:     "sealed-secret-name",
		Severity: gitops.SeverityError,
		Doc:      "A SealedSecret is rendered with a name or namespace that it was not sealed for.",
		Long: `The ciphertext of a strict SealedSecret is bound to its name and namespace, that of
a namespace-wide one to its namespace. kustomize's ` + "`namespace`, `namePrefix` and" + `
` + "`nameSuffix`" + ` change the metadata and not the ciphertext: the controller then says
"no key could decrypt secret", and the Secret is missing or stays as it was. What it
was sealed for is what ` + "`spec.template.metadata`" + ` says, else the metadata of the file.
A name that a change edits in both places, with the same ciphertext, is found too.`,
		Bad: `overlay: apps/web/prod
-- in/apps/web/prod/kustomization.yaml --
namespace: prod
resources: [../base]
-- in/apps/web/base/kustomization.yaml --
resources: [db.yaml]
-- in/apps/web/base/db.yaml --
` + exampleSealed("db", "dev", ""),
		Good: `overlay: apps/web/dev
-- in/apps/web/dev/kustomization.yaml --
namespace: dev
resources: [../base]
-- in/apps/web/base/kustomization.yaml --
resources: [db.yaml]
-- in/apps/web/base/db.yaml --
` + exampleSealed("db", "dev", ""),
		run: runSealedSecretName,
	}
}

// runSealedSecretName reports the place that does not fit; only when it fits, the
// change of it, so that one mistake is one finding.
func runSealedSecretName(p *pass) error {
	all, err := p.sealedSecrets()
	if err != nil {
		return err
	}
	for _, r := range all {
		if !p.reportMoved(r) {
			p.reportRenamed(r)
		}
	}
	return nil
}

// reportMoved reports that the overlay, or the file itself, has another name or
// namespace than r was sealed for.
func (p *pass) reportMoved(r *rendered) bool {
	is, was := r.placed(), r.sealedFor()
	if !is.differs(was) {
		return false
	}
	now := "its metadata says "
	if r.overlay != nil {
		now = "it is rendered with "
	}
	f := r.atDifference(is, was)
	f.Message = "SealedSecret " + gitops.Quote(is.name) + " was sealed for " + was.String() + "; " + now + is.String() + " and cannot be decrypted"
	f.Fix = "seal it for that place: " + p.sealAgain(r, r.keys()...)
	p.report(f)
	return true
}

// reportRenamed reports that the change gives the same ciphertext another name or
// namespace than it had at the base, in metadata and template.
func (p *pass) reportRenamed(r *rendered) {
	old := p.before(r, r.sharesCipher)
	if old == nil {
		return
	}
	is, was := r.placed(), old.placed()
	was.scope = is.scope // a new scope is another rule's business
	intended := rendered{sealedSecret: *old}
	if !is.differs(was) || intended.sealedFor().differs(old.placed()) { // it could not be decrypted before either
		return
	}
	f := r.atDifference(is, was)
	f.Message = "SealedSecret " + gitops.Quote(is.name) + " has new metadata and old ciphertext: it was sealed for " + was.String() + " and cannot be decrypted for " + is.String()
	f.Fix = "seal it for that place: " + p.sealAgain(r, r.keys()...)
	p.report(f)
}

// atDifference returns a finding at the name, or at the namespace when that is
// what differs.
func (r *rendered) atDifference(is, was sealedIdentity) gitops.Finding {
	if unequal(is.bound().name, was.bound().name) {
		return r.at("metadata", "name")
	}
	return r.at("metadata", "namespace")
}
