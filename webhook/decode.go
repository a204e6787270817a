package webhook

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// decoders has the events that something may be done about. Each fills in ev
// and reports whether something is.
func decoders(event string) func(p *payload, ev *gitops.Event) bool {
	switch event {
	case "pull_request":
		return decodePull
	case "issue_comment":
		return decodeComment
	case "push":
		return decodePush
	case "merge_group":
		return decodeGroup
	case "check_run":
		return func(p *payload, ev *gitops.Event) bool { return decodeCheck(p.CheckRun, ev) }
	case "check_suite":
		return func(p *payload, ev *gitops.Event) bool { return decodeCheck(p.CheckSuite, ev) }
	case "status":
		return decodeStatus
	case "installation":
		return decodeInstallation
	case "installation_repositories":
		return decodeRepositories
	}
	return nil
}

// Decode reads a delivery: the X-GitHub-Event and X-GitHub-Delivery headers and the
// payload. It reports false for events and actions that nothing is done about,
// and for those of no installation; payloads of events that it does not know
// are not even read.
//
// The error is of code invalid, for what is not JSON (nested deeper than 10,000
// counts as that) and for ids and names that GitHub never has, so that they
// are safe in paths and addresses afterwards.
func Decode(event, deliveryID string, data []byte) (gitops.Event, bool, error) {
	decode := decoders(event)
	if decode == nil {
		return gitops.Event{}, false, nil
	}
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return gitops.Event{}, false, unreadable(event, err)
	}
	ev := gitops.Event{Delivery: deliveryID, Action: p.Action, Actor: p.Sender.user()}
	if p.Installation != nil {
		ev.Installation = p.Installation.ID
	}
	ev.Repo = p.Repository.repository(ev.Installation)
	if !decode(&p, &ev) || ev.Installation == 0 {
		return gitops.Event{}, false, nil
	}
	if err := valid(ev); err != nil {
		return gitops.Event{}, false, err
	}
	return ev, true, nil
}

// unreadable names the field that has another type than we know; nothing else
// of the payload is told.
func unreadable(event string, err error) error {
	why := "is not JSON, or nested too deeply"
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		why = "has an unknown type in field " + gitops.Quote(e.Field)
	}
	return &gitops.Error{Code: gitops.Invalid, Message: "payload of event " + gitops.Quote(event) + " " + why, Err: err}
}

// decodePull decodes what happened to a pull request. Editing the title or the body
// changes nothing that is rendered; a new base does.
func decodePull(p *payload, ev *gitops.Event) bool {
	if p.PullRequest == nil {
		return false
	}
	ev.Number, ev.Head, ev.Base = p.Number, p.PullRequest.Head.SHA, p.PullRequest.Base.SHA
	switch p.Action {
	case "opened", "synchronize", "reopened", "ready_for_review":
		ev.Kind = gitops.PullChanged
	case "edited": // of the title or body unless the base changed
		ev.Kind = gitops.PullChanged
		return p.Changes.Base != nil
	case "closed":
		ev.Kind = gitops.PullClosed
	}
	return ev.Kind != ""
}

// decodeComment lets through what a person wrote. Commands count in what is new on a
// pull request and came without the help of an App: a token that an App holds for a
// person may do less than the person, and must not do more by way of a command.
func decodeComment(p *payload, ev *gitops.Event) bool {
	c := p.Comment
	if p.Action != "created" && p.Action != "edited" || c == nil || !c.User.person() {
		return false
	}
	ev.Kind, ev.Number = gitops.Remarked, p.Issue.Number
	if p.Action == "created" && p.Issue.PullRequest != nil && c.App == nil && p.Sender.person() {
		ev.Kind = gitops.Commented
	}
	ev.Comment = &gitops.Comment{ID: c.ID, Author: c.User.user(), Body: c.Body, Created: c.Created, URL: c.URL}
	return true
}

// decodePush lets branches through, but for those that merge queues make for
// a while.
func decodePush(p *payload, ev *gitops.Event) bool {
	branch, ok := strings.CutPrefix(p.Ref, "refs/heads/")
	if !ok || strings.HasPrefix(branch, "gh-readonly-queue/") {
		return false
	}
	ev.Kind, ev.Ref, ev.Before, ev.Head = gitops.Pushed, branch, p.Before, p.After
	return true
}

