package layout

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestTruth reads both sides of real commits. Every root whose output is known
// to change must be a unit of one of the sides.
func TestTruth(t *testing.T) {
	type affected struct {
		Dir  string
		Root bool
		// Component says that it is one, which is never a unit.
		Component bool
	}
	type change struct {
		ID, Bundle, Base, Head string
		Affected               []affected
	}
	byBundle := map[string][]change{}
	for line := range strings.Lines(string(shared(t, "cases.jsonl"))) {
		var c change
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		byBundle[c.Bundle] = append(byBundle[c.Bundle], c)
	}
	for name, changes := range byBundle {
		t.Run(path.Base(name), func(t *testing.T) {
			t.Parallel()
			b := openBundle(t, name)
			m := memo{}
			roots, others, extra := 0, 0, 0
			var last *Layout
			for _, c := range changes {
				units := map[string]bool{}
				var whole []string // directories that are deployed as a whole
				for _, commit := range []string{c.Base, c.Head} {
					l, err := Read(t.Context(), b.tree(t, commit), nil, m)
					if err != nil {
						t.Fatal(err)
					}
					last = l
					for _, o := range l.Overlays {
						units[o.Path] = true
					}
					for _, u := range l.Units {
						if u.Build.Files != nil {
							whole = append(whole, u.Path+"/")
						}
					}
				}
				within := func(dir string) bool {
					return slices.ContainsFunc(whole, func(p string) bool { return strings.HasPrefix(dir, p) })
				}
				for _, a := range c.Affected {
					switch {
					case a.Component:
					case a.Root && !units[a.Dir] && !within(a.Dir):
						t.Errorf("%s: root %s is no unit", c.ID, a.Dir)
					case a.Root:
						roots++
					default:
						others++
						if units[a.Dir] {
							extra++
						}
					}
				}
			}
			t.Logf("%d changes, %d affected roots found, %d of %d other affected directories are units too; newest: %d units of %d kustomizations, %d notes",
				len(changes), roots, extra, others, len(last.Overlays), len(last.Kustomizations), len(last.Notes))
		})
	}
}

// TestPromotions reads real promotions: the directories that people changed must
// have the app and the environment they promoted to.
func TestPromotions(t *testing.T) {
	b := (*bundle)(nil)
	right := 0
	for line := range strings.Lines(string(shared(t, "promotions.jsonl"))) {
		var c struct {
			ID, From, To, Base string
			Components         []string
			Changes            []struct{ File string }
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if b == nil {
			b = openBundle(t, "repos/infra-deployments-promotions.bundle")
		}
		l, err := Read(t.Context(), b.tree(t, c.Base), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.Changes {
			o := l.Overlay(path.Dir(f.File))
			if o.Environment != c.To || !slices.Contains(c.Components, o.App) {
				t.Errorf("%s: %s is app %q in %q, want one of %q in %q", c.ID, f.File, o.App, o.Environment, c.Components, c.To)
				continue
			}
			right++
			chain := l.Chain(o.App)
			from, to := slices.Index(chain, c.From), slices.Index(chain, c.To)
			if from < 0 || to < 0 {
				t.Logf("%s: chain of %s: %q: %s -> %s", c.ID, o.App, chain, c.From, c.To)
			}
		}
	}
	t.Logf("%d changed files have the right app and environment", right)
}
