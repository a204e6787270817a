package hub

import (
	"net/http"
	"slices"
	"strings"
)

func (h *Hub) repoRoutes() []route {
	return []route{
		{"GET /repos/{owner}/{repo}", anyone, "metadata:read", func(c *call) *answer { return ok(c.h.fullRepository(c.repo, c.who)) }},
		{"GET /repos/{owner}/{repo}/properties/values", anyone, "metadata:read", func(*call) *answer { return ok([]obj{}) }},
		{"GET /repos/{owner}/{repo}/branches", anyone, "contents:read", (*call).listBranches},
		{"GET /repos/{owner}/{repo}/branches/{branch...}", anyone, "contents:read", (*call).getBranch},
		{"GET /repos/{owner}/{repo}/rules/branches/{branch...}", anyone, "metadata:read", (*call).branchRules},
		{"GET /repos/{owner}/{repo}/commits", anyone, "contents:read", (*call).listCommits},
		{"GET /repos/{owner}/{repo}/compare/{basehead...}", anyone, "contents:read", (*call).compare},
	}
}

// branchNames returns the branches in order.
func (r *repo) branchNames() []string {
	var names []string
	for ref := range r.refs {
		if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// protected reports whether a branch has rules.
func (r *repo) protected(branch string) bool {
	_, ok := r.rules[branch]
	return ok
}

func (c *call) listBranches() *answer {
	return pageOf(c, c.repo.branchNames(), func(name string) obj {
		sha := c.repo.head(name)
		return obj{"name": name, "commit": obj{"sha": sha, "url": c.h.repoURL(c.repo) + "/commits/" + sha}, "protected": c.repo.protected(name)}
	})
}

func (c *call) getBranch() *answer {
	name := c.r.PathValue("branch")
	if c.repo.head(name) == "" {
		return refuse(http.StatusNotFound, "Branch not found")
	}
	cm, err := c.repo.git.commit(c.ctx, c.repo.head(name))
	if err != nil {
		return failed(err)
	}
	u := c.h.repoURL(c.repo) + "/branches/" + escapePath(name)
	return ok(obj{
		"name": name, "commit": c.h.commitJSON(c.repo, cm), "_links": obj{"self": u, "html": c.h.htmlURL(c.repo) + "/tree/" + escapePath(name)},
		"protected": c.repo.protected(name), "protection": obj{"enabled": c.repo.protected(name)}, "protection_url": u + "/protection",
	})
}

// branchRules lists the active rules of a branch; none is an empty list.
func (c *call) branchRules() *answer {
	p := c.repo.rules[c.r.PathValue("branch")]
	list := []obj{}
	add := func(kind string, parameters obj) {
		list = append(list, obj{"type": kind, "parameters": parameters, "ruleset_source_type": "Repository", "ruleset_source": c.repo.fullName(), "ruleset_id": 1})
	}
	if len(p.Checks) > 0 {
		checks := forms(p.Checks, func(s string) obj { return obj{"context": s} })
		add("required_status_checks", obj{"required_status_checks": checks, "strict_required_status_checks_policy": false})
	}
	if p.PullRequest {
		add("pull_request", obj{"dismiss_stale_reviews_on_push": false, "require_code_owner_review": false, "require_last_push_approval": false, "required_approving_review_count": 0, "required_review_thread_resolution": false})
	}
	if p.Queue {
		add("merge_queue", obj{"check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5, "max_entries_to_merge": 5, "merge_method": "MERGE", "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5})
	}
	return ok(list)
}

// listCommits lists history from a branch, tag or commit, optionally of a path.
func (c *call) listCommits() *answer {
	from := c.query("sha")
	if from == "" {
		from = c.repo.branch
	}
	sha, found := c.repo.resolve(c.ctx, from)
	if !found {
		return notFound()
	}
	args := []string{"-1000", sha}
	if p := c.query("path"); p != "" {
		args = append(args, "--", ":(literal)"+p)
	}
	list, err := c.repo.git.commits(c.ctx, args...)
	if err != nil {
		return failed(err)
	}
	return pageOf(c, list, func(cm commit) obj { return c.h.commitJSON(c.repo, cm) })
}

// getCommit is one commit with its files.
func (c *call) getCommit() *answer {
	sha, found := c.repo.resolve(c.ctx, c.r.PathValue("ref"))
	if !found {
		return unprocessable("No commit found for SHA: " + c.r.PathValue("ref"))
	}
	cm, err := c.repo.git.commit(c.ctx, sha)
	if err != nil {
		return failed(err)
	}
	parent := "4b825dc642cb6eb9a060e54bf8d69288fbee4904" // the empty tree
	if len(cm.parents) > 0 {
		parent = cm.parents[0]
	}
	files, err := c.repo.git.changes(c.ctx, parent, sha, 3000)
	if err != nil {
		return failed(err)
	}
	out, add, del := c.h.commitJSON(c.repo, cm), 0, 0
	for _, f := range files {
		add, del = add+f.additions, del+f.deletions
	}
	out["stats"] = obj{"additions": add, "deletions": del, "total": add + del}
	out["files"] = forms(files, func(f fileChange) obj { return c.h.fileJSON(c.repo, sha, f) })
	return ok(out)
}

// fileJSON is a changed file.
func (h *Hub) fileJSON(r *repo, sha string, f fileChange) obj {
	p := escapePath(f.path)
	out := obj{
		"sha": f.sha, "filename": f.path, "status": f.status, "additions": f.additions, "deletions": f.deletions, "changes": f.additions + f.deletions,
		"blob_url": h.htmlURL(r) + "/blob/" + sha + "/" + p, "raw_url": h.htmlURL(r) + "/raw/" + sha + "/" + p, "contents_url": h.repoURL(r) + "/contents/" + p + "?ref=" + sha,
	}
	if f.patch != "" {
		out["patch"] = f.patch
	}
	if f.old != "" {
		out["previous_filename"] = f.old
	}
	return out
}

// compare is base...head: what head has since it left base, at most 300 files.
func (c *call) compare() *answer {
	from, to, ok3 := strings.Cut(c.r.PathValue("basehead"), "...")
	base, ok1 := c.repo.resolve(c.ctx, from)
	head, ok2 := c.repo.resolve(c.ctx, to)
	if !ok1 || !ok2 || !ok3 {
		return notFound()
	}
	g := c.repo.git
	left := g.base(c.ctx, base, head)
	if left == "" {
		return refuse(http.StatusNotFound, "No common ancestor between "+from+" and "+to+".")
	}
	ahead, err := g.commits(c.ctx, "--reverse", head, "^"+base)
	if err != nil {
		return failed(err)
	}
	behind, _ := g.run(c.ctx, "rev-list", "--count", base, "^"+head)
	files, err := g.changes(c.ctx, left, head, 300)
	if err != nil {
		return failed(err)
	}
	baseCommit, _ := g.commit(c.ctx, base)
	leftCommit, _ := g.commit(c.ctx, left)
	part, header := page(c, ahead)
	form := func(cm commit) obj { return c.h.commitJSON(c.repo, cm) }
	html := c.h.htmlURL(c.repo) + "/compare/" + base + "..." + head
	return &answer{status: http.StatusOK, header: header, body: obj{
		"url": c.h.repoURL(c.repo) + "/compare/" + escapePath(from) + "..." + escapePath(to), "html_url": html, "permalink_url": html, "diff_url": html + ".diff",
		"patch_url": html + ".patch", "base_commit": form(baseCommit), "merge_base_commit": form(leftCommit), "status": relation(len(ahead), atoi(behind)),
		"ahead_by": len(ahead), "behind_by": atoi(behind), "total_commits": len(ahead), "commits": forms(part, form),
		"files": forms(files, func(f fileChange) obj { return c.h.fileJSON(c.repo, head, f) }),
	}}
}

// relation is GitHub's word for two commits, by how many each has that the other lacks.
func relation(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}
