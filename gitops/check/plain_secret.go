package check

import (
	"encoding/base64"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

func plainSecret() Rule {
	return Rule{
		Name:     "plain-secret",
		Severity: gitops.SeverityError,
		Doc:      "The repository holds the values of a Secret that is not encrypted.",
		Long: `Who can read the repository can read the Secret, and its history keeps the value
when the file is gone. Base64 is no encryption. Seal the Secret, then change the
value: the old one is known. Values that SOPS encrypted, empty ones and
placeholders such as ` + "`${PASSWORD}`" + ` are fine, and so is where a file is, such as the
value of ` + "`keyStorePath`" + `. So are Secrets that declare a
cluster or repository to Argo CD without credentials, and files that the configuration
allows by path, such as templates. What a secretGenerator makes is a Secret too: its
literals, and the files of the repository that it reads, but for certificates and
public keys. What ` + "`kubectl apply`" + ` left in an annotation counts too, also in the template of
a SealedSecret, and so do values that such a template holds under a key like
` + "`password`" + `. The value itself is never shown.`,
		Bad: exampleWeb("secret.yaml") + `apiVersion: v1
kind: Secret
metadata:
  name: web
stringData:
  password: correct horse
`,
		Good: exampleWeb("secret.yaml") + exampleSealed("web", "web", ""),
		run:  runPlainSecret,
	}
}

// runPlainSecret looks at files that are YAML by name, and at any other that an overlay
// reads. A file that is too large is mentioned only when it could have a Secret: most
// such files are bundles of CRDs.
func runPlainSecret(p *pass) error {
	for _, file := range p.files {
		if !isYAML(file) && len(p.readers(file)) == 0 {
			continue
		}
		s, err := p.source(file)
		if err != nil {
			return err
		}
		switch {
		case s.large && (s.data == nil || hasSecret.Match(s.data)):
			p.report(gitops.Finding{
				File: file, Severity: gitops.SeverityNote,
				Message: "file is too large to look for plain values in its Secrets",
			})
		case isKustomization(file):
			p.literals(file, s)
		case hasSecret.Match(s.data):
			p.secrets(file, s)
		}
	}
	return p.generatorFiles()
}

// hasSecret finds the files that are worth parsing.
var hasSecret = regexp.MustCompile(`kind["']?[ \t]*:[^\n]*\b(?:Sealed)?Secret\b`)

// secrets reports each Secret of a file at its first plain value.
func (p *pass) secrets(file string, s *source) {
	for m := range node.Manifests(s.documents()) {
		kind := node.Text(m, "kind")
		if kind == "Secret" || kind == sealedKind {
			p.leftBehind(file, kind, m)
		}
		if kind != "Secret" {
			continue
		}
		key, value, all := plainValues(m)
		if value == nil {
			continue
		}
		name := node.Text(m, "metadata", "name")
		p.reportValues(gitops.Finding{
			File: file, Line: value.Line, Column: value.Column,
			Message: "Secret " + gitops.Quote(name) + " holds a plain value under " + gitops.Quote(key),
			Fix:     "seal it" + sealFile(file) + " and change the value, which the history keeps",
		}, all)
	}
}

// lastApplied is the annotation in which kubectl keeps a whole object as it was applied.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// leftBehind reports plain values of a Secret that its annotations repeat, and those that
// stand in the template of a SealedSecret.
func (p *pass) leftBehind(file, kind string, m *yaml.Node) {
	report := func(at *yaml.Node, key, where, all string) {
		p.reportValues(gitops.Finding{
			File: file, Line: at.Line, Column: at.Column,
			Message: kind + " " + gitops.Quote(node.Text(m, "metadata", "name")) + " holds a plain value under " + gitops.Quote(key) + where,
			Fix:     "remove it, seal the value, and change it: the history keeps this one",
		}, all)
	}
	for _, meta := range [][]string{{"metadata"}, {"spec", "template", "metadata"}} {
		at := node.Field(m, append(meta, "annotations", lastApplied)...)
		if at == nil {
			continue
		}
		var doc yaml.Node
		if yaml.Unmarshal([]byte(node.Text(at)), &doc) != nil || len(doc.Content) == 0 || node.Text(doc.Content[0], "kind") != "Secret" {
			continue
		}
		if key, value, all := plainValues(doc.Content[0]); value != nil {
			report(at, key, " in its annotation "+gitops.Quote(lastApplied), all)
		}
	}
	if kind != sealedKind {
		return
	}
	for k, v := range node.Pairs(m, "spec", "template", "data") {
		text := node.Text(v)
		if telling.MatchString(k.Value) && isPlain(text) && !strings.Contains(text, "{{") && !isPath(k.Value, text) {
			report(v, k.Value, " of its template", k.Value+"\x00"+text)
		}
	}
}

// plainValues returns the value of a Secret that is neither empty nor encrypted and
// whose key tells most, with its key, and all such keys and values as one string.
func plainValues(m *yaml.Node) (key string, value *yaml.Node, all string) {
	argo := node.Text(m, "metadata", "labels", argoLabel) != ""
	for _, section := range []string{"data", "stringData"} {
		for k, v := range node.Pairs(m, section) {
			if !isPlain(node.Text(v)) || isPath(k.Value, node.Text(v)) || argo && argoPublic(section, k.Value, node.Text(v)) {
				continue
			}
			if value == nil || telling.MatchString(k.Value) && !telling.MatchString(key) {
				key, value = k.Value, v
			}
			all += k.Value + "\x00" + v.Value + "\x00"
		}
	}
	return key, value, all
}

// isPath reports whether a value is where a file is, by its key and its form.
func isPath(key, value string) bool { return pathKey.MatchString(key) && pathValue.MatchString(value) }

var (
	pathKey   = regexp.MustCompile(`(?i)(path|file|dir)$`)
	pathValue = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)
)

