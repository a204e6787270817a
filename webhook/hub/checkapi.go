package hub

import (
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

func (h *Hub) checkRoutes() []route {
	const base = "/repos/{owner}/{repo}"
	return []route{
		{"POST " + base + "/check-runs", asInstalled, "checks:write", (*call).createCheck},
		{"GET " + base + "/check-runs/{id}", anyone, "checks:read", (*call).getCheck},
		{"PATCH " + base + "/check-runs/{id}", asInstalled, "checks:write", (*call).updateCheck},
		{"GET " + base + "/check-runs/{id}/annotations", anyone, "checks:read", (*call).listAnnotations},
		{"POST " + base + "/statuses/{sha}", asToken, "statuses:write", (*call).createStatus},
		{"GET " + base + "/commits/{ref...}/check-runs", anyone, "checks:read", (*call).checksForRef},
		{"GET " + base + "/commits/{ref...}/check-suites", anyone, "checks:read", (*call).suitesForRef},
		{"GET " + base + "/commits/{ref...}/status", anyone, "statuses:read", (*call).combinedStatus},
		{"GET " + base + "/commits/{ref...}/pulls", anyone, "pull_requests:read", (*call).pullsOfCommit},
		{"GET " + base + "/commits/{ref...}", anyone, "contents:read", (*call).getCommit},
	}
}

// Limits of a check run.
const (
	maxAnnotations = 50    // in one request
	maxOutput      = 65535 // characters of summary and text
	maxActions     = 3
)

// checkRequest is the body of both calls that write a check run. A field that is nil
// was not sent and changes nothing.
type checkRequest struct {
	Name        *string    `json:"name"`
	HeadSHA     string     `json:"head_sha"`
	DetailsURL  *string    `json:"details_url"`
	ExternalID  *string    `json:"external_id"`
	Status      *string    `json:"status"`
	Conclusion  *string    `json:"conclusion"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Actions     []obj      `json:"actions"`
	Output      *struct {
		Title       *string      `json:"title"`
		Summary     *string      `json:"summary"`
		Text        *string      `json:"text"`
		Annotations []annotation `json:"annotations"`
	} `json:"output"`
}

// check refuses what is beyond the limits.
func (q *checkRequest) check() *answer {
	if len(q.Actions) > maxActions {
		return unprocessable("Invalid request.\n\nNo more than 3 items are allowed; " + itoa(len(q.Actions)) + " were supplied.")
	}
	if q.Conclusion != nil && !slices.Contains([]string{"action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"}, *q.Conclusion) {
		return unprocessable("Invalid request.\n\n" + strconv.Quote(*q.Conclusion) + " is not a possible conclusion.")
	}
	o := q.Output
	if o == nil {
		return nil
	}
	if o.Title == nil || o.Summary == nil {
		return unprocessable("Invalid request.\n\n\"title\", \"summary\" weren't supplied.")
	}
	if len(o.Annotations) > maxAnnotations {
		return unprocessable("Invalid request.\n\nNo more than 50 items are allowed; " + itoa(len(o.Annotations)) + " were supplied.")
	}
	for _, s := range []*string{o.Summary, o.Text} {
		if s != nil && utf8.RuneCountInString(*s) > maxOutput {
			return unprocessable("Invalid request.\n\nOnly 65535 characters are allowed; " + itoa(utf8.RuneCountInString(*s)) + " were supplied.")
		}
	}
	for _, a := range o.Annotations {
		if a.Path == "" || a.StartLine < 1 || a.EndLine < a.StartLine || a.Message == "" || !slices.Contains([]string{"notice", "warning", "failure"}, a.Level) {
			return unprocessable("Invalid request.\n\nInvalid annotation.")
		}
	}
	return nil
}

// createCheck needs no name of its own: two runs of one name stay two, as at GitHub.
func (c *call) createCheck() *answer {
	var req checkRequest
	if a := c.decode(&req); a != nil {
		return a
	}
	if req.Name == nil || *req.Name == "" {
		return unprocessable("Invalid request.\n\n\"name\" wasn't supplied.")
	}
	if a := req.check(); a != nil {
		return a
	}
	if c.repo.git.kind(c.ctx, req.HeadSHA) != "commit" {
		return unprocessable("No commit found for SHA: " + req.HeadSHA)
	}
	app := c.who.tok.in.app
	run := &checkRun{id: c.h.id(), app: app, sha: req.HeadSHA, status: "queued", created: c.h.now(), started: c.h.now(), suite: c.h.suite(c.repo, app, c.branchAt(req.HeadSHA), req.HeadSHA)}
	c.repo.runs = append(c.repo.runs, run)
	c.apply(run, &req)
	c.h.emitCheck(c.repo, run, app.bot, "created")
	return c.settled(run, true, created(c.h.checkJSON(c.repo, run)))
}

// branchAt returns a branch whose tip a commit is.
func (c *call) branchAt(sha string) string {
	for _, name := range c.repo.branchNames() {
		if c.repo.head(name) == sha {
			return name
		}
	}
	return ""
}

// apply changes a run; annotations add to those it has.
func (c *call) apply(run *checkRun, q *checkRequest) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&run.name, q.Name)
	set(&run.details, q.DetailsURL)
	set(&run.external, q.ExternalID)
	set(&run.status, q.Status)
	if q.StartedAt != nil {
		run.started = *q.StartedAt
	}
	if q.Conclusion != nil {
		run.status, run.conclusion, run.completed = "completed", *q.Conclusion, c.h.now()
	} else if run.status != "completed" {
		run.conclusion, run.completed = "", time.Time{}
	}
	if q.CompletedAt != nil {
		run.status, run.completed = "completed", *q.CompletedAt
	}
	if q.Actions != nil {
		run.actions = q.Actions
	}
	if o := q.Output; o != nil {
		run.title, run.summary = o.Title, o.Summary
		if o.Text != nil {
			run.text = o.Text
		}
		run.annotations = append(run.annotations, o.Annotations...)
	}
	run.suite.updated = c.h.now()
}

// settled tells of a run that has just been completed, and lets merges happen that waited
// for it.
func (c *call) settled(run *checkRun, open bool, a *answer) *answer {
	if open && run.status == "completed" {
		c.h.emitCheck(c.repo, run, run.app.bot, "completed")
	}
	if err := c.h.checked(c.ctx, c.repo, run.sha); err != nil {
		return failed(err)
	}
	return a
}

// check is the run that the path names, of whichever App; nil when the repository has
// none.
func (c *call) check() *checkRun {
	for _, run := range c.repo.runs {
		if run.id == c.number("id") {
			return run
		}
	}
	return nil
}

func (c *call) getCheck() *answer {
	if run := c.check(); run != nil {
		return ok(c.h.checkJSON(c.repo, run))
	}
	return notFound()
}

// updateCheck changes a run of the caller's own App.
func (c *call) updateCheck() *answer {
	run := c.check()
	if run == nil {
		return notFound()
	}
	if run.app != c.who.tok.in.app {
		return refuse(http.StatusForbidden, "Invalid app_id `"+strconv.FormatInt(run.app.id, 10)+"` - check run can only be modified by the GitHub App that created it.")
	}
	var req checkRequest
	if a := c.decode(&req); a != nil {
		return a
	}
	if a := req.check(); a != nil {
		return a
	}
	finished := run.status == "completed"
	c.apply(run, &req)
	return c.settled(run, !finished, ok(c.h.checkJSON(c.repo, run)))
}

func (c *call) listAnnotations() *answer {
	run := c.check()
	if run == nil {
		return notFound()
	}
	return pageOf(c, run.annotations, func(a annotation) obj {
		return obj{"path": a.Path, "blob_href": c.h.htmlURL(c.repo) + "/blob/" + run.sha + "/" + escapePath(a.Path), "start_line": a.StartLine, "end_line": a.EndLine,
			"start_column": a.StartCol, "end_column": a.EndCol, "annotation_level": a.Level, "title": text(a.Title), "message": a.Message, "raw_details": text(a.RawDetails)}
	})
}

// checksForRef lists the newest run of each name, or all, newest first.
func (c *call) checksForRef() *answer {
	sha, found := c.repo.resolve(c.ctx, c.r.PathValue("ref"))
	if !found {
		return unprocessable("No commit found for SHA: " + c.r.PathValue("ref"))
	}
	list := c.repo.newest(sha)
	if c.query("filter") == "all" {
		list = slices.DeleteFunc(slices.Clone(c.repo.runs), func(r *checkRun) bool { return r.sha != sha })
	}
	list = slices.DeleteFunc(list, func(r *checkRun) bool {
		return c.query("check_name") != "" && r.name != c.query("check_name") || c.query("status") != "" && r.status != c.query("status") ||
			c.query("app_id") != "" && c.query("app_id") != strconv.FormatInt(r.app.id, 10)
	})
	slices.Reverse(list)
	part, header := page(c, list)
	return &answer{status: http.StatusOK, header: header, body: obj{"total_count": len(list), "check_runs": forms(part, func(r *checkRun) obj { return c.h.checkJSON(c.repo, r) })}}
}

func (c *call) suitesForRef() *answer {
	sha, found := c.repo.resolve(c.ctx, c.r.PathValue("ref"))
	if !found {
		return notFound()
	}
	list := slices.DeleteFunc(slices.Clone(c.repo.suites), func(s *checkSuite) bool { return s.sha != sha })
	part, header := page(c, list)
	return &answer{status: http.StatusOK, header: header, body: obj{"total_count": len(list), "check_suites": forms(part, func(s *checkSuite) obj {
		out := c.h.suiteLong(c.ctx, c.repo, s)
		out["repository"] = c.h.repository(c.repo)
		return out
	})}}
}
