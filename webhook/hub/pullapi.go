package hub

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

func (h *Hub) pullRoutes() []route {
	const read, write = "pull_requests:read", "pull_requests:write"
	return []route{
		{"GET /repos/{owner}/{repo}/pulls", anyone, read, (*call).listPulls},
		{"POST /repos/{owner}/{repo}/pulls", asToken, write, (*call).createPull},
		{"GET /repos/{owner}/{repo}/pulls/{number}", anyone, read, (*call).getPull},
		{"PATCH /repos/{owner}/{repo}/pulls/{number}", asToken, write, (*call).updatePull},
		{"GET /repos/{owner}/{repo}/pulls/{number}/files", anyone, read, (*call).pullFiles},
		{"GET /repos/{owner}/{repo}/pulls/{number}/commits", anyone, read, (*call).pullCommits},
		{"GET /repos/{owner}/{repo}/pulls/{number}/merge", anyone, read, (*call).isMerged},
		{"PUT /repos/{owner}/{repo}/pulls/{number}/merge", asToken, "contents:write", (*call).mergePull},
	}
}

// listPulls filters by state, head ("owner:branch") and base; newest first unless
// asked otherwise.
func (c *call) listPulls() *answer {
	state := c.query("state")
	if state == "" {
		state = "open"
	}
	owner, branch, _ := cutColon(c.query("head"))
	var list []*issue
	for _, is := range c.repo.issues {
		p := is.pull
		switch {
		case p == nil, state != "all" && is.state != state:
		case owner != "" && (p.headUser.login != owner || p.head != branch):
		case c.query("base") != "" && p.base != c.query("base"):
		default:
			list = append(list, is)
		}
	}
	if c.query("sort") == "updated" {
		slices.SortStableFunc(list, func(a, b *issue) int { return a.updated.Compare(b.updated) })
	}
	if c.query("direction") != "asc" {
		slices.Reverse(list)
	}
	return pageOf(c, list, c.h.simplePull)
}

// Limits of texts, in characters.
const maxTitle = 256

// textErrors refuses titles and bodies that are too long.
func (c *call) textErrors(title, body *string) *answer {
	if title != nil && utf8.RuneCountInString(*title) > maxTitle {
		return failed(invalidField("PullRequest", "title", "custom", "title is too long (maximum is 256 characters)"))
	}
	if body != nil {
		if msg := c.h.lengthError(*body); msg != "" {
			return failed(invalidField("Issue", "body", "custom", "body is too long (maximum is "+itoa(c.h.opts.CommentLimit)+" characters)"))
		}
	}
	return nil
}

func (c *call) createPull() *answer {
	var req struct {
		Title, Body, Head, Base string
		Draft                   bool
	}
	if a := c.decode(&req); a != nil {
		return a
	}
	if a := c.textErrors(&req.Title, &req.Body); a != nil {
		return a
	}
	if req.Base == "" {
		return failed(invalidField("PullRequest", "base", "missing_field", ""))
	}
	is, err := c.h.openPull(c.ctx, c.repo, c.who.account(), NewPull{Title: req.Title, Body: req.Body, Head: req.Head, Base: req.Base, Draft: req.Draft})
	if err != nil {
		return failed(err)
	}
	return created(c.h.pullJSON(c.ctx, is, true))
}

func (c *call) getPull() *answer {
	is := c.pull()
	if is == nil {
		return notFound()
	}
	return ok(c.h.pullJSON(c.ctx, is, true))
}

// updatePull changes text first, then the base, then the state, and stops at what is
// refused: what came before it stays changed.
func (c *call) updatePull() *answer {
	is := c.pull()
	if is == nil {
		return notFound()
	}
	var req struct{ Title, Body, State, Base *string }
	if a := c.decode(&req); a != nil {
		return a
	}
	if a := c.textErrors(req.Title, req.Body); a != nil {
		return a
	}
	by := c.who.account()
	if c.who.tok.in == nil && !c.h.mayEdit(is, by) {
		return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	c.h.editText(c.ctx, is, by, req.Title, req.Body)
	if req.Base != nil {
		if err := c.h.retarget(c.ctx, is, by, *req.Base); err != nil {
			return failed(err)
		}
	}
	if req.State != nil && *req.State != is.state {
		if *req.State == "closed" {
			c.h.closePull(c.ctx, is, by)
		} else if err := c.h.reopenPull(c.ctx, is, by); err != nil {
			return failed(err)
		}
	}
	return ok(c.h.pullJSON(c.ctx, is, true))
}

// maxFiles is how many files of a pull request the API lists.
const maxFiles = 3000

func (c *call) pullFiles() *answer {
	is := c.pull()
	if is == nil {
		return notFound()
	}
	files, err := c.repo.git.changes(c.ctx, c.h.fork(c.ctx, is), is.pull.headSHA, maxFiles)
	if err != nil {
		return failed(err)
	}
	return pageOf(c, files, func(f fileChange) obj { return c.h.fileJSON(c.repo, is.pull.headSHA, f) })
}

// fork is the commit where a pull request left its base.
func (h *Hub) fork(ctx context.Context, is *issue) string {
	if tip := is.repo.head(is.pull.base); tip != "" && is.pull.merged.IsZero() {
		if base := is.repo.git.base(ctx, tip, is.pull.headSHA); base != "" {
			return base
		}
	}
	return is.repo.git.base(ctx, is.pull.baseSHA, is.pull.headSHA)
}

// pullCommits has at most 250, oldest first, as GitHub documents.
func (c *call) pullCommits() *answer {
	is := c.pull()
	if is == nil {
		return notFound()
	}
	list, err := c.repo.git.commits(c.ctx, "--reverse", "-250", is.pull.headSHA, "^"+c.h.fork(c.ctx, is))
	if err != nil {
		return failed(err)
	}
	return pageOf(c, list, func(cm commit) obj { return c.h.commitJSON(c.repo, cm) })
}

// isMerged answers in the status alone.
func (c *call) isMerged() *answer {
	if is := c.pull(); is != nil && !is.pull.merged.IsZero() {
		return noContent()
	}
	return notFound()
}

func (c *call) mergePull() *answer {
	is := c.pull()
	if is == nil {
		return notFound()
	}
	var req struct {
		Title   string `json:"commit_title"`
		Message string `json:"commit_message"`
		SHA     string `json:"sha"`
		Method  string `json:"merge_method"`
	}
	if a := c.decode(&req); a != nil {
		return a
	}
	sha, err := c.h.merge(c.ctx, is, c.who.account(), MergeOptions{Method: req.Method, Title: req.Title, Message: req.Message, SHA: req.SHA})
	if err != nil {
		return failed(err)
	}
	return ok(obj{"sha": sha, "merged": true, "message": "Pull Request successfully merged"})
}

// pullsOfCommit lists the pull requests whose head or merge a commit is.
func (c *call) pullsOfCommit() *answer {
	sha := strings.ToLower(c.r.PathValue("ref"))
	var list []*issue
	for _, is := range c.repo.issues {
		if p := is.pull; p != nil && (p.headSHA == sha || p.mergeSHA == sha) {
			list = append(list, is)
		}
	}
	return &answer{status: http.StatusOK, body: forms(list, c.h.simplePull)}
}
