package ghapp

import (
	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// The parts of GitHub's answers that are used. Those of go-github fail on a
// repository that has a custom property with many values.

// user is an account as far as we read it; null is the zero user.
type user struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

func (u user) gitops() gitops.User {
	return gitops.User{ID: u.ID, Login: u.Login, Bot: u.Type == "Bot"}
}

// userOf converts the library's own, which has no repositories in it.
func userOf(u *github.User) gitops.User {
	return user{u.GetID(), u.GetLogin(), u.GetType()}.gitops()
}

// repository is one as far as we read it.
type repository struct {
	ID            int64  `json:"id"`
	Name          string `json:"name"`
	FullName      string `json:"full_name"`
	Owner         user   `json:"owner"`
	DefaultBranch string `json:"default_branch"`
	Private       bool   `json:"private"`
}

func (r repository) gitops(installation int64) gitops.Repository {
	return gitops.Repository{
		ID: r.ID, Owner: r.Owner.Login, Name: r.Name, DefaultBranch: r.DefaultBranch,
		Private: r.Private, Installation: installation,
	}
}

// branch is one side of a pull request.
type branch struct {
	Ref  string      `json:"ref"`
	SHA  string      `json:"sha"`
	Repo *repository `json:"repo"`
}

func (b branch) gitops() gitops.Branch {
	out := gitops.Branch{Ref: b.Ref, SHA: b.SHA}
	if b.Repo != nil { // it is null when the fork is gone
		out.Repo = b.Repo.FullName
	}
	return out
}

// pull is a pull request, as single answers and lists have it.
type pull struct {
	Number   int     `json:"number"`
	Title    string  `json:"title"`
	Body     string  `json:"body"`
	State    string  `json:"state"`
	Draft    bool    `json:"draft"`
	Merged   bool    `json:"merged"`
	MergedAt *string `json:"merged_at"` // lists have this instead of merged
	Merge    string  `json:"merge_commit_sha"`
	User     user    `json:"user"`
	Head     branch  `json:"head"`
	Base     branch  `json:"base"`
	Labels   []struct {
		Name string `json:"name"`
	} `json:"labels"`
}

func (p pull) gitops(installation int64) gitops.Pull {
	out := gitops.Pull{
		Number: p.Number, Title: p.Title, Body: p.Body, Author: p.User.gitops(), Head: p.Head.gitops(), Base: p.Base.gitops(),
		Open: p.State == "open", Merged: p.Merged || p.MergedAt != nil, Draft: p.Draft,
	}
	if p.Base.Repo != nil {
		out.Repo = p.Base.Repo.gitops(installation)
	}
	if out.Merged { // before, it is that of a trial merge
		out.MergeCommit = p.Merge
	}
	for _, l := range p.Labels {
		out.Labels = append(out.Labels, l.Name)
	}
	return out
}
