package tree

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Range returns the two commits that a person means with one or two arguments,
// as git diff understands them: BASE..HEAD and BASE HEAD are those two,
// BASE...HEAD is their merge base and HEAD. An empty side is HEAD. BASE alone
// is BASE and HEAD, because working trees are not compared.
//
// Errors are those of [Repo.Resolve], code not_found for histories that have
// nothing in common and for a shallow clone that lacks the merge base.
func (r *Repo) Range(ctx context.Context, expr []string) (base, head string, err error) {
	base, head, merge, err := splitRange(expr)
	if err != nil {
		return "", "", err
	}
	if base, err = r.Resolve(ctx, base); err != nil {
		return "", "", err
	}
	if head, err = r.Resolve(ctx, head); err != nil {
		return "", "", err
	}
	if merge {
		base, err = r.mergeBase(ctx, base, head)
	}
	return base, head, err
}

// splitRange returns the revisions on both sides and whether the merge base is
// meant.
func splitRange(expr []string) (base, head string, merge bool, err error) {
	switch len(expr) {
	case 1:
		base, head, merge = cutRange(expr[0])
	case 2:
		base, head = expr[0], expr[1]
	}
	if len(expr) < 1 || len(expr) > 2 || hasRange(base) || hasRange(head) {
		return "", "", false, &gitops.Error{Code: gitops.Invalid,
			Message: "range is not valid: " + gitops.Quote(strings.Join(expr, " ")), Hint: "write BASE..HEAD, BASE...HEAD or BASE HEAD"}
	}
	return cmp.Or(base, "HEAD"), cmp.Or(head, "HEAD"), merge, nil
}

// cutRange splits at the first "...", else at "..", so that a third dot is never taken
// for the beginning of a name.
func cutRange(s string) (base, head string, merge bool) {
	if base, head, ok := strings.Cut(s, "..."); ok {
		return base, head, true
	}
	base, head, _ = strings.Cut(s, "..")
	return base, head, false
}

func hasRange(s string) bool { return strings.Contains(s, "..") }

// MergeBase returns the best common ancestor of two commits, given as full ids.
func (r *Repo) MergeBase(ctx context.Context, a, b string) (string, error) {
	if err := r.fullIDs(a, b); err != nil {
		return "", err
	}
	return r.mergeBase(ctx, a, b)
}

// mergeBase returns the best common ancestor of two commits.
func (r *Repo) mergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := r.ours(ctx, "merge-base", a, b)
	id := strings.TrimSpace(out)
	if err == nil && isHex(id, r.hexLen) {
		return id, nil
	}
	exit, ok := errors.AsType[*exitError](err)
	if !ok || exit.status != 1 {
		return "", failed(cmp.Or(err, error(gitops.Errorf(gitops.Internal, "git merge-base printed %s", gitops.Quote(out)))))
	}
	return "", r.unrelated(a, b)
}

// unrelated says that two commits share nothing, or that this clone does not reach what
// they share.
func (r *Repo) unrelated(a, b string) error {
	e := &gitops.Error{Code: gitops.NotFound, Message: fmt.Sprintf("merge base not found: %.12s and %.12s have no common history", a, b)}
	if r.shallow {
		e.Message = fmt.Sprintf("merge base not found: the clone is shallow and lacks what %.12s and %.12s have in common", a, b)
		e.Hint = deepen
	}
	return e
}
