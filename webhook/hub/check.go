package hub

import (
	"context"
	"time"
)

// annotation is one annotation of a check run, as the API takes and gives it.
type annotation struct {
	Path       string `json:"path"`
	StartLine  int    `json:"start_line"`
	EndLine    int    `json:"end_line"`
	StartCol   *int   `json:"start_column"`
	EndCol     *int   `json:"end_column"`
	Level      string `json:"annotation_level"`
	Message    string `json:"message"`
	Title      string `json:"title"`
	RawDetails string `json:"raw_details"`
}

// checkRun is one run of a check by an App.
type checkRun struct {
	id                          int64
	app                         *App
	suite                       *checkSuite
	name, sha                   string
	status, conclusion          string
	details, external           string
	title, summary, text        *string // nil until somebody writes them
	annotations                 []annotation
	actions                     []obj
	started, completed, created time.Time
}

// checkSuite groups the runs of one App on one commit.
type checkSuite struct {
	id      int64
	app     *App
	branch  string
	sha     string
	created time.Time
	updated time.Time
}

// commitStatus is a commit status.
type commitStatus struct {
	id                                  int64
	sha, state, context, target, reason string
	user                                *account
	created                             time.Time
}

// suite returns the suite of an App on a commit, created when it is new.
func (h *Hub) suite(r *repo, app *App, branch, sha string) *checkSuite {
	for _, s := range r.suites {
		if s.app == app && s.sha == sha {
			return s
		}
	}
	s := &checkSuite{id: h.id(), app: app, branch: branch, sha: sha, created: h.now(), updated: h.now()}
	r.suites = append(r.suites, s)
	return s
}

// newSuites opens a suite for every App that may write checks, as GitHub does on a push.
func (h *Hub) newSuites(ctx context.Context, r *repo, branch, sha string, by *account) {
	for _, app := range h.apps {
		if in := h.installationOn(app, r); in == nil || in.permissions["checks"] != "write" {
			continue
		}
		before := len(r.suites)
		if s := h.suite(r, app, branch, sha); len(r.suites) > before {
			h.emitSuite(ctx, r, s, by, "requested")
		}
	}
}

// state is the state of a suite: the least finished of its newest runs.
func (s *checkSuite) state(r *repo) (status, conclusion string) {
	status = "queued"
	for _, run := range r.newest(s.sha) {
		if run.suite != s {
			continue
		}
		if run.status != "completed" {
			return "in_progress", ""
		}
		status = "completed"
		if conclusion == "" || conclusion == "success" {
			conclusion = run.conclusion
		}
	}
	return status, conclusion
}

// newest returns the last run of each name and App on a commit.
func (r *repo) newest(sha string) []*checkRun {
	var list []*checkRun
	for _, run := range r.runs {
		if run.sha != sha {
			continue
		}
		at := -1
		for i, other := range list {
			if other.name == run.name && other.app == run.app {
				at = i
			}
		}
		if at < 0 {
			list = append(list, run)
		} else {
			list[at] = run
		}
	}
	return list
}

// contextState is what a required check says about a commit: success, pending, or its
// conclusion.
func (h *Hub) contextState(r *repo, sha, context string) string {
	for _, run := range r.newest(sha) {
		if run.name != context {
			continue
		}
		switch {
		case run.status != "completed":
			return "pending"
		case run.conclusion == "neutral" || run.conclusion == "skipped":
			return "success"
		}
		return run.conclusion
	}
	for i := len(r.statuses) - 1; i >= 0; i-- {
		if s := r.statuses[i]; s.sha == sha && s.context == context {
			return s.state
		}
	}
	return "pending"
}

// checked does what follows from a check that changed.
func (h *Hub) checked(ctx context.Context, r *repo, sha string) error {
	h.tryAuto(ctx, r)
	return h.settleQueue(ctx, r, sha)
}
