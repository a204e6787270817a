package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// promotionsBundle has the commits of promotions.jsonl.
const promotionsBundle = "repos/infra-deployments-promotions.bundle"

// promotionCase is a line of promotions.jsonl: a real promotion and the values
// that people or their bot carried.
type promotionCase struct {
	ID, Subject    string
	Components     []string
	From, To       string
	Base, Head     string
	Changes        []promotionChange
	FromCandidates []string `json:"from_candidates"`
}

type promotionChange struct{ File, Kind, Key, Old, New string }

// promotionKinds are the kinds of promotions.jsonl in our words.
var promotionKinds = map[string]string{"ref": "base-ref", "newTag": "image-tag", "version": "chart-version"}

// promotionsExplained are the real promotions that come out differently, and why:
// what people did there cannot be told from the commit before.
var promotionsExplained = map[string]string{
	"009": "the ref of config/prometheus was held at an older commit than the image; people moved it this time, and left such refs alone in six others",
	"204": "people moved one tag to the commit of the refs, which no environment had as a tag, and left out the other image",
	"222": "people promoted the monitor, a part below base/, and left out the app itself",
	"252": "as 009: the ref of config/default was held at an older commit than the image",
	"261": "people promoted one dashboard of the app monitoring and left out the rest of it",
}

// TestTruthPromote makes 110 real promotions again, from the commit before alone
// and without configuration: the same files, keys and values move as people moved,
// but for those of the table. Nothing moves that the source does not have.
func TestTruthPromote(t *testing.T) {
	if testing.Short() {
		t.Skip("short: makes 110 real promotions again")
	}
	cases := sharedLines[promotionCase](t, "promotions.jsonl")
	repo := openBundle(t, t.TempDir(), promotionsBundle)
	exact, same := 0, 0
	for _, c := range cases {
		got := c.promote(t, repo)
		diff := gocmp.Diff(c.wanted(), got)
		if why := promotionsExplained[c.ID]; (diff == "") == (why != "") {
			t.Errorf("%s %s: explained as %q, but (-people +bot):\n%s", c.ID, c.Subject, why, diff)
		}
		for _, e := range got {
			if !c.inSource(t, repo, e.New) {
				t.Errorf("%s: %s carries %q, which %s does not have", c.ID, e.File, e.New, c.From)
			}
		}
		if diff != "" {
			continue
		}
		exact++
		if c.sameLines(t, repo) {
			same++
		}
	}
	fmt.Printf("truth: %d of %d promotions as people made them, %d of those in the same lines and no others\n", exact, len(cases), same)
	if exact < 105 {
		t.Errorf("%d promotions are exact, want 105", exact)
	}
}

// run runs `bot promote` for the case, with more arguments.
func (c promotionCase) run(t *testing.T, repo string, args ...string) []byte {
	t.Helper()
	all := append([]string{"promote", "--repo", repo, "--at", c.Base, "--from", c.From, "--to", c.To, "--force"}, args...)
	for _, app := range c.Components {
		all = append(all, "--app", app)
	}
	return output(t, all...)
}

// promote returns what the bot carries, in the order of promotionChange.
func (c promotionCase) promote(t *testing.T, repo string) []promotionChange {
	t.Helper()
	var plan struct {
		Apps []struct{ Edits []promotionChange }
	}
	if err := json.Unmarshal(c.run(t, repo, "--format", "json"), &plan); err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	var list []promotionChange
	for _, a := range plan.Apps {
		for _, e := range a.Edits {
			if e.Kind == "chart-version" {
				e.Key = "" // the truth does not name charts
			}
			list = append(list, e)
		}
	}
	return sortedChanges(list)
}

func (c promotionCase) wanted() []promotionChange {
	var list []promotionChange
	for _, e := range c.Changes {
		e.Kind = promotionKinds[e.Kind]
		list = append(list, e)
	}
	return sortedChanges(list)
}

func sortedChanges(list []promotionChange) []promotionChange {
	slices.SortFunc(list, func(a, b promotionChange) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.New, b.New))
	})
	return list
}

// inSource reports whether a file of the source environment has a value.
func (c promotionCase) inSource(t *testing.T, repo, value string) bool {
	t.Helper()
	for _, app := range c.Components {
		out, err := exec.Command("git", "-C", repo, "grep", "-l", "-F", "-e", value, c.Base, "--", "components/"+app).Output()
		if err != nil {
			continue // nothing found
		}
		for file := range strings.Lines(string(out)) {
			if slices.Contains(strings.Split(file, "/"), c.From) {
				return true
			}
		}
	}
	return false
}

// sameLines reports whether the patch changes the lines that people changed in
// those files, and no others.
func (c promotionCase) sameLines(t *testing.T, repo string) bool {
	t.Helper()
	args := []string{"-C", repo, "diff", "-U0", "--no-color", c.Base, c.Head, "--"}
	for _, change := range c.Changes {
		args = append(args, change.File)
	}
	people, err := exec.Command("git", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Equal(changedLines(people), changedLines(c.run(t, repo, "--patch")))
}

// changedLines are the lines that a patch adds and removes, sorted: two patches may
// order them differently.
func changedLines(patch []byte) []string {
	var list []string
	for line := range strings.Lines(string(patch)) {
		head := strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "+++ ")
		if !head && (line[0] == '+' || line[0] == '-') {
			list = append(list, line)
		}
	}
	slices.Sort(list)
	return list
}
