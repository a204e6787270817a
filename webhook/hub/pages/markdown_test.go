package pages

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func render(t testing.TB, text string) string {
	t.Helper()
	out, err := newMarkdown().HTML(text, "acme/gitops")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestMarkdown states what GitHub makes of a text.
func TestMarkdown(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"line ends stay", "a\nb", "<p>a<br/>\nb</p>\n"},
		{"table", "|a|b|\n|-|:-:|\n|1|2|", `<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>`},
		{"alignment", "|a|\n|:-:|\n|1|", `<td align="center">1</td>`},
		{"strikethrough", "~~no~~", "<del>no</del>"},
		{"task", "- [x] done", `<li class="task"><input checked="" disabled="" type="checkbox" aria-label="Task"/> done</li>`},
		{"link by itself", "https://example.org/x", `<a href="https://example.org/x" rel="nofollow noreferrer">`},
		{"details", "<details open><summary>s</summary>\n\n**b**\n\n</details>", "<details open=\"\"><summary>s</summary>\n<p><strong>b</strong></p>\n</details>"},
		{"diff", "```diff\n@@ x\n+a\n-<b>\n c\n```", "<pre tabindex=\"0\" class=\"diff\"><code class=\"language-diff\"><span class=\"hunk\">@@ x\n</span><span class=\"add\">+a\n</span><span class=\"del\">-&lt;b&gt;\n</span><span> c\n</span></code></pre>"},
		{"alert", "> [!WARNING]\n> careful", "<div class=\"alert warning\"><p class=\"alert-title\">Warning</p>\n<p>\ncareful</p>\n</div>"},
		{"alert alone", "> [!TIP]\n\nx", `<div class="alert tip"><p class="alert-title">Tip</p>`},
		{"no alert", "> [!WARNING] careful", "<blockquote>\n<p>[!WARNING] careful</p>\n</blockquote>"},
		{"mention", "hi @dev, see #12", `hi <strong class="mention">@dev</strong>, see <a href="/acme/gitops/pull/12">#12</a>`},
		{"no mention in code", "`@dev #12` a@b.c x#1", "<code>@dev #12</code>"},
		{"hidden", "<!-- sealift:diff -->\nx", "<p>x</p>\n"},
		{"picture", "![alt](https://example.org/p.png)", `<a href="https://example.org/p.png" rel="nofollow noreferrer">🖼 alt</a>`},
		{"linked picture", "[![alt](https://example.org/p.png)](https://example.org)", "alt</span></a>"},
		{"kbd", "<kbd>x</kbd><sup>2</sup>", "<kbd>x</kbd><sup>2</sup>"},
		{"chart", "```mermaid\nflowchart LR\n  e0[\"dev<br/>web v2\"]\n  e1[\"a#60;b\"]\n  e2[\"prod\"]\n  e0 ==> e1\n  e1 -.-> e2\n```", `<ol class="flow"><li><strong>dev</strong><span>web v2</span></li><li class="target"><strong>a&lt;b</strong></li><li><strong>prod</strong></li></ol>`},
		{"other charts stay", "```mermaid\ngraph LR\n```", `<code class="language-mermaid">graph LR`},
		{"charts with more stay", "```mermaid\nflowchart LR\n  e0[\"dev\"]\n  click e0 \"x\"\n```", `<code class="language-mermaid">flowchart LR`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := render(t, tt.in); !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// hostile are comments that want out of their place.
var hostile = []string{
	"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "<a href=\"jAvascript:alert(1)\">x</a>",
	"<a href=\"java\tscript:alert(1)\">x</a>", "<a href=&#106;avascript:alert(1)>x</a>", "[x](data:text/html,<script>)", "<iframe src=//evil.example></iframe>",
	"<svg><script>alert(1)</script></svg>", "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<form action=//evil.example><button>Merge</button></form>",
	"<input type=text name=body form=composer autofocus>", "<input type=checkbox form=composer name=person value=admin>", "<details><summary>open", "</div></article></li></ol><h1>out</h1>",
	"<div><div><details>", "</details></details></div>", "<table><tr><td></table></td></div>", "<style>body{display:none}</style>", "<p style='position:fixed;inset:0'>x</p>",
	"<div class='state merged' id=body data-live=merge onclick=x>x</div>", "<base href=//evil.example>", "<meta http-equiv=refresh content='0;url=//evil.example'>",
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<textarea>", "<plaintext>", "<xmp>", "<!--", "<![CDATA[", "<a title='\"><script>x'>y</a>", "<template><div>",
	"<select><option>", "<p><object><div>x</div></object></p></div>", "<code class='language-diff\" onclick=x'>x</code>", "<template shadowrootmode=open><slot></template>",
	"```diff\n+</span></code></pre><script>x</script>\n```", "```mermaid\nflowchart LR\ne0[\"<script>x</script>#60;img src=x#62;#0;\"]\n```", "> [!NOTE]<script>x</script>", "<link rel=stylesheet href=//evil.example>", "<video src=x autoplay onloadstart=x>",
	strings.Repeat("<div>", 3000), strings.Repeat("> ", 300) + "x", strings.Repeat("[", 5000),
}

// TestHostileMarkdown renders what is known to get through other sanitizers.
func TestHostileMarkdown(t *testing.T) {
	for _, in := range hostile {
		out, err := newMarkdown().HTML(in, "acme/gitops")
		if err == nil {
			checkHarmless(t, in, string(out))
		}
	}
}

// FuzzMarkdown looks for Markdown that renders to something a browser would run.
func FuzzMarkdown(f *testing.F) {
	for _, in := range hostile {
		f.Add(in)
	}
	m := newMarkdown()
	f.Fuzz(func(t *testing.T, in string) {
		if out, err := m.HTML(in, "acme/gitops"); err == nil {
			checkHarmless(t, in, string(out))
		}
	})
}

// checkHarmless reads the HTML as a browser does, in the place where it is put: every
// element is an allowed one, and what follows is still where it was.
func checkHarmless(t *testing.T, in, out string) {
	t.Helper()
	page := "<!doctype html><body><main><ol><li><article><div id=here>" + out + "</div><p id=after></p></article></li></ol></main>"
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return // nested too deeply
	}
	after := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if attr(n, "id") == "after" {
			after++
			if before := n.PrevSibling; before == nil || attr(before, "id") != "here" || n.Parent.DataAtom != atom.Article {
				t.Errorf("%q leaves its place: %s", in, out)
			}
		}
		if why := harm(n); why != "" {
			t.Errorf("%q: %s: %s", in, why, out)
		}
	}
	if after != 1 {
		t.Errorf("%q swallows what follows: %s", in, out)
	}
}

// harm says what is wrong with an element of a comment.
func harm(n *html.Node) string {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Iframe, atom.Form, atom.Button, atom.Object, atom.Embed, atom.Svg, atom.Math, atom.Base, atom.Meta, atom.Link, atom.Textarea,
		atom.Select, atom.Template, atom.Img, atom.Video, atom.Noscript, atom.Plaintext, atom.Xmp, atom.Title:
		return "element " + n.Data
	}
	for _, a := range n.Attr {
		value := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "form", a.Key == "name", strings.HasPrefix(a.Key, "data-"):
			return "attribute " + a.Key
		case a.Key == "id" && a.Val != "here" && a.Val != "after":
			return "an id"
		case a.Key == "href" && strings.Contains(value, ":") && !strings.HasPrefix(value, "http") && !strings.HasPrefix(value, "mailto:") && strings.IndexByte(value, ':') < strings.IndexAny(value+"/", "/?#"):
			return "link to " + a.Val
		case a.Key == "class" && strings.Contains(a.Val, "merged"):
			return "class " + a.Val
		}
	}
	return ""
}

// TestTooDeep shows what cannot be rendered as it was written.
func TestTooDeep(t *testing.T) {
	p := &pages{markdown: newMarkdown()}
	if got := string(p.rendered("", strings.Repeat("<b>", 3000))); !strings.HasPrefix(got, "<pre>&lt;b&gt;") {
		t.Errorf("got %.100s", got)
	}
}
