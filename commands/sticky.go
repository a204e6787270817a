package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// keep brings a series of comments up to date. The ids of its comments are in the
// action log, so that an edit costs one call; when a comment is gone, or nothing
// is recorded, the comments are listed and found by marker and author.
func (s *Service) keep(ctx context.Context, host Host, e gitops.Event, want Sticky) error {
	err := s.keepAll(ctx, host, e, want.Slot, want.Bodies)
	for tooLong(err) && want.Shorten != nil {
		longest := 0
		for _, b := range want.Bodies {
			longest = max(longest, len(b))
		}
		if longest < minComment {
			break
		}
		want.Bodies = want.Shorten(longest / 2)
		err = s.keepAll(ctx, host, e, want.Slot, want.Bodies)
	}
	return err
}

// minComment is the length in bytes below which a comment is not made shorter.
const minComment = 8000

// tooLong reports whether GitHub refused a body for its length.
func tooLong(err error) bool {
	e, ok := errors.AsType[*gitops.Error](err)
	return ok && e.Cause == gitops.CauseTooLong
}

// keepAll keeps one comment for each body, and removes those of a longer report before.
// A crash in between leaves old parts, which the next run removes.
func (s *Service) keepAll(ctx context.Context, host Host, e gitops.Event, slot string, bodies []string) error {
	for i, body := range bodies {
		if err := s.keepOne(ctx, host, e, slot, i, body); err != nil {
			return err
		}
	}
	return s.removeBeyond(ctx, host, e, slot, len(bodies))
}

// keepOne edits comment i of a series, or makes it.
func (s *Service) keepOne(ctx context.Context, host Host, e gitops.Event, slot string, i int, body string) error {
	key := slotKey(e, slot, i)
	const tries = 3 // one to find out that a person deleted the comment, one to make it
	for range tries {
		made := false
		result, err := s.once(ctx, e, key, fmt.Sprintf("comment %s %d", slot, i+1), func(ctx context.Context) (string, error) {
			id, err := s.findSlot(ctx, host, e.Number, slot, i)
			if err != nil || id != 0 {
				return strconv.FormatInt(id, 10), err
			}
			c, err := host.CreateComment(ctx, e.Number, body)
			made = err == nil
			return strconv.FormatInt(c.ID, 10), err
		})
		if err != nil || made {
			return err
		}
		id, err := strconv.ParseInt(result, 10, 64)
		if err != nil {
			return gitops.Errorf(gitops.Internal, "action log: comment id: %w", err)
		}
		err = host.UpdateComment(ctx, id, body)
		if err == nil {
			return s.note(ctx, e, fmt.Sprintf("edit comment %s %d", slot, i+1))
		}
		if gitops.CodeOf(err) != gitops.NotFound {
			return err
		}
		if err := s.Actions.Forget(ctx, key); err != nil {
			return err
		}
	}
	return gitops.Errorf(gitops.Stale, "comment: removed again and again")
}

// removeBeyond deletes the comments of a series from number n on.
func (s *Service) removeBeyond(ctx context.Context, host Host, e gitops.Event, slot string, n int) error {
	for i := n; ; i++ {
		key := slotKey(e, slot, i)
		result, ok, err := s.Actions.Result(ctx, key)
		if err != nil || !ok {
			return err
		}
		id, err := strconv.ParseInt(result, 10, 64)
		if err != nil {
			return gitops.Errorf(gitops.Internal, "action log: comment id: %w", err)
		}
		if err := gone(host.DeleteComment(ctx, id)); err != nil {
			return err
		}
		if err := s.note(ctx, e, fmt.Sprintf("remove comment %s %d", slot, i+1)); err != nil {
			return err
		}
		if err := s.Actions.Forget(ctx, key); err != nil {
			return err
		}
	}
}

// slotKey names comment i of a series in the action log.
func slotKey(e gitops.Event, slot string, i int) string {
	return fmt.Sprintf("%s %s %d", pullKey(e.Repo, e.Number), slot, i)
}

// findSlot returns the id of comment i of a series, 0 when it is not there.
func (s *Service) findSlot(ctx context.Context, host Host, number int, slot string, i int) (int64, error) {
	mine, err := s.mine(ctx, host, number)
	if err != nil {
		return 0, err
	}
	for _, c := range mine {
		if n, ok := slotOf(c.Body, slot); ok && n == i {
			return c.ID, nil
		}
	}
	return 0, nil
}

// slotOf reads the number of a comment from its marker, "<!-- sealift:diff 2/3 -->".
func slotOf(body, slot string) (int, bool) {
	rest, ok := strings.CutPrefix(body, "<!-- "+marker(slot)+" ")
	if !ok {
		return 0, false
	}
	number, _, ok := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	return n - 1, ok && err == nil
}
