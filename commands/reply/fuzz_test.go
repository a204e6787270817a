package reply_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
)

// evil are names and texts that try to be more than text.
var evil = []string{
	"a`b``c", "```\n</details>", "\n```\n</details>\n@x", "@acme/team #12 acme/web#3 GH-4", "<!-- x --> </details><script>", "a|b\\|c\\", "--> <!--",
	"\u202eexe.txt\u200b\u200d\ufeff\u2066", "\x1b[31mred\x07\x00\x9b", "http://evil.example www.evil.example a@b.example", "xmpp:a@b ftp://x",
	"![x](http://e/x.png) [y](z) [z]: http://q", "**b** _i_ ~~s~~ $x$ \\", "a\nb\r\n# c\n\n- d\n> e\n    f", "&amp;&#64;x", "\xff\xfe", "<https://x.example>",
	strings.Repeat("x`|", 4000), strings.Repeat("\u202e", 4000), "| a |\n|---|", "<code>", "</code>@team", "-n", "", "a \"b\n!/0\"", "it\"s (\"x\") \"\\\"\" \"", "0123456789abcdef0123456789abcdef01234567",
}

// hostile is a report that has s in every place.
func hostile(s string) gitops.Report {
	fail := &gitops.Side{Err: &gitops.Error{Code: gitops.Invalid, Message: s, File: s, Hint: s, Line: 3}}
	objects := []gitops.ObjectChange{
		{Kind: s, Namespace: s, Name: s, Status: gitops.Renamed, RenamedFrom: s, Diff: "@@ -1 +1 @@\n-" + s + "\n+" + s + s, Fields: []string{s}},
		{Kind: s, Name: s, Status: gitops.Changed, Diff: "@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-c\n+d\n", Fields: []string{s, ""}},
		{Kind: s, Namespace: s, Name: s, Status: gitops.Changed},
	}
	overlay := gitops.Overlay{Path: s, App: s, Environment: s}
	r := gitops.Report{
		Base: strings.Repeat("a", 40), Head: strings.Repeat("b", 40), Considered: 9, Environments: []string{"dev", s},
		Findings: []gitops.Finding{{Rule: s, Severity: gitops.Severity(s), File: s, Line: 1, Message: s, Fix: s}},
	}
	r.News = []gitops.News{{File: s, Line: 3, Message: s}}
	r.Ledger = &gitops.Ledger{Unread: []string{s}, UnreadManifests: []string{s, s}, Missed: []gitops.Miss{{File: s, Line: 1, Message: s + " (allow it with --allow-remote a/b)", Reason: gitops.Reason(s)}}}
	for _, status := range []gitops.Status{gitops.RenderErrorAfter, gitops.Changed, gitops.Moved, gitops.Added, gitops.Removed, gitops.RenderErrorBefore, gitops.RenderErrorBoth} {
		c := gitops.OverlayChange{Overlay: overlay, Status: status, MovedFrom: s, Objects: objects, Images: []gitops.ImageChange{{Name: s, Old: s, New: s}},
			DeployedBy: &gitops.Deployer{Kind: s, Namespace: s, Name: s, Cluster: s}, PartOf: s, News: []string{s, s}, Environments: []string{s, "dev"},
			Gone: &gitops.Gone{Outcome: gitops.PruneDelete, Objects: 9, Claims: []gitops.KindCount{{Kind: s, Count: 2}}}}
		if strings.HasPrefix(string(status), "render") {
			c.Before, c.After, c.Objects = fail, fail, nil
		}
		r.Overlays = append(r.Overlays, c)
	}
	return r
}

// home is the repository to which links may lead.
const home = "https://github.com/acme/deploy/"

// FuzzMarkdown renders hostile reports and looks at what GitHub would make of
// them, at several limits.
func FuzzMarkdown(f *testing.F) {
	for _, s := range evil {
		f.Add(s, 0)
		f.Add(s, 4000)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 4000 + max(0, limit)%20000
		opts := reply.Options{Marker: "sealift:diff", MaxBytes: limit, MaxComments: 3, CommitURL: home + "commit/"}
		parts := reply.Markdown(hostile(s), opts)
		if len(parts) > 3 {
			t.Errorf("%d parts", len(parts))
		}
		if again := reply.Markdown(hostile(s), opts); !slices.Equal(parts, again) {
			t.Error("two runs differ")
		}
		for _, part := range append(parts, reply.Summary(hostile(s), opts)) {
			if len(part) > limit {
				t.Errorf("part of %d bytes, limit is %d", len(part), limit)
			}
			checkMarkdown(t, part)
		}
		if title := reply.Title(hostile(s)); utf8.RuneCountInString(title) > 140 || hidden(title) {
			t.Errorf("title %q", title)
		}
	})
}

// tags are the only HTML that a reply has.
var tags = regexp.MustCompile(`^(<(code|details|details open|summary|br)>|</(code|details|summary)>|<!-- sealift:diff \d+/\d+ -->)$`)

