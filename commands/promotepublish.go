package commands

import (
	"context"
	"errors"
	"strconv"

	"github.com/sealift/sealift/gitops"
)

// Publish brings a branch of ours and its pull request to what is wanted. The
// branch only moves forward: what somebody else put on it meanwhile is never lost.
// It fails with code stale when the base or the branch moved since they were
// looked at; the plan is made anew then.
type Publish struct {
	// Key is what it answers; the same key is published once.
	Key string
	// Branch is written, Base is what the pull request goes into.
	Branch, Base string
	// Tip is the commit of Base that Edits are made for. Seen is the commit of
	// Branch that was looked at and may be built upon, "" when there is none.
	Tip, Seen string
	Edits     []gitops.FileEdit
	// Message is that of the commit, Title that of the pull request.
	Message, Title string
	// Body returns the text of the pull request, at most max bytes long; old is
	// what it is now, "" when there is none.
	Body func(old string, max int) string
}

func (Publish) describe() string { return "publish a pull request" }

func (p Publish) act(ctx context.Context, a *actor) (err error) {
	a.made[p.Branch], err = a.publish(ctx, a.event, p)
	return err
}

// Answer writes one comment, once, that speaks of the pull requests which the
// Publish actions before it in the plan made.
type Answer struct {
	// Key is what it answers; the same key is answered once.
	Key string
	// Body returns the comment; made has the number of each pull request by its
	// branch.
	Body func(made map[string]int) string
}

func (Answer) describe() string { return "answer" }

func (x Answer) act(ctx context.Context, a *actor) error {
	_, err := a.once(ctx, a.event, x.Key, x.describe(), func(ctx context.Context) (string, error) {
		return a.reply(ctx, a.host, a.event, Reply{Key: x.Key, Body: x.Body(a.made)})
	})
	return err
}

// publish carries out a [Publish] and returns the number of the pull request.
func (s *Service) publish(ctx context.Context, e gitops.Event, p Publish) (int, error) {
	result, err := s.once(ctx, e, p.Key, p.describe(), func(ctx context.Context) (string, error) {
		changes, err := s.Change(ctx, e.Repo)
		if err != nil {
			return "", err
		}
		commit, err := s.pushTo(ctx, changes, e, p)
		if err != nil {
			return "", err
		}
		number, err := keepPull(ctx, changes, p)
		if err != nil {
			return "", err
		}
		// Somebody else may have been at it: then the text may be of the wrong one.
		return strconv.Itoa(number), still(ctx, changes, p.Branch, commit)
	})
	if err != nil {
		return 0, err
	}
	number, err := strconv.Atoi(result)
	if err != nil {
		return 0, gitops.Errorf(gitops.Internal, "action log: number of a pull request: %w", err)
	}
	return number, nil
}

// pushTo writes the commit and moves the branch to it; it returns the tip. That the commit
// is ours is recorded before a branch names it.
func (s *Service) pushTo(ctx context.Context, changes Changes, e gitops.Event, p Publish) (commit string, err error) {
	if p.Seen == "" {
		commit, err = changes.CreateCommit(ctx, p.Tip, p.Message, p.Edits)
	} else {
		commit, err = changes.MergeCommit(ctx, p.Seen, p.Tip, p.Message, p.Edits)
	}
	if err != nil || commit == p.Seen {
		return commit, err
	}
	if err := still(ctx, changes, p.Base, p.Tip); err != nil {
		return "", err
	}
	if err := s.made(ctx, e, commit, p.Branch); err != nil {
		return "", err
	}
	if p.Seen == "" {
		err = changes.CreateBranch(ctx, p.Branch, commit)
	} else {
		err = changes.MoveBranch(ctx, p.Branch, commit)
	}
	if exists(err) || gitops.CodeOf(err) == gitops.NotFound { // it came or went meanwhile
		err = moved(p.Branch)
	}
	return commit, err
}

// keepPull opens the pull request, or brings the one that is open up to date.
func keepPull(ctx context.Context, changes Changes, p Publish) (int, error) {
	pull, err := changes.PullFrom(ctx, p.Branch, p.Base)
	if err != nil {
		return 0, err
	}
	number := pull.Number
	err = shortened(func(max int) error {
		body := p.Body(pull.Body, max)
		switch {
		case number == 0:
			made, err := changes.CreatePull(ctx, gitops.NewPull{Head: p.Branch, Base: p.Base, Title: p.Title, Body: body})
			number = made.Number
			return err
		case pull.Title == p.Title && pull.Body == body:
			return nil
		}
		return changes.UpdatePull(ctx, number, p.Title, body)
	})
	if exists(err) { // somebody else opened it at the same time
		err = moved(p.Branch)
	}
	return number, err
}

// maxPullBody is the length in bytes of the text of a pull request. GitHub takes
// 65,536 characters.
const maxPullBody = 65_000

// shortened writes a text that GitHub may find too long: then half of it.
func shortened(write func(max int) error) error {
	longest := maxPullBody
	err := write(longest)
	for tooLong(err) && longest > minComment {
		longest /= 2
		err = write(longest)
	}
	return err
}

// still fails with code stale unless a branch is at a commit.
func still(ctx context.Context, changes Changes, branch, commit string) error {
	tip, err := changes.BranchTip(ctx, branch)
	if gitops.CodeOf(err) == gitops.NotFound || err == nil && tip != commit {
		return moved(branch)
	}
	return err
}

// moved is stale, so that the job is done anew with the new tip.
func moved(branch string) error {
	return gitops.Errorf(gitops.Stale, "branch %s moved meanwhile", gitops.Quote(branch))
}

// causeExists is the cause of an error of GitHub that refuses to create what is
// there.
const causeExists gitops.Cause = "exists"

func exists(err error) bool {
	e, ok := errors.AsType[*gitops.Error](err)
	return ok && e.Cause == causeExists
}

// branchState is what a branch of ours has.
type branchState struct {
	// Tip is "" when there is no such branch.
	Tip string
	// Ours says that nobody else put a commit on it.
	Ours    bool
	Message string
}

// lookAt finds out whether a branch may be built upon: the commit at its tip must
// be the bot's own, which only ever builds on what it made itself. Git takes any name
// and address, so a commit that says it is the bot's is so only when GitHub signed it,
// or when it is recorded that we made it: not every GitHub signs.
func (s *Service) lookAt(ctx context.Context, changes Changes, repo gitops.Repository, branch string) (branchState, error) {
	tip, err := changes.BranchTip(ctx, branch)
	if err != nil {
		return branchState{}, gone(err)
	}
	self, err := s.Self(ctx)
	if err != nil {
		return branchState{}, err
	}
	c, err := changes.Commit(ctx, tip)
	if err != nil {
		return branchState{}, err
	}
	byUs := c.Author.ID == self.ID && (c.Committer.ID == self.ID || c.Committer.Login == "web-flow")
	state := branchState{Tip: tip, Message: c.Message, Ours: c.Verified && byUs}
	if !state.Ours {
		state.Ours, err = s.State.HasCommit(ctx, repo.ID, tip)
	}
	return state, err
}

// made records that a commit is ours, before a branch names it.
func (s *Service) made(ctx context.Context, e gitops.Event, commit, branch string) error {
	return s.State.AddCommit(ctx, e.Repo.ID, commit, branch)
}
