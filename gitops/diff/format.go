package diff

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// formats are texts that are secrets wherever they stand. The first group, or
// the whole match when there is none, is the secret. The prefixes are those that
// the issuers document for secret scanning.
var formats = []struct {
	// hint is a literal that every match contains, as a quick test.
	hint string
	re   *regexp.Regexp
}{
	// RFC 7468 and OpenSSH; also with \n written out, as in JSON.
	{"PRIVATE KEY", regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)`)},
	{"://", regexp.MustCompile(`://[^\s:/@"'<>]*:([^\s"'<>]+)@`)}, // RFC 3986 userinfo
	{"gh", regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9._-]{20,}`)}, // GitHub
	{"github_pat_", regexp.MustCompile(`github_pat_[A-Za-z0-9_]{20,}`)},
	{"gl", regexp.MustCompile(`\bgl(?:pat|oas|dt|rt|rtr|ptt|cbt|ft|soat|imt|agent|ffct)-[A-Za-z0-9_.=-]{20,}`)}, // GitLab
	{"xox", regexp.MustCompile(`\bxox[a-z]-[A-Za-z0-9-]{10,}`)},                                                 // Slack
	{"xapp-", regexp.MustCompile(`\bxapp-[A-Za-z0-9-]{10,}`)},
	{"hooks.slack.com/", regexp.MustCompile(`hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]+)`)},
	{"A", regexp.MustCompile(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b`)}, // AWS access key id
	{"AIza", regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}`)},              // Google API key
	{"GOCSPX-", regexp.MustCompile(`\bGOCSPX-[A-Za-z0-9_-]{20,}`)},       // Google OAuth client secret
	{"ya29.", regexp.MustCompile(`\bya29\.[A-Za-z0-9_-]{20,}`)},          // Google OAuth access token
	{"_", regexp.MustCompile(`\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}`)},  // Stripe
	{"whsec_", regexp.MustCompile(`\bwhsec_[A-Za-z0-9+/=]{20,}`)},
	{"eyJ", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3}`)}, // RFC 7519
	{"npm_", regexp.MustCompile(`\bnpm_[A-Za-z0-9]{30,}`)},                                            // npm
	{"pypi-", regexp.MustCompile(`\bpypi-[A-Za-z0-9_-]{50,}`)},                                        // PyPI
	{"SG.", regexp.MustCompile(`\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`)},                       // SendGrid
	{"_v1_", regexp.MustCompile(`\bdo[oprt]_v1_[a-f0-9]{64}`)},                                        // DigitalOcean
	{"hv", regexp.MustCompile(`\bhv[sbr]\.[A-Za-z0-9_-]{20,}`)},                                       // Vault
	{"sk-", regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{20,}`)},                                            // OpenAI, Anthropic
	{"dckr_pat_", regexp.MustCompile(`\bdckr_pat_[A-Za-z0-9_-]{20,}`)},                                // Docker Hub
	{"AGE-SECRET-KEY-", regexp.MustCompile(`AGE-SECRET-KEY-[A-Z0-9-]{20,}`)},                          // age
	{"sha256~", regexp.MustCompile(`\bsha256~[A-Za-z0-9_-]{40,}`)},                                    // OpenShift
	// Password hashes of crypt(5) and htpasswd.
	{"$", regexp.MustCompile(`\$(?:2[abxy]?|apr1|1|5|6|y|argon2id?)\$[A-Za-z0-9./$=,+]{20,}`)},
	{"{SHA}", regexp.MustCompile(`\{SHA\}[A-Za-z0-9+/=]{20,}`)},
	// RFC 7235 credentials.
	{"uthorization", regexp.MustCompile(`(?i)authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+([^\s"']+)`)},
	// netrc(5).
	{"login", regexp.MustCompile(`\blogin\s+\S+\s+password\s+(\S+)`)},
	// XML elements and name and value attributes.
	{"</", regexp.MustCompile(`(?i)<[\w:.-]*(?:password|passwd|passphrase|secret|token|api-?key|private-?key)(?:\s[^<>]*)?>([^<>]+)</`)},
	{"=", regexp.MustCompile(`(?i)name=["'][^"']*(?:password|passwd|passphrase|secret|token|api-?key|private-?key)["']\s+value=["']([^"']*)["']`)},
}

// embedded finds a Secret manifest inside a text, in YAML or JSON.
var embedded = regexp.MustCompile(`(?m)^[\s-]*["']?kind["']?\s*:\s*["']?Secret["']?\s*$|"kind"\s*:\s*"Secret"`)

// beginBase64 is how the base64 of "-----BEGIN " starts.
const beginBase64 = "LS0tLS1CRUdJTi"

// scalar masks what is secret in a string that stands under key.
func (m *masker) scalar(key, s string) string {
	switch {
	case secretKey(key) && !reference(s) && !counted(key, s), key == lastApplied, wholly(s):
		return m.hide(s, secretLabel)
	}
	for _, f := range formats {
		if strings.Contains(s, f.hint) {
			s = m.replace(f.re, s)
		}
	}
	if mayBeSecret(s) {
		s = m.lines(s)
	}
	return s
}

// wholly reports whether a text is secret as a whole: a Secret manifest, a
// private key in base64, and a text that looks like one of our own marks, which
// could otherwise hide a change.
func wholly(s string) bool {
	if strings.Contains(s, "("+secretLabel) || strings.Contains(s, "("+sealedLabel) || strings.Contains(s, "Secret") && embedded.MatchString(s) {
		return true
	}
	if !strings.HasPrefix(s, beginBase64) {
		return false
	}
	b, _ := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	return strings.Contains(string(b), "PRIVATE KEY")
}

// replace masks the matches of re.
func (m *masker) replace(re *regexp.Regexp, s string) string {
	var b strings.Builder
	last := 0
	for _, at := range re.FindAllStringSubmatchIndex(s, -1) {
		from, to := at[0], at[1]
		if len(at) > 2 && at[2] >= 0 {
			from, to = at[2], at[3]
		}
		if reference(s[from:to]) || marked(s[from:]) {
			continue
		}
		b.WriteString(s[last:from])
		b.WriteString(m.hideAt(re.String(), s[from:to], secretLabel))
		last = to
	}
	b.WriteString(s[last:])
	return b.String()
}
