package commands

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strconv"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
)

// The comment with a link says in the end what was sealed with it. A crash may come
// between the commit and that, so before the commit the service gives itself the work to
// say it, and what: the work waits until the form is done with, and finds out what came of
// it. What the form says itself is not said again.

// formTime is after what time a form that was sent is done with, or never will be.
const formTime = 3 * time.Minute

// promised is what is kept of a form that was sent.
type promised struct {
	// Invite is the action that wrote the comment with the link.
	Invite string
	// Put is the change, without its edits.
	Put PutSealed
}

// linkEvent is one use of the comment that asked for a link, as far as the link knows it.
func linkEvent(l seal.Link, now time.Time) gitops.Event {
	return gitops.Event{
		Delivery: "form-" + rand.Text(), Kind: gitops.FormSent, Repo: l.Repo, Number: l.Number, Installation: l.Repo.Installation,
		Actor: l.Person, Comment: &gitops.Comment{ID: l.Comment, Author: l.Person, Created: now},
	}
}

// promiseForm gives the service the work to say what comes of a form.
func (s *Service) promiseForm(ctx context.Context, e gitops.Event, link seal.Link, p PutSealed) error {
	p.Edits = nil
	data, err := json.Marshal(promised{inviteKey(link), p})
	if err != nil {
		return gitops.Errorf(gitops.Internal, "form: %w", err)
	}
	if err := s.State.KeepForm(ctx, e.Delivery, data); err != nil {
		return err
	}
	return s.Enqueue(ctx, e)
}

// formSent says what came of a form, unless that was said or nothing did.
func (s *Service) formSent(ctx context.Context, host Host, e gitops.Event) error {
	text, ok, err := s.State.Form(ctx, e.Delivery)
	if !ok || err != nil {
		return err
	}
	var p promised
	if err := json.Unmarshal(text, &p); err != nil {
		return gitops.Errorf(gitops.Internal, "form: %w", err)
	}
	changes, err := s.Change(ctx, e.Repo)
	if err != nil {
		return err
	}
	_, done, err := s.Actions.Result(ctx, p.Put.Key)
	if until := e.Comment.Created.Add(formTime); err == nil && !done && s.now().Before(until) {
		return &gitops.Error{Code: gitops.Limited, Message: "form is being worked on", RetryAt: until}
	}
	if err == nil && !done { // the commit may be there without its record
		var commit string
		commit, err = s.answered(ctx, changes, e.Repo, p.Put.Branch, p.Put.Key)
		done = commit != ""
	}
	if err != nil {
		return err
	}
	if !done {
		return s.State.DropForm(ctx, e.Delivery)
	}
	out, err := s.putSealed(ctx, changes, e, p.Put)
	if err != nil {
		return err
	}
	if err := gone(s.sayForm(ctx, host, e, p.Invite, p.Put.said(out))); err != nil {
		return err
	}
	return s.State.DropForm(ctx, e.Delivery)
}

// sayForm edits the comment that has the link, which an action wrote: it says what was
// sealed. When the comment is gone there is a new one.
func (s *Service) sayForm(ctx context.Context, host Host, e gitops.Event, invite, body string) error {
	result, _, err := s.Actions.Result(ctx, invite)
	id, parseErr := strconv.ParseInt(result, 10, 64)
	if err == nil && parseErr == nil {
		err = host.UpdateComment(ctx, id, replyMark(invite)+body)
	}
	if gitops.CodeOf(err) == gitops.NotFound || err == nil && parseErr != nil {
		_, err = s.reply(ctx, host, e, Reply{invite, body})
	}
	if err != nil {
		return err
	}
	return s.State.DropForm(ctx, e.Delivery)
}
