package hub

import (
	"context"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// queueRef is where GitHub keeps the branch of a merge group.
func queueRef(is *issue, base string) string {
	return "refs/heads/gh-readonly-queue/" + is.pull.base + "/pr-" + itoa(is.number) + "-" + base
}

// enqueue puts a pull request into the merge queue of its base: a merge group with one
// member, whose checks are asked for at its head.
func (h *Hub) enqueue(ctx context.Context, is *issue, by *account) error {
	base := is.repo.head(is.pull.base)
	sha, err := h.mergeCommit(ctx, is, base, "Merge pull request #"+itoa(is.number), h.signatureOf(by))
	if err != nil {
		return err
	}
	if sha == "" || is.state != "open" {
		return gitops.Errorf(gitops.Invalid, "pull request #%d cannot be merged", is.number)
	}
	ref := queueRef(is, base)
	if err := h.setRef(ctx, is.repo, by, ref, sha, ""); err != nil {
		return err
	}
	h.emitGroup(ctx, is.repo, by, group{sha, ref, is.pull.base, base}, "checks_requested", "")
	return h.settleQueue(ctx, is.repo, sha)
}

// queued returns the ref of the merge group of a pull request, "" when it is in none.
func (is *issue) queued() string {
	prefix := "refs/heads/gh-readonly-queue/" + is.pull.base + "/pr-" + itoa(is.number) + "-"
	for ref := range is.repo.refs {
		if strings.HasPrefix(ref, prefix) {
			return ref
		}
	}
	return ""
}

// dequeue takes a pull request out of the merge queue.
func (h *Hub) dequeue(ctx context.Context, is *issue, by *account, ref string) error {
	sha, base := is.repo.refs[ref], ref[strings.LastIndex(ref, "-")+1:]
	h.emitGroup(ctx, is.repo, by, group{sha, ref, is.pull.base, base}, "destroyed", "dequeued")
	return h.setRef(ctx, is.repo, by, ref, "", "")
}

// settleQueue merges the group whose head is sha once its required checks are green, and
// drops it when one has failed.
func (h *Hub) settleQueue(ctx context.Context, r *repo, sha string) error {
	for ref, tip := range r.refs {
		rest, ok := strings.CutPrefix(ref, "refs/heads/gh-readonly-queue/")
		if !ok || tip != sha {
			continue
		}
		base, pr, _ := cutLast(rest, "/pr-")
		number, from, _ := strings.Cut(pr, "-")
		is := r.issue(atoi(number))
		if is == nil || is.pull == nil {
			continue
		}
		reason := "invalidated"
		switch h.groupState(r, base, sha) {
		case "pending":
			return nil
		case "success":
			if err := r.git.setRef(ctx, "refs/heads/"+base, sha, from); err != nil {
				return err
			}
			h.markMerged(ctx, is, is.user, sha)
			reason = "merged"
		}
		h.emitGroup(ctx, r, is.user, group{sha, ref, base, from}, "destroyed", reason)
		return h.setRef(ctx, r, is.user, ref, "", "")
	}
	return nil
}

// groupState is the sum of the checks that a branch's rules want.
func (h *Hub) groupState(r *repo, base, sha string) string {
	for _, context := range r.rules[base].Checks {
		if state := h.contextState(r, sha, context); state != "success" {
			return state
		}
	}
	return "success"
}
