package check_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
)

const (
	lower     = "abcdefghijklmnopqrstuvwxyz"
	digits    = "0123456789"
	hexChars  = digits + "abcdef"
	letters   = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	alnum     = letters + digits
	wordChars = alnum + "_-"
	base64s   = alnum + "+/"
)

// noise returns n characters of an alphabet, the same ones in each run. Tokens are
// put together here so that no file of the project looks like a leak.
func noise(n int, alphabet string) string {
	r := rand.New(rand.NewPCG(uint64(n), uint64(len(alphabet))))
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// tokens are one or more of each known form, in the words of the message.
func tokens() map[string][]string {
	return map[string][]string{
		"a private age key":            {"AGE-SECRET-KEY-1" + noise(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")},
		"an Artifactory key":           {"AKCp" + noise(69, alnum)},
		"an Atlassian token":           {"ATATT3" + noise(186, wordChars+"=")},
		"an AWS access key":            {"AKIA" + noise(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), "ASIA" + noise(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")},
		"an Azure client secret":       {noise(3, alnum) + "8Q~" + noise(34, wordChars+"~.")},
		"an Azure storage key":         {"AccountName=web;AccountKey=" + noise(86, base64s) + "=="},
		"a Databricks token":           {"dapi" + noise(32, hexChars)},
		"a DigitalOcean token":         {"dop_v1_" + noise(64, hexChars), "doo_v1_" + noise(64, hexChars)},
		"a Docker Hub token":           {"dckr_pat_" + noise(27, wordChars)},
		"a Dynatrace token":            {"dt0c01." + noise(24, alnum) + "." + noise(64, alnum)},
		"a GitHub token":               {"ghp_" + noise(36, alnum), "gho_" + noise(36, alnum), "ghs_12345_eyJ" + noise(480, wordChars+"."), "github_pat_" + noise(82, alnum+"_")},
		"a GitLab token":               {"glpat-" + noise(20, wordChars), "glrt-" + noise(20, wordChars), "glpat-" + noise(40, wordChars) + ".01." + noise(9, lower)},
		"a Google API key":             {"AIza" + noise(35, wordChars)},
		"a Google OAuth client secret": {"GOCSPX-" + noise(28, wordChars)},
		"a Grafana token":              {"glsa_" + noise(32, alnum) + "_" + noise(8, hexChars), "glc_eyJ" + noise(90, alnum)},
		"a HashiCorp Cloud token":      {noise(14, alnum) + ".atlasv1." + noise(67, wordChars)},
		"a Hugging Face token":         {"hf_" + noise(34, letters)},
		"a JSON Web Token":             {"eyJ" + noise(33, alnum) + ".eyJ" + noise(70, wordChars) + "." + noise(43, wordChars)},
		"a New Relic key":              {"NRAK-" + noise(27, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"+digits)},
		"an npm token":                 {"npm_" + noise(36, alnum)},
		"a 1Password token":            {"ops_eyJ" + noise(400, alnum)},
		"an OpenAI key":                {"sk-" + noise(20, alnum) + "T3BlbkFJ" + noise(20, alnum), "sk-proj-" + noise(74, wordChars) + "T3BlbkFJ" + noise(74, wordChars)},
		"an OpenShift token":           {"sha256~" + noise(43, wordChars)},
		"a private key":                {"-----BEGIN " + "PRIVATE KEY-----\n" + noise(64, base64s) + "\n"},
		"a Pulumi token":               {"pul-" + noise(40, hexChars)},
		"a PyPI token":                 {"pypi-AgEIcHlwaS5vcmc" + noise(120, wordChars)},
		"a RubyGems token":             {"rubygems_" + noise(48, hexChars)},
		"a SendGrid key":               {"SG." + noise(22, wordChars) + "." + noise(43, wordChars)},
		"a Sentry token":               {"sntryu_" + noise(64, hexChars), "sntrys_eyJ" + noise(160, base64s) + "_" + noise(43, base64s)},
		"a Shopify token":              {"shpat_" + noise(32, hexChars)},
		"a Slack token":                {"xoxb-" + noise(11, digits) + "-" + noise(12, digits) + "-" + noise(24, alnum), "xoxe.xoxp-1-" + noise(164, alnum), "xapp-1-A" + noise(9, digits) + "-" + noise(12, digits) + "-" + noise(64, hexChars)},
		"a Slack webhook":              {"https://hooks.slack.com/services/T" + noise(8, alnum) + "/B" + noise(10, alnum) + "/" + noise(24, alnum)},
		"a Stripe key":                 {"sk_live_" + noise(24, alnum), "rk_live_" + noise(99, alnum)},
		"a Telegram bot token":         {noise(10, digits) + ":AA" + noise(33, wordChars)},
		"a Vault token":                {"hvs." + noise(95, wordChars), "hvb." + noise(150, wordChars)},
	}
}

// around are places in which a token stands.
var around = []string{"%s\n", "key: %s", "key: \"%s\"\n", "- --token=%s\n", "curl -H 'Authorization: Bearer %s'\n", `{"a": "x\n%s\n"}`, "postgres://u:%s@db/x", "(%s)"}

// TestTokens finds each known form, at its place, in whatever stands around it,
// and never shows it.
func TestTokens(t *testing.T) {
	for what, list := range tokens() {
		for _, value := range list {
			for _, format := range around {
				tree := memory{"deploy.sh": "# first\n# второй " + fmt.Sprintf(format, value)}
				found := valuesIn(t, tree, "deploy.sh")
				if len(found) != 1 || found[0].Message != "value looks like "+what || found[0].Line != 2 {
					t.Errorf("%s in %q: found %+v", what, format, found)
					continue
				}
				if text := found[0].Message + found[0].Fix; strings.Contains(text, value[len(value)/2:]) {
					t.Errorf("%s: the finding shows the value: %q", what, text)
				}
			}
		}
	}
}

// TestTokenColumn counts characters, as YAML does.
func TestTokenColumn(t *testing.T) {
	found := valuesIn(t, memory{"a.yaml": "a: b\nключ: " + "ghp_" + noise(36, alnum) + "\n"}, "a.yaml")
	if len(found) != 1 || found[0].Line != 2 || found[0].Column != 7 {
		t.Errorf("found %+v, want line 2, column 7", found)
	}
}

// TestNoTokens leaves out what only looks like a token from afar: cut, made up, or
// part of a longer word.
func TestNoTokens(t *testing.T) {
	for _, text := range []string{
		"ghp_" + noise(20, alnum), "ghp_" + strings.Repeat("x", 36), "ghp_" + strings.Repeat("aB3", 12),
		"my_ghp_" + noise(36, alnum), "ghp_" + noise(37, alnum), "ghp_EXAMPLE" + noise(29, alnum), "ghp_0123456789" + noise(26, alnum),
		"AKIA" + strings.Repeat("A", 16), "AKIAIOSFODNN7EXAMPLE", "BAKIA" + noise(16, "ABCDEFGH234567"),
		"sha256:" + noise(64, hexChars), "image@sha256:" + noise(64, hexChars), "sha256~" + noise(12, wordChars),
		"-----BEGIN CERTIFICATE-----\n" + noise(64, base64s), "-----BEGIN " + "PUBLIC KEY-----\n" + noise(64, base64s),
		"-----BEGIN " + "PRIVATE KEY-----\n<your key>\n", "eyJhbGciOiJIUzI1NiJ9", "eyJ.eyJ.", "hf_", "SG.x.y", "xoxb-your-token", "sk_live_…",
		"pul-request-" + noise(40, hexChars), "AgA" + noise(720, base64s), noise(2000, base64s),
	} {
		if found := valuesIn(t, memory{"a.yaml": "a: " + text + "\n"}, "a.yaml"); len(found) > 0 {
			t.Errorf("found %s in %q", format(found), text)
		}
	}
}

// TestManyTokens bounds what one file can say, and takes no long over bad input.
func TestManyTokens(t *testing.T) {
	token := "ghp_" + noise(36, alnum)
	tree := memory{
		"many":   strings.Repeat(token+"\n", 5_000),
		"begins": strings.Repeat("-----BEGIN "+"PRIVATE KEY-----\nA: ", 50_000),
		"long":   "eyJ" + strings.Repeat("a", 1<<20) + ".eyJ",
	}
	if found := valuesIn(t, tree, "begins", "long", "many"); len(found) != 20 {
		t.Errorf("%d findings, want 20", len(found))
	}
}

// TestNewToken finds a second token beside one that was there, and one that took
// the place of another.
func TestNewToken(t *testing.T) {
	a, b := "ghp_"+noise(36, alnum), "ghp_"+noise(36, lower+digits)
	in := check.Input{
		Base:    memory{"added": a + "\n", "changed": a + "\n", "moved": a + "\n"},
		Tree:    memory{"added": a + "\n" + b + "\n", "changed": b + "\n", "moved": "\n" + a + "\n"},
		Files:   []string{"added", "changed", "moved"},
		OnlyNew: true,
	}
	found, err := check.Run(t.Context(), in)
	if err != nil || len(found) != 2 || found[0].File != "added" || found[0].Line != 2 || found[1].File != "changed" {
		t.Errorf("found %s, error %v", format(found), err)
	}
}

func valuesIn(t *testing.T, tree memory, files ...string) []gitops.Finding {
	t.Helper()
	found, err := check.Run(t.Context(), check.Input{Tree: tree, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
