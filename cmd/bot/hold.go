package main

import (
	"context"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/webhook/store"
)

// holds is the store as commands.Holds.
type holds struct{ *store.Store }

// Hold implements commands.Holds.
func (s holds) Hold(ctx context.Context, h commands.Hold) error {
	return s.Store.Hold(ctx, store.Hold(h))
}

// Holds implements commands.Holds.
func (s holds) Holds(ctx context.Context, repo int64) ([]commands.Hold, error) {
	list, err := s.Store.Holds(ctx, repo)
	if err != nil {
		return nil, err
	}
	out := make([]commands.Hold, len(list))
	for i, h := range list {
		out[i] = commands.Hold(h)
	}
	return out, nil
}
