package tree

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Resolve returns the full id of the commit that rev names, in any spelling of
// gitrevisions(7).
//
// An unknown revision is an error of code not_found whose hint has the nearest
// names, or the command that fetches more when the clone is shallow. A
// repository without commits says so.
func (r *Repo) Resolve(ctx context.Context, rev string) (string, error) {
	if strings.HasPrefix(rev, "-") || rev == "" || strings.ContainsAny(rev, "\n\x00") {
		return "", gitops.Errorf(gitops.Invalid, "revision is not valid: %s", gitops.Quote(rev))
	}
	id, err := r.find(ctx, rev)
	if err == nil && id == "" {
		err = r.unknown(ctx, rev)
	}
	return id, err
}

// find returns the commit of a revision, "" when there is none. The revision reaches
// git as a line on standard input, never as an argument. The second line is there
// because only a revision without suffix is called ambiguous. It asks the person's own
// repository, because the shadow has no refs.
func (r *Repo) find(ctx context.Context, rev string) (string, error) {
	var out strings.Builder
	in := strings.NewReader(rev + "^{commit}\n" + rev + "\n")
	err := r.theirs().run(ctx, r.gitDir, in, &out, "cat-file", "--batch-check=%(objecttype) %(objectname)")
	if exit, ok := errors.AsType[*exitError](err); ok && strings.Contains(rev, "@{") { // no upstream, no such entry of the log
		reason, _, _ := strings.Cut(strings.TrimPrefix(exit.stderr, "fatal: "), "\n")
		return "", &gitops.Error{Code: gitops.NotFound, Message: "revision not found: " + gitops.Quote(rev) + ": " + gitops.Printable(reason), Err: err}
	}
	if err != nil {
		return "", failed(err)
	}
	commit, plain, _ := strings.Cut(out.String(), "\n")
	if id, ok := strings.CutPrefix(commit, "commit "); ok && isHex(id, r.hexLen) {
		return id, nil
	}
	if plain == rev+" ambiguous\n" {
		return "", &gitops.Error{Code: gitops.Invalid, Message: "revision is ambiguous: " + gitops.Quote(rev), Hint: "write more digits of the commit id"}
	}
	return "", nil
}

// unknown makes the error for a revision that is not there.
func (r *Repo) unknown(ctx context.Context, rev string) error {
	names, err := r.names(ctx)
	if err != nil {
		return err
	}
	e := &gitops.Error{Code: gitops.NotFound, Message: "revision not found: " + gitops.Quote(rev)}
	near := nearest(rev, names)
	switch {
	case len(names) == 0 && !r.hasHead(ctx):
		e.Message = "repository has no commits yet: " + gitops.Quote(r.Name())
	case len(near) > 0:
		e.Hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	if r.shallow {
		e.Message += " (the clone is shallow)"
		e.Hint = strings.TrimSpace(e.Hint + " " + deepen)
	}
	return e
}

// deepen is the way out of a shallow clone. It fetches all branches, because a
// shallow clone usually has one only.
const deepen = `fetch the rest with: git fetch --unshallow origin "+refs/heads/*:refs/remotes/origin/*"`

// refetch is the way out of a partial or damaged clone.
const refetch = "the clone is partial or damaged; run git fetch --refetch --no-filter"

// missing makes the error for a commit or tree that git could not list.
func (r *Repo) missing(ctx context.Context, id string, err error) error {
	e := &gitops.Error{Code: gitops.NotFound, Message: "commit not found: " + gitops.Quote(id), Err: err}
	if _, has := r.ours(ctx, "cat-file", "-e", id); has == nil {
		e.Code = gitops.Unavailable
		e.Message = "commit " + id + " is not complete in this clone"
		e.Hint = refetch
	} else if r.shallow {
		e.Message += " (the clone is shallow)"
		e.Hint = deepen
	}
	return e
}

// hasHead reports whether anything was committed on the branch that is checked out.
func (r *Repo) hasHead(ctx context.Context) bool {
	_, err := r.theirs().output(ctx, r.gitDir, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
	return err == nil
}

// names returns the names of all refs, those of branches and tags without what
// git adds by itself.
func (r *Repo) names(ctx context.Context) ([]string, error) {
	out, err := r.theirs().output(ctx, r.gitDir, "for-each-ref", "--format=%(refname)")
	if err != nil {
		return nil, failed(err)
	}
	var names []string
	for ref := range strings.Lines(out) {
		short := strings.TrimSpace(ref)
		for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
			short = strings.TrimPrefix(short, prefix)
		}
		names = append(names, short)
	}
	return slices.Compact(slices.Sorted(slices.Values(names))), nil
}

// nearest returns at most three of names that rev may have been meant to be,
// best first, quoted where they need it.
func nearest(rev string, names []string) []string {
	type match struct {
		name string
		far  int
	}
	var found []match
	for _, name := range names {
		far := gitops.Distance(rev, name)
		if strings.HasSuffix(name, "/"+rev) { // origin/NAME
			far = 0
		}
		if far <= max(2, len(rev)/3) {
			found = append(found, match{name, far})
		}
	}
	slices.SortStableFunc(found, func(a, b match) int { return cmp.Compare(a.far, b.far) })
	var out []string
	for _, m := range found[:min(3, len(found))] {
		out = append(out, gitops.Printable(m.name))
	}
	return out
}
