package ghapp

import (
	"context"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// AutoMerge has GitHub itself merge a pull request whose head is a commit, a full id,
// once the branch has what it requires: through the merge queue of the branch, or by
// auto-merge while something is missing. It fails with code stale when the head moved,
// and with code invalid when GitHub does neither: there is no queue, and auto-merge is
// not allowed, or nothing is missing.
//
// The head is checked when GitHub is asked. Somebody who may write can still push after
// that; [Repo.CancelAutoMerge] is for then.
func (r *Repo) AutoMerge(ctx context.Context, number int, head string) error {
	if err := checkID(head); err != nil {
		return err
	}
	id, err := r.pullNode(ctx, number)
	if err != nil {
		return err
	}
	err = r.mutate(ctx, "enqueuePullRequest", map[string]string{"pullRequestId": id, "expectedHeadOid": head})
	if err == nil || gitops.CodeOf(err) != gitops.Invalid {
		return err
	}
	if strings.Contains(err.Error(), "already in the queue") {
		return nil
	}
	method, err := r.mergeMethod(ctx)
	if err != nil {
		return err
	}
	return r.mutate(ctx, "enablePullRequestAutoMerge", map[string]string{"pullRequestId": id, "expectedHeadOid": head, "mergeMethod": strings.ToUpper(method)})
}

// CancelAutoMerge takes back what [Repo.AutoMerge] asked for. Where nothing was asked for,
// or the pull request is merged, it does nothing.
func (r *Repo) CancelAutoMerge(ctx context.Context, number int) error {
	id, err := r.pullNode(ctx, number)
	if err != nil {
		return err
	}
	// Auto-merge goes first: it may put the pull request into the queue at any time.
	if err := undone(r.mutate(ctx, "disablePullRequestAutoMerge", map[string]string{"pullRequestId": id})); err != nil {
		return err
	}
	return undone(r.mutate(ctx, "dequeuePullRequest", map[string]string{"id": id}))
}

// undone takes for success that there was nothing to take back.
func undone(err error) error {
	if gitops.CodeOf(err) == gitops.Invalid {
		return nil
	}
	return err
}

// pullNode returns the id of a pull request in GraphQL.
func (r *Repo) pullNode(ctx context.Context, number int) (string, error) {
	var p struct {
		Node string `json:"node_id"`
	}
	err := get(ctx, r.c, r.path+"/pulls/"+itoa(number), &p)
	return p.Node, err
}
