package commands

import (
	"context"
	"fmt"

	"github.com/sealift/sealift/gitops"
)

// Plan is what the bot wants to do, in order. Making one changes nothing; the
// actor of a [Service] carries it out.
type Plan []Action

// Action is one change to the outside world. It carries itself out, so that none can be
// planned and forgotten.
type Action interface {
	// describe says what it does, without foreign text, for the action log.
	describe() string
	// act does it. It is idempotent: it looks before it writes, or is recorded under its
	// key, so that a crash at any point and a second delivery leave one comment and one
	// check.
	act(ctx context.Context, a *actor) error
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

func (s Sticky) act(ctx context.Context, a *actor) error { return a.keep(ctx, a.host, a.event, s) }

// Reply writes one comment, once.
type Reply struct {
	// Key is what it answers; the same key is answered once.
	Key  string
	Body string
}

func (Reply) describe() string { return "reply" }

func (r Reply) act(ctx context.Context, a *actor) error {
	_, err := a.once(ctx, a.event, r.Key, r.describe(), func(ctx context.Context) (string, error) { return a.reply(ctx, a.host, a.event, r) })
	return err
}

// React puts a reaction on a comment. Doing it twice is doing it once.
type React struct {
	Comment int64
	Content Reaction
}

func (r React) describe() string { return "react " + string(r.Content) }

// act passes over a comment that was deleted meanwhile.
func (r React) act(ctx context.Context, a *actor) error {
	if err := a.host.React(ctx, r.Comment, string(r.Content)); err != nil {
		return gone(err)
	}
	return a.note(ctx, a.event, r.describe())
}

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

func (c Check) act(ctx context.Context, a *actor) error { return a.report(ctx, a.host, a.event, c) }

// pullKey names a pull request in keys of actions.
func pullKey(repo gitops.Repository, number int) string {
	return fmt.Sprintf("%d#%d", repo.ID, number)
}

// commentKey names the answer to one comment.
func commentKey(e gitops.Event, what string) string {
	return fmt.Sprintf("%s comment %d %s", pullKey(e.Repo, e.Number), e.Comment.ID, what)
}
