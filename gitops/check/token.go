package check

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"sync"
)

// token is one known form of a secret.
type token struct {
	what string // for messages, with its article
	// words are what the form cannot be without; they are looked for first,
	// because that is much faster than the expression.
	words []string
	form  *regexp.Regexp
	// madeUp says that values with too little randomness are left out.
	madeUp bool
}

// tokenForm is a line of the table: the words stand with blanks between them.
type tokenForm struct{ what, words, form string }

// tokenForms are the known forms beside private keys. Each has a fixed part that
// its issuer chose so that it can be found. Forms that need a guess ("password: …")
// are left out: in manifests they are wrong more often than right. Package diff hides
// more: what it hides for nothing costs less than a false alarm.
//
// They are those of config/gitleaks.toml in gitleaks v8.30.1 (MIT licence), tightened
// where that is looser than the issuer; GitHub's long form of App tokens is after its
// changelog. The module itself is not used: its detector brings some 60 modules,
// readers of zip, 7z and rar among them, and 8 MB.
func tokenForms() []tokenForm {
	return []tokenForm{
		{"a private age key", "AGE-SECRET-KEY-1", `AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}`},
		{"an Artifactory key", "AKCp", `AKCp[A-Za-z0-9]{69}`},
		{"an Atlassian token", "ATATT3", `ATATT3[\w=-]{186}`},
		{"an AWS access key", "AKIA ASIA ABIA ACCA", `(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}`},
		{"an Azure client secret", "Q~", `[\w~.]{3}[0-9]Q~[\w~.-]{31,34}`},
		{"an Azure storage key", "AccountKey=", `AccountKey=[A-Za-z0-9+/]{86}==`},
		{"a Databricks token", "dapi", `dapi[a-f0-9]{32}`},
		{"a DigitalOcean token", "doo_v1_ dop_v1_ dor_v1_", `do[opr]_v1_[a-f0-9]{64}`},
		{"a Docker Hub token", "dckr_pat_ dckr_oat_", `dckr_[op]at_[\w-]{27,}`},
		{"a Dynatrace token", "dt0c01.", `dt0c01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}`},
		{"a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", `gh[pousr]_[A-Za-z0-9]{36}|ghs_[0-9]+_eyJ[\w.-]{40,}`},
		{"a GitHub token", "github_pat_", `github_pat_\w{82}`},
		{"a GitLab token", "glpat- gldt- glrt- glptt- glft- glsoat- glagent- gloas- glimt- glcbt-", `gl(?:pat|dt|rt|ptt|ft|soat|agent|oas|imt|cbt)-[\w.-]{20,}`},
		{"a Google API key", "AIza", `AIza[\w-]{35}`},
		{"a Google OAuth client secret", "GOCSPX-", `GOCSPX-[\w-]{28}`},
		{"a Grafana token", "glsa_", `glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}`},
		{"a Grafana token", "glc_eyJ", `glc_eyJ[A-Za-z0-9+/]{32,}`},
		{"a HashiCorp Cloud token", ".atlasv1.", `[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}`},
		{"a Hugging Face token", "hf_", `hf_[A-Za-z]{34}`},
		{"a JSON Web Token", "eyJ", `eyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{20,}`},
		{"a New Relic key", "NRAK-", `NRAK-[A-Z0-9]{27}`},
		{"an npm token", "npm_", `npm_[A-Za-z0-9]{36}`},
		{"a 1Password token", "ops_eyJ", `ops_eyJ[A-Za-z0-9+/]{250,}`},
		{"an OpenAI key", "T3BlbkFJ", `sk-[\w-]{20,}T3BlbkFJ[\w-]{20,}`},
		{"an OpenShift token", "sha256~", `sha256~[\w-]{43}`},
		{"a Pulumi token", "pul-", `pul-[a-f0-9]{40}`},
		{"a PyPI token", "pypi-", `pypi-AgEIcHlwaS5vcmc[\w-]{50,}`},
		{"a RubyGems token", "rubygems_", `rubygems_[a-f0-9]{48}`},
		{"a SendGrid key", "SG.", `SG\.[\w-]{22}\.[\w-]{43}`},
		{"a Sentry token", "sntrys_eyJ sntryu_", `sntrys_eyJ[\w+/=]{80,}|sntryu_[a-f0-9]{64}`},
		{"a Shopify token", "shpat_ shpca_ shppa_ shpss_", `shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`},
		{"a Slack token", "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs-", `(?:xoxe\.)?xox[abeoprs]-[0-9][A-Za-z0-9-]{20,}`},
		{"a Slack token", "xapp-", `xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]{20,}`},
		{"a Slack webhook", "hooks.slack.com", `hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{43,56}`},
		{"a Stripe key", "sk_live_ rk_live_ sk_prod_ rk_prod_", `[sr]k_(?:live|prod)_[A-Za-z0-9]{10,99}`},
		{"a Telegram bot token", ":AA", `[0-9]{8,10}:AA[\w-]{33}`},
		{"a Vault token", "hvs. hvb.", `hv[sb]\.[\w-]{90,300}`},
	}
}

// privateKey matches the first line of a private key in PEM (RFC 7468, RFC 4880,
// RFC 1421 headers) with the beginning of its data, on lines of their own or with
// line ends written as \n.
const privateKey = `-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s|[A-Za-z-]+: [^\r\n\\]*)+[A-Za-z0-9+/=]{40}(?:[A-Za-z0-9+/=]|\\[rn]|\s)*`

// knownTokens are the forms, ready for use.
var knownTokens = sync.OnceValue(func() []token {
	list := []token{{"a private key", []string{"PRIVATE KEY"}, regexp.MustCompile(`(` + privateKey + `)`), false}}
	for _, t := range tokenForms() {
		whole := `(?:^|[^A-Za-z0-9_-]|\\[nrt])(` + t.form + `)(?:[^A-Za-z0-9_-]|$)`
		list = append(list, token{t.what, strings.Fields(t.words), regexp.MustCompile(whole), true})
	}
	return list
})

// find returns the offsets of the first max tokens of this form in data.
func (t token) find(data []byte, max int) [][2]int {
	if !t.mayBeIn(data) {
		return nil
	}
	var out [][2]int
	for start := 0; len(out) < max; {
		m := t.form.FindSubmatchIndex(data[start:])
		if m == nil {
			break
		}
		from, to := start+m[2], start+m[3]
		if !t.madeUp || !isExample(data[from:to]) {
			out = append(out, [2]int{from, to})
		}
		start = to // and not past what follows: it may begin the next one
	}
	return out
}

// mayBeIn reports whether one of the words is in data: without one the form cannot
// match.
func (t token) mayBeIn(data []byte) bool {
	for _, w := range t.words {
		if bytes.Contains(data, []byte(w)) {
			return true
		}
	}
	return false
}

// minEntropy is the least bits a character of a token, as in most of gitleaks'
// rules. Random hexadecimal has nearly 4.
const minEntropy = 3

// fillers are what people type in place of a token.
var fillers = regexp.MustCompile(`(?i)example|x{6}|\*{4}|01234567|12345678|abcdefgh|aaaaaa`)

// isExample reports whether a token is made up.
func isExample(value []byte) bool {
	return entropy(value) < minEntropy || fillers.Match(value)
}

// entropy returns Shannon's entropy in bits a byte.
func entropy(data []byte) float64 {
	var counts [256]int
	for _, b := range data {
		counts[b]++
	}
	sum := 0.0
	for _, n := range counts {
		if n > 0 {
			share := float64(n) / float64(len(data))
			sum -= share * math.Log2(share)
		}
	}
	return sum
}
