package ghapp

import (
	"context"
	"net/http"
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

// OpenPulls returns the open pull requests into a branch, newest first.
func (r *Repo) OpenPulls(ctx context.Context, base string) ([]gitops.Pull, error) {
	return r.pulls(ctx, base, url.Values{"state": {"open"}, "base": {base}})
}

// PullFrom returns the open pull request from a branch of this repository into
// another; its Number is 0 when there is none. It asks for the list by branch,
// because GitHub's search lags behind.
func (r *Repo) PullFrom(ctx context.Context, head, base string) (gitops.Pull, error) {
	list, err := r.pulls(ctx, head, url.Values{"state": {"open"}, "head": {r.repo.Owner + ":" + head}, "base": {base}})
	for _, p := range list {
		if p.Head.Ref == head && p.Head.Repo == r.repo.String() { // GitHub ignores a filter that it does not understand
			return p, nil
		}
	}
	return gitops.Pull{}, err
}

// pulls lists pull requests by a branch that may have come from a person.
func (r *Repo) pulls(ctx context.Context, branch string, q url.Values) ([]gitops.Pull, error) {
	if err := checkBranch(branch); err != nil {
		return nil, err
	}
	var out []gitops.Pull
	for p, err := range pages[pull](ctx, r.c, r.path+"/pulls", q) {
		if err != nil {
			return nil, err
		}
		out = append(out, p.gitops(r.repo.Installation))
	}
	return out, nil
}

// CreatePull opens a pull request. It fails with an error that [Exists] when there
// is an open one between the branches.
func (r *Repo) CreatePull(ctx context.Context, n gitops.NewPull) (gitops.Pull, error) {
	body := map[string]any{"head": n.Head, "base": n.Base, "title": n.Title, "body": n.Body, "draft": n.Draft}
	var p pull
	_, err := call(ctx, r.c, http.MethodPost, r.path+"/pulls", body, &p)
	return p.gitops(r.repo.Installation), err
}

// UpdatePull replaces title and body of a pull request.
func (r *Repo) UpdatePull(ctx context.Context, number int, title, body string) error {
	return r.patchPull(ctx, number, map[string]any{"title": title, "body": body})
}

// ClosePull closes a pull request without merging it.
func (r *Repo) ClosePull(ctx context.Context, number int) error {
	return r.patchPull(ctx, number, map[string]any{"state": "closed"})
}

// patchPull changes some fields of a pull request and leaves the others.
func (r *Repo) patchPull(ctx context.Context, number int, body map[string]any) error {
	_, err := call(ctx, r.c, http.MethodPatch, r.path+"/pulls/"+itoa(number), body, nil)
	return err
}
