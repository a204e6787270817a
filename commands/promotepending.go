package commands

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Remember keeps what somebody asked for on a pull request that is still open. It
// is carried out when the pull request is merged, and forgotten when it is closed.
type Remember struct {
	Ask promoteAsk
	// Key is what it answers; the same key is kept once.
	Key string
}

func (Remember) describe() string { return "remember a promotion" }

// act implements [Action]. What the same person asked for the same environment before is
// replaced.
func (r Remember) act(ctx context.Context, a *actor) error {
	data, err := json.Marshal(r.Ask)
	if err != nil {
		return gitops.Errorf(gitops.Internal, "promotion: %w", err)
	}
	e := a.event
	ask := gitops.Ask{Key: r.Key, Comment: e.Comment.ID, Login: e.Comment.Author.Login, Subject: r.Ask.subject(), Promotion: data}
	if err := a.State.KeepAsk(ctx, e.Repo.ID, e.Number, ask); err != nil {
		return err
	}
	return a.note(ctx, e, r.describe())
}

// subject says what is promoted where to, in any order of the apps.
func (p promoteAsk) subject() string {
	return p.From + " > " + p.To + ": " + strings.Join(slices.Sorted(slices.Values(p.Apps)), " ")
}

// pullClosed carries out what was asked for while the pull request was open, if it
// was merged: at the merge commit, with the rights and rules of this moment.
func (s *Service) pullClosed(ctx context.Context, host Host, e gitops.Event, last bool) error {
	pull, err := host.Pull(ctx, e.Number)
	if err != nil || pull.Open { // it was opened again
		return gone(err)
	}
	if err := s.promotionClosed(ctx, e, pull); err != nil {
		return err
	}
	list, err := s.State.Asks(ctx, e.Repo.ID, e.Number)
	if err != nil || len(list) == 0 {
		return err
	}
	for _, kept := range list {
		if !pull.Merged {
			break
		}
		var ask promoteAsk
		if err := json.Unmarshal(kept.Promotion, &ask); err != nil {
			return gitops.Errorf(gitops.Internal, "promotion that was asked for on %s: %w", pullKey(e.Repo, e.Number), err)
		}
		asked := e
		asked.Comment = &gitops.Comment{ID: kept.Comment, Author: gitops.User{Login: kept.Login}}
		r := Request{Verb: "promote"}
		_, err := s.carryOut(ctx, host, asked, r, last, func() (Plan, error) {
			return s.promote(ctx, host, asked, pull, ask, kept.Key+" merged")
		})
		if err != nil {
			return err
		}
	}
	return s.State.DropAsks(ctx, e.Repo.ID, e.Number)
}
