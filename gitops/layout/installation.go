package layout

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/flux"
)

// KustomizeOptions are how kustomizations are built that nothing in the repository
// deploys.
type KustomizeOptions struct {
	// Unrestricted lifts the rule that files are read only in or below the directory of the
	// kustomization that names them (--load-restrictor LoadRestrictionsNone).
	Unrestricted bool
}

// ChartOptions are what charts see of the clusters, where no Application says it. The zero
// value is the newest Kubernetes that is known here, without further APIs.
type ChartOptions struct {
	KubeVersion string
	APIVersions []string
}

// NotComparedMode is what the check says of a change that reaches something that is not
// compared.
type NotComparedMode string

// The modes. The zero value is neutral.
const (
	NotComparedNeutral NotComparedMode = ""
	NotComparedFail    NotComparedMode = "fail"
)

// installation returns the fields that say how the installations are set up that deploy
// the repository, which no file of theirs may tell.
func (p *parser) installation(c *Config) []field {
	return []field{
		{"repositories", func(n *yaml.Node) { c.Repositories = p.texts(n, "repositories", maxWords, p.address) }},
		{"kustomize", func(n *yaml.Node) {
			p.mapping(n, "kustomize", field{"load-restrictor", func(n *yaml.Node) {
				c.Kustomize.Unrestricted = p.choice(n, "load-restrictor", "none", "root-only") == "none"
			}})
		}},
		{"argocd", func(n *yaml.Node) {
			p.mapping(n, "argocd",
				field{"namespace", func(n *yaml.Node) { c.ArgoCD.Namespace = p.name(n, "namespace") }},
				field{"build-options", func(n *yaml.Node) { c.ArgoCD.BuildOptions = p.text(n, "build-options") }},
				field{"git-file-globbing", func(n *yaml.Node) {
					c.ArgoCD.NewGitFileGlobbing = p.choice(n, "git-file-globbing", "new", "old") == "new"
				}},
			)
		}},
		{"charts", func(n *yaml.Node) { p.charts(c, n) }},
		{"flux", func(n *yaml.Node) {
			p.mapping(n, "flux",
				field{"namespace", func(n *yaml.Node) { c.Flux.Namespace = p.name(n, "namespace") }},
				field{"strict-substitution", func(n *yaml.Node) { c.Flux.Strict = p.flag(n, "strict-substitution") }},
				field{"sources", func(n *yaml.Node) {
					p.list(n, "sources", maxWords, func(e *yaml.Node) { p.fluxSource(c, e) })
				}},
			)
		}},
		{"not-compared", func(n *yaml.Node) {
			if p.choice(n, "not-compared", "neutral", "fail") == "fail" {
				c.NotCompared = NotComparedFail
			}
		}},
	}
}

// charts reads what charts see of the clusters.
func (p *parser) charts(c *Config, n *yaml.Node) {
	p.mapping(n, "charts",
		field{"kube-version", func(n *yaml.Node) {
			v := p.text(n, "kube-version")
			if v != "" && !kubeVersion.MatchString(v) {
				p.fail(n, "kube-version %s is no version of Kubernetes, such as 1.34.2", gitops.Quote(v))
				return
			}
			c.Charts.KubeVersion = v
		}},
		field{"api-versions", func(n *yaml.Node) {
			c.Charts.APIVersions = p.texts(n, "api-versions", maxWords, func(n *yaml.Node, s string) bool {
				if !strings.Contains(s, "/") {
					p.fail(n, "api-versions element %s is no version of an API, such as monitoring.coreos.com/v1", gitops.Quote(s))
				}
				return strings.Contains(s, "/")
			})
		}},
	)
}

// kubeVersion matches what the helm command takes for --kube-version.
var kubeVersion = regexp.MustCompile(`^v?[0-9]+\.[0-9]+(\.[0-9]+)?([-+][0-9A-Za-z.+-]+)?$`)

// choice returns a string that is one of a few, "" for another.
func (p *parser) choice(n *yaml.Node, what string, words ...string) string {
	var list []gitops.Severity
	for _, w := range words {
		list = append(list, gitops.Severity(w))
	}
	return string(p.word(n, what, list...))
}

// address accepts the address of a repository.
func (p *parser) address(n *yaml.Node, s string) bool {
	if len(s) > 2_000 || strings.ContainsAny(s, " \t\n") || !strings.Contains(Address(s), "/") {
		p.fail(n, "repositories element %s is no address of a repository, such as https://github.com/acme/gitops", gitops.Quote(s))
		return false
	}
	return true
}

// fluxSource reads a source of Flux that is made of this repository.
func (p *parser) fluxSource(c *Config, n *yaml.Node) {
	var a flux.Alias
	p.mapping(n, "source",
		field{"kind", func(n *yaml.Node) {
			a.Kind = p.choice(n, "kind", "OCIRepository", "Bucket", "GitRepository", "ExternalArtifact")
		}},
		field{"namespace", func(n *yaml.Node) { a.Namespace = p.name(n, "namespace") }},
		field{"name", func(n *yaml.Node) { a.Name = p.name(n, "name") }},
		field{"path", func(n *yaml.Node) { a.Path = p.text(n, "path") }},
	)
	if a.Name == "" && n.Kind == yaml.MappingNode {
		p.fail(n, "source has no name")
		return
	}
	c.Flux.Aliases = append(c.Flux.Aliases, a)
}
