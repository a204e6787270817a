package check

import (
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

func sealedSecretKeys() Rule {
	return Rule{
		Name:     "sealed-secret-keys",
		Severity: gitops.SeverityWarning,
		Doc:      "A change removes keys from a SealedSecret.",
		Long: `The controller removes them from the Secret at once, and what reads them stops
working at its next start: a container that names the key does not start, a file of
a volume is gone. It is a warning, because removing a key that nothing reads is
what should be done. Keys that move to ` + "`spec.template.data`" + ` are not removed.`,
		Bad: `overlay: apps/web
was: apps/web
-- in/apps/web/kustomization.yaml --
resources: [db.yaml]
-- in/apps/web/db.yaml --
` + exampleSealed("db", "web", "") + `-- base/apps/web/kustomization.yaml --
resources: [db.yaml]
-- base/apps/web/db.yaml --
` + exampleSealed("db", "web", "", "password", "username"),
		Good: `overlay: apps/web
was: apps/web
-- in/apps/web/kustomization.yaml --
resources: [db.yaml]
-- in/apps/web/db.yaml --
` + exampleSealed("db", "web", "", "password", "username") + `-- base/apps/web/kustomization.yaml --
resources: [db.yaml]
-- base/apps/web/db.yaml --
` + exampleSealed("db", "web", ""),
		run: runSealedSecretKeys,
	}
}

// runSealedSecretKeys compares with the SealedSecret of the same name that the same
// overlay rendered at the base. One that is gone as a whole is no finding: the diff
// shows it.
func runSealedSecretKeys(p *pass) error {
	all, err := p.sealedSecrets()
	if err != nil {
		return err
	}
	for _, r := range all {
		id := r.placed()
		old := p.before(r, func(old *sealedSecret) bool {
			was := old.placed()
			return was.namespace == id.namespace && was.name == id.name
		})
		if old == nil {
			continue
		}
		gone := r.missing(old)
		if len(gone) == 0 {
			continue
		}
		f := r.at("spec", "encryptedData")
		f.Message = "SealedSecret " + gitops.Quote(id.name) + " loses " + quoted(gone)
		f.Fix = "make sure that nothing reads it; or add it again: " + p.sealAgain(r, gone...)
		p.report(f)
	}
	return nil
}

// missing returns the keys of old that r does not give to the Secret.
func (r *rendered) missing(old *sealedSecret) []string {
	has := r.keys()
	for k := range node.Pairs(r.node, "spec", "template", "data") {
		has = append(has, k.Value)
	}
	var gone []string
	for _, k := range old.keys() {
		if !slices.Contains(has, k) {
			gone = append(gone, k)
		}
	}
	return gone
}

// quoted lists keys for a message.
func quoted(keys []string) string {
	const most = 10
	var b strings.Builder
	b.WriteString("key ")
	if len(keys) > 1 {
		b.Reset()
		b.WriteString("keys ")
	}
	for i, k := range keys {
		if i == most {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(gitops.Quote(k))
	}
	return b.String()
}
