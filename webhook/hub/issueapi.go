package hub

import (
	"net/http"
	"slices"
	"time"
)

func (h *Hub) issueRoutes() []route {
	const read, write = "issues:read|pull_requests:read", "issues:write|pull_requests:write"
	const base = "/repos/{owner}/{repo}/issues"
	return []route{
		{"GET " + base + "/comments/{id}", anyone, read, (*call).getComment},
		{"PATCH " + base + "/comments/{id}", asToken, write, (*call).updateComment},
		{"DELETE " + base + "/comments/{id}", asToken, write, (*call).deleteComment},
		{"GET " + base + "/comments/{id}/reactions", anyone, "issues:read", (*call).listReactions},
		{"POST " + base + "/comments/{id}/reactions", asToken, "issues:write", (*call).createReaction},
		{"DELETE " + base + "/comments/{id}/reactions/{reaction}", asToken, "issues:write", (*call).deleteReaction},
		{"GET " + base + "/{number}", anyone, read, (*call).getIssue},
		{"PATCH " + base + "/{number}", asToken, write, (*call).updateIssue},
		{"GET " + base + "/{number}/comments", anyone, read, (*call).listComments},
		{"POST " + base + "/{number}/comments", asToken, write, (*call).createComment},
		{"GET " + base + "/{number}/labels", anyone, read, (*call).listLabels},
		{"POST " + base + "/{number}/labels", asToken, write, (*call).addLabels},
		{"DELETE " + base + "/{number}/labels/{name}", asToken, write, (*call).removeLabel},
		{"GET /repos/{owner}/{repo}/labels", anyone, read, (*call).repoLabels},
		{"POST /repos/{owner}/{repo}/labels", asToken, write, (*call).createLabel},
	}
}

func (c *call) getIssue() *answer {
	is := c.issue()
	if is == nil {
		return notFound()
	}
	return ok(c.h.issueJSON(is))
}

// updateIssue is also how a pull request is closed and opened again: an issue's number
// is that of its pull request.
func (c *call) updateIssue() *answer {
	is := c.issue()
	if is == nil {
		return notFound()
	}
	var req struct{ Title, Body, State *string }
	if a := c.decode(&req); a != nil {
		return a
	}
	if a := c.textErrors(req.Title, req.Body); a != nil {
		return a
	}
	if c.who.tok.in == nil && !c.h.mayEdit(is, c.who.account()) {
		return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	c.h.editText(c.ctx, is, c.who.account(), req.Title, req.Body)
	if req.State == nil || *req.State == is.state {
		return ok(c.h.issueJSON(is))
	}
	switch {
	case *req.State == "closed" && is.pull != nil:
		c.h.closePull(c.ctx, is, c.who.account())
	case is.pull != nil:
		if err := c.h.reopenPull(c.ctx, is, c.who.account()); err != nil {
			return failed(err)
		}
	default:
		is.state = *req.State
	}
	return ok(c.h.issueJSON(is))
}

// listComments pages oldest first; since keeps those updated at or after a time.
func (c *call) listComments() *answer {
	is := c.issue()
	if is == nil {
		return notFound()
	}
	list := is.comments
	if s := c.query("since"); s != "" {
		since, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return unprocessable("since is not a valid time")
		}
		list = slices.DeleteFunc(slices.Clone(list), func(cm *comment) bool { return cm.updated.Before(since) })
	}
	return pageOf(c, list, c.h.commentJSON)
}

// bodyOf reads the body of a comment and checks its length.
func (c *call) bodyOf() (string, *answer) {
	var req struct{ Body *string }
	if a := c.decode(&req); a != nil {
		return "", a
	}
	if req.Body == nil {
		return "", unprocessable("Invalid request.\n\n\"body\" wasn't supplied.")
	}
	if msg := c.h.bodyError(*req.Body); msg != "" {
		return "", failed(invalidField("IssueComment", "data", "unprocessable", msg))
	}
	return *req.Body, nil
}

