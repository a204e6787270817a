package hub

import (
	"context"
	"strings"
)

// person is a signature in JSON.
func (s signature) json() obj {
	return obj{"name": s.Name, "email": s.Email, "date": stamp(s.Date)}
}

// verification states whether GitHub signed a commit.
func (r *repo) verification(c commit) obj {
	if r.signed[c.sha] {
		return obj{"verified": true, "reason": "valid", "signature": "-----BEGIN PGP SIGNATURE-----", "payload": "tree " + c.tree, "verified_at": stamp(c.committer.Date)}
	}
	return obj{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}
}

// gitCommit is a commit of the git data API.
func (h *Hub) gitCommit(r *repo, c commit) obj {
	parents := forms(c.parents, func(sha string) obj {
		return obj{"sha": sha, "url": h.repoURL(r) + "/git/commits/" + sha, "html_url": h.htmlURL(r) + "/commit/" + sha}
	})
	return obj{
		"sha": c.sha, "node_id": "C_" + c.sha, "url": h.repoURL(r) + "/git/commits/" + c.sha, "html_url": h.htmlURL(r) + "/commit/" + c.sha,
		"author": c.author.json(), "committer": c.committer.json(), "message": c.message,
		"tree": obj{"sha": c.tree, "url": h.repoURL(r) + "/git/trees/" + c.tree}, "parents": parents, "verification": r.verification(c),
	}
}

// commitJSON is a commit of the repository API.
func (h *Hub) commitJSON(r *repo, c commit) obj {
	inner := h.gitCommit(r, c)
	parents := inner["parents"].([]obj)
	for i, p := range c.parents {
		parents[i] = obj{"sha": p, "url": h.repoURL(r) + "/commits/" + p, "html_url": h.htmlURL(r) + "/commit/" + p}
	}
	return obj{
		"sha": c.sha, "node_id": inner["node_id"], "url": h.repoURL(r) + "/commits/" + c.sha, "html_url": inner["html_url"],
		"comments_url": h.repoURL(r) + "/commits/" + c.sha + "/comments", "parents": parents,
		"author": orNull(h.user(h.byEmail(c.author.Email))), "committer": orNull(h.user(h.byEmail(c.committer.Email))),
		"commit": obj{"author": inner["author"], "committer": inner["committer"], "message": c.message, "tree": inner["tree"],
			"url": inner["url"], "comment_count": 0, "verification": inner["verification"]},
	}
}

// byEmail returns the account that GitHub shows beside a commit, nil when nobody has the address.
func (h *Hub) byEmail(email string) *account {
	for _, a := range h.accounts {
		if a.email() == email {
			return a
		}
	}
	return nil
}

// pushCommit is a commit in a push event.
func (h *Hub) pushCommit(ctx context.Context, r *repo, c commit) obj {
	out := obj{
		"id": c.sha, "tree_id": c.tree, "distinct": true, "message": c.message, "timestamp": stamp(c.author.Date), "url": h.htmlURL(r) + "/commit/" + c.sha,
		"author": obj{"name": c.author.Name, "email": c.author.Email}, "committer": obj{"name": c.committer.Name, "email": c.committer.Email},
	}
	lists := map[string][]string{"added": {}, "removed": {}, "modified": {}}
	changes, _ := r.git.run(ctx, "diff-tree", "-r", "-z", "--no-commit-id", "--name-status", "--no-renames", "--root", c.sha)
	fields := strings.Split(changes, "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		kind := map[string]string{"A": "added", "D": "removed"}[fields[i]]
		if kind == "" {
			kind = "modified"
		}
		lists[kind] = append(lists[kind], fields[i+1])
	}
	for kind, names := range lists {
		out[kind] = names
	}
	return out
}
