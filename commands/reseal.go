package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/seal"
)

func resealVerb() Verb {
	return Verb{
		Name: "reseal", Usage: "/reseal environment", Right: RightWrite,
		Doc:  "Open a pull request in which the controller of an environment encrypts its SealedSecrets again with its newest key.",
		Who:  whoSeals,
		plan: planReseal,
	}
}

// Reseal opens a pull request with a commit for each SealedSecret that was encrypted
// again, once, and says so.
type Reseal struct {
	// Key is what it answers; the same key is done once.
	Key string
	// Branch is made at Parent, a commit of Base; Create is false when its commits are
	// there already.
	Branch, Base, Parent string
	Create               bool
	Done                 []seal.Resealed
	Said                 reply.Resealed
}

func (Reseal) describe() string { return "encrypt SealedSecrets again" }

func (r Reseal) act(ctx context.Context, a *actor) error { return a.reseal(ctx, a.host, a.event, r) }

// planReseal has the controller encrypt what the base branch has. To ask the
// controller changes nothing.
func planReseal(ctx context.Context, a *asked) (Plan, error) {
	if len(a.request.Args) != 1 {
		return nil, gitops.Errorf(gitops.Invalid, "/reseal wants one environment")
	}
	env, login := a.request.Args[0], a.event.Comment.Author.Login
	w, err := a.service.openSeal(ctx, a.host, a.pull, true)
	if err != nil {
		return nil, err
	}
	defer w.close()
	own, others := w.overlaysOf(env)
	if len(own) == 0 {
		return nil, notThere("environment", env, w.layout.Environments)
	}
	if err := w.allowed(ctx, env, login); err != nil {
		return nil, err
	}
	r := Reseal{Key: commentKey(a.event, "reseal "+strconv.Itoa(a.request.Line)), Base: a.pull.Base.Ref, Parent: w.parent}
	var tip string
	if r.Branch, tip, err = w.ownBranch(ctx, "sealift/reseal/"+env, r.Key); err != nil {
		return nil, err
	}
	if r.Create = tip == ""; !r.Create {
		return w.resealedBefore(ctx, r)
	}
	name := w.config.Environment(env).Sealing.Controller
	if name == "" {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: "environment " + gitops.Quote(env) + " names no controller", Hint: "Only a controller can encrypt again; `" + layout.ConfigFile + "` names it."}
	}
	list, err := w.index.Reseal(ctx, own, others, func(ctx context.Context, body []byte) ([]byte, error) {
		return w.service.Controllers.Rotate(ctx, name, body)
	})
	if err != nil {
		return nil, err
	}
	return Plan{r.with(env, login, list)}, nil
}

// resealedBefore is the plan for a branch that is there: its commits answer this
// request, or another pull request has to be dealt with first.
func (w *sealing) resealedBefore(ctx context.Context, r Reseal) (Plan, error) {
	done, err := w.service.answered(ctx, w.changes, w.pull.Repo, r.Branch, r.Key)
	if err != nil {
		return nil, err
	}
	if done != "" {
		return Plan{r}, nil
	}
	open, err := w.changes.PullFrom(ctx, r.Branch, r.Base)
	if err != nil {
		return nil, err
	}
	return nil, gitops.Errorf(gitops.Invalid, "pull request %d does that already: merge or close it first", open.Number)
}

// overlaysOf parts the overlays into those of an environment and the others, whose
// files must stay as they are.
func (w *sealing) overlaysOf(env string) (own, others []string) {
	for _, o := range w.layout.Overlays {
		if o.Environment == env {
			own = append(own, o.Path)
		} else {
			others = append(others, o.Path)
		}
	}
	return own, others
}

// with sorts what was encrypted again from what was not.
func (r Reseal) with(env, login string, list []seal.Resealed) Reseal {
	r.Said = reply.Resealed{Environment: env, Login: login}
	for _, one := range list {
		if one.Err == nil {
			r.Done = append(r.Done, one)
			r.Said.Done = append(r.Said.Done, reply.ResealedSecret{Namespace: one.Namespace, Name: one.Name, File: one.File})
			continue
		}
		why := "a bug"
		if e, ok := errors.AsType[*gitops.Error](one.Err); ok {
			why = e.Message
		}
		r.Said.Left = append(r.Said.Left, reply.ResealedSecret{Namespace: one.Namespace, Name: one.Name, File: one.File, Why: why})
	}
	return r
}

// reseal carries out a Reseal.
func (s *Service) reseal(ctx context.Context, host Host, e gitops.Event, r Reseal) error {
	if r.Create && len(r.Done) == 0 {
		return s.act(ctx, host, e, Plan{Reply{r.Key + " said", reply.ResealDone(r.Said, 0)}})
	}
	result, err := s.once(ctx, e, r.Key, r.describe(), func(ctx context.Context) (string, error) {
		changes, err := s.Change(ctx, e.Repo)
		if err != nil {
			return "", err
		}
		if err := s.commitResealed(ctx, changes, e, r); err != nil {
			return "", err
		}
		number, err := keepPull(ctx, changes, Publish{
			Branch: r.Branch, Base: r.Base, Title: "Encrypt the secrets again: " + strings.TrimPrefix(r.Branch, "sealift/reseal/"),
			Body: func(old string, _ int) string { return cmp.Or(old, reply.ResealPull(r.Said, e.Number)) },
		})
		return strconv.Itoa(number), err
	})
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(result)
	if err != nil {
		return gitops.Errorf(gitops.Internal, "action log: number of a pull request: %w", err)
	}
	return s.act(ctx, host, e, Plan{Reply{r.Key + " said", reply.ResealDone(r.Said, number)}})
}

// commitResealed writes one commit for each secret, and then the branch.
func (s *Service) commitResealed(ctx context.Context, changes Changes, e gitops.Event, r Reseal) error {
	if !r.Create {
		return nil
	}
	tip := r.Parent
	for _, one := range r.Done {
		message := fmt.Sprintf("Encrypt %s/%s again\n\nRequested-by: %s\n%s %s\n", one.Namespace, one.Name, r.Said.Login, sealTrailer, trailerKey(r.Key))
		var err error
		if tip, err = changes.CreateCommit(ctx, tip, message, []gitops.FileEdit{{Path: one.File, Content: one.Content, Executable: one.Executable}}); err != nil {
			return err
		}
	}
	if err := s.made(ctx, e, tip, r.Branch); err != nil {
		return err
	}
	err := changes.CreateBranch(ctx, r.Branch, tip)
	if exists(err) {
		err = moved(r.Branch)
	}
	return err
}
