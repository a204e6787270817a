package ghapp

import (
	"context"
	"net/url"
	"slices"

	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// How many annotations GitHub takes in one request, and how many a run gets at
// most: a change must not cost more calls than it is worth. What is beyond them
// is in the summary.
const (
	annotationsPerRequest = 50
	maxAnnotations        = 500
)

// checkRun is GitHub's form of a check run, as far as it is read.
type checkRun struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	HeadSHA    string `json:"head_sha"`
	Conclusion string `json:"conclusion"`
	ExternalID string `json:"external_id"`
	DetailsURL string `json:"details_url"`
	Output     struct {
		Title, Summary, Text string
	} `json:"output"`
	App struct{ ID int64 } `json:"app"`
}

// FindCheck returns our newest check run of a name on a commit; its ID is 0 when
// there is none. Annotations are not read.
func (r *Repo) FindCheck(ctx context.Context, name, sha string) (gitops.CheckRun, error) {
	if err := checkID(sha); err != nil {
		return gitops.CheckRun{}, err
	}
	var list struct {
		Runs []checkRun `json:"check_runs"`
	}
	q := url.Values{"check_name": {name}, "app_id": {itoa(r.app.cfg.AppID)}}
	if err := get(ctx, r.c, r.path+"/commits/"+sha+"/check-runs?"+q.Encode(), &list); err != nil {
		return gitops.CheckRun{}, err
	}
	for _, run := range list.Runs {
		if run.App.ID == r.app.cfg.AppID && run.Name == name {
			return gitops.CheckRun{
				ID: run.ID, Name: run.Name, HeadSHA: run.HeadSHA, Conclusion: gitops.Conclusion(run.Conclusion), ExternalID: run.ExternalID,
				DetailsURL: run.DetailsURL, Title: run.Output.Title, Summary: run.Output.Summary, Text: run.Output.Text,
			}, nil
		}
	}
	return gitops.CheckRun{}, nil
}

// CreateCheck creates a check run and returns it with its ID. It costs one call,
// and one more for each 50 annotations beyond the first 50; the conclusion is set
// with the last of them, so that a run with a conclusion is complete. Text that is
// longer than GitHub takes fails as [TooLong].
func (r *Repo) CreateCheck(ctx context.Context, run gitops.CheckRun) (gitops.CheckRun, error) {
	parts := r.annotations(run)
	status, conclusion := statusOf(run, len(parts) == 1)
	made, _, err := r.c.Checks.CreateCheckRun(ctx, r.repo.Owner, r.repo.Name, github.CreateCheckRunOptions{
		Name: run.Name, HeadSHA: run.HeadSHA, Status: status, Conclusion: conclusion,
		DetailsURL: optional(run.DetailsURL), ExternalID: optional(run.ExternalID), Output: output(run, parts[0]),
	})
	if err != nil {
		return gitops.CheckRun{}, problem(err)
	}
	run.ID = made.GetID()
	return run, r.addParts(ctx, run, parts[1:])
}

// UpdateCheck changes a check run of ours. Annotations are added to those it has:
// give only new ones. It fails with code not_found when the run is gone.
func (r *Repo) UpdateCheck(ctx context.Context, run gitops.CheckRun) error {
	return r.addParts(ctx, run, r.annotations(run))
}

// addParts updates a run once for each part; the last sets the conclusion.
func (r *Repo) addParts(ctx context.Context, run gitops.CheckRun, parts [][]*github.CheckRunAnnotation) error {
	for i, part := range parts {
		status, conclusion := statusOf(run, i == len(parts)-1)
		_, _, err := r.c.Checks.UpdateCheckRun(ctx, r.repo.Owner, r.repo.Name, run.ID, github.UpdateCheckRunOptions{
			Name: run.Name, Status: status, Conclusion: conclusion,
			DetailsURL: optional(run.DetailsURL), ExternalID: optional(run.ExternalID), Output: output(run, part),
		})
		if err != nil {
			return problem(err)
		}
	}
	return nil
}

// statusOf is the status of a check run, and its conclusion with the last part of its
// annotations: until then it is in progress, so that nobody merges on half of it.
func statusOf(run gitops.CheckRun, last bool) (status, conclusion *string) {
	if run.Conclusion == "" || !last {
		return new("in_progress"), nil
	}
	return new("completed"), new(string(run.Conclusion))
}

// output is the part of a run that people read. GitHub wants title and summary
// whenever there is any of it.
func output(run gitops.CheckRun, part []*github.CheckRunAnnotation) *github.CheckRunOutput {
	if run.Title == "" && run.Summary == "" && run.Text == "" && len(part) == 0 {
		return nil
	}
	title := run.Title
	if title == "" {
		title = run.Name
	}
	return &github.CheckRunOutput{Title: &title, Summary: &run.Summary, Text: optional(run.Text), Annotations: part}
}

// optional is nil for "", which go-github leaves out of what it sends.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// annotations cuts a run's findings into parts for one request each; there is at
// least one part. Findings without a place are left out.
func (r *Repo) annotations(run gitops.CheckRun) [][]*github.CheckRunAnnotation {
	var list []*github.CheckRunAnnotation
	for _, f := range run.Annotations {
		if f.File != "" && f.Line > 0 && len(list) < maxAnnotations {
			list = append(list, annotation(f))
		}
	}
	parts := slices.Collect(slices.Chunk(list, annotationsPerRequest))
	if len(parts) == 0 {
		return [][]*github.CheckRunAnnotation{nil}
	}
	return parts
}

// annotation is a finding in GitHub's form. Columns are allowed within one line.
func annotation(f gitops.Finding) *github.CheckRunAnnotation {
	level := map[gitops.Severity]string{gitops.SeverityError: "failure", gitops.SeverityWarning: "warning"}[f.Severity]
	if level == "" {
		level = "notice"
	}
	message := f.Message
	if f.Fix != "" {
		message += "\n" + f.Fix
	}
	a := &github.CheckRunAnnotation{Path: &f.File, StartLine: &f.Line, EndLine: &f.Line, AnnotationLevel: &level, Title: optional(f.Rule), Message: &message}
	if f.Column > 0 {
		a.StartColumn, a.EndColumn = &f.Column, &f.Column
	}
	return a
}
