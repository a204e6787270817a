package hub

import (
	"maps"
	"net/url"
	"strings"
)

// escape makes a name safe as one segment of a link.
func escape(s string) string { return url.PathEscape(s) }

// escapePath makes a path safe in a link.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i, s := range parts {
		parts[i] = escape(s)
	}
	return strings.Join(parts, "/")
}

// repoURL is the API address of a repository.
func (h *Hub) repoURL(r *repo) string { return h.api("/repos/" + r.fullName()) }

// htmlURL is the page of a repository.
func (h *Hub) htmlURL(r *repo) string { return h.url + "/" + r.fullName() }

// repoLinks are the addresses that every form of a repository has.
func (h *Hub) repoLinks(r *repo) obj {
	u := h.repoURL(r)
	out := obj{"url": u, "html_url": h.htmlURL(r), "clone_url": h.htmlURL(r) + ".git", "git_url": "git" + strings.TrimPrefix(strings.TrimPrefix(h.htmlURL(r), "https"), "http") + ".git",
		"ssh_url": "git@github.com:" + r.fullName() + ".git", "svn_url": h.htmlURL(r), "mirror_url": nil}
	for name, path := range map[string]string{
		"forks": "/forks", "keys": "/keys{/key_id}", "collaborators": "/collaborators{/collaborator}", "teams": "/teams", "hooks": "/hooks",
		"issue_events": "/issues/events{/number}", "events": "/events", "assignees": "/assignees{/user}", "branches": "/branches{/branch}",
		"tags": "/tags", "blobs": "/git/blobs{/sha}", "git_tags": "/git/tags{/sha}", "git_refs": "/git/refs{/sha}", "trees": "/git/trees{/sha}",
		"statuses": "/statuses/{sha}", "languages": "/languages", "stargazers": "/stargazers", "contributors": "/contributors",
		"subscribers": "/subscribers", "subscription": "/subscription", "commits": "/commits{/sha}", "git_commits": "/git/commits{/sha}",
		"comments": "/comments{/number}", "issue_comment": "/issues/comments{/number}", "contents": "/contents/{+path}",
		"compare": "/compare/{base}...{head}", "merges": "/merges", "archive": "/{archive_format}{/ref}", "downloads": "/downloads",
		"issues": "/issues{/number}", "pulls": "/pulls{/number}", "milestones": "/milestones{/number}",
		"notifications": "/notifications{?since,all,participating}", "labels": "/labels{/name}", "releases": "/releases{/id}", "deployments": "/deployments",
	} {
		out[name+"_url"] = u + path
	}
	return out
}

// repository is a repository as webhooks and lists state it.
func (h *Hub) repository(r *repo) obj {
	open, visibility := 0, "public"
	if r.private {
		visibility = "private"
	}
	for _, is := range r.issues {
		if is.state == "open" {
			open++
		}
	}
	forks := h.forks(r)
	out := h.repoLinks(r)
	maps.Copy(out, obj{
		"id": r.id, "node_id": node("R", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private, "owner": h.user(r.owner),
		"description": nil, "fork": r.parent != nil, "created_at": stamp(r.created), "updated_at": stamp(r.pushed), "pushed_at": stamp(r.pushed),
		"homepage": nil, "size": 1, "stargazers_count": 0, "watchers_count": 0, "watchers": 0, "language": nil, "has_issues": true,
		"has_projects": false, "has_downloads": true, "has_wiki": false, "has_pages": false, "has_discussions": false, "forks_count": forks,
		"forks": forks, "archived": false, "disabled": false, "open_issues_count": open, "open_issues": open, "license": nil,
		"default_branch": r.branch, "is_template": false, "web_commit_signoff_required": false, "topics": []string{}, "visibility": visibility,
		"allow_forking": true, "custom_properties": obj{},
	})
	return out
}

func (h *Hub) forks(r *repo) int {
	n := 0
	for _, other := range h.repos {
		if other.parent == r {
			n++
		}
	}
	return n
}

// fullRepository is what GET of a repository gives.
func (h *Hub) fullRepository(r *repo, who caller) obj {
	out := h.repository(r)
	level := h.roleOf(r, who.account()).level()
	maps.Copy(out, obj{
		"network_count": 0, "subscribers_count": 0, "allow_squash_merge": !r.noMergeMethod["squash"], "allow_merge_commit": !r.noMergeMethod["merge"],
		"allow_rebase_merge": !r.noMergeMethod["rebase"], "allow_auto_merge": !r.noAutoMerge, "delete_branch_on_merge": false,
		"permissions": obj{"admin": level >= Admin.level(), "maintain": level >= Maintain.level(), "push": level >= Write.level(), "triage": level >= Triage.level(), "pull": true},
	})
	if r.parent != nil {
		out["parent"], out["source"] = h.repository(r.parent), h.repository(r.parent)
	}
	return out
}

// repoRef is the shortest form of a repository.
func (h *Hub) repoRef(r *repo) obj { return obj{"id": r.id, "url": h.repoURL(r), "name": r.name} }

// repoName is the form of a repository in installation events.
func repoNames(list []*repo) []obj {
	return forms(list, func(r *repo) obj {
		return obj{"id": r.id, "node_id": node("R", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private}
	})
}
