package commands

import (
	"context"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
	"github.com/sealift/sealift/gitops/tree"
)

// Host is one repository on GitHub, as verbs need it. Every error is a
// *gitops.Error; a thing that is gone has code not_found.
type Host interface {
	Pulls
	Comments
	Checks
	People
}

// Pulls reads pull requests.
type Pulls interface {
	Pull(ctx context.Context, number int) (gitops.Pull, error)
	// OpenPulls returns the open pull requests into a branch.
	OpenPulls(ctx context.Context, base string) ([]gitops.Pull, error)
}

// Comments reads and writes comments on pull requests.
type Comments interface {
	Comments(ctx context.Context, number int) ([]gitops.Comment, error)
	CreateComment(ctx context.Context, number int, body string) (gitops.Comment, error)
	UpdateComment(ctx context.Context, id int64, body string) error
	DeleteComment(ctx context.Context, id int64) error
	React(ctx context.Context, id int64, content string) error
}

// Checks reads and writes check runs.
type Checks interface {
	// FindCheck returns the newest run of that name on a commit, by this App; its
	// ID is 0 when there is none.
	FindCheck(ctx context.Context, name, sha string) (gitops.CheckRun, error)
	CreateCheck(ctx context.Context, run gitops.CheckRun) (gitops.CheckRun, error)
	// Conclusions returns what all checks and statuses of a commit say, by name: ""
	// is one that runs. Of several with one name the worst counts.
	Conclusions(ctx context.Context, sha string) (map[string]gitops.Conclusion, error)
}

// People says what somebody may.
type People interface {
	// Permission returns read, triage, write, maintain, admin or none.
	Permission(ctx context.Context, login string) (string, error)
}

// Source is the git side of one repository.
type Source interface {
	// Fetch brings the tips that a pull request compares: of its base branch, and
	// of its head. Head fails with code stale when it is not head any more.
	Fetch(ctx context.Context, number int, base, head string) (baseTip string, err error)
	// FetchBranch brings the tip of a branch.
	FetchBranch(ctx context.Context, branch string) (tip string, err error)
	// FetchCommits brings commits by their full ids.
	FetchCommits(ctx context.Context, ids ...string) error
	// MergeTree returns the tree that merging head into base gives, and the paths
	// that conflict.
	MergeTree(ctx context.Context, base, head string) (gitops.Tree, []string, error)
	// Commits reads what was fetched.
	Commits
	// Log returns the commits that tip reaches and since does not, newest first,
	// that change one of the paths, the first parents only and at most limit.
	Log(ctx context.Context, tip, since string, paths []string, limit int) ([]tree.Trailed, error)
	Close() error
}

// Bench is what one repository is rendered with. Close it when the render is done.
type Bench struct {
	Renderer *render.Renderer
	Memo     layout.Memo
	Close    func()
}

// Log is the action log: each action is done once, by its key.
type Log interface {
	// Once calls do unless an action of that key is recorded as done, and returns
	// what do returned, then or now. After a crash between the change and its
	// record do is called again, so it looks before it writes.
	Once(ctx context.Context, a LogEntry, do func(context.Context) (string, error)) (string, error)
	// Result returns what the action of a key returned; ok is false when it was
	// not done.
	Result(ctx context.Context, key string) (result string, ok bool, err error)
	// Forget lets an action of that key be done again. What was done stays in the
	// record for people to read.
	Forget(ctx context.Context, key string) error
}

// LogEntry says who asked for an action, and what it is.
type LogEntry struct {
	Key    string
	Job    string // the delivery that led to it
	Target string // "owner/name#n"
	Actor  string // a login, "" for the service itself
	What   string
}

// Changes writes branches, commits and pull requests of the repository itself.
// [Host] values that a verb was given for writing have it.
type Changes interface {
	BranchTip(ctx context.Context, branch string) (string, error)
	// CreateCommit writes a commit that no branch names yet; without a difference
	// it returns parent.
	CreateCommit(ctx context.Context, parent, message string, edits []gitops.FileEdit) (string, error)
	// MergeCommit writes a commit with the files of base and edits to them, on top
	// of tip and base; when tip has these files it returns tip.
	MergeCommit(ctx context.Context, tip, base, message string, edits []gitops.FileEdit) (string, error)
	// Commit returns a commit by its full id.
	Commit(ctx context.Context, id string) (gitops.Commit, error)
	CreateBranch(ctx context.Context, branch, sha string) error
	// MoveBranch moves a branch forward; it fails with code stale otherwise.
	MoveBranch(ctx context.Context, branch, sha string) error
	DeleteBranch(ctx context.Context, branch string) error
	// PullFrom returns the open pull request between two branches; its Number is 0
	// when there is none.
	PullFrom(ctx context.Context, head, base string) (gitops.Pull, error)
	CreatePull(ctx context.Context, n gitops.NewPull) (gitops.Pull, error)
	UpdatePull(ctx context.Context, number int, title, body string) error
	ClosePull(ctx context.Context, number int) error
	// MergePull merges a pull request whose head is a commit still. It fails with code
	// stale when the head moved, and with code invalid when the branch does not let it
	// be merged.
	MergePull(ctx context.Context, number int, head string) error
	// AutoMerge has the host itself merge a pull request, whose head is a commit still,
	// once the branch has what it requires. It fails with code invalid when the host does
	// not do that.
	AutoMerge(ctx context.Context, number int, head string) error
	// CancelAutoMerge takes that back; where there is nothing to take back it does nothing.
	CancelAutoMerge(ctx context.Context, number int) error
	// TeamMember tells whether a person is an active member of a team "owner/team".
	TeamMember(ctx context.Context, team, login string) (bool, error)
}
