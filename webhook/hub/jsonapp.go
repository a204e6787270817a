package hub

import "strconv"

// appJSON is an App; nil for none.
func (h *Hub) appJSON(a *App) obj {
	if a == nil {
		return nil
	}
	return obj{
		"id": a.id, "slug": a.slug, "node_id": node("A", a.id), "owner": h.user(a.owner), "name": a.name, "description": "",
		"external_url": a.homePage, "html_url": h.url + "/apps/" + a.slug, "created_at": stamp(a.created), "updated_at": stamp(a.created),
		"permissions": a.permissions, "events": nonNil(a.events),
	}
}

// nonNil keeps a list from becoming null.
func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// installationJSON is an installation.
func (h *Hub) installationJSON(in *installation) obj {
	id := strconv.FormatInt(in.id, 10)
	selection, html := "selected", h.url+"/settings/installations/"+id
	if in.all {
		selection = "all"
	}
	if in.account.kind == "Organization" {
		html = h.url + "/organizations/" + in.account.login + "/settings/installations/" + id
	}
	return obj{
		"id": in.id, "account": h.user(in.account), "repository_selection": selection, "access_tokens_url": h.api("/app/installations/" + id + "/access_tokens"),
		"repositories_url": h.api("/installation/repositories"), "html_url": html, "app_id": in.app.id, "app_slug": in.app.slug,
		"target_id": in.account.id, "target_type": in.account.kind, "permissions": in.permissions, "events": nonNil(in.app.events),
		"created_at": stamp(in.created), "updated_at": stamp(in.created), "single_file_name": nil, "has_multiple_single_files": false,
		"single_file_paths": []string{}, "suspended_by": orNull(h.user(in.suspendedBy)), "suspended_at": stamp(in.suspended),
	}
}

// checkJSON is a check run.
func (h *Hub) checkJSON(r *repo, run *checkRun) obj {
	u := h.repoURL(r) + "/check-runs/" + strconv.FormatInt(run.id, 10)
	page := h.htmlURL(r) + "/runs/" + strconv.FormatInt(run.id, 10)
	details := run.details
	if details == "" {
		details = page
	}
	return obj{
		"id": run.id, "node_id": node("CR", run.id), "head_sha": run.sha, "name": run.name, "external_id": run.external, "url": u, "html_url": page,
		"details_url": details, "status": run.status, "conclusion": text(run.conclusion), "started_at": stamp(run.started),
		"completed_at": stamp(run.completed), "check_suite": obj{"id": run.suite.id}, "app": h.appJSON(run.app), "pull_requests": h.pullsAt(r, run.sha),
		"output": obj{"title": run.title, "summary": run.summary, "text": run.text, "annotations_count": len(run.annotations), "annotations_url": u + "/annotations"},
	}
}

// suiteJSON is a check suite.
func (h *Hub) suiteJSON(r *repo, s *checkSuite) obj {
	status, conclusion := s.state(r)
	return obj{
		"id": s.id, "node_id": node("CS", s.id), "head_branch": text(s.branch), "head_sha": s.sha, "status": status, "conclusion": text(conclusion),
		"url": h.repoURL(r) + "/check-suites/" + strconv.FormatInt(s.id, 10), "before": nil, "after": nil, "pull_requests": h.pullsAt(r, s.sha),
		"app": h.appJSON(s.app), "created_at": stamp(s.created), "updated_at": stamp(s.updated),
	}
}

// statusJSON is a commit status.
func (h *Hub) statusJSON(r *repo, s *commitStatus) obj {
	return obj{
		"url": h.repoURL(r) + "/statuses/" + s.sha, "avatar_url": h.url + "/avatars/" + strconv.FormatInt(s.user.id, 10), "id": s.id,
		"node_id": node("ST", s.id), "state": s.state, "description": text(s.reason), "target_url": text(s.target), "context": s.context,
		"created_at": stamp(s.created), "updated_at": stamp(s.created), "creator": h.user(s.user),
	}
}
