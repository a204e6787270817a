package webhook

import (
	"cmp"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// payload is what we read of the payloads of all events that we know. What is not
// here may have any shape.
type payload struct {
	Action       string   `json:"action"`
	Number       int      `json:"number"`
	Repository   *repo    `json:"repository"`
	Sender       *account `json:"sender"`
	Installation *struct {
		ID int64 `json:"id"`
	} `json:"installation"`

	// Repositories are those of an installation, RepositoriesRemoved those that it
	// lost.
	Repositories        []*repo `json:"repositories"`
	RepositoriesRemoved []*repo `json:"repositories_removed"`

	PullRequest *struct {
		Head commit `json:"head"`
		Base commit `json:"base"`
	} `json:"pull_request"`
	Changes struct {
		Base *struct{} `json:"base"`
	} `json:"changes"`

	Issue struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"`
	} `json:"issue"`
	Comment *comment `json:"comment"`

	Ref    string `json:"ref"`
	Before string `json:"before"`
	After  string `json:"after"`

	// SHA, State and Branches are those of a status.
	SHA      string   `json:"sha"`
	State    string   `json:"state"`
	Branches []branch `json:"branches"`

	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
	CheckRun   *check `json:"check_run"`
	CheckSuite *check `json:"check_suite"`
}

// repo is a repository.
type repo struct {
	ID            int64  `json:"id"`
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
	Private       bool   `json:"private"`
}

// account is a person, a bot or an organization.
type account struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

// user is zero for an account that GitHub deleted, which it sends as null. A name that
// only Apps can have counts like the type.
func (a *account) user() gitops.User {
	if a == nil {
		return gitops.User{}
	}
	return gitops.User{ID: a.ID, Login: a.Login, Bot: a.Type == "Bot" || strings.HasSuffix(a.Login, "[bot]")}
}

// person reports whether it is somebody who can ask for something.
func (a *account) person() bool { return a != nil && a.Login != "" && !a.user().Bot }

type commit struct {
	SHA string `json:"sha"`
}

// comment is one on an issue or pull request.
type comment struct {
	ID      int64     `json:"id"`
	User    *account  `json:"user"`
	Body    string    `json:"body"`
	Created time.Time `json:"created_at"`
	URL     string    `json:"html_url"`
	// App is set when an App wrote it, also in the name of a person.
	App *struct{} `json:"performed_via_github_app"`
}

// branch is a branch by its name.
type branch struct {
	Name string `json:"name"`
}

// check is a check run or suite.
type check struct {
	HeadSHA    string `json:"head_sha"`
	HeadBranch string `json:"head_branch"` // of a suite
	CheckSuite struct {
		HeadBranch string `json:"head_branch"`
	} `json:"check_suite"` // of a run
	PullRequests []struct {
		Number int    `json:"number"`
		Base   commit `json:"base"`
	} `json:"pull_requests"`
}

// branch is the branch that it was made for, "" when that is not known.
func (c *check) branch() string { return cmp.Or(c.HeadBranch, c.CheckSuite.HeadBranch) }
