package ghapp

import (
	"context"
	"iter"
	"net/url"

	"github.com/sealift/sealift/gitops"
)

// Pull returns a pull request. It fails with code not_found for a plain issue.
func (r *Repo) Pull(ctx context.Context, number int) (gitops.Pull, error) {
	var p pull
	if err := get(ctx, r.c, r.path+"/pulls/"+itoa(number), &p); err != nil {
		return gitops.Pull{}, err
	}
	return p.gitops(r.repo.Installation), nil
}

// PullsInto yields the open pull requests into a branch, newest first. An error is
// the last it yields.
func (r *Repo) PullsInto(ctx context.Context, base string) iter.Seq2[gitops.Pull, error] {
	return r.pulls(ctx, base, url.Values{"state": {"open"}, "base": {base}})
}

// PullFrom returns the open pull request from a branch of this repository into
// another, and whether there is one. It asks for the list by branch, because
// GitHub's search lags behind.
func (r *Repo) PullFrom(ctx context.Context, head, base string) (gitops.Pull, bool, error) {
	for p, err := range r.pulls(ctx, head, url.Values{"state": {"open"}, "head": {r.repo.Owner + ":" + head}, "base": {base}}) {
		// GitHub ignores a filter that it does not understand.
		if err != nil || p.Head.Ref == head && p.Head.Repo == r.repo.String() {
			return p, err == nil, err
		}
	}
	return gitops.Pull{}, false, nil
}

// pulls lists pull requests by a branch that may have come from a person.
func (r *Repo) pulls(ctx context.Context, branch string, q url.Values) iter.Seq2[gitops.Pull, error] {
	return func(yield func(gitops.Pull, error) bool) {
		if err := checkBranch(branch); err != nil {
			yield(gitops.Pull{}, err)
			return
		}
		for p, err := range pages[pull](ctx, r.c, r.path+"/pulls", q) {
			if !yield(p.gitops(r.repo.Installation), err) {
				return
			}
		}
	}
}
