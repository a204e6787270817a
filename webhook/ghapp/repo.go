package ghapp

import (
	"context"
	"iter"
	"net/url"
	"strconv"

	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// Repo is one repository as a job sees it. Its token reaches this repository
// only, and may do no more than the permissions it was made with.
type Repo struct {
	app  *App
	repo gitops.Repository
	c    *github.Client
	path string // of the repository
}

// Repo returns a repository as the App's installation on it sees it, with
// permissions that a job needs. Its ID and Installation must be set; nobody is
// asked.
func (a *App) Repo(repo gitops.Repository, p Permissions) (*Repo, error) {
	path, err := repoPath(repo.Owner, repo.Name)
	if err != nil {
		return nil, err
	}
	if repo.ID <= 0 || repo.Installation <= 0 {
		return nil, gitops.Errorf(gitops.Internal, "repository without id or installation: %s", gitops.Quote(repo.String()))
	}
	c, err := a.clientFor(repo.Installation, repo.ID, p)
	if err != nil {
		return nil, err
	}
	return &Repo{app: a, repo: repo, c: c, path: path}, nil
}

// Repository returns what it was made for.
func (r *Repo) Repository() gitops.Repository { return r.repo }

// CloneURL returns the address that git fetches from.
func (r *Repo) CloneURL() string {
	return r.app.web.JoinPath(r.repo.Owner, r.repo.Name+".git").String()
}

// GitToken returns a token for git that may read this repository's contents and
// nothing else. refused is a token that GitHub did not take, which is never
// returned again; "" at first.
func (r *Repo) GitToken(ctx context.Context, refused string) (string, error) {
	t, err := r.app.installation(r.repo.Installation).tokensFor(r.repo.ID, Permissions{"contents": "read"})
	if err != nil {
		return "", err
	}
	return t.get(ctx, refused)
}

// perPage is GitHub's largest page.
const perPage = 100

// pages yields the items of a list in GitHub's order, page after page. An error is
// the last it yields.
func pages[T any](ctx context.Context, c *github.Client, path string, q url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		q.Set("per_page", strconv.Itoa(perPage))
		for page := 1; page != 0; {
			q.Set("page", strconv.Itoa(page))
			var list []T
			resp, err := call(ctx, c, "GET", path+"?"+q.Encode(), nil, &list)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range list {
				if !yield(item, nil) {
					return
				}
			}
			page = resp.NextPage
		}
	}
}