// createComment refuses on a locked issue, unless somebody may write, or it is an App,
// as GitHub does.
func (c *call) createComment() *answer {
	is := c.issue()
	if is == nil {
		return notFound()
	}
	body, a := c.bodyOf()
	if a != nil {
		return a
	}
	if is.locked && c.h.roleOf(c.repo, c.who.account()).level() < Write.level() && c.who.tok.in == nil {
		return refuse(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	return created(c.h.commentJSON(c.h.addComment(is, c.who.account(), body)))
}

func (c *call) comment() *comment { return c.repo.comment(c.number("id")) }

func (c *call) getComment() *answer {
	cm := c.comment()
	if cm == nil {
		return notFound()
	}
	return ok(c.h.commentJSON(cm))
}

// ownOrWrite reports whether the caller may change a comment: its author, or somebody who can
// write. Apps with the permission may change every comment.
func (c *call) ownOrWrite(cm *comment) bool {
	return c.who.tok.in != nil || cm.user == c.who.account() || c.h.roleOf(c.repo, c.who.account()).level() >= Write.level()
}

func (c *call) updateComment() *answer {
	cm := c.comment()
	if cm == nil {
		return notFound()
	}
	if !c.ownOrWrite(cm) {
		return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	body, a := c.bodyOf()
	if a != nil {
		return a
	}
	c.h.editComment(cm, c.who.account(), body)
	return ok(c.h.commentJSON(cm))
}

func (c *call) deleteComment() *answer {
	cm := c.comment()
	if cm == nil {
		return notFound()
	}
	if !c.ownOrWrite(cm) {
		return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	c.h.deleteComment(cm, c.who.account())
	return noContent()
}

// reactions is the list of the comment that the path names.
func (c *call) reactions() *[]*reaction {
	if cm := c.comment(); cm != nil {
		return &cm.reactions
	}
	return nil
}

func (c *call) listReactions() *answer {
	list := c.reactions()
	if list == nil {
		return notFound()
	}
	kept := slices.Clone(*list)
	if want := c.query("content"); want != "" {
		kept = slices.DeleteFunc(kept, func(r *reaction) bool { return r.content != want })
	}
	return pageOf(c, kept, c.h.reactionJSON)
}

// createReaction answers 201, or 200 when the caller had reacted so before.
func (c *call) createReaction() *answer {
	list := c.reactions()
	if list == nil {
		return notFound()
	}
	var req struct{ Content string }
	if a := c.decode(&req); a != nil {
		return a
	}
	if !validReaction(req.Content) {
		return failed(invalidField("Reaction", "content", "invalid", ""))
	}
	r, fresh := c.h.react(list, c.who.account(), req.Content)
	if !fresh {
		return ok(c.h.reactionJSON(r))
	}
	return created(c.h.reactionJSON(r))
}

// deleteReaction is for who reacted, whatever others may.
func (c *call) deleteReaction() *answer {
	list := c.reactions()
	if list == nil {
		return notFound()
	}
	for i, r := range *list {
		if r.id == c.number("reaction") {
			if r.user != c.who.account() {
				return forbidden()
			}
			*list = append((*list)[:i:i], (*list)[i+1:]...)
			return noContent()
		}
	}
	return notFound()
}

func (c *call) repoLabels() *answer {
	return pageOf(c, c.repo.labels, func(l *label) obj { return c.h.labelJSON(c.repo, l) })
}

func (c *call) createLabel() *answer {
	var req struct{ Name, Color, Description string }
	if a := c.decode(&req); a != nil {
		return a
	}
	if req.Name == "" || slices.ContainsFunc(c.repo.labels, func(l *label) bool { return l.name == req.Name }) {
		return failed(invalidField("Label", "name", "already_exists", ""))
	}
	l := c.h.label(c.repo, req.Name)
	if req.Color != "" {
		l.color = req.Color
	}
	l.description = req.Description
	return created(c.h.labelJSON(c.repo, l))
}

func (c *call) listLabels() *answer {
	is := c.issue()
	if is == nil {
		return notFound()
	}
	return pageOf(c, is.labels, func(l *label) obj { return c.h.labelJSON(c.repo, l) })
}

func (c *call) addLabels() *answer {
	is := c.issue()
	if is == nil {
		return notFound()
	}
	var req struct{ Labels []string }
	if a := c.decode(&req); a != nil {
		return a
	}
	for _, name := range req.Labels {
		c.h.addLabel(c.ctx, is, c.who.account(), name)
	}
	return ok(c.h.labelsJSON(is))
}

func (c *call) removeLabel() *answer {
	is := c.issue()
	if is == nil {
		return notFound()
	}
	before := len(is.labels)
	is.labels = slices.DeleteFunc(is.labels, func(l *label) bool { return l.name == c.r.PathValue("name") })
	if len(is.labels) == before {
		return refuse(http.StatusNotFound, "Label does not exist")
	}
	return ok(c.h.labelsJSON(is))
}
