package hub

import (
	"strings"
)

// refJSON is a ref with what it points to.
func (c *call) refJSON(ref, sha string) obj {
	kind := c.repo.git.kind(c.ctx, sha)
	return obj{"ref": ref, "node_id": "REF_" + sha, "url": c.h.repoURL(c.repo) + "/git/" + escapePath(ref), "object": obj{"type": kind, "sha": sha, "url": c.h.repoURL(c.repo) + "/git/" + kind + "s/" + sha}}
}

// getRef knows branches and tags, and the refs/pull/… that GitHub keeps.
func (c *call) getRef() *answer {
	ref := "refs/" + c.r.PathValue("ref")
	sha := c.repo.refs[ref]
	if sha == "" && strings.HasPrefix(ref, "refs/pull/") {
		sha, _ = c.repo.resolve(c.ctx, ref)
	}
	if sha == "" {
		return notFound()
	}
	return ok(c.refJSON(ref, sha))
}

// matchingRefs knows branches only, and answers with an empty list where there are
// none.
func (c *call) matchingRefs() *answer {
	list := []obj{}
	for _, name := range c.repo.branchNames() {
		if ref := "refs/heads/" + name; strings.HasPrefix(ref, "refs/"+c.r.PathValue("ref")) {
			list = append(list, c.refJSON(ref, c.repo.refs[ref]))
		}
	}
	return ok(list)
}

// refRequest is the body of the calls that make or move a ref. Ref is not sent with a
// move.
type refRequest struct {
	Ref   string `json:"ref"`
	SHA   string `json:"sha"`
	Force bool   `json:"force"`
}

// guardRef refuses writes that the rules of a branch, or a missing workflows permission,
// forbid.
func (c *call) guardRef(ref, old, sha string) *answer {
	if p := c.repo.rules[strings.TrimPrefix(ref, "refs/heads/")]; p.PullRequest || p.Queue {
		return unprocessable("Repository rule violations found\n\nChanges must be made through a pull request.")
	}
	tok := c.who.tok
	if sha == "" || tok.in == nil || grants(tok.permissions, "workflows", "write") {
		return nil
	}
	if old == "" {
		old = c.repo.git.base(c.ctx, sha, orZero(c.repo.head(c.repo.branch)))
	}
	if old == "" {
		return nil
	}
	if out, _ := c.repo.git.run(c.ctx, "diff", "--name-only", old, sha, "--", ".github/workflows"); out != "" {
		return forbidden()
	}
	return nil
}

// createRef takes branches and tags. One that is there is refused, never moved: that is
// what makes it a lock for who races.
func (c *call) createRef() *answer {
	var req refRequest
	if a := c.decode(&req); a != nil {
		return a
	}
	name, isBranch := strings.CutPrefix(req.Ref, "refs/heads/")
	if !isBranch {
		name, isBranch = strings.CutPrefix(req.Ref, "refs/tags/")
	}
	switch {
	case !isBranch || !validBranch(name):
		return unprocessable("Reference name must start with 'refs/' and contain a valid name.")
	case c.repo.git.kind(c.ctx, req.SHA) == "":
		return unprocessable("Object does not exist")
	case c.repo.refs[req.Ref] != "":
		return unprocessable("Reference already exists")
	}
	if a := c.guardRef(req.Ref, "", req.SHA); a != nil {
		return a
	}
	if err := c.h.setRef(c.ctx, c.repo, c.who.account(), req.Ref, req.SHA, ""); err != nil {
		return unprocessable("Reference update failed")
	}
	return created(c.refJSON(req.Ref, req.SHA))
}

// updateRef moves a ref; only forward unless forced.
func (c *call) updateRef() *answer {
	var req refRequest
	if a := c.decode(&req); a != nil {
		return a
	}
	ref := "refs/" + c.r.PathValue("ref")
	old := c.repo.refs[ref]
	switch {
	case old == "":
		return unprocessable("Reference does not exist")
	case c.repo.git.kind(c.ctx, req.SHA) != "commit":
		return unprocessable("Object does not exist")
	case !req.Force && !c.repo.git.ancestor(c.ctx, old, req.SHA):
		return unprocessable("Update is not a fast forward")
	}
	if a := c.guardRef(ref, old, req.SHA); a != nil {
		return a
	}
	if err := c.h.setRef(c.ctx, c.repo, c.who.account(), ref, req.SHA, old); err != nil {
		return unprocessable("Reference cannot be updated")
	}
	return ok(c.refJSON(ref, req.SHA))
}

func (c *call) deleteRef() *answer {
	ref := "refs/" + c.r.PathValue("ref")
	if c.repo.refs[ref] == "" {
		return unprocessable("Reference does not exist")
	}
	if a := c.guardRef(ref, "", ""); a != nil {
		return a
	}
	if err := c.h.setRef(c.ctx, c.repo, c.who.account(), ref, "", ""); err != nil {
		return failed(err)
	}
	return noContent()
}
