package commands

import (
	"context"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// tips is a repository whose branches are all at one commit.
type tips struct {
	Changes
	commit gitops.Commit
}

func (c tips) BranchTip(context.Context, string) (string, error)     { return c.commit.SHA, nil }
func (c tips) Commit(context.Context, string) (gitops.Commit, error) { return c.commit, nil }

// done is an action log with what was done.
type done map[string]string

func (d done) Once(context.Context, LogEntry, func(context.Context) (string, error)) (string, error) {
	return "", nil
}
func (d done) Forget(context.Context, string) error { return nil }
func (d done) Result(_ context.Context, key string) (string, bool, error) {
	r, ok := d[key]
	return r, ok, nil
}

// A commit is ours when GitHub signed it for us or when it is recorded that we made it.
// Its names alone say nothing: anybody can write them.
func TestLookAtWhoseCommit(t *testing.T) {
	bot, ada, flow := gitops.User{ID: 7, Login: "sealift[bot]"}, gitops.User{ID: 8, Login: "ada"}, gitops.User{ID: 9, Login: "web-flow"}
	repo := gitops.Repository{ID: 1, Owner: "acme", Name: "shop"}
	for name, c := range map[string]struct {
		commit gitops.Commit
		made   string
		ours   bool
	}{
		"signed by GitHub":             {gitops.Commit{SHA: "a", Author: bot, Committer: flow, Verified: true}, "", true},
		"signed as the App":            {gitops.Commit{SHA: "a", Author: bot, Committer: bot, Verified: true}, "", true},
		"names alone":                  {gitops.Commit{SHA: "a", Author: bot, Committer: bot}, "", false},
		"names alone, of GitHub":       {gitops.Commit{SHA: "a", Author: bot, Committer: flow}, "", false},
		"signed by nobody now":         {gitops.Commit{SHA: "a", Author: bot, Verified: true}, "", false},
		"amended and signed":           {gitops.Commit{SHA: "a", Author: bot, Committer: ada, Verified: true}, "", false},
		"GitHub's, for somebody":       {gitops.Commit{SHA: "a", Author: ada, Committer: flow, Verified: true}, "", false},
		"recorded, where nobody signs": {gitops.Commit{SHA: "a", Author: bot, Committer: bot}, "1 made a", true},
		"recorded of another":          {gitops.Commit{SHA: "a", Author: bot, Committer: bot}, "2 made a", false},
	} {
		s := &Service{Self: func(context.Context) (gitops.User, error) { return bot, nil }, Actions: done{c.made: "branch"}}
		got, err := s.lookAt(t.Context(), tips{commit: c.commit}, repo, "sealift/promote/x")
		if err != nil || got.Ours != c.ours || got.Tip != "a" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
