package ghapp

import (
	"context"
	"net/http"
)

// MergePull merges a pull request whose head is a commit, a full id, still. It fails
// with code stale when the head or the base moved, and with code invalid when the
// branch does not let it be merged: it has conflicts, wants a review or a check, or has
// a merge queue.
func (r *Repo) MergePull(ctx context.Context, number int, head string) error {
	if err := checkID(head); err != nil {
		return err
	}
	method, err := r.mergeMethod(ctx)
	if err != nil {
		return err
	}
	body := map[string]any{"sha": head, "merge_method": method}
	_, err = call(ctx, r.c, http.MethodPut, r.path+"/pulls/"+itoa(number)+"/merge", body, nil)
	return err
}

// mergeMethod is the first that the repository allows. A merge keeps the commit with
// its trailers, the others keep its message.
func (r *Repo) mergeMethod(ctx context.Context) (string, error) {
	var repo struct {
		Merge  *bool `json:"allow_merge_commit"`
		Squash *bool `json:"allow_squash_merge"`
	}
	err := get(ctx, r.c, r.path, &repo)
	switch {
	case repo.Merge == nil || *repo.Merge: // nil to whom it is not told
		return "merge", err
	case repo.Squash != nil && *repo.Squash:
		return "squash", err
	}
	return "rebase", err
}
