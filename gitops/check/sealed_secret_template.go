package check

import (
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

func sealedSecretTemplate() Rule {
	return Rule{
		Name:     "sealed-secret-template",
		Severity: gitops.SeverityError,
		Doc:      "A SealedSecret has a label or an annotation that is no string.",
		Long: `Labels and annotations are strings (ObjectMeta of the Kubernetes API). The API server
refuses an object in which one is a boolean or a number, and the controller refuses a
SealedSecret whose template has such, so that no Secret comes of it. YAML reads
` + "`true`" + ` and ` + "`42`" + ` as what they are: quotes make them strings.`,
		Bad: `overlay: apps/web
-- in/apps/web/kustomization.yaml --
resources: [db.yaml]
-- in/apps/web/db.yaml --
` + exampleSealed("db", "web", "") + `      annotations:
        reloader.example.com/match: true
`,
		Good: `overlay: apps/web
-- in/apps/web/kustomization.yaml --
resources: [db.yaml]
-- in/apps/web/db.yaml --
` + exampleSealed("db", "web", "") + `      annotations:
        reloader.example.com/match: "true"
`,
		run: runSealedSecretTemplate,
	}
}

// runSealedSecretTemplate looks at files, where the place of the value is.
func runSealedSecretTemplate(p *pass) error {
	for _, file := range p.files {
		if !isYAML(file) {
			continue
		}
		s, err := p.source(file)
		if err != nil {
			return err
		}
		if !hasSecret.Match(s.data) {
			continue
		}
		for m := range node.Manifests(s.documents()) {
			if node.Text(m, "kind") == sealedKind {
				p.strings(file, m)
			}
		}
	}
	return nil
}

// strings reports the labels and annotations of a SealedSecret and of its template that
// are no strings.
func (p *pass) strings(file string, m *yaml.Node) {
	for _, meta := range [][]string{{"metadata"}, {"spec", "template", "metadata"}} {
		for _, field := range []string{"labels", "annotations"} {
			for k, v := range node.Pairs(m, append(meta, field)...) {
				what := notString(v)
				if what == "" || k.Value == scopeAnnotations+namespaceWide || k.Value == scopeAnnotations+clusterWide {
					continue // sealed-secret-scope tells more
				}
				f := gitops.Finding{
					File: file, Line: v.Line, Column: v.Column,
					Message: "SealedSecret " + gitops.Quote(node.Text(m, "metadata", "name")) + " has " + what + " under " + gitops.Quote(k.Value) + ": " + field + " must be strings",
				}
				if v.Kind == yaml.ScalarNode {
					f.Fix = "write " + gitops.Quote(v.Value)
				}
				p.report(f)
			}
		}
	}
}

// notString says what a node is that the API does not take for a string, "" for one that
// it does. It takes nothing for an empty one, and times come as text.
func notString(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return notString(n.Alias)
	}
	switch n.ShortTag() {
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	}
	return ""
}
