package gitops

import "time"

// Repository is a repository on a GitHub host.
type Repository struct {
	ID            int64
	Owner, Name   string
	DefaultBranch string
	Private       bool
	// Installation is the id of the App's installation that sees it.
	Installation int64
}

// String returns "owner/name".
func (r Repository) String() string { return r.Owner + "/" + r.Name }

// User is a person or a bot on GitHub.
type User struct {
	ID    int64
	Login string
	// Bot says that it is an App or another machine.
	Bot bool
}

// Branch is one end of a pull request.
type Branch struct {
	// Repo is "owner/name", "" when the repository is gone.
	Repo string
	// Ref is the branch without "refs/heads/".
	Ref string
	// SHA is the full commit id at its tip.
	SHA string
}

// Pull is a pull request.
type Pull struct {
	Repo       Repository
	Number     int
	Title      string
	Body       string
	Author     User
	Head, Base Branch
	// Open is false once it is merged or closed.
	Open, Merged, Draft bool
	// MergeCommit is the commit that merged it, "" before.
	MergeCommit string
	Labels      []string
}

// Comment is a comment on a pull request.
type Comment struct {
	ID      int64
	Author  User
	Body    string
	Created time.Time
	URL     string
}

// Conclusion of a check run; "" while it runs.
type Conclusion string

// The conclusions used here.
const (
	Success   Conclusion = "success"
	Failure   Conclusion = "failure"
	Neutral   Conclusion = "neutral"
	Cancelled Conclusion = "cancelled"
)

// CheckRun is the result of a check on one commit.
type CheckRun struct {
	ID         int64 // 0 before it exists
	Name       string
	HeadSHA    string
	Conclusion Conclusion
	// Title is one line; Summary and Text are Markdown of at most 65,535
	// characters each.
	Title, Summary, Text string
	// Annotations are the findings that have a line; the edge sends them in
	// requests of at most 50.
	Annotations []Finding
	// DetailsURL is a page that shows more; it may be empty.
	DetailsURL string
	// ExternalID is ours: what the run was computed from.
	ExternalID string
}

// EventKind says what happened.
type EventKind string

// The kinds of events that something is done about.
const (
	// PullChanged: opened, pushed to, reopened, made ready or retargeted.
	PullChanged EventKind = "pull-changed"
	// PullClosed: merged or closed.
	PullClosed EventKind = "pull-closed"
	// Commented: a person wrote a comment on a pull request.
	Commented EventKind = "commented"
	// Remarked: a person wrote or edited a comment whose commands do not count: it was
	// edited, came through an App, or is on a plain issue. What must not stand there is
	// looked for all the same.
	Remarked EventKind = "remarked"
	// Pushed: a branch moved.
	Pushed EventKind = "pushed"
	// MergeQueued: a merge queue wants its checks on a merge group.
	MergeQueued EventKind = "merge-queued"
	// Rerequested: somebody asked for a check again.
	Rerequested EventKind = "rerequested"
	// Checked: a check or status on a commit is done.
	Checked EventKind = "checked"
	// Automatic: it is time to look at the automatic promotions to the environment
	// that Action names. The service gives itself this one.
	Automatic EventKind = "automatic"
	// FormSent: somebody sent the form for secrets, at the time that Comment.Created is;
	// Comment is otherwise the one that asked for the form. The service gives itself this
	// one before it commits, so that what is to be said is said after a crash too.
	FormSent EventKind = "form-sent"
	// Uninstalled: an installation is gone or suspended, or lost repositories.
	Uninstalled EventKind = "uninstalled"
)

// Event is a delivery decoded. Fields that its kind does not have are zero.
type Event struct {
	// Delivery is GitHub's id of the delivery.
	Delivery string
	Kind     EventKind
	// Action is GitHub's own word, such as "synchronize".
	Action string
	Repo   Repository
	// Actor is who caused it.
	Actor User
	// Number of the pull request.
	Number int
	// Head is the commit id that the event speaks of: of the pull request, the
	// pushed branch, the merge group or the check. A comment has none.
	Head string
	// Base is the commit id of the base branch, for pull requests and merge groups.
	Base string
	// Before is the commit id that a pushed branch had; Ref its name without
	// "refs/heads/".
	Before, Ref string
	// Comment is set with Commented, Remarked and FormSent.
	Comment *Comment
	// Installation is the App's installation, also where there is no repository.
	Installation int64
	// Lost are the repositories that an installation does not see any more, with
	// Uninstalled. Their DefaultBranch is not known.
	Lost []Repository
}

// Commit is a commit as GitHub shows it.
type Commit struct {
	SHA     string
	Message string
	// Author and Committer are the accounts that GitHub found for it; their ID is
	// 0 when there is none.
	Author, Committer User
	// Verified says that GitHub knows the key it is signed with.
	Verified bool
	// Committed is when it was written, by its own word.
	Committed time.Time
}

// FileEdit is a change to one file.
type FileEdit struct {
	// Path is clean and relative to the root.
	Path string
	// Content is the whole file as it shall be.
	Content []byte
	// Executable says that it may be run, as [Entry.Executable]. An edit sets it
	// too: who edits a file that is there gives what it is now.
	Executable bool
	// Delete removes the file; Content is not looked at.
	Delete bool
}

// NewPull is a pull request to open, between two branches of one repository.
type NewPull struct {
	Head, Base  string
	Title, Body string
	Draft       bool
}