// tag finds HTML in a block.
var tag = regexp.MustCompile(`(?s)<!--.*?-->|<[^>]*>`)

// checkMarkdown checks that a part has no markup but ours and that all of it is
// closed.
func checkMarkdown(t *testing.T, part string) {
	t.Helper()
	if hidden(strings.ReplaceAll(strings.ReplaceAll(part, "\n", ""), "\t", "")) {
		t.Errorf("invisible characters in %q", part)
	}
	source := []byte(part)
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	open, code := 0, 0
	see := func(html string) {
		for _, found := range tag.FindAllString(html, -1) {
			if !tags.MatchString(found) {
				t.Errorf("HTML %q in\n%s", found, part)
			}
			open += strings.Count(found, "<details") - strings.Count(found, "</details")
			code += strings.Count(found, "<code") - strings.Count(found, "</code")
			if open < 0 || open > 1 || code < 0 || code > 1 {
				t.Errorf("element not nested at %q in\n%s", found, part)
			}
		}
	}
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			if to := string(n.Destination); !strings.HasPrefix(to, home+"commit/") && !strings.HasPrefix(to, home+"blob/"+strings.Repeat("b", 40)+"/") {
				t.Errorf("link to %q in\n%s", to, part)
			}
		case *ast.Image, *ast.AutoLink, *ast.Heading, *ast.CodeSpan, *extast.Strikethrough, *extast.TaskCheckBox:
			t.Errorf("%s in\n%s", n.Kind(), part)
		case *ast.Emphasis:
			if n.Level != 2 {
				t.Errorf("emphasis in\n%s", part)
			}
		case *ast.RawHTML:
			see(string(n.Segments.Value(source)))
		case *ast.HTMLBlock:
			see(string(n.Lines().Value(source)))
		case *ast.FencedCodeBlock:
			if string(n.Language(source)) != "diff" || !strings.HasPrefix(string(n.Lines().Value(source)), "@@ ") {
				t.Errorf("fence that is not ours in\n%s", part)
			}
		case *ast.Text:
			if code == 0 && strings.ContainsAny(string(n.Value(source)), "@#") {
				t.Errorf("text %q outside of code in\n%s", n.Value(source), part)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil || open != 0 || code != 0 {
		t.Errorf("%d details and %d code elements are open at the end of\n%s", open, code, part)
	}
	if last := doc.LastChild(); last != nil && last.Kind() == ast.KindFencedCodeBlock {
		t.Errorf("fence open at the end of\n%s", part)
	}
}

// hidden reports whether s has a character that is not seen.
func hidden(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) || r == '\u3164' })
}

// FuzzText checks that nothing of a report moves a terminal, and that colour
// adds colour only.
func FuzzText(f *testing.F) {
	for _, s := range evil {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var plain, color strings.Builder
		if err := reply.Text(&plain, hostile(s), reply.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := reply.Text(&color, hostile(s), reply.TextOptions{Color: true}); err != nil {
			t.Fatal(err)
		}
		if hidden(strings.ReplaceAll(strings.ReplaceAll(plain.String(), "\n", ""), "\t", "")) {
			t.Errorf("control characters in %q", plain.String())
		}
		if got := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(color.String(), ""); got != plain.String() {
			t.Errorf("colour changes the text")
		}
	})
}

// TestJSON checks the shape that programs rely on.
func TestJSON(t *testing.T) {
	r := gitops.Report{Base: "b", Head: "h", Overlays: []gitops.OverlayChange{
		{Overlay: gitops.Overlay{Path: "web/dev", App: "web", Environment: "dev"}, Status: gitops.RenderErrorAfter, RemovedLines: 2,
			Before:  &gitops.Side{SHA256: "00"},
			After:   &gitops.Side{Err: &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseMissing, Message: "m", File: "f", Line: 3}},
			Objects: []gitops.ObjectChange{{APIVersion: "v1", Kind: "Service", Name: "web", Status: gitops.Removed, Diff: "-a\n"}}},
		{Overlay: gitops.Overlay{Path: "new/dev"}, Status: gitops.Added, After: &gitops.Side{SHA256: "11"}},
	}}
	b, err := reply.JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"schema":"sealift/diff/v1"`, `"base":"b","head":"h"`, `"path":"web/dev","app":"web","environment":"dev","status":"render-error-after","moved_from":"","added_lines":0,"removed_lines":2`,
		`"before":{"sha256":"00"}`, `"after":{"error":{"code":"invalid","cause":"missing-file","message":"m","file":"f","line":3`,
		`"objects":[{"apiVersion":"v1","kind":"Service","namespace":"","name":"web","status":"removed","renamed_from":""`, `"before":null,"after":{"sha256":"11"},"objects":[]`, `"findings":[]`,
	} {
		if got := compact(t, b); !strings.Contains(got, want) {
			t.Errorf("JSON has no %s:\n%s", want, got)
		}
	}
}

// compact drops the white space of a JSON text.
func compact(t *testing.T, b []byte) string {
	t.Helper()
	var v json.RawMessage
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
