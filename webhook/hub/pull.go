package hub

import (
	"context"
	"time"
)

// pull is what a pull request has beside its issue.
type pull struct {
	head     string // branch
	headRepo *repo  // nil when the fork is gone
	headUser *account
	headSHA  string
	base     string // branch
	baseSHA  string // the base's tip when the head last moved, as GitHub states it
	draft    bool
	edits    bool      // maintainers may push to the head
	merged   time.Time // zero while it is not
	mergedBy *account
	mergeSHA string // of the merge, once merged
	trial    trial
	size     stats
	sizedFor [3]string // what size was measured for
	auto     string    // merge method of auto-merge, "" when off
	autoBy   *account
}

// trial is what merging would give, as far as computed.
type trial struct {
	head, base string // what it was computed for
	asked      bool   // somebody was told null since
	ok         bool
	sha        string // the merge commit, at refs/pull/N/merge
}

// NewPull describes a pull request to open.
type NewPull struct {
	// Title and Body are its text.
	Title, Body string
	// Head is the branch with the changes, "fork-owner:branch" from a fork.
	Head string
	// Base is the branch to merge into; "" is the default branch.
	Base string
	// Draft opens it as a draft.
	Draft bool
}

// openPull creates a pull request. The error's message is GitHub's.
func (h *Hub) openPull(ctx context.Context, r *repo, by *account, n NewPull) (*issue, error) {
	headRepo, branch := h.headOf(r, n.Head)
	if n.Base == "" {
		n.Base = r.branch
	}
	switch {
	case headRepo == nil || headRepo.head(branch) == "":
		return nil, invalidField("PullRequest", "head", "invalid", "")
	case r.head(n.Base) == "":
		return nil, invalidField("PullRequest", "base", "invalid", "")
	case n.Title == "":
		return nil, invalidField("PullRequest", "title", "missing_field", "")
	case h.openFrom(r, headRepo, branch, n.Base) != nil:
		return nil, invalidField("PullRequest", "", "custom", "A pull request already exists for "+headRepo.owner.login+":"+branch+".")
	}
	head, base := headRepo.head(branch), r.head(n.Base)
	same := headRepo == r && branch == n.Base
	if err := headRepo.share(ctx, r, head); err != nil {
		return nil, err
	}
	if same || r.git.ancestor(ctx, head, base) {
		return nil, invalidField("PullRequest", "", "custom", "No commits between "+n.Base+" and "+branch)
	}
	is := h.newIssue(r, by, n.Title, n.Body)
	is.pull = &pull{head: branch, headRepo: headRepo, headUser: headRepo.owner, headSHA: head, base: n.Base, baseSHA: base, draft: n.Draft, edits: true}
	if err := r.git.setRef(ctx, is.headRef(), head, ""); err != nil {
		return nil, err
	}
	h.emitPull(ctx, is, by, "opened", nil)
	return is, nil
}

func (is *issue) headRef() string  { return "refs/pull/" + itoa(is.number) + "/head" }
func (is *issue) mergeRef() string { return "refs/pull/" + itoa(is.number) + "/merge" }

// share makes a commit of r known to the repository that a pull request goes to.
func (r *repo) share(ctx context.Context, base *repo, sha string) error {
	if r == base {
		return nil
	}
	return base.git.fetch(ctx, r.git.dir, sha)
}

// headOf finds the repository and branch that "branch" or "owner:branch" means.
func (h *Hub) headOf(base *repo, head string) (*repo, string) {
	owner, branch, ok := cutColon(head)
	if !ok || owner == base.owner.login {
		return base, branch
	}
	for _, r := range h.repos {
		if r.owner.login == owner && r.parent == base {
			return r, branch
		}
	}
	return nil, branch
}

// openFrom returns the open pull request from a branch into base.
func (h *Hub) openFrom(r, headRepo *repo, branch, base string) *issue {
	for _, is := range r.issues {
		if p := is.pull; p != nil && is.state == "open" && p.headRepo == headRepo && p.head == branch && p.base == base {
			return is
		}
	}
	return nil
}

