package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// promotionClosed remembers what a promotion had that a person closed, so that it is
// not opened again by itself until the source has something new.
func (s *Service) promotionClosed(ctx context.Context, e gitops.Event, pull gitops.Pull) error {
	branch := pull.Head.Ref
	if !strings.HasPrefix(branch, PromotionBranches) || pull.Head.Repo != e.Repo.String() {
		return nil
	}
	if pull.Merged {
		return s.State.ReopenPromotion(ctx, e.Repo.ID, branch)
	}
	had, err := s.contentOf(ctx, e.Repo, pull)
	if err != nil {
		return gone(err)
	}
	return s.State.ClosePromotion(ctx, e.Repo.ID, branch, had)
}

// contentOf identifies what a pull request changes.
func (s *Service) contentOf(ctx context.Context, repo gitops.Repository, pull gitops.Pull) (string, error) {
	src, err := s.Source(ctx, repo)
	if err != nil {
		return "", err
	}
	defer src.Close()
	base, err := src.Fetch(ctx, pull.Number, pull.Base.Ref, pull.Head.SHA)
	if err != nil {
		return "", err
	}
	fork, err := src.MergeBase(ctx, base, pull.Head.SHA)
	if err != nil {
		return "", err
	}
	before, err := src.Tree(ctx, fork)
	if err != nil {
		return "", err
	}
	after, err := src.Tree(ctx, pull.Head.SHA)
	if err != nil {
		return "", err
	}
	return content(before, after)
}

// content identifies the files that differ between two trees, as they are in the
// second.
func content(before, after gitops.Tree) (string, error) {
	changed, err := ChangedFiles(before, after)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range changed {
		fmt.Fprintf(h, "%s\x00%s\x00", name, after.Lookup(name).ID)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// wasClosed reports whether a person closed a promotion that had what a part has.
func (p *promoting) wasClosed(ctx context.Context, one *part) (bool, error) {
	closed, ok, err := p.service.State.ClosedPromotion(ctx, p.event.Repo.ID, one.branch)
	if err != nil || !ok {
		return false, err
	}
	now, err := content(p.target, one.Edited)
	return now == closed, err
}
