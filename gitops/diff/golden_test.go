package diff_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v2"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/diff"
	"github.com/sealift/sealift/gitops/golden"
)

// TestGolden compares reports with testdata/*.txtar: a sentence, "moves: true"
// where moves are matched, then in/before/PATH and in/after/PATH, the output of
// an overlay on each side or "error: message", and want/report.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		opts := diff.Options{Considered: 9, Environments: []string{"dev", "stage", "prod"}, Moves: c.Value("moves") == "true"}
		return map[string]string{"report": show(diff.Report(pairs(c.Inputs), opts))}
	})
}

// pairs reads the two sides of each overlay, in the order of the files.
func pairs(inputs []txtar.File) []diff.Pair {
	var out []diff.Pair
	at := map[string]int{}
	for _, f := range inputs {
		side, path, _ := strings.Cut(strings.TrimPrefix(f.Name, "in/"), "/")
		i, ok := at[path]
		if !ok {
			i = len(out)
			at[path] = i
			app, env := filepath.Split(path)
			out = append(out, diff.Pair{Overlay: gitops.OverlayChange{Overlay: gitops.Overlay{Path: path, App: filepath.Base(app), Environment: env}}})
		}
		r := rendered(path, string(f.Data))
		if side == "before" {
			out[i].Before = r
		} else {
			out[i].After = r
		}
	}
	return out
}

// rendered splits the output of kustomize into objects.
func rendered(path, text string) *gitops.Rendered {
	r := &gitops.Rendered{Path: path}
	if message, ok := strings.CutPrefix(text, "error: "); ok {
		r.Err = &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseMissing, Message: strings.TrimSpace(message), File: path + "/kustomization.yaml", Line: 3}
		return r
	}
	for doc := range strings.SplitSeq("\n"+text, "\n---\n") {
		if doc = strings.Trim(doc, "\n"); doc != "" {
			r.Objects = append(r.Objects, object(doc+"\n"))
		}
	}
	return r
}

// object reads the id of a manifest.
func object(text string) gitops.Object {
	var m struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct{ Name, Namespace string }
	}
	_ = yaml.Unmarshal([]byte(text), &m) // hostile ones have no id
	return gitops.Object{APIVersion: m.APIVersion, Kind: m.Kind, Namespace: m.Metadata.Namespace, Name: m.Metadata.Name, YAML: []byte(text)}
}

// show writes a report for the golden files.
func show(r gitops.Report) string {
	var b strings.Builder
	for _, o := range r.Overlays {
		fmt.Fprintf(&b, "# %s %s +%d -%d", o.Path, o.Status, o.AddedLines, o.RemovedLines)
		if o.MovedFrom != "" {
			fmt.Fprintf(&b, " from %s", o.MovedFrom)
		}
		b.WriteString("\n")
		for i, s := range []*gitops.Side{o.Before, o.After} {
			if s != nil && s.Err != nil {
				fmt.Fprintf(&b, "%s: %s\n", [...]string{"before", "after"}[i], s.Err)
			}
		}
		for _, c := range o.Images {
			fmt.Fprintf(&b, "image %s: %q -> %q\n", c.Name, c.Old, c.New)
		}
		for _, c := range o.Objects {
			fmt.Fprintf(&b, "## %s %s %s/%s %s", c.APIVersion, c.Kind, c.Namespace, c.Name, c.Status)
			if c.RenamedFrom != "" {
				fmt.Fprintf(&b, " from %s", c.RenamedFrom)
			}
			if c.Masked {
				b.WriteString(" (masked)")
			}
			b.WriteString("\n" + c.Diff)
		}
	}
	return b.String()
}

// dump is everything of a report, for searching.
func dump(t testing.TB, r gitops.Report) string {
	t.Helper()
	for i := range r.Overlays {
		for _, s := range []*gitops.Side{r.Overlays[i].Before, r.Overlays[i].After} {
			if s != nil {
				s.SHA256 = ""
			}
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
