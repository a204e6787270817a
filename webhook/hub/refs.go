package hub

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// zero is the id GitHub uses where there is no commit.
const zero = "0000000000000000000000000000000000000000"

// load reads the refs as they are, without telling anybody.
func (r *repo) load(ctx context.Context) error {
	refs, err := r.git.refs(ctx)
	if err == nil {
		r.refs = refs
	}
	return err
}

// sync compares the refs on disk with those last seen, and does for each one that
// moved what GitHub does after a push: pull requests follow, events go out.
func (h *Hub) sync(ctx context.Context, r *repo, by *account) error {
	old := r.refs
	if err := r.load(ctx); err != nil {
		return err
	}
	names := maps.Clone(old)
	maps.Copy(names, r.refs)
	for _, ref := range slices.Sorted(maps.Keys(names)) {
		before, after := old[ref], r.refs[ref]
		if before == after {
			continue
		}
		r.pushed = h.now()
		h.emitPush(ctx, r, by, ref, before, after)
		if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
			if after != "" {
				h.newSuites(ctx, r, branch, after, by)
			}
			if err := h.branchMoved(ctx, r, by, branch, after); err != nil {
				return err
			}
		}
	}
	return nil
}

// branchMoved lets pull requests follow a branch of r that moved to sha, or went
// when sha is empty.
func (h *Hub) branchMoved(ctx context.Context, r *repo, by *account, branch, sha string) error {
	for _, base := range slices.Clone(h.repos) {
		for _, is := range base.issues {
			p := is.pull
			if p == nil || is.state != "open" {
				continue
			}
			var err error
			switch {
			case p.headRepo == r && p.head == branch:
				err = h.headMoved(ctx, is, by, sha)
			case base == r && p.base == branch:
				err = h.baseMoved(ctx, is, by, sha)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// setRef moves one ref on behalf of somebody and does what follows from it.
func (h *Hub) setRef(ctx context.Context, r *repo, by *account, ref, sha, old string) error {
	if err := r.git.setRef(ctx, ref, sha, old); err != nil {
		return err
	}
	return h.sync(ctx, r, by)
}

// change is one commit on a branch.
type change struct {
	branch  string
	from    string // the parent; "" is the tip of the branch, or of the default branch
	files   map[string]string
	message string
	as      *account // whose name the commit has; nil is who pushes
	silent  bool     // no events
}

// write commits files to a branch and returns the new tip.
func (h *Hub) write(ctx context.Context, r *repo, by *account, c change) (string, error) {
	if !validBranch(c.branch) {
		return "", gitops.Errorf(gitops.Invalid, "branch name %s is not allowed", gitops.Quote(c.branch))
	}
	if c.from == "" {
		c.from = r.head(c.branch)
	}
	if c.from == "" {
		c.from = r.head(r.branch)
	}
	if c.message == "" {
		c.message = "Update"
	}
	if err := r.git.importFiles(ctx, c.branch, c.from, h.signatureOf(cmp.Or(c.as, by)), c.message, c.files); err != nil {
		return "", err
	}
	if c.silent {
		err := r.load(ctx)
		return r.head(c.branch), err
	}
	err := h.sync(ctx, r, by)
	return r.head(c.branch), err
}

// signatureOf is the name and address that GitHub puts into a's commits.
func (h *Hub) signatureOf(a *account) signature {
	return signature{Name: a.login, Email: a.email(), Date: h.now()}
}

// resolve returns the commit that a name means: a full or short id, a branch, a tag,
// or a ref with its path. Only ids reach git.
func (r *repo) resolve(ctx context.Context, name string) (string, bool) {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/", ""} {
		if sha := r.refs[prefix+name]; sha != "" {
			return r.peel(ctx, sha)
		}
	}
	if n, ok := strings.CutPrefix(strings.TrimPrefix(name, "refs/"), "pull/"); ok && validBranch(n) {
		sha, err := r.git.run(ctx, "rev-parse", "--verify", "-q", "refs/pull/"+n)
		return sha, err == nil
	}
	if len(name) < 7 || len(name) > 40 || !isHex(name) {
		return "", false
	}
	return r.peel(ctx, name)
}

// peel returns the commit that an object stands for, such as that of an annotated tag.
func (r *repo) peel(ctx context.Context, sha string) (string, bool) {
	full, err := r.git.run(ctx, "rev-parse", "--verify", "-q", sha+"^{commit}")
	return full, err == nil
}

// validBranch reports whether git accepts a name as a branch, by the rules of git
// check-ref-format; a dash at the start is refused too.
func validBranch(s string) bool {
	if s == "" || s == "@" || len(s) > 244 || strings.HasPrefix(s, "-") || strings.HasSuffix(s, ".") || strings.Contains(s, "@{") || strings.Contains(s, "..") {
		return false
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`~^:?*[\`, c) })
}
