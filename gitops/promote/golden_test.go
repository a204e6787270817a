package promote_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

var update = flag.Bool("update", false, "write the golden files anew")

// lastCommit is the commit that a case was promoted at last.
const lastCommit = "1111111111111111111111111111111111111111"

// TestGolden makes the plan of every case and compares it, as JSON, and the edited
// files with want/. The tree is in/; last/ are files as they were when the source
// was promoted last, "<none>" for those that were not there. <BOM>, <CR> and <EOF>
// stand for what a text file cannot show.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var inputs []txtar.File
			want := map[string]string{}
			for _, f := range a.Files {
				if strings.HasPrefix(f.Name, "want/") {
					want[f.Name] = string(f.Data)
				} else {
					inputs = append(inputs, f)
				}
			}
			c := newCase(t, string(a.Comment), inputs)
			got := c.golden(t)
			if *update {
				a.Files = inputs
				for _, name := range slices.Sorted(maps.Keys(got)) {
					a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(got[name])})
				}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// goldenCase is a promotion within one tree.
type goldenCase struct {
	files, last map[string]string
	from, to    string
	apps        []string
	options     promote.Options
}

func newCase(t *testing.T, comment string, inputs []txtar.File) *goldenCase {
	t.Helper()
	c := &goldenCase{files: map[string]string{}, options: promote.Options{Take: map[string]string{}}}
	for _, f := range inputs {
		text := unshown(string(f.Data))
		if p, ok := strings.CutPrefix(f.Name, "in/"); ok {
			c.files[p] = text
		} else if p, ok := strings.CutPrefix(f.Name, "last/"); ok {
			if c.last == nil {
				c.last = map[string]string{}
			}
			c.last[p] = text
		}
	}
	for line := range strings.Lines(comment) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "from":
			c.from = value
		case "to":
			c.to = value
		case "app":
			c.apps = append(c.apps, value)
		case "create":
			c.options.Create = true
		case "take":
			at := strings.LastIndexByte(value, '=')
			c.options.Take[value[:max(at, 0)]] = value[at+1:]
		}
	}
	return c
}

func unshown(s string) string {
	s = strings.ReplaceAll(s, "<BOM>", "\ufeff")
	s = strings.ReplaceAll(s, "<CR>", "\r")
	s, _, _ = strings.Cut(s, "<EOF>")
	return s
}

func shown(s string) string {
	s = strings.ReplaceAll(s, "\ufeff", "<BOM>")
	s = strings.ReplaceAll(s, "\r", "<CR>")
	if !strings.HasSuffix(s, "\n") {
		s += "<EOF>\n"
	}
	return s
}

// request builds what a command would ask for.
func (c *goldenCase) request(t testing.TB) promote.Request {
	t.Helper()
	now := tree.Memory(c.files)
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
		last = tree.Memory(then)
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

// golden returns the plan and the edited files. What every plan must hold is
// checked on the way.
func (c *goldenCase) golden(t *testing.T) map[string]string {
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
	out := map[string]string{"want/plan.json": string(data) + "\n"}
	for name, data := range plan.Files() {
		text := "<removed>\n"
		if data != nil {
			text = shown(string(data))
		}
		out["want/files/"+name] = text
	}
	for _, a := range plan.Apps {
		if a.Version+a.NewVersion != "" {
			out["want/versions.txt"] += a.App + ": " + a.Version + " -> " + a.NewVersion + "\n"
		}
	}
	checkPlan(t, r, plan)
	return out
}
