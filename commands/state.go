package commands

import (
	"context"

	"github.com/sealift/sealift/gitops"
)

// State is what is remembered until it is done with or taken back: the action log may be
// cleared, this may not. repo is GitHub's id of a repository, pull the number of a pull
// request. Every method is one transaction: a crash loses none of what was there before.
type State interface {
	PromotionState
	SealState
}

// PromotionState is what is remembered of promotions.
type PromotionState interface {
	// KeepAsk keeps what was asked for on an open pull request, in the place of an older
	// ask of the same person and subject; DropAsks forgets all of a pull request.
	KeepAsk(ctx context.Context, repo int64, pull int, a gitops.Ask) error
	Asks(ctx context.Context, repo int64, pull int) ([]gitops.Ask, error)
	DropAsks(ctx context.Context, repo int64, pull int) error
	// AddCommit records a commit that we made, before a branch names it.
	AddCommit(ctx context.Context, repo int64, id, branch string) error
	HasCommit(ctx context.Context, repo int64, id string) (bool, error)
	// ClosePromotion records what a promotion had that a person closed.
	ClosePromotion(ctx context.Context, repo int64, branch, content string) error
	ReopenPromotion(ctx context.Context, repo int64, branch string) error
	ClosedPromotion(ctx context.Context, repo int64, branch string) (content string, ok bool, err error)
	// Automate records after which commit automatic promotions of an app begin, unless
	// that is recorded.
	Automate(ctx context.Context, repo int64, environment, app, before string) error
	Automated(ctx context.Context, repo int64, environment, app string) (before string, ok bool, err error)
	// AskMerge records the head of a pull request that the host is asked to merge.
	AskMerge(ctx context.Context, repo int64, pull int, head string) error
	AskedMerge(ctx context.Context, repo int64, pull int) (head string, ok bool, err error)
	DropMerge(ctx context.Context, repo int64, pull int) error
}

// SealState is what is remembered of sealing.
type SealState interface {
	// Expose records that a file was in plain in a pull request, Unexpose that its values
	// were changed since.
	Expose(ctx context.Context, repo int64, pull int, path, environment string) error
	Unexpose(ctx context.Context, repo int64, pull int, path string) error
	Exposures(ctx context.Context, repo int64, pull int) ([]gitops.Exposure, error)
	// KeepForm keeps a form that was sent until it is said what came of it.
	KeepForm(ctx context.Context, delivery string, form []byte) error
	Form(ctx context.Context, delivery string) (form []byte, ok bool, err error)
	DropForm(ctx context.Context, delivery string) error
}
