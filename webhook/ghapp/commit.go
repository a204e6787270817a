package ghapp

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

// CreateCommit writes a commit with edits on top of parent, a full commit id, and
// returns its id. No branch names it yet. Author and committer are left to GitHub,
// which signs it then. Edits that change nothing make no commit: the id is parent.
//
// It fails with code not_found when parent is not there. A commit with a workflow
// is made, but no branch can be put on it: the App may not write workflows.
func (r *Repo) CreateCommit(ctx context.Context, parent, message string, edits []gitops.FileEdit) (string, error) {
	before, err := r.gitCommit(ctx, parent)
	if err != nil {
		return "", err
	}
	tree, err := r.createTree(ctx, before.Tree.SHA, edits)
	if err != nil || tree == before.Tree.SHA {
		return parent, err
	}
	body := map[string]any{"message": message, "tree": tree, "parents": []string{parent}}
	return r.createObject(ctx, "commits", body)
}

// MergeCommit writes a commit with the files of base and edits to them, on top of
// tip and of base, both full commit ids: it renews a branch at tip for a base that
// moved on, and the branch can be moved to it without force. Files that tip has
// already make no commit: the id is tip. Else it is like [Repo.CreateCommit].
func (r *Repo) MergeCommit(ctx context.Context, tip, base, message string, edits []gitops.FileEdit) (string, error) {
	was, err := r.gitCommit(ctx, tip)
	if err != nil {
		return "", err
	}
	onto, err := r.gitCommit(ctx, base)
	if err != nil {
		return "", err
	}
	tree, err := r.createTree(ctx, onto.Tree.SHA, edits)
	if err != nil || tree == was.Tree.SHA {
		return tip, err
	}
	parents := []string{tip, base}
	if was.has(base) {
		parents = parents[:1]
	}
	return r.createObject(ctx, "commits", map[string]any{"message": message, "tree": tree, "parents": parents})
}

// gitCommit is a commit of the git data API, as far as it is read.
type gitCommit struct {
	Tree    struct{ SHA string }
	Parents []struct{ SHA string }
}

// has reports whether a commit is a parent.
func (c gitCommit) has(parent string) bool {
	return slices.ContainsFunc(c.Parents, func(p struct{ SHA string }) bool { return p.SHA == parent })
}

// gitCommit reads a commit as git has it, without the user that GitHub thinks it is of.
func (r *Repo) gitCommit(ctx context.Context, id string) (c gitCommit, err error) {
	if err := checkID(id); err != nil {
		return c, err
	}
	err = get(ctx, r.c, r.path+"/git/commits/"+id, &c)
	return c, err
}

// Commit returns a commit by its full id. It fails with code not_found when it is
// not there.
func (r *Repo) Commit(ctx context.Context, id string) (gitops.Commit, error) {
	if err := checkID(id); err != nil {
		return gitops.Commit{}, err
	}
	var c struct {
		SHA               string
		Author, Committer *user // null without an account
		Commit            struct {
			Message      string
			Committer    struct{ Date time.Time }
			Verification struct{ Verified bool }
		}
	}
	if err := get(ctx, r.c, r.path+"/commits/"+id+"?per_page=1", &c); err != nil {
		return gitops.Commit{}, err
	}
	out := gitops.Commit{SHA: c.SHA, Message: c.Commit.Message, Verified: c.Commit.Verification.Verified, Committed: c.Commit.Committer.Date}
	if c.Author != nil {
		out.Author = c.Author.gitops()
	}
	if c.Committer != nil {
		out.Committer = c.Committer.gitops()
	}
	return out, nil
}

// createTree writes a tree and returns its id.
func (r *Repo) createTree(ctx context.Context, base string, edits []gitops.FileEdit) (string, error) {
	var entries []map[string]any
	for _, e := range edits {
		if err := checkFile(e.Path); err != nil {
			return "", err
		}
		entry, err := r.treeEntry(ctx, e)
		if err != nil {
			return "", err
		}
		entries = append(entries, entry)
	}
	if len(entries) == 0 {
		return base, nil
	}
	return r.createObject(ctx, "trees", map[string]any{"base_tree": base, "tree": entries})
}

