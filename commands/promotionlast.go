package commands

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/tree"
)

// The trailers of a promotion's commit. What was promoted last is read from them.
//
//	Promoted-From: dev@<full commit id of the source>
//	Promoted-To: staging
//	Promoted-App: web
//	Promoted-Since: web@<full commit id that the source was compared with>
//
// Promoted-App and Promoted-Since stand once for each app. The last one is for a promotion
// that is still open: a newer one that goes onto it begins where it began.
const (
	TrailerFrom = "Promoted-From"
	TrailerTo   = "Promoted-To"
	TrailerApp  = "Promoted-App"

	TrailerSince = "Promoted-Since"
)

// TrailerUndone is the trailer of a rollback's commit, "Rolled-Back: web <full id of
// the promotion's commit>", once for each app. That promotion counts no more.
const TrailerUndone = "Rolled-Back"

// PromotionTrailers returns the trailers of a promotion's commit, one a line.
func PromotionTrailers(from, commit, to string, apps []string) string {
	var b strings.Builder
	b.WriteString(TrailerFrom + ": " + from + "@" + commit + "\n" + TrailerTo + ": " + to + "\n")
	for _, app := range apps {
		b.WriteString(TrailerApp + ": " + app + "\n")
	}
	return b.String()
}

// maxPromotions is how many promotions of an app are looked at, newest first,
// for one between the same two environments.
const maxPromotions = 200

// Commits reads the commits of a repository; [tree.Repo] does.
type Commits interface {
	Trailed(ctx context.Context, tip, key string, paths []string, limit int) ([]tree.Trailed, error)
	Tree(ctx context.Context, commit string) (gitops.Tree, error)
	MergeBase(ctx context.Context, a, b string) (string, error)
}

// History finds what was promoted before, in the commits that Tip reaches.
type History struct {
	Commits Commits
	Tip     string
	// Layout is that of the tip: a promotion of an app changes files of its
	// overlays.
	Layout *layout.Layout
}

// Promoted is a promotion that was merged.
type Promoted struct {
	// Commit is the one that edited the target, Source the commit that was
	// promoted.
	Commit, Source string
	From, To       string
	Apps           []string
	tree.Trailed
}

var promotedFrom = regexp.MustCompile(`^(\S+)@([0-9a-f]{40}|[0-9a-f]{64})$`)

// Promotions returns the merged promotions of an app to an environment, newest
// first. A commit counts only if it changes files that the app has there, and no
// rollback undid it.
func (h History) Promotions(ctx context.Context, app, to string) ([]Promoted, error) {
	paths := h.paths(app, to)
	if len(paths) == 0 {
		return nil, nil
	}
	commits, err := h.Commits.Trailed(ctx, h.Tip, TrailerFrom, paths, maxPromotions)
	if err != nil {
		return nil, err
	}
	var list []Promoted
	for _, c := range commits {
		from, apps := c.Values(TrailerFrom), c.Values(TrailerApp)
		if !slices.Contains(c.Values(TrailerTo), to) || !slices.Contains(apps, app) {
			continue
		}
		if m := promotedFrom.FindStringSubmatch(from[len(from)-1]); m != nil {
			list = append(list, Promoted{Commit: c.ID, From: m[1], Source: m[2], To: to, Apps: apps, Trailed: c})
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	undone, err := h.Commits.Trailed(ctx, h.Tip, TrailerUndone, paths, maxPromotions)
	return slices.DeleteFunc(list, func(p Promoted) bool {
		return slices.ContainsFunc(undone, func(c tree.Trailed) bool { return slices.Contains(c.Values(TrailerUndone), app+" "+p.Commit) })
	}), err
}

// Last returns the tree and id of the source commit of the newest promotion
// between two environments; a nil tree when there was none. A commit that the tip
// does not reach does not count, whatever a message says.
func (h History) Last(ctx context.Context, app, from, to string) (gitops.Tree, string, error) {
	list, err := h.Promotions(ctx, app, to)
	if err != nil {
		return nil, "", err
	}
	for _, p := range list {
		if p.From != from {
			continue
		}
		base, err := h.Commits.MergeBase(ctx, p.Source, h.Tip)
		if err != nil || base != p.Source {
			continue
		}
		t, err := h.Commits.Tree(ctx, p.Source)
		return t, p.Source, err
	}
	return nil, "", nil
}

// paths returns the files and directories of an app in an environment: its
// overlays, and what they read that is of that environment too.
func (h History) paths(app, env string) []string {
	var list []string
	for _, o := range h.Layout.Overlays {
		if appOf(o) == app && o.Environment == env {
			list = append(list, o.Path)
		}
	}
	for i := 0; i < len(list); i++ {
		for _, ref := range h.Layout.Refs(list[i]) {
			if h.Layout.Overlay(ref).Environment == env && !slices.Contains(list, ref) {
				list = append(list, ref)
			}
		}
	}
	return list
}
