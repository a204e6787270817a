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

// made is a State that knows one commit, of one repository.
type made struct {
	State
	repo   int64
	commit string
}

func (m made) HasCommit(_ context.Context, repo int64, id string) (bool, error) {
	return repo == m.repo && id == m.commit, nil
}

// A commit is ours when GitHub signed it for us or when it is recorded that we made it.
// Its names alone say nothing: anybody can write them.
func TestLookAtWhoseCommit(t *testing.T) {
	bot, ada, flow := gitops.User{ID: 7, Login: "sealift[bot]"}, gitops.User{ID: 8, Login: "ada"}, gitops.User{ID: 9, Login: "web-flow"}
	repo := gitops.Repository{ID: 1, Owner: "acme", Name: "shop"}
	for name, c := range map[string]struct {
		commit gitops.Commit
		made   made
		ours   bool
	}{
		"signed by GitHub":             {gitops.Commit{SHA: "a", Author: bot, Committer: flow, Verified: true}, made{}, true},
		"signed as the App":            {gitops.Commit{SHA: "a", Author: bot, Committer: bot, Verified: true}, made{}, true},
		"names alone":                  {gitops.Commit{SHA: "a", Author: bot, Committer: bot}, made{}, false},
		"names alone, of GitHub":       {gitops.Commit{SHA: "a", Author: bot, Committer: flow}, made{}, false},
		"signed by nobody now":         {gitops.Commit{SHA: "a", Author: bot, Verified: true}, made{}, false},
		"amended and signed":           {gitops.Commit{SHA: "a", Author: bot, Committer: ada, Verified: true}, made{}, false},
		"GitHub's, for somebody":       {gitops.Commit{SHA: "a", Author: ada, Committer: flow, Verified: true}, made{}, false},
		"recorded, where nobody signs": {gitops.Commit{SHA: "a", Author: bot, Committer: bot}, made{repo: 1, commit: "a"}, true},
		"recorded of another":          {gitops.Commit{SHA: "a", Author: bot, Committer: bot}, made{repo: 2, commit: "a"}, false},
	} {
		s := &Service{Self: func(context.Context) (gitops.User, error) { return bot, nil }, State: c.made}
		got, err := s.lookAt(t.Context(), tips{commit: c.commit}, repo, "sealift/promote/x")
		if err != nil || got.Ours != c.ours || got.Tip != "a" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
