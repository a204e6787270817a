package commands

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"github.com/sealift/sealift/gitops/layout"
)

// Reach is what a change touches of one app.
type Reach struct {
	App string
	// Environments are those whose own files change, in the order of the chain.
	Environments []string
	// Shared says that a file changes which several environments read, such as a
	// base: it reaches all of them at once.
	Shared bool
}

// AppsOf returns the apps that a change of files reaches, sorted by name. A change
// that is Shared everywhere and of no environment has nothing to promote.
func AppsOf(l *layout.Layout, changed []string) []Reach {
	own := map[string]map[string]bool{}
	shared := map[string]bool{}
	changed = slices.Sorted(slices.Values(changed))
	for _, o := range l.Overlays {
		app := appOf(o)
		if app == "" || !l.Reached(o.Path, changed) {
			continue
		}
		for _, file := range changed {
			if !l.Reached(o.Path, []string{file}) {
				continue
			}
			if l.Overlay(path.Dir(file)).Environment != o.Environment {
				shared[app] = true
				continue
			}
			if own[app] == nil {
				own[app] = map[string]bool{}
			}
			own[app][o.Environment] = true
		}
	}
	var list []Reach
	for app, envs := range own {
		r := Reach{App: app, Environments: slices.Collect(maps.Keys(envs)), Shared: shared[app]}
		slices.SortFunc(r.Environments, func(a, b string) int { return cmp.Compare(l.Rank(a), l.Rank(b)) })
		list = append(list, r)
	}
	for app := range shared {
		if own[app] == nil {
			list = append(list, Reach{App: app, Shared: true})
		}
	}
	slices.SortFunc(list, func(a, b Reach) int { return cmp.Compare(a.App, b.App) })
	return list
}

// OnlyShared reports whether a change reaches apps only through files that several
// environments read: then it is in all of them at once, and nothing is left to
// promote.
func OnlyShared(reached []Reach) bool {
	return len(reached) > 0 && !slices.ContainsFunc(reached, func(r Reach) bool { return len(r.Environments) > 0 })
}