// treeEntry is an edit in GitHub's form. JSON has text only, so anything else is
// sent as a blob first.
func (r *Repo) treeEntry(ctx context.Context, e gitops.FileEdit) (map[string]any, error) {
	entry := map[string]any{"path": e.Path, "mode": "100644", "type": "blob"}
	if e.Executable {
		entry["mode"] = "100755"
	}
	switch {
	case e.Delete:
		entry["sha"] = nil
	case utf8.Valid(e.Content):
		entry["content"] = string(e.Content)
	default:
		sha, err := r.createObject(ctx, "blobs", map[string]any{"content": base64.StdEncoding.EncodeToString(e.Content), "encoding": "base64"})
		if err != nil {
			return nil, err
		}
		entry["sha"] = sha
	}
	return entry, nil
}

// createObject writes a git object and returns its id.
func (r *Repo) createObject(ctx context.Context, kind string, body any) (string, error) {
	var made struct{ SHA string }
	_, err := call(ctx, r.c, http.MethodPost, r.path+"/git/"+kind, body, &made)
	return made.SHA, err
}

// BranchTip returns the commit at a branch. It fails with code not_found when
// there is no such branch.
func (r *Repo) BranchTip(ctx context.Context, branch string) (string, error) {
	if err := checkBranch(branch); err != nil {
		return "", err
	}
	var ref struct{ Object struct{ SHA string } }
	err := get(ctx, r.c, r.path+"/git/ref/heads/"+escape(branch), &ref)
	return ref.Object.SHA, err
}

// CreateBranch creates a branch at a commit. It fails with an error that [Exists]
// when there is one of that name.
func (r *Repo) CreateBranch(ctx context.Context, branch, sha string) error {
	if err := checkBranch(branch); err != nil {
		return err
	}
	body := map[string]any{"ref": "refs/heads/" + branch, "sha": sha}
	_, err := call(ctx, r.c, http.MethodPost, r.path+"/git/refs", body, nil)
	return err
}

// MoveBranch moves a branch forward to a commit. It fails with code stale when the
// branch has commits that the new one does not build on, and not_found when there
// is no such branch.
func (r *Repo) MoveBranch(ctx context.Context, branch, sha string) error {
	if err := checkBranch(branch); err != nil {
		return err
	}
	_, err := call(ctx, r.c, http.MethodPatch, r.path+"/git/refs/heads/"+escape(branch), map[string]any{"sha": sha, "force": false}, nil)
	return err
}

// DeleteBranch deletes a branch. One that is gone already is a success.
func (r *Repo) DeleteBranch(ctx context.Context, branch string) error {
	if err := checkBranch(branch); err != nil {
		return err
	}
	_, err := call(ctx, r.c, http.MethodDelete, r.path+"/git/refs/heads/"+escape(branch), nil, nil)
	return unlessGone(err)
}

// File returns a file at a commit, a full id.
func (r *Repo) File(ctx context.Context, commit, path string) ([]byte, error) {
	if err := checkID(commit); err != nil {
		return nil, err
	}
	if err := checkFile(path); err != nil {
		return nil, err
	}
	req, err := r.c.NewRequest(http.MethodGet, r.path+"/contents/"+escape(path)+"?ref="+commit, nil)
	if err != nil {
		return nil, problem(err)
	}
	req.Header.Set("Accept", "application/vnd.github.raw+json")
	var out bytes.Buffer
	resp, err := r.c.Do(ctx, req, &out)
	if err == nil && strings.Contains(resp.Header.Get("Content-Type"), "application/json") {
		err = gitops.Errorf(gitops.NotFound, "file not found, it is a directory: %s", gitops.Quote(path))
	}
	return out.Bytes(), problem(err)
}

// escape escapes each element of a path.
func escape(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}
