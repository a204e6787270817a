package commands

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	render "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"fmt"
	"github.com/sealift/sealift/gitops"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/golden"
)

// TestParse reads the comments of testdata/parse: each says in want which commands
// are in it.
func TestParse(t *testing.T) {
	golden.Run(t, "testdata/parse/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		list, more := Parse(string(c.Inputs[0].Data))
		var got strings.Builder
		for _, r := range list {
			fmt.Fprintf(&got, "%d /%s %q\n", r.Line, r.Verb, r.Args)
		}
		if more {
			got.WriteString("more\n")
		}
		return map[string]string{"commands": got.String()}
	})
}

func TestParseMany(t *testing.T) {
	list, more := Parse(strings.Repeat("/diff\r\n", 500))
	if len(list) != MaxRequests || !more || list[9].Line != 10 {
		t.Errorf("%d, more %t", len(list), more)
	}
	if list, _ := Parse("/diff " + strings.Repeat("x", maxLine)); list != nil {
		t.Error("a line that is too long is a command")
	}
	for _, line := range []string{"\ufeff/diff", "//diff", "/", "/1", "/diff/x", "text\n /diff", "- a\n\n  /diff"} {
		if list, _ := Parse(line); list != nil {
			t.Errorf("%q is a command", line)
		}
	}
	for _, line := range []string{"/Diff", "  /diff", "/diff\t", "/diff \t ", "/DIFF"} {
		if list, _ := Parse(line); len(list) != 1 || list[0].Verb != "diff" || len(list[0].Args) > 0 || list[0].Err != nil {
			t.Errorf("%q is %+v", line, list)
		}
	}
}

// Characters that are not plain ASCII are said, and nothing is carried out by guess.
func TestParseUnreadable(t *testing.T) {
	for line, want := range map[string]string{
		"/promote staging \u2014dry-run":  "Write `--dry-run`, with two hyphens.",
		"/promote staging \u2013-dry-run": "Write `--dry-run`, with two hyphens.",
		"/status \U0001F64F":              "",
		"/diff \u202e":                    "",
		"/diff\x00":                       "",
		"/diff\u00a0x":                    "",
		"/diff\vx":                        "",
		"/seal db password\u2014x":        "",
	} {
		list, _ := Parse(line)
		if len(list) != 1 || list[0].Args != nil {
			t.Errorf("%q is %+v", line, list)
			continue
		}
		e, ok := errors.AsType[*gitops.Error](list[0].Err)
		if !ok || e.Code != gitops.Invalid || e.Hint != want || strings.Contains(e.Message, "password") {
			t.Errorf("%q: %+v", line, list[0].Err)
		}
	}
}

// FuzzParse reads any text as a comment: what is taken for a command is text of the comment
// itself for goldmark, whose Markdown is GitHub's, and for a browser's reading of the HTML.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"/diff", "```\n/diff\n```\n/help", "<!-- /x\n-->\n/diff a b", "> q\n/diff\n\n/diff", "<pre>\n/diff\n</pre>\n/help", "`a\n/diff\nb`",
		"[a]:\n/diff", "[a\n/diff](x)", "![a\n/diff](x)", "<a title=\"\n/diff\n\">x</a>", "> a\n```\n\n/diff\n```", "- a\n\n  ```\n\n/diff\n\n```\n/diff\n```",
		"<details>\n\n/diff\n\n</details>", "<div><pre>\n\n/diff\n\n</pre></div>", "a <!-- b\n\n```\n-->\n/diff\n```",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) { checkParsed(t, body) })
}

// TestParseAgainstMarkdown does the same with comments that are put together at random of
// what means something in Markdown.
func TestParseAgainstMarkdown(t *testing.T) {
	pieces := []string{
		"\n/diff\n", "\n/diff\n", "\n\n/diff\n", "\n", "\n", "\n\n", "```", "````", "~~~", "`", "``", "> ", "- ", "1. ", "  ", "    ", "\t", "<pre>", "</pre>", "<code>", "</code>",
		"<!--", "-->", "<div>", "</div>", "<b>", "</b>", "<details>", "<a href=\"", "\">", "</a>", "[a]", "[", "]", "](", ")", ": x", "![", "\"", "'", "\\", "|", "---", "===", "# ", "*", "text", "<?", "?>", "<x", ">",
		"<script>", "</script>", "[^1]", "<https://a.b>", "&lt;",
	}
	dice, found := rand.New(rand.NewPCG(3, 4)), 0
	for range 30_000 {
		var b strings.Builder
		for range 1 + dice.IntN(12) {
			b.WriteString(pieces[dice.IntN(len(pieces))])
		}
		b.WriteString([]string{"", "\n/diff", "\n\n/diff"}[dice.IntN(3)])
		if found += checkParsed(t, b.String()); t.Failed() {
			return
		}
	}
	if found < 3_000 {
		t.Errorf("%d commands were found: the comments are not what people write", found)
	}
}

// TestParseLong reads the longest comments that GitHub takes, made of what is slow to read.
func TestParseLong(t *testing.T) {
	const longest = 65_536
	for _, s := range []string{"`", "`a``", "[", "](", "<a ", "<pre>", "<!--", "<div>\n", "/diff\n", "<!-- -->\n/\n", "> ", "- ", "\\`", "<code></code>", "[a]: /b\n", "\n/diff <x", "`\n/diff\n"} {
		began := time.Now()
		Parse(strings.Repeat(s, longest/len(s)))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q takes %s", s, took)
		}
	}
}

// checkParsed compares what [Parse] says with what a reader of the page sees, and returns how
// many commands there are.
func checkParsed(t *testing.T, body string) int {
	t.Helper()
	list, more := Parse(body)
	if len(list) > MaxRequests || more && len(list) != MaxRequests {
		t.Errorf("%d commands, more %t", len(list), more)
	}
	lines := strings.Split(body, "\n")
	for _, r := range list {
		line := lines[r.Line-1]
		at := strings.Index(line, "/")
		if strings.TrimLeft(line[:at], " ") != "" || !strings.EqualFold(line[at+1:at+1+len(r.Verb)], r.Verb) || !readable(strings.Join(r.Args, "")) {
			t.Errorf("%+v of %q", r, line)
		}
		marked := slices.Clone(lines)
		marked[r.Line-1] = line[:at+1] + "qqqq" + line[at+1+len(r.Verb):]
		if why := shown(t, strings.Join(marked, "\n"), "/qqqq"); why != "" {
			t.Errorf("line %d is taken for a command, and %s:\n%s\n%q", r.Line, why, body, body)
		}
	}
	return len(list)
}

// shown says why a word of a comment is not text of the comment itself, "" when it is.
func shown(t *testing.T, markdown, word string) string {
	t.Helper()
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(render.WithUnsafe())).Convert([]byte(markdown), &b); err != nil {
		t.Fatal(err)
	}
	page, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	for n := range page.Descendants() {
		if n.Type != html.TextNode || !strings.Contains(n.Data, word) {
			continue
		}
		for p := n.Parent; p != nil; p = p.Parent {
			if slices.Contains([]string{"pre", "code", "samp", "blockquote", "q", "del", "script", "style", "textarea", "title", "template"}, p.Data) {
				return "it stands in <" + p.Data + ">"
			}
		}
		return ""
	}
	return "it is not shown"
}
