package hub

import (
	"context"
	"maps"
	"slices"
)

// emit sends an event of a repository to every App that hears it there.
func (h *Hub) emit(r *repo, event string, payload obj, by *account) {
	for _, app := range h.apps {
		if slices.Contains(app.events, event) {
			h.emitTo(app, r, event, payload, by)
		}
	}
}

// emitTo sends an event of a repository to one App, when it is installed there and not
// suspended.
func (h *Hub) emitTo(app *App, r *repo, event string, payload obj, by *account) {
	in := h.installationOn(app, r)
	if in == nil || !in.suspended.IsZero() {
		return
	}
	if by == nil {
		by = r.owner
	}
	p := maps.Clone(payload)
	p["repository"], p["sender"] = h.repository(r), h.user(by)
	p["installation"] = obj{"id": in.id, "node_id": node("IN", in.id)}
	if r.owner.kind == "Organization" {
		p["organization"] = h.organization(r.owner)
	}
	h.deliver(app, in, r, event, p)
}

// emitPull sends a pull_request event. Extra members join the payload.
func (h *Hub) emitPull(ctx context.Context, is *issue, by *account, action string, extra obj) {
	payload := obj{"action": action, "number": is.number, "pull_request": h.pullJSON(ctx, is, false)}
	maps.Copy(payload, extra)
	h.emit(is.repo, "pull_request", payload, by)
}

// emitComment sends an issue_comment event.
func (h *Hub) emitComment(c *comment, by *account, action string, changes obj) {
	payload := obj{"action": action, "issue": h.issueJSON(c.issue), "comment": h.commentJSON(c)}
	if changes != nil {
		payload["changes"] = changes
	}
	h.emit(c.issue.repo, "issue_comment", payload, by)
}

// emitPush sends a push event; an empty before or after is a ref that was not there.
func (h *Hub) emitPush(ctx context.Context, r *repo, by *account, ref, before, after string) {
	args := []string{"-20", "--reverse", after}
	if before != "" {
		args = append(args, "^"+before)
	} else if main := r.head(r.branch); main != "" && main != after {
		args = append(args, "^"+main)
	}
	var list []commit
	if after != "" {
		list, _ = r.git.commits(ctx, args...)
	}
	var tip any
	if after != "" {
		if c, err := r.git.commit(ctx, after); err == nil {
			tip = h.pushCommit(ctx, r, c)
		}
	}
	if by == nil {
		by = r.owner
	}
	h.emit(r, "push", obj{
		"ref": ref, "before": orZero(before), "after": orZero(after), "created": before == "", "deleted": after == "",
		"forced": before != "" && after != "" && !r.git.ancestor(ctx, before, after), "base_ref": nil,
		"compare": h.htmlURL(r) + "/compare/" + short(before) + "..." + short(after), "head_commit": tip,
		"commits": forms(list, func(c commit) obj { return h.pushCommit(ctx, r, c) }),
		"pusher":  obj{"name": by.login, "email": by.email()},
	}, by)
}

func orZero(sha string) string {
	if sha == "" {
		return zero
	}
	return sha
}

func short(sha string) string { return orZero(sha)[:12] }

// group is the head of a merge queue.
type group struct {
	sha, ref      string // what is tested, and where
	base, baseSHA string // the branch without refs/heads/, and its tip then
}

// emitGroup sends a merge_group event: checks_requested, or destroyed with a reason.
func (h *Hub) emitGroup(ctx context.Context, r *repo, by *account, g group, action, reason string) {
	c, err := r.git.commit(ctx, g.sha)
	if err != nil {
		return
	}
	payload := obj{"action": action, "merge_group": obj{
		"head_sha": g.sha, "head_ref": g.ref, "base_ref": "refs/heads/" + g.base, "base_sha": g.baseSHA, "head_commit": simpleCommit(c),
	}}
	if reason != "" {
		payload["reason"] = reason
	}
	h.emit(r, "merge_group", payload, by)
}

// simpleCommit is a commit within groups and suites.
func simpleCommit(c commit) obj {
	return obj{"id": c.sha, "tree_id": c.tree, "message": c.message, "timestamp": stamp(c.author.Date),
		"author": obj{"name": c.author.Name, "email": c.author.Email}, "committer": obj{"name": c.committer.Name, "email": c.committer.Email}}
}

// suiteLong is a check suite with its commit.
func (h *Hub) suiteLong(ctx context.Context, r *repo, s *checkSuite) obj {
	out := h.suiteJSON(r, s)
	n := 0
	for _, run := range r.runs {
		if run.suite == s {
			n++
		}
	}
	out["latest_check_runs_count"], out["check_runs_url"] = n, out["url"].(string)+"/check-runs"
	if c, err := r.git.commit(ctx, s.sha); err == nil {
		out["head_commit"] = simpleCommit(c)
	}
	return out
}

// emitSuite sends a check_suite event to the suite's App, whether or not it asked for them:
// that is how GitHub asks for checks.
func (h *Hub) emitSuite(ctx context.Context, r *repo, s *checkSuite, by *account, action string) {
	h.emitTo(s.app, r, "check_suite", obj{"action": action, "check_suite": h.suiteLong(ctx, r, s)}, by)
}

// emitCheck sends a check_run event: a wish for the run to be repeated to its own App, anything
// else to all that listen.
func (h *Hub) emitCheck(r *repo, run *checkRun, by *account, action string) {
	form := h.checkJSON(r, run)
	form["check_suite"] = h.suiteJSON(r, run.suite)
	payload := obj{"action": action, "check_run": form}
	if action == "rerequested" {
		h.emitTo(run.app, r, "check_run", payload, by)
		return
	}
	h.emit(r, "check_run", payload, by)
}

// emitInstallation sends an installation event to the App.
func (h *Hub) emitInstallation(in *installation, by *account, action string) {
	h.deliver(in.app, in, nil, "installation", obj{
		"action": action, "installation": h.installationJSON(in), "repositories": repoNames(h.reach(in)), "sender": h.user(by),
	})
}

// emitInstallationRepos sends an installation_repositories event, unless nothing changed.
func (h *Hub) emitInstallationRepos(in *installation, action string, list []*repo) {
	if len(list) == 0 {
		return
	}
	payload := obj{
		"action": action, "installation": h.installationJSON(in), "repository_selection": "selected", "requester": nil,
		"repositories_added": []obj{}, "repositories_removed": []obj{}, "sender": h.user(in.account),
	}
	payload["repositories_"+action] = repoNames(list)
	h.deliver(in.app, in, nil, "installation_repositories", payload)
}

// emitPing sends the first event of a new App.
func (h *Hub) emitPing(a *App) {
	u := h.api("/app/hook/" + itoa(int(a.hookID)))
	h.deliver(a, nil, nil, "ping", obj{"zen": "Keep it logically awesome.", "hook_id": a.hookID, "hook": obj{
		"type": "App", "id": a.hookID, "name": "web", "active": true, "app_id": a.id, "events": nonNil(a.events),
		"config":     obj{"content_type": "json", "url": a.hookURL, "insecure_ssl": "0", "secret": "********"},
		"created_at": stamp(a.created), "updated_at": stamp(a.created), "url": u, "ping_url": u + "/pings", "deliveries_url": h.api("/app/hook/deliveries"),
	}})
}
