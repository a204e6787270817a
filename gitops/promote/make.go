package promote

import (
	"context"

	"github.com/sealift/sealift/gitops"
)

// Make plans a promotion. It fails only when a tree cannot be read or ctx ends.
func Make(ctx context.Context, r Request) (*Plan, error) {
	return nil, gitops.Errorf(gitops.Internal, "promotion is not made yet")
}
