package check

import (
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

func sealedSecretScope() Rule {
	return Rule{
		Name:     "sealed-secret-scope",
		Severity: gitops.SeverityError,
		Doc:      "The annotations of a SealedSecret do not say the scope that it was sealed with.",
		Long: `The scope is part of what the ciphertext is bound to. The controller takes it from
the annotations of the SealedSecret's own metadata; only the value "true" counts.
An annotation in ` + "`spec.template.metadata`" + ` alone is an error: the controller reads
strict and cannot decrypt. One in the metadata alone is a warning: it is decrypted,
but whoever re-encrypts it makes it strict. A scope that a change or a patch edits,
with the same ciphertext, is an error.`,
		Bad: exampleWeb("db.yaml") + `apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: db
  namespace: web
spec:
  encryptedData:
    password: ` + exampleCipher() + `
  template:
    metadata:
      name: db
      namespace: web
      annotations:
        sealedsecrets.bitnami.com/cluster-wide: "true"
`,
		Good: exampleWeb("db.yaml") + exampleSealed("db", "web", clusterWide),
		run:  runSealedSecretScope,
	}
}

// runSealedSecretScope reports that metadata and template disagree, else that the scope
// is not the one it was sealed with. A value that does not count is reported besides.
func runSealedSecretScope(p *pass) error {
	all, err := p.sealedSecrets()
	if err != nil {
		return err
	}
	for _, r := range all {
		p.reportSpelling(r)
		if !p.reportOnePlace(r) {
			p.reportNewScope(r)
		}
	}
	return nil
}

// reportSpelling reports annotations whose value does not count.
func (p *pass) reportSpelling(r *rendered) {
	for _, scope := range []string{clusterWide, namespaceWide} {
		n := scopeAnnotation(r.meta(), scope)
		if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!str" && (n.Value == "true" || n.Value == "false") {
			continue
		}
		f := r.at("metadata", "annotations", scopeAnnotations+scope)
		f.Message = "annotation " + gitops.Quote(scopeAnnotations+scope) + " is " + gitops.Quote(n.Value) + ", only the string \"true\" counts"
		if n.Tag == "!!bool" {
			f.Message = "annotation " + gitops.Quote(scopeAnnotations+scope) + " is a boolean, Kubernetes takes strings only"
		}
		f.Fix = "write \"true\" with quotes, or remove the annotation and seal it again: " + p.sealAgain(r, r.keys()...)
		p.report(f)
	}
}

// reportOnePlace reports that metadata and template say different scopes. It returns
// whether they do. Without values there is nothing to decrypt, and so nothing wrong.
func (p *pass) reportOnePlace(r *rendered) bool {
	is, inTemplate := scopeOf(r.meta()), scopeOf(r.template())
	if is == inTemplate || len(r.values) == 0 {
		return false
	}
	var f gitops.Finding
	if is == strict {
		f = r.at("spec", "template", "metadata", "annotations", scopeAnnotations+inTemplate)
		f.Message = "only spec.template.metadata says " + inTemplate + ": the controller takes SealedSecret " + gitops.Quote(r.placed().name) + " as strict and cannot decrypt it"
		f.Fix = "put the annotation into metadata too, or seal it again: " + p.sealAs(r, inTemplate, r.keys()...)
	} else {
		f = r.at("metadata", "annotations", scopeAnnotations+is)
		f.Severity = gitops.SeverityWarning
		f.Message = "metadata says " + is + " and spec.template.metadata " + inTemplate + ": re-encrypting SealedSecret " + gitops.Quote(r.placed().name) + " makes it " + inTemplate
		f.Fix = "put the annotation into spec.template.metadata too, or seal it again: " + p.sealAgain(r, r.keys()...)
	}
	p.report(f)
	return true
}

// reportNewScope reports that the overlay or the change gives the same ciphertext
// another scope.
func (p *pass) reportNewScope(r *rendered) {
	is, was, who := scopeOf(r.meta()), "", ""
	if r.source != nil && r.source.template() != nil {
		was, who = scopeOf(r.source.meta()), "the overlay makes it "
	}
	if old := p.before(r, r.sharesCipher); old != nil && (was == "" || was == is) {
		was, who = scopeOf(old.meta()), "the annotation is now "
	}
	if was == "" || was == is {
		return
	}
	f := r.at("metadata", "annotations", scopeAnnotations+is)
	f.Message = "SealedSecret " + gitops.Quote(r.placed().name) + " was sealed as " + was + "; " + who + is + ", so it cannot be decrypted"
	f.Fix = "seal it with the new scope: " + p.sealAgain(r, r.keys()...)
	p.report(f)
}
