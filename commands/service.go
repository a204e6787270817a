package commands

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Options say how a [Service] answers.
type Options struct {
	// MaxComment is the length of one comment, in bytes; 0 is the default of
	// package reply. MaxComments is how many there are at most.
	MaxComment, MaxComments int
	// FullURL returns the page that shows a whole report; nil means there is none.
	FullURL func(repo gitops.Repository, number int, base, head string) string
	// WebURL is the address of the GitHub host, for links to commits.
	WebURL string
	// SealURL returns the form for secrets that a token opens; nil means there is
	// none.
	SealURL func(token string) string
	// InlinePlaintext says that values in plain in comments on private repositories
	// are sealed. The comment is deleted in any case.
	InlinePlaintext bool
	// Certified is told when the certificate of an environment expires; nil is told
	// nothing.
	Certified func(repo gitops.Repository, environment string, expires time.Time)
	// Log receives a line for each thing that was decided; nil discards.
	Log *slog.Logger
}

// Service answers what happens on GitHub. It is safe for concurrent use; the
// queue sees to it that one pull request is worked on once at a time.
type Service struct {
	// Host, Source and Bench open the three sides of a repository.
	Host   func(context.Context, gitops.Repository) (Host, error)
	Source func(context.Context, gitops.Repository) (Source, error)
	// Change opens the side that writes branches and pull requests.
	Change func(context.Context, gitops.Repository) (Changes, error)
	Bench  func(context.Context, gitops.Repository) (Bench, error)
	// Self is the bot's own account.
	Self func(context.Context) (gitops.User, error)
	// Enqueue gives the service work of its own: a later event.
	Enqueue func(context.Context, gitops.Event) error
	// Forget drops what is kept of repositories that an installation lost.
	Forget  func(context.Context, gitops.Event) error
	Actions Log
	// State keeps what must not be lost.
	State State
	// Holds keeps what is held back; nil holds nothing.
	Holds Holds
	// Links and Controllers are for sealing.
	Links       Links
	Controllers Controllers
	Options     Options
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// now is the clock of the tests, else the real one.
func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// Handle does what an event asks for. last says that an error that would be
// retried is final, so that a person who waits must be told.
func (s *Service) Handle(ctx context.Context, e gitops.Event, last bool) error {
	if e.Kind == gitops.Uninstalled {
		return s.Forget(ctx, e)
	}
	host, err := s.Host(ctx, e.Repo)
	if err != nil {
		return err
	}
	switch e.Kind {
	case gitops.PullChanged:
		return s.pullChanged(ctx, host, e, last)
	case gitops.Rerequested:
		return s.rerequested(ctx, host, e, last)
	case gitops.Commented:
		return s.commented(ctx, host, e, last)
	case gitops.Remarked:
		_, err := s.conceal(ctx, host, e)
		return gone(err)
	case gitops.FormSent:
		return s.formSent(ctx, host, e)
	case gitops.PullClosed:
		if err := s.Links.RevokeLinks(ctx, e.Repo.ID, e.Number); err != nil {
			return err
		}
		return s.pullClosed(ctx, host, e, last)
	case gitops.Pushed:
		return s.pushed(ctx, host, e)
	case gitops.MergeQueued:
		return s.mergeQueued(ctx, host, e)
	case gitops.Checked:
		return s.wake(ctx, e)
	case gitops.Automatic:
		return s.automatic(ctx, host, e)
	}
	return nil
}

// pullChanged keeps the comment and the check of a pull request at its newest head.
func (s *Service) pullChanged(ctx context.Context, host Host, e gitops.Event, last bool) error {
	if e.Number == 0 {
		return nil
	}
	pull, err := host.Pull(ctx, e.Number)
	if err != nil || !pull.Open {
		return gone(err)
	}
	if err := s.cancelAutoMerge(ctx, host, e, pull, pull.Head.SHA); err != nil { // somebody pushed
		return err
	}
	plan, err := s.planDiff(ctx, host, pull)
	if err == nil {
		return s.act(ctx, host, e, plan)
	}
	if ctx.Err() == nil && (last || gitops.CodeOf(err) == gitops.Invalid) {
		return cmp.Or(s.act(ctx, host, e, s.planFailure(e, pull, err)), err)
	}
	return gone(err)
}

// planFailure says that there is nothing to show, and why: silence would look like
// no change.
func (s *Service) planFailure(e gitops.Event, pull gitops.Pull, err error) Plan {
	body := "**Nothing could be rendered.** " + explain(e, err)
	return Plan{
		Sticky{Slot: slotDiff, Bodies: []string{"<!-- " + marker(slotDiff) + " 1/1 -->\n" + body}},
		Check{gitops.CheckRun{
			Name: CheckName, HeadSHA: pull.Head.SHA, Conclusion: gitops.Failure, Title: "Nothing could be rendered", Summary: body,
			ExternalID: "failed.." + pull.Head.SHA,
		}, pull},
	}
}

// rerequested does a check again. GitHub names no pull request for the branch of a
// fork, and there is none for a merge group: then what the check was computed from
// says what to compare.
func (s *Service) rerequested(ctx context.Context, host Host, e gitops.Event, last bool) error {
	if e.Number != 0 {
		return s.pullChanged(ctx, host, e, last)
	}
	old, err := host.FindCheck(ctx, CheckName, e.Head)
	if err != nil {
		return gone(err)
	}
	base, head, number := computedFrom(old.ExternalID)
	if head != e.Head {
		return nil
	}
	o, err := s.compareCommits(ctx, e.Repo, base, head)
	if err != nil {
		return err
	}
	return s.act(ctx, host, e, Plan{Check{s.check(e.Repo, head, o), gitops.Pull{Number: number}}})
}

// gone turns a pull request or repository that does not exist any more into
// nothing to do.
func gone(err error) error {
	if gitops.CodeOf(err) == gitops.NotFound {
		return nil
	}
	return err
}

// commented carries out the commands of a comment.
func (s *Service) commented(ctx context.Context, host Host, e gitops.Event, last bool) error {
	e, err := s.conceal(ctx, host, e)
	if err != nil {
		return gone(err)
	}
	requests, more := Parse(e.Comment.Body)
	requests = slices.DeleteFunc(requests, func(r Request) bool {
		_, known := verbNamed(r.Verb)
		return !known && !meant(r.Verb)
	})
	if len(requests) == 0 || e.Comment.Author.Bot {
		return nil
	}
	pull, err := host.Pull(ctx, e.Number)
	if err != nil {
		return gone(err)
	}
	a := &asked{service: s, host: host, event: e, pull: pull}
	if err := s.act(ctx, host, e, Plan{React{e.Comment.ID, Eyes}}); err != nil {
		return err
	}
	result := Rocket
	for _, r := range requests {
		a.request = r
		done, err := s.carryOut(ctx, host, e, r, last, func() (Plan, error) { return s.answer(ctx, a) })
		if err != nil {
			return err
		}
		if !done {
			result = Confused
		}
	}
	if more {
		if err := s.act(ctx, host, e, Plan{Reply{commentKey(e, "more"), fmt.Sprintf("Only the first %d commands of a comment are carried out.", MaxRequests)}}); err != nil {
			return err
		}
	}
	return s.act(ctx, host, e, Plan{React{e.Comment.ID, result}})
}

// carryOut plans one command and does it, or tells who asked why not. The error is
// one that is worth another attempt.
func (s *Service) carryOut(ctx context.Context, host Host, e gitops.Event, r Request, last bool, plan func() (Plan, error)) (done bool, err error) {
	todo, failed := plan()
	if failed == nil {
		failed, todo = s.act(ctx, host, e, todo), nil
	}
	if failed != nil && !last && gitops.CodeOf(failed).Queue() != gitops.Done {
		return false, failed
	}
	if failed != nil {
		if err := s.act(ctx, host, e, append(todo, failureReply(e, r, failed))); err != nil {
			return false, err
		}
	}
	return failed == nil, s.audit(ctx, e, r, failed == nil)
}

// audit records who asked for what.
func (s *Service) audit(ctx context.Context, e gitops.Event, r Request, done bool) error {
	what := "/" + r.Verb + " done"
	if !done {
		what = "/" + r.Verb + " refused or failed"
	}
	_, err := s.once(ctx, e, commentKey(e, fmt.Sprintf("line %d", r.Line)), what, func(context.Context) (string, error) { return "", nil })
	return err
}

// answer checks who asks and plans one command.
func (s *Service) answer(ctx context.Context, a *asked) (Plan, error) {
	v, ok := verbNamed(a.request.Verb)
	if !ok {
		return nil, unknownVerb(a.request.Verb)
	}
	if a.request.Err != nil {
		return nil, a.request.Err
	}
	login := a.event.Comment.Author.Login
	permission, err := a.host.Permission(ctx, login)
	if err != nil {
		return nil, err
	}
	if !v.Right.includes(permission) {
		return nil, gitops.Errorf(gitops.Denied, "/%s is for %s", v.Name, v.Right.people())
	}
	if !a.pull.Open && !v.Closed {
		return nil, gitops.Errorf(gitops.Invalid, "/%s works on open pull requests only", v.Name)
	}
	return v.plan(ctx, a)
}

// failureReply says what went wrong. The same refusal is said once to each person
// on a pull request.
func failureReply(e gitops.Event, r Request, err error) Reply {
	key := commentKey(e, r.Verb+" failed")
	if gitops.CodeOf(err) == gitops.Denied {
		sum := sha256.Sum256([]byte(err.Error()))
		key = pullKey(e.Repo, e.Number) + " refused " + e.Comment.Author.Login + " " + hex.EncodeToString(sum[:4])
	}
	return Reply{key, explain(e, err)}
}

// explain says to a person what went wrong. Of a bug there is a reference only.
func explain(e gitops.Event, err error) string {
	ge, ok := errors.AsType[*gitops.Error](err)
	if !ok || ge.Code == gitops.Internal {
		return fmt.Sprintf("That is a bug. Reference: `%s`", e.Delivery)
	}
	body := prose(ge.Message) + "."
	if ge.File != "" {
		body = code(fmt.Sprintf("%s:%d", ge.File, ge.Line)) + ": " + body
	}
	if ge.Hint != "" {
		body += " " + prose(ge.Hint)
	}
	return body
}

// pushed warms the cache for the default branch, and renders the pull requests
// again whose overlays the push changes.
func (s *Service) pushed(ctx context.Context, host Host, e gitops.Event) error {
	if strings.Trim(e.Head, "0") == "" {
		return nil // the branch was deleted
	}
	pulls, err := host.OpenPulls(ctx, e.Ref)
	if err != nil {
		return gone(err)
	}
	if e.Ref != e.Repo.DefaultBranch && len(pulls) == 0 {
		return nil
	}
	touched, err := s.warm(ctx, e)
	if err != nil {
		return err
	}
	for _, p := range pulls {
		again, err := s.affected(ctx, e, p, touched)
		if err != nil {
			return err
		}
		if !again {
			continue
		}
		next := gitops.Event{
			Delivery: fmt.Sprintf("base-%d-%d-%s", e.Repo.ID, p.Number, e.Head),
			Kind:     gitops.PullChanged, Action: "base-moved", Repo: e.Repo, Number: p.Number, Head: p.Head.SHA, Base: e.Head, Installation: e.Installation,
		}
		if err := s.Enqueue(ctx, next); err != nil {
			return err
		}
	}
	if e.Ref == e.Repo.DefaultBranch {
		return s.wake(ctx, e)
	}
	return nil
}

// mergeQueued gives a merge group its check.
func (s *Service) mergeQueued(ctx context.Context, host Host, e gitops.Event) error {
	outcome, err := s.compareCommits(ctx, e.Repo, e.Base, e.Head)
	if err != nil {
		return err
	}
	return s.act(ctx, host, e, Plan{Check{Run: s.check(e.Repo, e.Head, outcome)}})
}
