package commands

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
)

// maxDriftCommits is how many commits of two overlays are looked at for a time when
// they had the same.
const maxDriftCommits = 20

// driftWalk compares the overlays of one app in two environments, now and before.
type driftWalk struct {
	Drift
	stages *stages
	a, b   []string // overlays
	// filesA and filesB are what changes only them: the overlays and what they own.
	filesA, filesB []string
	tip            map[string]gitops.Rendered // what the tree renders to
	words          [][2]string
	skip           func([]gitops.FieldStep) bool
}

// state renders both sides in one tree, without overlays that are not there, and
// returns what does not render. It is nil when one side has no overlay.
func (w driftWalk) state(ctx context.Context, t gitops.Tree) (*driftState, []gitops.Rendered, error) {
	there := func(paths []string) []string {
		return slices.DeleteFunc(slices.Clone(paths), func(dir string) bool { return t != w.Tree && !render.HasKustomization(ctx, t, dir) })
	}
	a, b := there(w.a), there(w.b)
	if len(a) == 0 || len(b) == 0 {
		return nil, nil, nil
	}
	renders := w.tip
	if t != w.Tree {
		var err error
		if renders, err = w.render(ctx, t, slices.Concat(a, b), nil); err != nil {
			return nil, nil, err
		}
	}
	var unread []gitops.Rendered
	side := func(paths []string) (objects []gitops.Object) {
		for _, p := range paths {
			r := renders[p]
			if r.Err != nil {
				unread = append(unread, r)
			}
			objects = append(objects, r.Objects...)
		}
		return objects
	}
	s := newDriftState(side(a), side(b), w.words, w.skip)
	return &s, unread, nil
}

// drifted returns which of the differences are drift, with the commit that made
// each, "" when it is not known.
func (w driftWalk) drifted(ctx context.Context, now *driftState) (map[driftPlace]string, error) {
	open := now.different()
	since := map[driftPlace]string{}
	err := w.before(ctx, open, func(commit string, then *driftState) bool {
		open = slices.DeleteFunc(open, func(at driftPlace) bool {
			drift := then.equal(at) || versioned(at, now) && (hadBefore(at, then, now) || hadSame(at, then)) && !hadSame(at, now)
			if drift {
				since[at] = commit
			}
			return drift
		})
		return len(open) > 0
	})
	for _, at := range open {
		if versioned(at, now) && newer(now.a[at].plain, now.b[at].shown) {
			since[at] = ""
		}
	}
	return since, err
}

// before calls visit with the last commits that change either overlay, newest first,
// and the state before each. It ends when visit says so, when an overlay was not
// there yet, and after [maxDriftCommits].
func (w driftWalk) before(ctx context.Context, open []driftPlace, visit func(commit string, then *driftState) bool) error {
	if w.Commits == nil || len(open) == 0 {
		return nil
	}
	commits, err := w.Commits.Log(ctx, w.Tip, "", slices.Concat(w.filesA, w.filesB), maxDriftCommits)
	if err != nil {
		return err
	}
	for _, c := range commits {
		if len(c.Parents) == 0 {
			return nil
		}
		t, err := w.at(ctx, c.Parents[0])
		if err != nil {
			return err
		}
		then, unread, err := w.state(ctx, t)
		if err != nil || then == nil {
			return err
		}
		if len(unread) == 0 && !visit(c.ID, then) {
			return nil
		}
	}
	return nil
}

// at returns the tree of a commit, with what overlays without a kustomization are
// rendered by.
func (w driftWalk) at(ctx context.Context, commit string) (gitops.Tree, error) {
	t, err := w.Commits.Tree(ctx, commit)
	if err != nil || !slices.ContainsFunc(slices.Concat(w.a, w.b), w.stages.target.Plain) {
		return t, err
	}
	l, err := layout.Read(ctx, t, w.stages.config, w.Memo)
	if err != nil {
		return nil, err
	}
	return l.Tree(t), nil
}

// versionKeys are keys of rendered objects whose values are versions: images,
// charts, and refs of what Argo CD and Flux deploy.
var versionKeys = regexp.MustCompile(`(^|\.)(image|[a-z]+Image|targetRevision|version|tag|ref|startingCSV)$|\["(helm\.sh/chart|app\.kubernetes\.io/version)"\]$`)

// versioned reports whether both sides have a version at a place.
func versioned(at driftPlace, now *driftState) bool {
	_, a := now.a[at]
	_, b := now.b[at]
	return a && b && versionKeys.MatchString(at.path)
}

// hadBefore reports whether the first side had before what the second has now.
func hadBefore(at driftPlace, then, now *driftState) bool {
	was, ok := then.a[at]
	theirs := unhosted(now.b[at].shown)
	return ok && (unhosted(was.plain) == theirs || unhosted(was.shown) == theirs)
}

// hadSame reports whether both sides have the same version, each from a registry of its
// own.
func hadSame(at driftPlace, then *driftState) bool {
	a, ok := then.a[at]
	b, both := then.b[at]
	return ok && both && (unhosted(a.plain) == unhosted(b.shown) || unhosted(a.shown) == unhosted(b.shown))
}

// unhosted is an image without its registry, and any other version as it is.
func unhosted(version string) string {
	if host, rest, ok := strings.Cut(version, "/"); ok && strings.ContainsAny(host, ".:") {
		return rest
	}
	return version
}

// numbered is a version by numbers, with what stands before it: web:v1.2, web-1.2.3.
var numbered = regexp.MustCompile(`^(.*[-:@/])?v?([0-9]+(?:\.[0-9]+){0,3})$`)

// newer reports whether a is a later version of the same thing than b, by numbers.
func newer(a, b string) bool {
	x, y := numbered.FindStringSubmatch(unhosted(a)), numbered.FindStringSubmatch(unhosted(b))
	if x == nil || y == nil || x[1] != y[1] {
		return false
	}
	return slices.CompareFunc(strings.Split(x[2], "."), strings.Split(y[2], "."), func(m, n string) int {
		m, n = strings.TrimLeft(m, "0"), strings.TrimLeft(n, "0")
		return cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n))
	}) > 0
}
