package check

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

func secretValue() Rule {
	return Rule{
		Name:     "secret-value",
		Severity: gitops.SeverityError,
		Doc:      "A file has what looks like a private key or a token.",
		Long: `Private keys and tokens of known form, in any file and not only in Secrets:
ConfigMaps, arguments of containers, values of charts, scripts. Who can read the
repository can use them, and its history keeps them: revoke it, then seal the new
one. Found are private keys in PEM and
` + tokenList() + `. A word like
"password" beside a value is not enough. Made-up values such as ` + "`ghp_xxxx…`" + ` are
left out. The value itself is never shown.`,
		Bad: exampleWeb("config.yaml") + `apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  deploy-key: |
    ` + examplePrivateKey(),
		Good: exampleWeb("config.yaml") + `apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  deploy-key-file: /var/run/secrets/web/deploy-key
`,
		run: runSecretValue,
	}
}

// examplePrivateKey has the form of a private key, in two parts so that no
// scanner takes this file for a leak.
func examplePrivateKey() string {
	return "-----BEGIN OPENSSH " + "PRIVATE KEY-----\n    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n    -----END OPENSSH " + "PRIVATE KEY-----\n"
}

// tokenList names the issuers of known tokens.
func tokenList() string {
	var names []string
	for _, t := range tokenForms() {
		_, name, _ := strings.Cut(t.what, " ")
		names = append(names, name+"s")
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	names = slices.Compact(names)
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// maxTokens is how many tokens of one form are reported in one file.
const maxTokens = 20

// runSecretValue looks at every file of the change, whatever its name. Files that are
// not text are left out, because their bytes look like anything. One that the tree does
// not give for its size is mentioned instead.
func runSecretValue(p *pass) error {
	for _, file := range p.files {
		s, err := p.source(file)
		if err != nil {
			return err
		}
		if s.large && s.data == nil {
			p.report(gitops.Finding{
				File: file, Severity: gitops.SeverityNote,
				Message: "file is too large to look for secrets in it",
			})
		}
		if bytes.IndexByte(s.data[:min(len(s.data), 8000)], 0) < 0 { // git's own test for text
			p.tokens(file, s)
		}
	}
	return nil
}

// tokens reports the tokens of one file.
func (p *pass) tokens(file string, s *source) {
	for _, t := range knownTokens() {
		for _, at := range t.find(s.data, maxTokens) {
			line, column := position(s.data, at[0])
			p.reportValues(gitops.Finding{
				File: file, Line: line, Column: column,
				Message: "value looks like " + t.what,
				Fix:     "revoke it, take it out of the branch's history, and seal the new one: `/seal`",
			}, string(s.data[at[0]:at[1]]))
		}
	}
}

// position returns the line and column of an offset, both from 1, the column in
// characters as in YAML.
func position(data []byte, offset int) (line, column int) {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}