// telling matches names of keys that leave no doubt.
var telling = regexp.MustCompile(`(?i)pass|pwd|token|secret|credential|private|auth|api_?key|access_?key`)

// argoLabel is on Secrets that declare clusters and repositories to Argo CD. They
// belong into git when they have no credentials.
const argoLabel = "argocd.argoproj.io/secret-type"

// argoKnown are the keys of such Secrets that are settings, by Argo CD's declarative
// setup; credentials have other keys.
var argoKnown = regexp.MustCompile(`^(name|server|namespaces|clusterResources|project|shard|url|type|enableOCI|enableLfs|insecure|insecureIgnoreHostKey|forceHttpBasicAuth|insecureOCIForceHttp|githubAppID|githubAppInstallationID|githubAppEnterpriseBaseUrl|depth)$`)

// argoCredential matches what makes the "config" of a cluster a credential.
var argoCredential = regexp.MustCompile(`(?i)token|password|keyData|exec|username`)

// argoPublic reports whether a value of such a Secret is a setting. An address with
// a user in it is none.
func argoPublic(section, key, value string) bool {
	if section == "data" {
		plain, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return false
		}
		value = string(plain)
	}
	if key == "config" {
		return strings.HasPrefix(strings.TrimSpace(value), "{") && !argoCredential.MatchString(value)
	}
	return argoKnown.MatchString(key) && !strings.Contains(value, "@")
}

// plainPath matches paths that a command may hold.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9._][A-Za-z0-9._/-]*$`)

// sealFile is the command that seals the Secrets of a file in place.
func sealFile(file string) string {
	if !plainPath.MatchString(file) {
		return ""
	}
	return " with `/seal " + file + "`"
}

// placeholder matches what another tool puts the value in for: ${NAME},
// $(NAME), {{ name }}, <path:…#…>, or what says that a person should: <your-token>,
// __REPLACE_ME__.
var placeholder = regexp.MustCompile(`^(\$\{[^}]*\}|\$\([^)]*\)|\{\{[^}]*\}\}|<path:[^>]*>|<[A-Za-z][A-Za-z _-]*>|_*(REPLACE|CHANGE)[_-]?ME_*)$`)

// isPlain reports whether a value could be read by somebody. What another tool fills in
// later, what SOPS encrypted and what is empty cannot.
func isPlain(value string) bool {
	value = strings.TrimSpace(value)
	encrypted := strings.HasPrefix(value, "ENC[") && strings.HasSuffix(value, "]")
	return value != "" && !encrypted && !placeholder.MatchString(value)
}

// literals reports each secret generator at its most telling literal.
func (p *pass) literals(file string, s *source) {
	for _, k := range s.documents() {
		for gen := range node.Elements(k, "secretGenerator") {
			at, key, all := plainLiterals(gen)
			if at == nil {
				continue
			}
			p.reportValues(gitops.Finding{
				File: file, Line: at.Line, Column: at.Column,
				Message: "secretGenerator " + gitops.Quote(node.Text(gen, "name")) + " holds a plain value under " + gitops.Quote(key),
				Fix:     fixGenerated,
			}, all)
		}
	}
}

// plainLiterals returns the literal with a plain value whose key tells most, nil for
// none, with its key, and all of them as one string.
func plainLiterals(gen *yaml.Node) (at *yaml.Node, key, all string) {
	for l := range node.Elements(gen, "literals") {
		k, value, ok := strings.Cut(node.Text(l), "=")
		if value = strings.Trim(value, `"'`); !ok || !isPlain(value) || isPath(k, value) {
			continue
		}
		if at == nil || telling.MatchString(k) && !telling.MatchString(key) {
			at, key = l, k
		}
		all += k + "\x00" + value + "\x00"
	}
	return at, key, all
}

// fixGenerated is for what a generator reads, which cannot be sealed in place.
const fixGenerated = "use a sealed Secret (`/seal`) and change the value, which the history keeps"
