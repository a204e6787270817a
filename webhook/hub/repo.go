package hub

import (
	"context"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// RepoOptions describe a new repository.
type RepoOptions struct {
	// Private hides the repository from those without a role.
	Private bool
	// Branch is the default branch; "" is main.
	Branch string
	// Files are committed to the default branch; none leaves it empty.
	Files map[string]string
	// From is a local git repository whose branches and tags are copied;
	// it excludes Files.
	From string
	// Author commits Files; "" is the owner of the repository.
	Author string
}

// repo is a repository. A deleted one is no longer in Hub.repos.
type repo struct {
	id            int64
	owner         *account
	name          string
	git           git
	private       bool
	branch        string // the default one
	parent        *repo  // of a fork
	created       time.Time
	pushed        time.Time
	roles         map[string]Role   // by login
	refs          map[string]string // refs/heads and refs/tags as last seen
	issues        []*issue          // issue n is at n-1
	labels        []*label
	runs          []*checkRun
	suites        []*checkSuite
	statuses      []*commitStatus
	signed        map[string]bool       // commits that GitHub would have signed
	rules         map[string]Protection // by branch
	pushing       sync.Mutex            // one receive-pack at a time, for attribution
	noMergeMethod map[string]bool       // methods that are switched off
	noAutoMerge   bool
}

var repoName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$`)

// AddRepo creates a repository ("owner/name"). An owner who is new becomes a person.
func (h *Hub) AddRepo(ctx context.Context, fullName string, o RepoOptions) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	owner, name, _ := strings.Cut(fullName, "/")
	if !repoName.MatchString(owner) || !repoName.MatchString(name) || strings.HasSuffix(name, ".git") {
		return gitops.Errorf(gitops.Invalid, "repository name %s is not owner/name", gitops.Quote(fullName))
	}
	if r, _ := h.repo(fullName); r != nil {
		return gitops.Errorf(gitops.Invalid, "repository %s is there already", gitops.Quote(fullName))
	}
	r, err := h.newRepo(ctx, h.account(owner, "User"), name, o)
	if err != nil {
		return err
	}
	h.repos = append(h.repos, r)
	if len(o.Files) == 0 {
		return r.load(ctx)
	}
	author := r.owner
	if o.Author != "" {
		author = h.account(o.Author, "User")
	}
	_, err = h.write(ctx, r, author, change{branch: r.branch, files: o.Files, message: "Initial commit", silent: true})
	return err
}

// newRepo makes the bare repository of a new repository.
func (h *Hub) newRepo(ctx context.Context, owner *account, name string, o RepoOptions) (*repo, error) {
	if o.Branch == "" {
		o.Branch = "main"
	}
	id := h.id()
	r := &repo{
		id: id, owner: owner, name: name, private: o.Private, branch: o.Branch, created: h.now(), pushed: h.now(),
		git:   git{dir: filepath.Join(h.opts.Dir, strconv.FormatInt(id, 10)+".git")},
		roles: map[string]Role{}, refs: map[string]string{}, signed: map[string]bool{}, rules: map[string]Protection{},
		noMergeMethod: map[string]bool{},
	}
	return r, r.git.create(ctx, o.Branch, o.From)
}

// repo returns the repository of that full name.
func (h *Hub) repo(fullName string) (*repo, error) {
	for _, r := range h.repos {
		if strings.EqualFold(r.fullName(), fullName) {
			return r, nil
		}
	}
	return nil, gitops.Errorf(gitops.NotFound, "repository %s is not there", gitops.Quote(fullName))
}

func (r *repo) fullName() string { return r.owner.login + "/" + r.name }

// publicRole is that of people without any role of their own.
func (r *repo) publicRole() Role {
	if r.private {
		return ""
	}
	return Read
}

// head returns the tip of a branch, "" when there is none.
func (r *repo) head(branch string) string { return r.refs["refs/heads/"+branch] }

// issue returns the issue or pull request of that number, nil when there is none.
func (r *repo) issue(n int) *issue {
	if n < 1 || n > len(r.issues) {
		return nil
	}
	return r.issues[n-1]
}

// Dir returns where the bare repository of "owner/name" is, for tests that look
// at it with git.
func (h *Hub) Dir(fullName string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(fullName)
	if err != nil {
		return "", err
	}
	return r.git.dir, nil
}

// Protection is what a protected branch demands.
type Protection struct {
	// Checks are contexts of check runs or statuses that must be green.
	Checks []string
	// PullRequest forbids direct pushes.
	PullRequest bool
	// Queue merges through a merge queue only.
	Queue bool
}

// Protect sets the rules of a branch; the zero value takes them away.
func (h *Hub) Protect(repo, branch string, p Protection) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(repo)
	if err != nil {
		return err
	}
	delete(r.rules, branch)
	if len(p.Checks) > 0 || p.PullRequest || p.Queue {
		r.rules[branch] = p
	}
	return nil
}

// AllowAutoMerge sets whether pull requests of a repository may wait to be merged by
// GitHub. Unlike on GitHub they may at first.
func (h *Hub) AllowAutoMerge(repo string, allow bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(repo)
	if err == nil {
		r.noAutoMerge = !allow
	}
	return err
}