// decodeGroup decodes that a merge queue wants checks. When a group is destroyed
// nothing is to be done: its checks end with it.
func decodeGroup(p *payload, ev *gitops.Event) bool {
	if p.Action != "checks_requested" || p.MergeGroup == nil {
		return false
	}
	ev.Kind, ev.Head, ev.Base = gitops.MergeQueued, p.MergeGroup.HeadSHA, p.MergeGroup.BaseSHA
	return true
}

// decodeCheck has a pull request only when there is exactly one: there is none
// for forks.
func decodeCheck(c *check, ev *gitops.Event) bool {
	if c != nil && ev.Action == "completed" {
		return decodeChecked(c.branch(), c.HeadSHA, ev)
	}
	if ev.Action != "rerequested" || c == nil {
		return false
	}
	ev.Kind, ev.Head = gitops.Rerequested, c.HeadSHA
	if len(c.PullRequests) == 1 {
		ev.Number, ev.Base = c.PullRequests[0].Number, c.PullRequests[0].Base.SHA
	}
	return true
}

// decodeChecked lets through what may let a promotion go on: checks that are done on
// the default branch, and on branches of ours.
func decodeChecked(branch, sha string, ev *gitops.Event) bool {
	if branch != ev.Repo.DefaultBranch && !strings.HasPrefix(branch, "sealift/") {
		return false
	}
	ev.Kind, ev.Head, ev.Ref = gitops.Checked, sha, branch
	return true
}

// decodeStatus takes the first branch that counts of those whose tip the commit is.
func decodeStatus(p *payload, ev *gitops.Event) bool {
	return p.State != "pending" && slices.ContainsFunc(p.Branches, func(b branch) bool { return decodeChecked(b.Name, p.SHA, ev) })
}

// decodeInstallation decodes the end of an installation, or its suspension: both take
// what we may see.
func decodeInstallation(p *payload, ev *gitops.Event) bool {
	ev.Kind, ev.Repo, ev.Lost = gitops.Uninstalled, gitops.Repository{}, lost(p.Repositories, ev.Installation)
	return ev.Action == "deleted" || ev.Action == "suspend"
}

// decodeRepositories decodes that an installation lost repositories.
func decodeRepositories(p *payload, ev *gitops.Event) bool {
	ev.Kind, ev.Repo, ev.Lost = gitops.Uninstalled, gitops.Repository{}, lost(p.RepositoriesRemoved, ev.Installation)
	return ev.Action == "removed"
}

// lost are the repositories that an installation does not reach any more.
func lost(list []*repo, installation int64) []gitops.Repository {
	var out []gitops.Repository
	for _, r := range list {
		if r != nil && r.ID != 0 {
			out = append(out, r.repository(installation))
		}
	}
	return out
}

// repository returns r as an installation sees it.
func (r *repo) repository(installation int64) gitops.Repository {
	if r == nil {
		return gitops.Repository{}
	}
	owner, name, _ := strings.Cut(r.FullName, "/")
	return gitops.Repository{ID: r.ID, Owner: owner, Name: name, DefaultBranch: r.DefaultBranch, Private: r.Private, Installation: installation}
}

var (
	shaForm  = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	nameForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
)

// valid fails for an event that GitHub cannot have sent.
func valid(ev gitops.Event) error {
	if ev.Kind == gitops.Uninstalled {
		return nil
	}
	for _, name := range []string{ev.Repo.Owner, ev.Repo.Name} {
		if !nameForm.MatchString(name) || name == "." || name == ".." {
			return gitops.Errorf(gitops.Invalid, "repository has no valid name: %s", gitops.Quote(ev.Repo.String()))
		}
	}
	for _, sha := range []string{ev.Head, ev.Base, ev.Before} {
		if sha != "" && !shaForm.MatchString(sha) {
			return gitops.Errorf(gitops.Invalid, "commit id is malformed: %s", gitops.Quote(sha))
		}
	}
	if ev.Head == "" && ev.Comment == nil {
		return gitops.Errorf(gitops.Invalid, "event %s has no commit", ev.Kind)
	}
	needsNumber := []gitops.EventKind{gitops.PullChanged, gitops.PullClosed, gitops.Commented, gitops.Remarked}
	if ev.Number < 0 || ev.Number == 0 && slices.Contains(needsNumber, ev.Kind) {
		return gitops.Errorf(gitops.Invalid, "pull request has no number")
	}
	return nil
}
