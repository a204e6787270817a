package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
)

// Holds keeps what a person said is not to be promoted.
type Holds interface {
	// Hold records a hold; one of the same environment and app is replaced.
	Hold(ctx context.Context, h gitops.Hold) error
	// Unhold removes a hold and reports whether there was one.
	Unhold(ctx context.Context, repo int64, environment, app string) (bool, error)
	// Holds returns those of a repository, by environment and app.
	Holds(ctx context.Context, repo int64) ([]gitops.Hold, error)
}

// SetHold records a hold; doing it twice is doing it once.
type SetHold struct{ gitops.Hold }

func (SetHold) describe() string { return "hold" }

// act has what GitHub was asked to merge looked at again.
func (h SetHold) act(ctx context.Context, a *actor) error {
	if err := a.Holds.Hold(ctx, h.Hold); err != nil {
		return err
	}
	e := a.event
	e.Delivery += "-hold-" + refName(h.What()) // one comment may hold several things
	return a.wake(ctx, e)
}

// EndHold removes a hold, if it is there.
type EndHold struct{ gitops.Hold }

func (EndHold) describe() string { return "end a hold" }

// act has automatic promotions looked at again: they may have waited for that.
func (h EndHold) act(ctx context.Context, a *actor) error {
	if _, err := a.Holds.Unhold(ctx, h.Repo, h.Environment, h.App); err != nil {
		return err
	}
	return a.wake(ctx, a.event)
}

// whoPromotes says who may use verbs about an environment.
const whoPromotes = "whom the environment names in `promoters`, or who may write"

// maxReason is the length in bytes of the reason of a hold.
const maxReason = 200

func holdVerb() Verb {
	return Verb{
		Name: "hold", Usage: "/hold environment [app] [reason]", Right: RightWrite, Closed: true,
		Doc:  "Let nothing be promoted to an environment, or one app of it, until `/unhold`.",
		Who:  whoPromotes,
		plan: func(ctx context.Context, a *asked) (Plan, error) { return a.planHold(ctx, a.request.Args) },
	}
}

func unholdVerb() Verb {
	return Verb{
		Name: "unhold", Usage: "/unhold environment [app]", Right: RightWrite, Closed: true,
		Doc:  "End a hold.",
		Who:  whoPromotes,
		plan: func(ctx context.Context, a *asked) (Plan, error) { return a.planUnhold(ctx, a.request.Args) },
	}
}

// planHold reads "environment [app] [reason]". A word after the environment that is no
// app of it begins the reason.
func (a *asked) planHold(ctx context.Context, args []string) (Plan, error) {
	h, err := a.heldBy(ctx, args)
	if err != nil {
		return nil, err
	}
	if len(h.Reason) > maxReason {
		return nil, gitops.Errorf(gitops.Invalid, "reason is longer than %d bytes", maxReason)
	}
	body := "**" + code(h.What()) + " is on hold**: nothing is promoted there until `/unhold " + h.What() + "`."
	return Plan{SetHold{h}, Reply{commentKey(a.event, fmt.Sprintf("hold %d", a.request.Line)), body}}, nil
}

// planUnhold ends exactly the hold that is named: releasing an environment leaves the
// holds of single apps, and says so.
func (a *asked) planUnhold(ctx context.Context, args []string) (Plan, error) {
	h, err := a.heldBy(ctx, args)
	if err != nil {
		return nil, err
	}
	if h.Reason != "" {
		return nil, gitops.Errorf(gitops.Invalid, "/unhold takes an environment and one app of it, not %s", gitops.Quote(h.Reason))
	}
	list, err := a.service.Holds.Holds(ctx, a.event.Repo.ID)
	if err != nil {
		return nil, err
	}
	body := code(h.What()) + " is not on hold."
	if slices.ContainsFunc(list, func(o gitops.Hold) bool { return o.Environment == h.Environment && o.App == h.App }) {
		body = "**" + code(h.What()) + " is not on hold any more.**"
	}
	for _, o := range list {
		if o.Environment == h.Environment && o.App != h.App {
			body += " " + code(o.What()) + " still is."
		}
	}
	return Plan{EndHold{h}, Reply{commentKey(a.event, fmt.Sprintf("unhold %d", a.request.Line)), body}}, nil
}

// heldBy reads what a hold is to be about, and checks that the person may promote
// there: who may let something through may hold it back, and nobody else.
func (a *asked) heldBy(ctx context.Context, args []string) (gitops.Hold, error) {
	if len(args) == 0 {
		return gitops.Hold{}, gitops.Errorf(gitops.Invalid, "/%s needs an environment, such as /%s staging", a.request.Verb, a.request.Verb)
	}
	l, err := a.service.lookAround(ctx, a.event.Repo)
	if err != nil {
		return gitops.Hold{}, err
	}
	defer l.close()
	h := gitops.Hold{Repo: a.event.Repo.ID, Environment: args[0], Login: a.event.Comment.Author.Login, Since: a.service.now()}
	rest := args[1:]
	if err := l.environment(h.Environment, ""); err != nil {
		return gitops.Hold{}, err
	}
	if len(rest) > 0 && slices.Contains(apps(l.layout, h.Environment), rest[0]) {
		h.App, rest = rest[0], rest[1:]
	}
	h.Reason = strings.Join(rest, " ")
	return h, a.mayPromote(ctx, l.config, h.Environment)
}

// mayPromote fails with code denied unless whoever asks may promote to an environment.
func (a *asked) mayPromote(ctx context.Context, config *layout.Config, env string) error {
	changes, err := a.service.Change(ctx, a.event.Repo)
	if err != nil {
		return err
	}
	ok, who, err := may(ctx, a.host, changes, config.Environment(env).Gate.Promoters, a.event.Comment.Author.Login)
	if err == nil && !ok {
		err = gitops.Errorf(gitops.Denied, "/%s %s is for those who may promote there: %s", a.request.Verb, env, who)
	}
	return err
}
