package hub

import "strconv"

// rollup counts reactions.
func rollup(url string, list []*reaction) obj {
	out := obj{"url": url + "/reactions", "total_count": len(list), "+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0}
	for _, r := range list {
		out[r.content] = out[r.content].(int) + 1
	}
	return out
}

func (h *Hub) reactionJSON(r *reaction) obj {
	return obj{"id": r.id, "node_id": node("REA", r.id), "user": h.user(r.user), "content": r.content, "created_at": stamp(r.created)}
}

func (h *Hub) labelJSON(r *repo, l *label) obj {
	return obj{"id": l.id, "node_id": node("LA", l.id), "url": h.repoURL(r) + "/labels/" + escape(l.name), "name": l.name, "color": l.color, "default": false, "description": l.description}
}

func (h *Hub) labelsJSON(is *issue) []obj {
	return forms(is.labels, func(l *label) obj { return h.labelJSON(is.repo, l) })
}

// issueURL is the API address of an issue, pullURL that of a pull request, pageURL the page
// of either.
func (h *Hub) issueURL(is *issue) string { return h.repoURL(is.repo) + "/issues/" + itoa(is.number) }
func (h *Hub) pullURL(is *issue) string  { return h.repoURL(is.repo) + "/pulls/" + itoa(is.number) }

// pageURL is where people look at an issue or pull request.
func (h *Hub) pageURL(is *issue) string {
	kind := "/issues/"
	if is.pull != nil {
		kind = "/pull/"
	}
	return h.htmlURL(is.repo) + kind + itoa(is.number)
}

// issueJSON is an issue, or the issue side of a pull request.
func (h *Hub) issueJSON(is *issue) obj {
	u := h.issueURL(is)
	out := obj{
		"url": u, "repository_url": h.repoURL(is.repo), "labels_url": u + "/labels{/name}", "comments_url": u + "/comments", "events_url": u + "/events",
		"timeline_url": u + "/timeline", "html_url": h.pageURL(is), "id": is.id, "node_id": node("I", is.id), "number": is.number, "title": is.title,
		"user": h.user(is.user), "labels": h.labelsJSON(is), "state": is.state, "locked": is.locked, "assignee": nil, "assignees": []obj{},
		"milestone": nil, "comments": len(is.comments), "created_at": stamp(is.created), "updated_at": stamp(is.updated), "closed_at": stamp(is.closed),
		"author_association": h.association(is.repo, is.user), "active_lock_reason": nil, "body": text(is.body), "reactions": rollup(u, is.reactions),
		"performed_via_github_app": orNull(h.appJSON(is.user.app)), "state_reason": nil,
	}
	if p := is.pull; p != nil {
		out["draft"] = p.draft
		out["pull_request"] = obj{"url": h.pullURL(is), "html_url": h.pageURL(is), "diff_url": h.pageURL(is) + ".diff", "patch_url": h.pageURL(is) + ".patch", "merged_at": stamp(p.merged)}
	}
	return out
}

// text is null when empty, as GitHub has it for bodies.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// commentJSON is an issue comment.
func (h *Hub) commentJSON(c *comment) obj {
	u := h.repoURL(c.issue.repo) + "/issues/comments/" + strconv.FormatInt(c.id, 10)
	return obj{
		"url": u, "html_url": h.pageURL(c.issue) + "#issuecomment-" + strconv.FormatInt(c.id, 10), "issue_url": h.issueURL(c.issue), "id": c.id,
		"node_id": node("IC", c.id), "user": h.user(c.user), "created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"author_association": h.association(c.issue.repo, c.user), "body": c.body, "reactions": rollup(u, c.reactions),
		"performed_via_github_app": orNull(h.appJSON(c.user.app)),
	}
}
