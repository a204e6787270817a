package hub

import (
	"context"

	"github.com/sealift/sealift/gitops"
)

// Commit is a commit as GitHub shows it.
type Commit struct {
	SHA, Message string
	Parents      []string
	// Author and Committer are logins, "" for addresses that nobody has.
	Author, Committer string
	// Verified is set for what GitHub signed.
	Verified bool
}

// Commit returns a commit by its id or a branch.
func (h *Hub) Commit(ctx context.Context, fullName, ref string) (Commit, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, sha, err := h.at(ctx, fullName, ref)
	if err != nil {
		return Commit{}, err
	}
	c, err := r.git.commit(ctx, sha)
	if err != nil {
		return Commit{}, err
	}
	out := Commit{SHA: c.sha, Message: c.message, Parents: c.parents, Verified: r.signed[c.sha]}
	if a := h.byEmail(c.author.Email); a != nil {
		out.Author = a.login
	}
	if a := h.byEmail(c.committer.Email); a != nil {
		out.Committer = a.login
	}
	return out, nil
}

// File returns a file at a commit or branch.
func (h *Hub) File(ctx context.Context, fullName, ref, name string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, sha, err := h.at(ctx, fullName, ref)
	if err != nil {
		return "", err
	}
	data, err := r.git.pipe(ctx, nil, nil, "cat-file", "blob", sha+":"+name)
	if err != nil {
		return "", gitops.Errorf(gitops.NotFound, "file %s is not at %s", gitops.Quote(name), gitops.Quote(ref))
	}
	return string(data), nil
}

// at finds a repository and the commit that a branch or id means in it.
func (h *Hub) at(ctx context.Context, fullName, ref string) (*repo, string, error) {
	r, err := h.repo(fullName)
	if err != nil {
		return nil, "", err
	}
	sha, ok := r.resolve(ctx, ref)
	if !ok {
		return nil, "", gitops.Errorf(gitops.NotFound, "commit %s is not there", gitops.Quote(ref))
	}
	return r, sha, nil
}
