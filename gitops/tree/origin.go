package tree

import (
	"context"
	"strings"
)

// Origin is what a clone says about where it comes from.
type Origin struct {
	// Addresses are those of its remotes, as they are written. Directories and files are
	// left out: they say nothing about how others name the repository.
	Addresses []string
	// Branch is the default branch of the remote "origin", "" when it is not known.
	Branch string
}

// Origin returns where the repository comes from. What git does not know is empty.
func (r *Repo) Origin(ctx context.Context) (Origin, error) {
	var o Origin
	out, err := r.theirs().output(ctx, r.gitDir, "config", "--get-regexp", `^remote\..*\.url$`)
	if ctx.Err() != nil {
		return o, err
	}
	for line := range strings.Lines(out) {
		if _, url, ok := strings.Cut(strings.TrimSpace(line), " "); ok && isAddress(url) {
			o.Addresses = append(o.Addresses, url)
		}
	}
	head, err := r.theirs().output(ctx, r.gitDir, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
	if ctx.Err() != nil {
		return o, err
	}
	o.Branch = strings.TrimPrefix(strings.TrimSpace(head), "origin/")
	return o, nil
}

// isAddress reports whether a remote is a host and not a path.
func isAddress(url string) bool {
	if strings.HasPrefix(url, "file:") || strings.HasPrefix(url, "/") || strings.HasPrefix(url, ".") {
		return false
	}
	return strings.Contains(url, "://") || strings.Contains(url, "@") && strings.Contains(url, ":")
}
