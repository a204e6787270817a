package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/web"
)

// links is the store as commands.Links.
type links struct{ store *store.Store }

// AddLink implements commands.Links.
func (l links) AddLink(ctx context.Context, link seal.Link) (string, error) {
	payload, err := json.Marshal(link)
	if err != nil {
		return "", gitops.Errorf(gitops.Internal, "link: %w", err)
	}
	return l.store.AddLink(ctx, store.Link{
		Person: link.Person.ID, Repository: link.Repo.ID, Number: link.Number, Head: link.Head, Payload: payload,
	}, time.Now())
}

// PeekLink implements commands.Links. The columns count, not the copy in the payload.
func (l links) PeekLink(ctx context.Context, token string) (seal.Link, error) {
	kept, err := l.store.PeekLink(ctx, token, time.Now())
	if err != nil {
		return seal.Link{}, err
	}
	var link seal.Link
	if err := json.Unmarshal(kept.Payload, &link); err != nil {
		return seal.Link{}, gitops.Errorf(gitops.Internal, "link: %w", err)
	}
	link.Person.ID, link.Repo.ID, link.Number, link.Head, link.Expires = kept.Person, kept.Repository, kept.Number, kept.Head, kept.Expires
	return link, nil
}

// SpendLink implements commands.Links.
func (l links) SpendLink(ctx context.Context, token string) error {
	_, err := l.store.SpendLink(ctx, token, time.Now())
	return err
}

// ReturnLink implements commands.Links.
func (l links) ReturnLink(ctx context.Context, token string) error {
	return l.store.ReturnLink(ctx, token)
}

// RevokeLinks implements commands.Links.
func (l links) RevokeLinks(ctx context.Context, repository int64, number int) error {
	return l.store.RevokeLinks(ctx, repository, number)
}

// sealForms is the verbs as web.Sealing.
type sealForms struct{ answers *commands.Service }

// Link implements web.Sealing.
func (f sealForms) Link(ctx context.Context, token string) (seal.Link, error) {
	return f.answers.SealLink(ctx, token)
}

// Form implements web.Sealing.
func (f sealForms) Form(ctx context.Context, l seal.Link, person gitops.User) (seal.Form, error) {
	return f.answers.SealForm(ctx, l, person)
}

// Seal implements web.Sealing.
func (f sealForms) Seal(ctx context.Context, token string, l seal.Link, person gitops.User, sub seal.Submission) (seal.Outcome, error) {
	return f.answers.SealSubmit(ctx, token, l, person, sub)
}

// sealing gives the verbs what they need to seal.
func (s *service) sealing(answers *commands.Service) *commands.Service {
	answers.Links = links{s.store}
	answers.Controllers = newSealControllers(s.config.Controllers)
	answers.Options.InlinePlaintext = s.config.InlinePlaintext
	answers.Options.Certified = func(r gitops.Repository, environment string, expires time.Time) {
		s.metrics.Certificate(r.String(), environment, expires)
	}
	if s.config.ClientID != "" {
		answers.Options.SealURL = func(token string) string { return s.config.PublicURL + web.SealPath(token) }
	}
	return answers
}
