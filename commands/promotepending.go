package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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

// pendingAsk is what is kept of one.
type pendingAsk struct {
	Key string `json:"key"`
	// Comment and By are where it was asked, and by whom.
	Comment int64      `json:"comment"`
	By      string     `json:"by"`
	Ask     promoteAsk `json:"ask"`
}

// pendingKey names what is kept of one pull request in the action log. Only one
// job of a pull request runs at a time.
func pendingKey(e gitops.Event) string { return pullKey(e.Repo, e.Number) + " promote when merged" }

// pending returns what was asked for on a pull request, oldest first.
func (s *Service) pending(ctx context.Context, e gitops.Event) ([]pendingAsk, error) {
	text, ok, err := s.Actions.Result(ctx, pendingKey(e))
	if err != nil || !ok {
		return nil, err
	}
	var list []pendingAsk
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, gitops.Errorf(gitops.Internal, "action log: promotions of %s: %w", gitops.Quote(pendingKey(e)), err)
	}
	return list, nil
}

// remember carries out a [Remember]. What the same person asked for the same
// environment before is replaced.
func (s *Service) remember(ctx context.Context, e gitops.Event, r Remember) error {
	list, err := s.pending(ctx, e)
	if err != nil || slices.ContainsFunc(list, func(p pendingAsk) bool { return p.Key == r.Key }) {
		return err
	}
	list = slices.DeleteFunc(list, func(p pendingAsk) bool {
		return p.By == e.Comment.Author.Login && p.Ask.To == r.Ask.To && p.Ask.From == r.Ask.From && slices.Equal(p.Ask.Apps, r.Ask.Apps)
	})
	return s.keepPending(ctx, e, append(list, pendingAsk{r.Key, e.Comment.ID, e.Comment.Author.Login, r.Ask}))
}

// keepPending replaces what is kept of a pull request.
func (s *Service) keepPending(ctx context.Context, e gitops.Event, list []pendingAsk) error {
	data, err := json.Marshal(list)
	if err != nil {
		return gitops.Errorf(gitops.Internal, "promotion: %w", err)
	}
	if err := s.Actions.Forget(ctx, pendingKey(e)); err != nil || len(list) == 0 {
		return err
	}
	what := fmt.Sprintf("remember %d promotions", len(list))
	_, err = s.once(ctx, e, pendingKey(e), what, func(context.Context) (string, error) { return string(data), nil })
	return err
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
	list, err := s.pending(ctx, e)
	if err != nil || len(list) == 0 {
		return err
	}
	for _, p := range list {
		if !pull.Merged {
			break
		}
		asked := e
		asked.Comment = &gitops.Comment{ID: p.Comment, Author: gitops.User{Login: p.By}}
		r := Request{Verb: "promote"}
		_, err := s.carryOut(ctx, host, asked, r, last, func() (Plan, error) {
			return s.promote(ctx, host, asked, pull, p.Ask, p.Key+" merged")
		})
		if err != nil {
			return err
		}
	}
	return s.keepPending(ctx, e, nil)
}
