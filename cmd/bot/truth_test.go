package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sharedData is where the real repositories and the ground truth are, beside
// the checkout.
const sharedData = "../../../shared/testdata"

// truthCase is a line of cases.jsonl: a real commit and what it does to every
// kustomization directory, by `kustomize build`.
type truthCase struct {
	ID, Bundle, Base, Head string
	Undetermined           []string
	Affected               []truthDir
}

type truthDir struct {
	Dir, Status  string
	Added        int    `json:"added_lines"`
	Removed      int    `json:"removed_lines"`
	BaseSHA      string `json:"base_sha256"`
	HeadSHA      string `json:"head_sha256"`
	Root         bool
	Error        string
	Message      string
	Component    bool
	Undetermined bool `json:"-"`
}

// reported is what the test reads of `bot diff --format json`.
type reported struct {
	Overlays []reportedOverlay
}

type reportedOverlay struct {
	Path, Status  string
	DeployedBy    *struct{ Name string } `json:"deployed_by"`
	MovedFrom     string                 `json:"moved_from"`
	Added         int                    `json:"added_lines"`
	Removed       int                    `json:"removed_lines"`
	Before, After *struct {
		SHA256 string
		Error  *struct{ Code, Cause, Message, File string }
	}
}

// TestTruth compares `bot diff --overlays all` with what kustomize itself makes
// of 106 commits of real repositories, and --overlays auto with their roots.
func TestTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("short: renders 106 commits of real repositories")
	}
	cases := sharedLines[truthCase](t, "cases.jsonl")
	dir := t.TempDir()
	agree := map[string]*tally{}
	for _, c := range cases {
		repo := openBundle(t, dir, c.Bundle)
		if agree[c.Bundle] == nil {
			agree[c.Bundle] = &tally{}
		}
		sum := agree[c.Bundle]
		sum.cases++
		sum.dirs += len(c.Affected)
		all := diffJSON(t, repo, filepath.Join(dir, "cache"), c, "all")
		wrong := c.compare(all)
		auto := diffJSON(t, repo, filepath.Join(dir, "cache"), c, "auto")
		wrong = append(wrong, c.missingRoots(auto)...)
		sum.wrong += len(wrong)
		for _, w := range wrong {
			t.Errorf("%s: %s", c.ID, w)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(agree)) {
		s := agree[name]
		fmt.Printf("truth: %-62s %3d commits, %4d directories, %d disagree\n", strings.TrimSuffix(filepath.Base(name), ".bundle"), s.cases, s.dirs, s.wrong)
	}
}

type tally struct{ cases, dirs, wrong int }

// sharedLines returns the lines of a file of the shared test data.
func sharedLines[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(sharedData, name))
	if os.IsNotExist(err) {
		t.Skip("no ../shared/testdata: the comparison with real repositories is left out")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []T
	for lines := json.NewDecoder(f); ; {
		var v T
		switch err := lines.Decode(&v); {
		case errors.Is(err, io.EOF):
			return list
		case err != nil:
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, v)
	}
}

// output runs the program in this process and returns what it prints. It must succeed.
func output(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	b := &bot{stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}
	if code := b.run(args); code != 0 {
		t.Fatalf("bot %q: exit %d\n%s", args, code, errs.String())
	}
	return out.Bytes()
}

func openBundle(t *testing.T, dir, bundle string) string {
	t.Helper()
	repo := filepath.Join(dir, strings.TrimSuffix(filepath.Base(bundle), ".bundle"))
	if _, err := os.Stat(repo); err == nil {
		return repo
	}
	abs, err := filepath.Abs(filepath.Join(sharedData, bundle))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "-q", "--bare", repo},
		{"-C", repo, "fetch", "-q", abs, "refs/*:refs/*"},
	} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return repo
}

func diffJSON(t *testing.T, repo, cache string, c truthCase, overlays string) reported {
	t.Helper()
	out := output(t, "diff", "--repo", repo, "--cache-dir", cache, "--format", "json", "--overlays", overlays, c.Base, c.Head)
	var r reported
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	return r
}

// compare returns where a report differs from the truth.
func (c truthCase) compare(r reported) []string {
	want := map[string]truthDir{}
	for _, d := range c.Affected {
		want[d.Dir] = d
	}
	var wrong []string
	for _, o := range r.Overlays {
		w, ok := want[o.Path]
		delete(want, o.Path)
		switch {
		case slices.Contains(c.Undetermined, o.Path):
		case o.Status == "render-error-both": // the truth only counts these
		case !ok:
			wrong = append(wrong, fmt.Sprintf("%s: %s, but nothing changes", o.Path, o.Status))
		case o.Status != w.Status:
			wrong = append(wrong, fmt.Sprintf("%s: %s, want %s (%s)", o.Path, o.Status, w.Status, w.Message))
		case o.Before != nil && o.Before.SHA256 != w.BaseSHA, o.After != nil && o.After.SHA256 != w.HeadSHA:
			wrong = append(wrong, fmt.Sprintf("%s: output differs from kustomize's", o.Path))
		case o.Added-o.Removed != w.Added-w.Removed || o.Added > w.Added:
			wrong = append(wrong, fmt.Sprintf("%s: +%d -%d lines, want +%d -%d", o.Path, o.Added, o.Removed, w.Added, w.Removed))
		}
	}
	for p, w := range want {
		if !slices.Contains(c.Undetermined, p) {
			wrong = append(wrong, fmt.Sprintf("%s: %s is not reported", p, w.Status))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// missingRoots returns the roots that change and are not in a report.
func (c truthCase) missingRoots(r reported) []string {
	var wrong []string
	for _, d := range c.Affected {
		if !d.Root || d.Component {
			continue
		}
		shows := func(o reportedOverlay) bool {
			within := o.DeployedBy != nil && strings.HasPrefix(d.Dir, o.Path+"/") // of a directory that is deployed as a whole
			return o.Path == d.Dir || o.MovedFrom == d.Dir || within
		}
		if !slices.ContainsFunc(r.Overlays, shows) {
			wrong = append(wrong, fmt.Sprintf("auto: root %s (%s) is not reported", d.Dir, d.Status))
		}
	}
	return wrong
}
