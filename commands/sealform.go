package commands

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
)

// SealLink returns what a token stands for, and does not use it up. It fails with
// code not_found when there is no such link, or it expired, was used or revoked.
func (s *Service) SealLink(ctx context.Context, token string) (seal.Link, error) {
	return s.Links.PeekLink(ctx, token)
}

// SealForm returns what a person may see of a repository to fill in the form. It
// fails with code denied for somebody else than the link is for, and for a person who
// may seal nowhere; with code stale when the pull request has another head by now.
func (s *Service) SealForm(ctx context.Context, link seal.Link, person gitops.User) (seal.Form, error) {
	w, err := s.openLink(ctx, link, person, false)
	if err != nil {
		return seal.Form{}, err
	}
	defer w.close()
	form := seal.Form{Ask: link.Ask, OwnPull: w.own}
	open := 0
	for _, name := range w.layout.Environments {
		env, err := w.formEnvironment(ctx, name, person.Login)
		if err != nil {
			return seal.Form{}, err
		}
		if env.Refused == "" {
			open++
		}
		form.Environments = append(form.Environments, env)
	}
	if open == 0 {
		return seal.Form{}, &gitops.Error{Code: gitops.Denied, Message: "You may seal for no environment of this repository", Hint: refusals(form.Environments)}
	}
	return form, nil
}

// refusals is the reason why the first environment is refused, as an example.
func refusals(list []seal.FormEnvironment) string {
	if len(list) == 0 {
		return "It has no environments."
	}
	return list[0].Name + ": " + list[0].Refused
}

// formEnvironment is one environment with what this person may do there. What is
// wrong with it is why it is refused; only the inability to find out is an error.
func (w *sealing) formEnvironment(ctx context.Context, name, login string) (seal.FormEnvironment, error) {
	env := seal.FormEnvironment{Name: name}
	err := w.allowed(ctx, name, login)
	if err != nil && gitops.CodeOf(err) != gitops.Denied {
		return env, err
	}
	if err == nil {
		env.Certificate, err = w.certificate(ctx, name)
	}
	switch code := gitops.CodeOf(err); {
	case code == gitops.Denied, code == gitops.Invalid, code == gitops.Unavailable && ctx.Err() == nil: // the others are not held up
		env.Certificate, env.Refused = nil, err.Error()
		return env, nil
	case err != nil:
		return env, err
	}
	env.Warnings = env.Certificate.Warnings(w.service.now())
	for _, o := range w.layout.Overlays {
		if o.Environment != name {
			continue
		}
		overlay := seal.FormOverlay{Path: o.Path, App: o.App}
		if overlay.Namespace, err = w.index.Namespace(ctx, o.Path); err != nil {
			return env, err
		}
		if overlay.Secrets, err = w.index.List(ctx, o.Path); err != nil {
			return env, err
		}
		env.Overlays = append(env.Overlays, overlay)
	}
	return env, nil
}

// openLink opens the pull request of a link for its person.
func (s *Service) openLink(ctx context.Context, link seal.Link, person gitops.User, own bool) (*sealing, error) {
	if person.ID == 0 || person.ID != link.Person.ID {
		return nil, gitops.Errorf(gitops.Denied, "this link is for somebody else")
	}
	host, err := s.Host(ctx, link.Repo)
	if err != nil {
		return nil, err
	}
	pull, err := host.Pull(ctx, link.Number)
	if err != nil {
		return nil, err
	}
	if !pull.Open {
		return nil, gitops.Errorf(gitops.Invalid, "the pull request is closed")
	}
	if pull.Head.SHA != link.Head {
		return nil, movedOn()
	}
	w, err := s.openSeal(ctx, host, pull, own)
	if gitops.CodeOf(err) == gitops.Stale {
		return nil, movedOn()
	}
	return w, err
}

// movedOn is the error for a pull request that is not as it was when its link was made.
func movedOn() error {
	return &gitops.Error{Code: gitops.Stale, Message: "the pull request was changed meanwhile", Hint: "Nothing is lost. Ask for a new link with /seal."}
}

// SealSubmit puts what the form sent into the branch and uses the link up. All is
// asked and checked again: who the person is and what they may, the head of the pull
// request, the certificate, the ciphertext and its place. It fails with code stale
// when the pull request moved meanwhile; of two who seal at a time one succeeds.
func (s *Service) SealSubmit(ctx context.Context, token string, link seal.Link, person gitops.User, sub seal.Submission) (seal.Outcome, error) {
	w, err := s.openLink(ctx, link, person, sub.OwnPull)
	if err != nil {
		return seal.Outcome{}, err
	}
	defer w.close()
	p, err := w.submitted(ctx, link, person, sub)
	if err != nil {
		return seal.Outcome{}, err
	}
	e := linkEvent(link, s.now())
	if err := s.promiseForm(ctx, e, link, p); err != nil {
		return seal.Outcome{}, err
	}
	out, err := s.useLink(ctx, token, w.changes, e, p)
	switch code := gitops.CodeOf(err); {
	case err == nil:
		if err := s.sayForm(ctx, w.host, e, inviteKey(link), p.said(out)); err != nil { // it is tried again
			s.log().Warn("comment about a sealed secret not written", slog.String("pull", fmt.Sprintf("%s#%d", e.Repo, e.Number)), slog.Any("error", err))
		}
	case code != gitops.Unavailable && code != gitops.Internal: // nothing was changed for sure
		err = cmp.Or(s.State.DropForm(ctx, e.Delivery), err)
	}
	return out.Outcome, err
}

// useLink spends a link and commits what it is spent for. The link is given back when
// nothing was changed for sure.
func (s *Service) useLink(ctx context.Context, token string, changes Changes, e gitops.Event, p PutSealed) (placed, error) {
	if err := s.Links.SpendLink(ctx, token); err != nil {
		return placed{}, err
	}
	out, err := s.putSealed(ctx, changes, e, p)
	switch code := gitops.CodeOf(err); {
	case code == gitops.Stale:
		err = cmp.Or(s.Links.ReturnLink(ctx, token), movedOn())
	case err != nil && code != gitops.Unavailable && code != gitops.Internal:
		err = cmp.Or(s.Links.ReturnLink(ctx, token), err)
	}
	return out, err
}
