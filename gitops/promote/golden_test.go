package promote_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/golden"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// lastCommit is the commit that a case was promoted at last.
const lastCommit = "1111111111111111111111111111111111111111"

// TestGolden makes the plan of every case and compares it, as JSON, and the edited
// files with want/. The tree is in/; last/ are files as they were when the source
// was promoted last, "<none>" for those that were not there. <BOM>, <CR> and <EOF>
// stand for what a text file cannot show.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		return newCase(c).planned(t)
	})
}

// goldenCase is a promotion within one tree.
type goldenCase struct {
	files, last map[string]string
	from, to    string
	apps        []string
	// executable may be run, links are symbolic, became those that are so now only.
	executable, links, became []string
	options                   promote.Options
}

func newCase(in *golden.Case) *goldenCase {
	c := &goldenCase{
		files: unmarked(in.Files("in")), last: unmarked(in.Files("last")),
		from: in.Value("from"), to: in.Value("to"), apps: in.Values("app"), executable: in.Values("executable"), links: in.Values("link"), became: in.Values("became-link"),
		options: promote.Options{Take: map[string]string{}, Create: in.Value("create") != "", Back: in.Value("back") != ""},
	}
	for _, take := range in.Values("take") {
		at := strings.LastIndexByte(take, '=')
		c.options.Take[take[:max(at, 0)]] = take[at+1:]
	}
	return c
}

// unmarked puts bytes in the place of marks; without files it is nil.
func unmarked(files map[string]string) map[string]string {
	if len(files) == 0 {
		return nil
	}
	for p, text := range files {
		files[p] = golden.Unmark(text)
	}
	return files
}

// request builds what a command would ask for.
func (c *goldenCase) request(t testing.TB) promote.Request {
	t.Helper()
	now := c.tree(c.files, c.became...)
	config, problems := layout.ReadConfig(t.Context(), now)
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	l, err := layout.Read(t.Context(), now, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := promote.Request{
		Source: now, Target: now, From: c.from, To: c.to, At: strings.Repeat("a", 40),
		SourceRefs: l.Refs, TargetRefs: l.Refs, Options: c.options,
	}
	if config != nil {
		r.Options.Copy = config.Promote.Copies
		r.Options.Carry, r.Options.Keep = rules(t, config.Promote.Carry), rules(t, config.Promote.Keep)
	}
	var last gitops.Tree
	if c.last != nil {
		then := maps.Clone(c.files)
		for p, text := range c.last {
			if strings.TrimSpace(text) == "<none>" {
				delete(then, p)
			} else {
				then[p] = text
			}
		}
		last = c.tree(then)
	}
	for _, name := range c.apps {
		a := promote.App{Name: name}
		for _, o := range l.Overlays {
			switch {
			case o.App != name:
			case o.Environment == c.from:
				a.From = append(a.From, o.Path)
			case o.Environment == c.to:
				a.To = append(a.To, o.Path)
			}
		}
		if last != nil {
			a.Last, a.LastCommit = last, lastCommit
		}
		r.Apps = append(r.Apps, a)
	}
	return r
}

// tree is files as a tree, with those that may be run and those that are links.
func (c *goldenCase) tree(files map[string]string, became ...string) gitops.Tree {
	with := map[string]tree.File{}
	for name, text := range files {
		with[name] = tree.File{Content: text, Executable: slices.Contains(c.executable, name)}
		if slices.Contains(c.links, name) || slices.Contains(became, name) {
			with[name] = tree.File{Content: strings.TrimSpace(text), Kind: gitops.Symlink}
		}
	}
	return tree.MemoryWith(with)
}

func rules(t testing.TB, list []layout.FieldRule) (out []promote.FieldRule) {
	t.Helper()
	for _, r := range list {
		rule := promote.FieldRule{Path: r.Matches}
		if r.Field != "" {
			var err error
			if rule.Field, err = gitops.ParseFieldPath(r.Field); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, rule)
	}
	return out
}

// planned returns the plan and the edited files. What every plan must hold is
// checked on the way.
func (c *goldenCase) planned(t *testing.T) map[string]string {
	t.Helper()
	r := c.request(t)
	plan, err := promote.Make(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"plan.json": string(data) + "\n"}
	for name, data := range plan.Files() {
		text := "<removed>\n"
		if data != nil {
			text = golden.Mark(string(data))
		}
		out["files/"+name] = text
	}
	for _, e := range promote.FileEdits(plan.Apps) {
		if e.Executable {
			out["executable.txt"] += e.Path + "\n"
		}
	}
	for _, a := range plan.Apps {
		if a.Version+a.NewVersion != "" {
			out["versions.txt"] += a.App + ": " + a.Version + " -> " + a.NewVersion + "\n"
		}
	}
	checkPlan(t, r, plan)
	checkBuilds(t, r, plan)
	return out
}
