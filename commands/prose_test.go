package commands

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// hostileTexts are what somebody may call a branch, an environment or a file.
var hostileTexts = []string{
	"@everyone", "@acme/platform", "someone@example.com", "https://evil.example/x", "see http://evil.example.", "(https://evil.example)", "HTTPS://EVIL.EXAMPLE",
	"www.evil.example", "WWW.evil.example", "ftp://evil.example/", "mailto:a@evil.example", "xmpp:a@evil.example",
	"#1", "acme/shop#1", "GH-1", "gh-12,", "0123456789abcdef0123456789abcdef01234567", "acme/shop@0123456789abcdef", "deadbeef",
	"[a](https://evil.example)", "![a](https://evil.example/x.png)", "[a][b]\n\n[b]: https://evil.example", "<https://evil.example>",
	"<img src=x onerror=alert(1)>", "<a href='https://evil.example'>x</a>", "<!-- sealift:diff 1/1 -->", "&lt;img src=x&gt;", "&#64;everyone",
	"**b**", "__b__", "~~b~~", "`x`", "``@x``", "`@x", "a`b`@c", "$x$", ":tada:", "\\", "| a | b |\n|---|---|", "# title", "> quote", "- [ ] task", "    code",
	"```\n@x\n```", "\"@x", "\"a\" @x \"b", "\"`@x`\"", "'@x'", "\u202e@x", "a\x00@x", strings.Repeat("@x ", 500), "</code>@x", "<code>@x</code>",
}

// Text that a stranger chose mentions nobody, links to nothing and opens no HTML,
// wherever it stands in a message or a hint.
func TestProseIsSafe(t *testing.T) {
	for _, s := range hostileTexts {
		for _, text := range []string{
			s, "there is no branch " + s, "there is no branch " + gitops.Quote(s) + " here", gitops.Quote(s), "did you mean `" + s + "`?", "name `/diff` or " + s + " or `/help`",
			"file " + gitops.Printable(s) + ": gone", s + s, "a\n\n" + s,
		} {
			e := &gitops.Error{Code: gitops.Invalid, Message: text, Hint: text, File: s, Line: 1}
			got := explain(gitops.Event{}, e)
			if wrong := meaning(t, got); wrong != "" {
				t.Errorf("%q becomes %s:\n%s", text, wrong, got)
			}
		}
	}
}

var (
	codeElement = regexp.MustCompile(`(?s)<code>.*?</code>`)
	taken       = regexp.MustCompile(`(?i)@|#[0-9]|\bgh-[0-9]|://|www\.|mailto:|\b[0-9a-f]{7,40}\b|:[a-z]+:|\$.*\$`)
	element     = regexp.MustCompile(`<[^>]*>`)
)

// meaning says what GitHub would make of a comment beside paragraphs and code.
func meaning(t *testing.T, markdown string) string {
	t.Helper()
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(markdown), &b); err != nil {
		t.Fatal(err)
	}
	for _, e := range element.FindAllString(b.String(), -1) {
		if e != "<p>" && e != "</p>" && e != "<code>" && e != "</code>" {
			return "element " + e
		}
	}
	return taken.FindString(codeElement.ReplaceAllString(b.String(), ""))
}

// Words of ours stay as they are, values become code.
func TestProse(t *testing.T) {
	for text, want := range map[string]string{
		`there is no environment "qa"`:                     `there is no environment <code>qa</code>`,
		"`/help` lists the commands, and/or more (a lot).": "<code>/help</code> lists the commands, and/or more (a lot).",
		"/diff is for who may write":                       "/diff is for who may write",
		"you're «late»…":                                   "you're <code>«late»…</code>",
		`"a", "b" or "c"?`:                                 `<code>a</code>, <code>b</code> or <code>c</code>?`,
		"see https://example.com/x now":                    "see <code>https&#58;//example.com/x</code> now",
		`empty "" and "`:                                   `empty <code>&#34;&#34;</code> and <code>&#34;</code>`,
		"two\nlines":                                       "two lines",
	} {
		if got := prose(text); got != want {
			t.Errorf("prose(%q)\n got %s\nwant %s", text, got, want)
		}
	}
}

// FuzzProse looks for a text that GitHub makes something of.
func FuzzProse(f *testing.F) {
	for _, s := range hostileTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := "x " + prose(s)
		if wrong := meaning(t, got); wrong != "" {
			t.Errorf("%q becomes %s:\n%s", s, wrong, got)
		}
	})
}
