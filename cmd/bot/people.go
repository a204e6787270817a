package main

import (
	"context"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/web"
)

// people is the GitHub side as the pages need it: who somebody is, what they may
// read, and the report of a pull request.
type people struct{ s *service }

// LoginURL implements web.Login.
func (p people) LoginURL(state, challenge, callback string) string {
	return p.s.app.LoginURL(state, challenge, callback)
}

// Exchange implements web.Login.
func (p people) Exchange(ctx context.Context, code, verifier, callback string) (web.Person, error) {
	login, err := p.s.app.Exchange(ctx, code, verifier, callback)
	return web.Person{User: login.User, Token: login.Token, Ends: login.Ends}, err
}

// MayRead implements web.Reader.
func (p people) MayRead(ctx context.Context, token, owner, name string) (bool, error) {
	repo, err := p.s.app.Find(ctx, owner, name)
	if gitops.CodeOf(err) == gitops.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return p.s.app.CanRead(ctx, token, repo)
}

// Report implements web.Reports. The commits must be those of the pull request:
// its head, and a commit of its base branch.
func (p people) Report(ctx context.Context, owner, name string, number int, base, head string) (gitops.Report, error) {
	repo, err := p.s.app.Find(ctx, owner, name)
	if err != nil {
		return gitops.Report{}, err
	}
	host, err := p.s.app.Repo(repo, ghapp.RenderPermissions())
	if err != nil {
		return gitops.Report{}, err
	}
	pull, err := host.Pull(ctx, number)
	if err != nil {
		return gitops.Report{}, err
	}
	return p.s.answers.Report(ctx, pull, base, head)
}
