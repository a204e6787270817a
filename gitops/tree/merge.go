package tree

import (
	"context"
	"errors"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Changed returns the paths of files, symlinks and submodules that differ
// between two commits, given as full ids, in byte order. A rename is two paths.
func (r *Repo) Changed(ctx context.Context, base, head string) ([]string, error) {
	if err := r.fullIDs(base, head); err != nil {
		return nil, err
	}
	out, err := r.ours(ctx, "diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--name-only", base, head)
	if err != nil {
		return nil, failed(err)
	}
	return splitNul(out), nil
}

// MergeTree returns what merging commit head into commit base would give, both
// full ids, and the paths that conflict; in the tree these have conflict
// markers. It writes nothing to the repository. Merge drivers of the repository
// do not run.
func (r *Repo) MergeTree(ctx context.Context, base, head string) (t gitops.Tree, conflicts []string, err error) {
	if err := r.fullIDs(base, head); err != nil {
		return nil, nil, err
	}
	out, err := r.ours(ctx, "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", base, head)
	exit, failedToMerge := errors.AsType[*exitError](err)
	if err != nil && (!failedToMerge || exit.status != 1) {
		return nil, nil, r.mergeFailed(err, base, head)
	}
	names := splitNul(out)
	if len(names) == 0 || !isHex(names[0], r.hexLen) {
		return nil, nil, gitops.Errorf(gitops.Internal, "git merge-tree printed %s", gitops.Quote(out))
	}
	merged, err := r.list(ctx, names[0], "")
	if err != nil {
		return nil, nil, err
	}
	return merged, names[1:], nil
}

// mergeFailed makes the error for a merge that could not be tried, which is not one
// that conflicts.
func (r *Repo) mergeFailed(err error, base, head string) error {
	exit, ok := errors.AsType[*exitError](err)
	if ok && strings.Contains(exit.stderr, "unrelated histories") {
		return r.unrelated(base, head)
	}
	return failed(err)
}

// fullIDs keeps everything but ids away from git's arguments: no options, no refs that
// could mean another commit a moment later.
func (r *Repo) fullIDs(ids ...string) error {
	for _, id := range ids {
		if !isHex(id, r.hexLen) {
			return gitops.Errorf(gitops.Invalid, "commit is not a full id: %s", gitops.Quote(id))
		}
	}
	return nil
}

// splitNul cuts the output of a git command with -z.
func splitNul(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\x00"), "\x00")
}
