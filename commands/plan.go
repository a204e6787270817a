package commands

import (
	"fmt"

	"github.com/sealift/sealift/gitops"
)

// Plan is what the bot wants to do, in order. Making one changes nothing; the
// actor of a [Service] carries it out.
type Plan []Action

// Action is one change to the outside world: [Sticky], [Reply], [React], [Check],
// [Publish], [Answer], [Invite], [PutSealed], [Expose],
// [Acknowledge] or [Reseal].
type Action interface {
	// describe says what it does, without foreign text, for the action log.
	describe() string
}

// Sticky keeps a series of comments on a pull request: those that are there are
// edited in place, those that are missing made, those that are too many removed.
type Sticky struct {
	// Slot tells series apart, such as "diff". Its marker stands in each body.
	Slot   string
	Bodies []string
	// Shorten returns the bodies anew, none longer than max bytes. It may be nil
	// when they are short anyhow.
	Shorten func(max int) []string
}

func (s Sticky) describe() string { return fmt.Sprintf("keep %d %s comments", len(s.Bodies), s.Slot) }

// Reply writes one comment, once.
type Reply struct {
	// Key is what it answers; the same key is answered once.
	Key  string
	Body string
}

func (Reply) describe() string { return "reply" }

// React puts a reaction on a comment. Doing it twice is doing it once.
type React struct {
	Comment int64
	Content Reaction
}

func (r React) describe() string { return "react " + string(r.Content) }

// Reaction is an emoji, as GitHub names it.
type Reaction string

// The reactions used: accepted, done, refused or failed.
const (
	Eyes     Reaction = "eyes"
	Rocket   Reaction = "rocket"
	Confused Reaction = "confused"
)

// Check puts the result of a check on a commit.
type Check struct {
	Run gitops.CheckRun
	// Pull is the pull request that it is of; its Number is 0 when there is none.
	Pull gitops.Pull
}

func (c Check) describe() string { return "check " + c.Run.Name }

// pullKey names a pull request in keys of actions.
func pullKey(repo gitops.Repository, number int) string {
	return fmt.Sprintf("%d#%d", repo.ID, number)
}

// commentKey names the answer to one comment.
func commentKey(e gitops.Event, what string) string {
	return fmt.Sprintf("%s comment %d %s", pullKey(e.Repo, e.Number), e.Comment.ID, what)
}
