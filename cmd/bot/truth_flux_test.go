package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

// fluxCase is a line of flux-cases.jsonl: a real commit of a repository that Flux
// deploys, and what it does to the objects that Flux applies, by Flux's own code.
type fluxCase struct {
	ID, Bundle, Base, Head string
	Tags                   []string
	Objects                []fluxObject
	// Undetermined are Kustomizations that do not build, of which nothing is said.
	Undetermined []deployerName
}

type fluxObject struct {
	Kustomization                 deployerName
	Kind, Namespace, Name, Status string
}

type deployerName struct{ Namespace, Name string }

// fluxReported is what the test reads of `bot diff --format json`.
type fluxReported struct {
	Overlays []struct {
		Status     string
		DeployedBy *deployerName `json:"deployed_by"`
		Objects    []struct{ Kind, Namespace, Name, Status string }
	}
}

// TestTruthFlux compares the objects that `bot diff` says change with those that Flux
// would change, in 50 commits of a real repository: kind, namespace, name, what becomes of
// it, and which Kustomization applies it.
func TestTruthFlux(t *testing.T) {
	if testing.Short() {
		t.Skip("short: renders 50 commits of a real repository")
	}
	cases := sharedLines[fluxCase](t, "flux-cases.jsonl")
	dir := t.TempDir()
	tags := map[string]*tally{}
	all := &tally{}
	for _, c := range cases {
		repo := openBundle(t, dir, filepath.Join("repos", c.Bundle))
		missed, extra := c.compare(fluxDiff(t, repo, filepath.Join(dir, "cache"), c))
		for _, o := range missed {
			t.Errorf("%s %v: missed: %s", c.ID, c.Tags, o)
		}
		for _, o := range extra {
			t.Errorf("%s %v: too many: %s", c.ID, c.Tags, o)
		}
		all.add(len(c.Objects), len(missed)+len(extra))
		for _, tag := range c.Tags {
			if tags[tag] == nil {
				tags[tag] = &tally{}
			}
			tags[tag].add(len(c.Objects), len(missed)+len(extra))
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		fmt.Printf("truth: Flux, %-20s %3d commits, %5d objects, %d disagree\n", tag, tags[tag].cases, tags[tag].dirs, tags[tag].wrong)
	}
	fmt.Printf("truth: Flux, %-20s %3d commits, %5d objects, %d disagree\n", "all", all.cases, all.dirs, all.wrong)
}

// add counts a case with so many objects, of which some are wrong.
func (s *tally) add(objects, wrong int) {
	s.cases++
	s.dirs += objects
	s.wrong += wrong
}

func fluxDiff(t *testing.T, repo, cache string, c fluxCase) (r fluxReported) {
	t.Helper()
	out := output(t, "diff", "--repo", repo, "--cache-dir", cache, "--format", "json", c.Base, c.Head)
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	return r
}

// compare returns the objects that a report lacks, and those that it has too many, sorted.
func (c fluxCase) compare(r fluxReported) (missed, extra []string) {
	want, got := map[string]bool{}, map[string]bool{}
	name := func(by deployerName, kind, namespace, name, status string) string {
		return fmt.Sprintf("%s/%s: %s %s %s/%s", by.Namespace, by.Name, status, kind, namespace, name)
	}
	for _, o := range c.Objects {
		want[name(o.Kustomization, o.Kind, o.Namespace, o.Name, o.Status)] = true
	}
	for _, unit := range r.Overlays {
		var by deployerName
		if unit.DeployedBy != nil {
			by = *unit.DeployedBy
		}
		if slices.Contains(c.Undetermined, by) {
			continue
		}
		for _, o := range unit.Objects {
			owner := by
			if unit.Status == "moved" { // from one Kustomization to another, of which a report names one
				owner = c.owner(o.Kind, o.Namespace, o.Name, o.Status, by)
			}
			got[name(owner, o.Kind, o.Namespace, o.Name, o.Status)] = true
		}
	}
	return less(want, got), less(got, want)
}

// owner is the Kustomization of an object that changes so, or else another one.
func (c fluxCase) owner(kind, namespace, name, status string, other deployerName) deployerName {
	for _, o := range c.Objects {
		if o.Kind == kind && o.Namespace == namespace && o.Name == name && o.Status == status {
			return o.Kustomization
		}
	}
	return other
}

// less returns what a has and b has not, sorted.
func less(a, b map[string]bool) (list []string) {
	for _, s := range slices.Sorted(maps.Keys(a)) {
		if !b[s] {
			list = append(list, s)
		}
	}
	return list
}