// headMoved follows a push to the head branch; an empty sha means that it was
// deleted, which closes the pull request.
func (h *Hub) headMoved(ctx context.Context, is *issue, by *account, sha string) error {
	if sha == "" {
		h.closePull(ctx, is, by)
		return nil
	}
	p, before := is.pull, is.pull.headSHA
	if before == sha {
		return nil
	}
	if err := p.headRepo.share(ctx, is.repo, sha); err != nil {
		return err
	}
	if err := is.repo.git.setRef(ctx, is.headRef(), sha, ""); err != nil {
		return err
	}
	p.headSHA, p.baseSHA, is.updated = sha, is.repo.head(p.base), h.now()
	h.emitPull(ctx, is, by, "synchronize", obj{"before": before, "after": sha})
	return nil
}

// baseMoved follows a push to the base branch: a head that is now part of it is
// merged; a base that is gone closes the pull request.
func (h *Hub) baseMoved(ctx context.Context, is *issue, by *account, sha string) error {
	switch {
	case sha == "":
		h.closePull(ctx, is, by)
	case is.repo.git.ancestor(ctx, is.pull.headSHA, sha):
		h.markMerged(ctx, is, by, sha)
	}
	return nil
}

// closePull closes a pull request without merging.
func (h *Hub) closePull(ctx context.Context, is *issue, by *account) {
	is.state, is.closed, is.updated = "closed", h.now(), h.now()
	h.emitPull(ctx, is, by, "closed", nil)
}

// reopenPull opens a closed pull request again; not a merged one, nor one whose
// branch is gone.
func (h *Hub) reopenPull(ctx context.Context, is *issue, by *account) error {
	p := is.pull
	if !p.merged.IsZero() || p.headRepo == nil || p.headRepo.head(p.head) == "" || is.repo.head(p.base) == "" {
		return invalidField("PullRequest", "state", "invalid", "state cannot be changed. The pull request cannot be reopened.")
	}
	is.state, is.closed, is.updated = "open", time.Time{}, h.now()
	h.emitPull(ctx, is, by, "reopened", nil)
	return h.headMoved(ctx, is, by, p.headRepo.head(p.head))
}

// retarget changes the base branch.
func (h *Hub) retarget(ctx context.Context, is *issue, by *account, base string) error {
	p := is.pull
	if is.repo.head(base) == "" {
		return invalidField("PullRequest", "base", "invalid", "")
	}
	if base == p.base {
		return nil
	}
	old := obj{"ref": obj{"from": p.base}, "sha": obj{"from": p.baseSHA}}
	p.base, p.baseSHA, is.updated = base, is.repo.head(base), h.now()
	h.emitPull(ctx, is, by, "edited", obj{"changes": obj{"base": old}})
	return nil
}

// setDraft turns a pull request into a draft or makes it ready.
func (h *Hub) setDraft(ctx context.Context, is *issue, by *account, draft bool) {
	if is.pull.draft == draft {
		return
	}
	is.pull.draft, is.updated = draft, h.now()
	action := "ready_for_review"
	if draft {
		action = "converted_to_draft"
	}
	h.emitPull(ctx, is, by, action, nil)
}

// editText changes title and body; nil leaves one as it is.
func (h *Hub) editText(ctx context.Context, is *issue, by *account, title, body *string) {
	changes := obj{}
	if title != nil && *title != is.title {
		changes["title"] = obj{"from": is.title}
		is.title = *title
	}
	if body != nil && *body != is.body {
		changes["body"] = obj{"from": is.body}
		is.body = *body
	}
	if len(changes) == 0 {
		return
	}
	is.updated = h.now()
	if is.pull != nil {
		h.emitPull(ctx, is, by, "edited", obj{"changes": changes})
	}
}
