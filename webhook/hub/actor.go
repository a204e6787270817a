package hub

import (
	"context"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// Deleted in place of a file's content deletes the file.
const Deleted = "\x00deleted"

// Person acts as one of the hub's people. Actions check what GitHub would check,
// and send the events that GitHub would send. Repositories are named "owner/name".
type Person struct {
	h     *Hub
	login string
}

// User returns a person, created when new.
func (h *Hub) User(login string) Person {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Person{h, h.account(login, "User").login}
}

// Login returns the person's name.
func (p Person) Login() string { return p.login }

// ID returns the number of the person's account.
func (p Person) ID() int64 {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	return p.h.lookup(p.login).id
}

// in does something in a repository where the person has at least a role.
func (p Person) in(fullName string, least Role, do func(*repo, *account) error) error {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	r, err := p.h.repo(fullName)
	if err != nil {
		return err
	}
	me := p.h.lookup(p.login)
	if p.h.roleOf(r, me).level() < least.level() {
		return gitops.Errorf(gitops.Denied, "%s may not %s in %s", p.login, string(least), fullName)
	}
	return do(r, me)
}

// on does something with a pull request.
func (p Person) on(fullName string, n int, least Role, do func(*issue, *account) error) error {
	return p.in(fullName, least, func(r *repo, me *account) error {
		is := r.issue(n)
		if is == nil || is.pull == nil {
			return gitops.Errorf(gitops.NotFound, "pull request %s#%d is not there", fullName, n)
		}
		return do(is, me)
	})
}

// edit does something with a pull request that its author may, and whoever may triage.
func (p Person) edit(fullName string, n int, do func(*issue, *account) error) error {
	return p.on(fullName, n, Read, func(is *issue, me *account) error {
		if !p.h.mayEdit(is, me) {
			return gitops.Errorf(gitops.Denied, "%s may not change pull requests of others in %s", p.login, fullName)
		}
		return do(is, me)
	})
}

// mayEdit reports whether somebody may close, edit or retarget a pull request.
func (h *Hub) mayEdit(is *issue, a *account) bool {
	return is.user == a || h.roleOf(is.repo, a).level() >= Triage.level()
}

// Push commits files to a branch, which starts at the default branch when it is new, and
// returns the new tip.
func (p Person) Push(ctx context.Context, fullName, branch, message string, files map[string]string) (string, error) {
	return p.PushOn(ctx, fullName, branch, "", message, files)
}

// PushAs is [Person.Push] with somebody else as author and committer: git takes any name.
func (p Person) PushAs(ctx context.Context, fullName, branch, message, as string, files map[string]string) (sha string, err error) {
	err = p.in(fullName, Write, func(r *repo, me *account) error {
		other := p.h.lookup(as)
		if other == nil {
			return gitops.Errorf(gitops.NotFound, "account %s is not there", gitops.Quote(as))
		}
		sha, err = p.h.write(ctx, r, me, change{branch: branch, files: files, message: message, as: other})
		return err
	})
	return sha, err
}

// PushOn commits files on top of parent and forces the branch there: a force-push when
// the branch was elsewhere.
func (p Person) PushOn(ctx context.Context, fullName, branch, parent, message string, files map[string]string) (sha string, err error) {
	err = p.in(fullName, Write, func(r *repo, me *account) error {
		if rules := r.rules[branch]; rules.PullRequest || rules.Queue {
			return gitops.Errorf(gitops.Denied, "branch %s wants a pull request", gitops.Quote(branch))
		}
		sha, err = p.h.write(ctx, r, me, change{branch: branch, from: parent, files: files, message: message})
		return err
	})
	return sha, err
}

// SetBranch forces a branch to a commit that is there.
func (p Person) SetBranch(ctx context.Context, fullName, branch, sha string) error {
	return p.in(fullName, Write, func(r *repo, me *account) error {
		return p.h.setRef(ctx, r, me, "refs/heads/"+branch, sha, "")
	})
}

// DeleteBranch deletes a branch.
func (p Person) DeleteBranch(ctx context.Context, fullName, branch string) error {
	return p.in(fullName, Write, func(r *repo, me *account) error {
		if r.head(branch) == "" {
			return gitops.Errorf(gitops.NotFound, "branch %s is not there", gitops.Quote(branch))
		}
		return p.h.setRef(ctx, r, me, "refs/heads/"+branch, "", "")
	})
}

// Tip returns the commit at a branch, "" when there is none.
func (h *Hub) Tip(fullName, branch string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(fullName)
	if err != nil {
		return ""
	}
	return r.head(branch)
}

// Fork copies a repository to the person's account, under the same name.
func (p Person) Fork(ctx context.Context, fullName string) error {
	return p.in(fullName, Read, func(r *repo, me *account) error {
		if other, _ := p.h.repo(me.login + "/" + r.name); other != nil {
			return gitops.Errorf(gitops.Invalid, "repository %s is there already", gitops.Quote(other.fullName()))
		}
		f, err := p.h.newRepo(ctx, me, r.name, RepoOptions{Branch: r.branch, From: r.git.dir, Private: r.private})
		if err != nil {
			return err
		}
		f.parent = r
		p.h.repos = append(p.h.repos, f)
		return f.load(ctx)
	})
}

// DeleteRepo deletes a repository. Pull requests from a fork stay, with a head that is
// null; its open ones are closed.
func (p Person) DeleteRepo(ctx context.Context, fullName string) error {
	return p.in(fullName, Admin, func(gone *repo, me *account) error {
		h := p.h
		h.repos = slices.DeleteFunc(h.repos, func(r *repo) bool { return r == gone })
		for _, r := range h.repos {
			if r.parent == gone {
				r.parent = nil
			}
			for _, is := range r.issues {
				if is.pull == nil || is.pull.headRepo != gone {
					continue
				}
				is.pull.headRepo = nil
				if is.state == "open" {
					h.closePull(ctx, is, me)
				}
			}
		}
		return nil
	})
}

// Comment comments on an issue or pull request and returns the comment's id.
func (p Person) Comment(fullName string, n int, body string) (id int64, err error) {
	err = p.in(fullName, Read, func(r *repo, me *account) error {
		is := r.issue(n)
		if is == nil {
			return gitops.Errorf(gitops.NotFound, "issue %s#%d is not there", fullName, n)
		}
		if msg := p.h.bodyError(body); msg != "" {
			return invalidField("IssueComment", "data", "unprocessable", msg)
		}
		id = p.h.addComment(is, me, body).id
		return nil
	})
	return id, err
}

// comment does something with a comment: one's own, or any with the right to write.
func (p Person) comment(fullName string, id int64, do func(*comment, *account)) error {
	return p.in(fullName, Read, func(r *repo, me *account) error {
		c := r.comment(id)
		if c == nil {
			return gitops.Errorf(gitops.NotFound, "comment %d is not there", id)
		}
		if c.user != me && p.h.roleOf(r, me).level() < Write.level() {
			return gitops.Errorf(gitops.Denied, "%s may not change comments of others in %s", p.login, fullName)
		}
		do(c, me)
		return nil
	})
}

// EditComment replaces the body of a comment.
func (p Person) EditComment(fullName string, id int64, body string) error {
	return p.comment(fullName, id, func(c *comment, me *account) { p.h.editComment(c, me, body) })
}

// DeleteComment deletes a comment.
func (p Person) DeleteComment(fullName string, id int64) error {
	return p.comment(fullName, id, p.h.deleteComment)
}

// React adds a reaction, such as "+1", to a comment.
func (p Person) React(fullName string, id int64, content string) error {
	return p.in(fullName, Read, func(r *repo, me *account) error {
		c := r.comment(id)
		if c == nil || !validReaction(content) {
			return gitops.Errorf(gitops.Invalid, "reaction %s to comment %d is not possible", gitops.Quote(content), id)
		}
		p.h.react(&c.reactions, me, content)
		return nil
	})
}

// RerequestSuite asks for all checks on a commit to be done again.
func (p Person) RerequestSuite(ctx context.Context, fullName, sha string) error {
	return p.in(fullName, Write, func(r *repo, me *account) error {
		for _, s := range r.suites {
			if s.sha == sha {
				p.h.emitSuite(ctx, r, s, me, "rerequested")
			}
		}
		return nil
	})
}

// Rerequest asks for a check run to be done again.
func (p Person) Rerequest(fullName string, run int64) error {
	return p.in(fullName, Write, func(r *repo, me *account) error {
		for _, c := range r.runs {
			if c.id == run {
				p.h.emitCheck(r, c, me, "rerequested")
				return nil
			}
		}
		return gitops.Errorf(gitops.NotFound, "check run %d is not there", run)
	})
}
