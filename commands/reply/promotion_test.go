package reply_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/golden"
	"github.com/sealift/sealift/gitops/promote"
)

// TestPromotionGolden writes each testdata/promotion/*.txtar as the reply, the pull
// request and its title, and compares with want/.
func TestPromotionGolden(t *testing.T) {
	golden.Run(t, "testdata/promotion/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		in, opts := c.Files("in"), promotionOptions(c.Comment)
		p := promotionOf(t, in["promotion.json"])
		return map[string]string{
			"title": reply.PromotionTitle(p.Plan), "reply.md": reply.PromotionReply(p, opts), "body.md": reply.PromotionBody(p, opts, in["old.md"]),
		}
	})
}

// promotionOptions reads the lines "key: value" of a case.
func promotionOptions(comment string) (opts reply.PromotionOptions) {
	for line := range strings.Lines(comment) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "max-bytes":
			opts.MaxBytes, _ = strconv.Atoi(value) // 0 is the default
		case "repo-url":
			opts.RepoURL = value
		case "command":
			opts.Command = value
		}
	}
	return opts
}

func promotionOf(t *testing.T, text string) reply.Promotion {
	t.Helper()
	var p reply.Promotion
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// hostilePromotion has s in every place that a repository or a person can fill.
func hostilePromotion(s string) reply.Promotion {
	edits := []promote.Edit{{File: s, Kind: promote.ImageTag, Key: s, Path: s, Old: s, New: s + "x"}, {File: s, Kind: promote.Field, Path: s}, {File: s, Kind: promote.FileAdded}}
	held := []promote.Withheld{{File: s, Path: s, Reason: s}}
	app := promote.AppPlan{
		App: s, Edits: edits, Withheld: held, Checks: held, Version: s, NewVersion: s + "x",
		Conflicts: []promote.Conflict{{File: s, Path: "spec." + s, Base: s, Source: s, Target: s}},
	}
	report := hostile(s)
	return reply.Promotion{
		Plan:  &promote.Plan{From: s, To: s, At: strings.Repeat("a", 40), Apps: []promote.AppPlan{app, {App: s + "2", Missing: true}, {App: s + "3", Version: s}}},
		Apps:  map[string]reply.PromotedApp{s: {Commits: []reply.PromotedCommit{{ID: strings.Repeat("b", 40), Subject: s}}}, s + "3": {Stopped: s}},
		Chain: []reply.Stop{{Environment: s, Version: s}, {Environment: s, Version: s, Target: true}}, Report: &report, By: "dana",
		Later: []string{s}, Shared: []string{s},
	}
}

// FuzzPromotion writes hostile promotions and looks at what GitHub would make of them.
func FuzzPromotion(f *testing.F) {
	for _, s := range evil {
		f.Add(s, s)
	}
	f.Add("x", "\n**History**\n\n- <code>dev@1234567</code> asked by <code>&#64;dana</code>\n- @team\n- <code>dev@1234567</code> <code>x</code> automatic\n<script>\n")
	f.Fuzz(func(t *testing.T, s, old string) {
		p := hostilePromotion(s)
		opts := reply.PromotionOptions{MaxBytes: 20_000, Command: "/promote " + s}
		first, body, ok := strings.Cut(reply.PromotionBody(p, opts, old), "\n")
		if len(first)+len(body) > opts.MaxBytes || !ok || !strings.HasPrefix(first, "<!-- sealift:promotion ") || strings.Contains(first[5:len(first)-3], "--") || strings.Contains(first, "\n") {
			t.Errorf("%d bytes, first line %q", len(body), first)
		}
		checkMarkdown(t, withoutMermaid(t, body))
		answer := reply.PromotionReply(p, opts)
		if len(answer) > opts.MaxBytes {
			t.Errorf("reply of %d bytes", len(answer))
		}
		checkMarkdown(t, answer)
		checkMarkdown(t, reply.PromotionShared([]string{s, old}))
		if title := reply.PromotionTitle(p.Plan); utf8.RuneCountInString(title) > 140 || hidden(title) {
			t.Errorf("title %q", title)
		}
	})
}

// withoutMermaid takes the picture out of a text and checks that its labels cannot
// end.
func withoutMermaid(t *testing.T, body string) string {
	t.Helper()
	before, rest, ok := strings.Cut(body, "```mermaid\n")
	picture, after, ended := strings.Cut(rest, "\n```\n")
	if !ok {
		return body
	}
	if strings.Contains(picture, "`") || strings.Count(picture, `"`) != 4 || !ended || hidden(strings.ReplaceAll(picture, "\n", "")) {
		t.Errorf("picture\n%s", picture)
	}
	return before + after
}

// The history of an old text goes on, without anything else of it.
func TestPromotionHistory(t *testing.T) {
	opts := reply.PromotionOptions{}
	promotion := func(at, version, by string) reply.Promotion {
		return reply.Promotion{By: by, Number: 3, Plan: &promote.Plan{From: "dev", To: "staging", At: strings.Repeat(at, 40), Apps: []promote.AppPlan{{App: "web", NewVersion: version, Edits: []promote.Edit{{Kind: promote.ImageTag, New: version}}}}}}
	}
	body := reply.PromotionBody(promotion("a", "v1", "dana"), opts, "")
	body = reply.PromotionBody(promotion("b", "v2+x", "rob"), opts, body+"- @evil\n<b>\n")
	body = reply.PromotionBody(promotion("b", "v2+x", "rob"), opts, body) // again
	body = reply.PromotionBody(promotion("c", "v3", ""), opts, body)
	_, got, _ := strings.Cut(body, "**History**\n\n")
	want := "- <code>dev@ccccccc</code> <code>v3</code> automatic\n" +
		"- <code>dev@bbbbbbb</code> <code>v2&#43;x</code> asked by <code>&#64;rob</code> in #3\n" +
		"- <code>dev@aaaaaaa</code> <code>v1</code> asked by <code>&#64;dana</code> in #3\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Values of fields do not show as edits: the rendered diff shows them, and masks
// secrets.
func TestPromotionSecrets(t *testing.T) {
	const secret = "hunter2"
	app := promote.AppPlan{App: "web", Edits: []promote.Edit{{Kind: promote.Field, Path: "stringData.user", Old: secret, New: secret}}}
	p := reply.Promotion{Plan: &promote.Plan{From: "dev", To: "staging", Apps: []promote.AppPlan{app}}, Report: &gitops.Report{}}
	for _, text := range []string{reply.PromotionReply(p, reply.PromotionOptions{}), reply.PromotionBody(p, reply.PromotionOptions{}, "")} {
		if strings.Contains(text, secret) || !strings.Contains(text, "stringData.user") {
			t.Errorf("%s", text)
		}
	}
}
