package hub

import (
	"context"
	"maps"
)

// side is head or base of a pull request. The repository of a head that is gone is
// null.
func (h *Hub) side(r *repo, user *account, branch, sha string) obj {
	out := obj{"label": user.login + ":" + branch, "ref": branch, "sha": sha, "user": h.user(user), "repo": nil}
	if r != nil {
		out["repo"] = h.repository(r)
	}
	return out
}

// pullLinks are the addresses of a pull request.
func (h *Hub) pullLinks(is *issue) (links, self obj) {
	u, page := h.pullURL(is), h.pageURL(is)
	links = obj{
		"url": u, "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch", "issue_url": h.issueURL(is),
		"commits_url": u + "/commits", "review_comments_url": u + "/comments", "review_comment_url": h.repoURL(is.repo) + "/pulls/comments{/number}",
		"comments_url": h.issueURL(is) + "/comments", "statuses_url": h.repoURL(is.repo) + "/statuses/" + is.pull.headSHA,
	}
	self = obj{}
	for name, key := range map[string]string{
		"self": "url", "html": "html_url", "issue": "issue_url", "comments": "comments_url", "review_comments": "review_comments_url",
		"review_comment": "review_comment_url", "commits": "commits_url", "statuses": "statuses_url",
	} {
		self[name] = obj{"href": links[key]}
	}
	return links, self
}

// simplePull is a pull request as lists state it.
func (h *Hub) simplePull(is *issue) obj {
	p := is.pull
	out, links := h.pullLinks(is)
	maps.Copy(out, obj{
		"id": is.id, "node_id": node("PR", is.id), "number": is.number, "state": is.state, "locked": is.locked, "title": is.title,
		"user": h.user(is.user), "body": text(is.body), "created_at": stamp(is.created), "updated_at": stamp(is.updated), "closed_at": stamp(is.closed),
		"merged_at": stamp(p.merged), "merge_commit_sha": text(p.mergeSHA), "assignee": nil, "assignees": []obj{}, "requested_reviewers": []obj{},
		"requested_teams": []obj{}, "labels": h.labelsJSON(is), "milestone": nil, "draft": p.draft, "head": h.side(p.headRepo, p.headUser, p.head, p.headSHA),
		"base": h.side(is.repo, is.repo.owner, p.base, p.baseSHA), "_links": links, "author_association": h.association(is.repo, is.user),
		"auto_merge": nil, "active_lock_reason": nil,
	})
	if p.mergeSHA == "" && p.trial.sha != "" {
		out["merge_commit_sha"] = p.trial.sha
	}
	if p.auto != "" {
		out["auto_merge"] = obj{"enabled_by": h.user(p.autoBy), "merge_method": p.auto, "commit_title": "", "commit_message": ""}
	}
	return out
}

// pullJSON is a pull request in full. Mergeability is computed when ask is set;
// webhooks do not ask.
func (h *Hub) pullJSON(ctx context.Context, is *issue, ask bool) obj {
	p, mergeable, state := is.pull, any(nil), "unknown"
	if ask {
		if t, known := h.mergeable(ctx, is); known {
			mergeable, state = t.ok, h.mergeState(is, t)
		}
	}
	out := h.simplePull(is)
	stat := h.size(ctx, is)
	maps.Copy(out, obj{
		"merged": !p.merged.IsZero(), "mergeable": mergeable, "rebaseable": mergeable, "mergeable_state": state, "merged_by": orNull(h.user(p.mergedBy)),
		"comments": len(is.comments), "review_comments": 0, "maintainer_can_modify": p.edits, "commits": stat.commits,
		"additions": stat.additions, "deletions": stat.deletions, "changed_files": stat.files,
	})
	return out
}

// size measures a pull request, once for each head and base.
func (h *Hub) size(ctx context.Context, is *issue) stats {
	p := is.pull
	key := [3]string{is.repo.head(p.base), p.baseSHA, p.headSHA}
	if p.sizedFor != key {
		p.sizedFor, p.size = key, is.repo.git.numstat(ctx, key[0], key[1], key[2])
	}
	return p.size
}

// mergeState is GitHub's word for how things stand: clean, dirty, draft, blocked.
func (h *Hub) mergeState(is *issue, t trial) string {
	switch {
	case !t.ok:
		return "dirty"
	case is.pull.draft:
		return "draft"
	case h.groupState(is.repo, is.pull.base, is.pull.headSHA) != "success":
		return "blocked"
	}
	return "clean"
}

// minimalPull is the form of a pull request within checks.
func (h *Hub) minimalPull(is *issue) obj {
	p := is.pull
	side := func(r *repo, branch, sha string) obj { return obj{"ref": branch, "sha": sha, "repo": h.repoRef(r)} }
	return obj{"id": is.id, "number": is.number, "url": h.pullURL(is), "head": side(is.repo, p.head, p.headSHA), "base": side(is.repo, p.base, p.baseSHA)}
}

// pullsAt returns the open pull requests of a repository whose head is a commit. Those from
// forks are not among them, as on GitHub.
func (h *Hub) pullsAt(r *repo, sha string) []obj {
	out := []obj{}
	for _, is := range r.issues {
		if is.pull != nil && is.state == "open" && is.pull.headSHA == sha && is.pull.headRepo == r {
			out = append(out, h.minimalPull(is))
		}
	}
	return out
}
