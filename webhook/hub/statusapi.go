package hub

import (
	"net/http"
	"slices"
	"unicode/utf8"
)

// createStatus sets a commit status; the newest of a context counts.
func (c *call) createStatus() *answer {
	var req struct {
		State, Context, Description string
		TargetURL                   *string `json:"target_url"`
	}
	if a := c.decode(&req); a != nil {
		return a
	}
	sha := c.r.PathValue("sha")
	switch {
	case c.repo.git.kind(c.ctx, sha) != "commit":
		return unprocessable("No commit found for SHA: " + sha)
	case !slices.Contains([]string{"error", "failure", "pending", "success"}, req.State):
		return failed(invalidField("Status", "state", "custom", "state is not included in the list"))
	case utf8.RuneCountInString(req.Description) > 140:
		return failed(invalidField("Status", "description", "custom", "description is too long (maximum is 140 characters)"))
	}
	s := &commitStatus{sha: sha, state: req.State, context: req.Context, reason: req.Description, user: c.who.account()}
	if s.context == "" {
		s.context = "default"
	}
	if req.TargetURL != nil {
		s.target = *req.TargetURL
	}
	if err := c.h.setStatus(c.ctx, c.repo, s); err != nil {
		return failed(err)
	}
	return created(c.h.statusJSON(c.repo, s))
}

// combinedStatus sums up the newest status of each context.
func (c *call) combinedStatus() *answer {
	sha, found := c.repo.resolve(c.ctx, c.r.PathValue("ref"))
	if !found {
		return notFound()
	}
	state, seen, list := "success", map[string]bool{}, []obj{}
	for _, s := range slices.Backward(c.repo.statuses) {
		if s.sha != sha || seen[s.context] {
			continue
		}
		seen[s.context] = true
		switch {
		case s.state == "failure" || s.state == "error":
			state = "failure"
		case s.state == "pending" && state == "success":
			state = "pending"
		}
		form := c.h.statusJSON(c.repo, s)
		delete(form, "creator")
		list = append(list, form)
	}
	if len(list) == 0 {
		state = "pending"
	}
	u := c.h.repoURL(c.repo) + "/commits/" + sha
	part, header := page(c, list)
	return &answer{status: http.StatusOK, header: header, body: obj{
		"state": state, "sha": sha, "total_count": len(list), "statuses": part, "repository": c.h.repository(c.repo), "commit_url": u, "url": u + "/status",
	}}
}
