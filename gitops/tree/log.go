package tree

import (
	"context"
	"strconv"
)

// Log returns the commits that tip reaches and since does not, newest first, that
// change one of the files or directories in paths; no paths mean any. Of merges
// only the first parent is followed, so that what was merged is one commit. There
// are no more than limit. Both are full ids; since may be "". Trailers are not read.
func (r *Repo) Log(ctx context.Context, tip, since string, paths []string, limit int) ([]Trailed, error) {
	revisions := []string{tip}
	if since != "" {
		revisions = append(revisions, since)
	}
	if err := r.fullIDs(revisions...); err != nil {
		return nil, err
	}
	if since != "" {
		revisions[1] = "^" + since
	}
	args := []string{"log", "-z", "--first-parent", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8",
		"--max-count=" + strconv.Itoa(limit), "--format=%H%n%P%n%ct%n%s", "--end-of-options"}
	out, err := r.ours(ctx, append(append(append(args, revisions...), "--"), paths...)...)
	if err != nil {
		return nil, failed(err)
	}
	return r.parseLog(out)
}
