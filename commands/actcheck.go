package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// report puts a check on a commit, unless the one that is there was computed from
// the same commits. One that was computed from another base gets a successor of the
// same name, which GitHub shows instead: annotations of a run cannot be removed.
// So does one that a person asked for again: GitHub waits for an answer.
func (s *Service) report(ctx context.Context, host Host, e gitops.Event, c Check) error {
	if c.Pull.Number != 0 {
		c.Run.ExternalID += "#" + strconv.Itoa(c.Pull.Number)
	}
	if e.Kind == gitops.Rerequested {
		_, err := s.once(ctx, e, "check again "+e.Delivery, c.describe(), func(ctx context.Context) (string, error) {
			run, err := host.CreateCheck(ctx, c.Run)
			return strconv.FormatInt(run.ID, 10), err
		})
		return err
	}
	old, err := host.FindCheck(ctx, c.Run.Name, c.Run.HeadSHA)
	if err != nil {
		return err
	}
	if old.ID != 0 && old.ExternalID == c.Run.ExternalID && old.Conclusion == c.Run.Conclusion {
		return nil
	}
	if other, err := s.stands(ctx, host, old, c); err != nil {
		return err
	} else if other != 0 {
		return s.note(ctx, e, fmt.Sprintf("%s on %.7s stays that of #%d", c.describe(), c.Run.HeadSHA, other))
	}
	if _, err = host.CreateCheck(ctx, c.Run); err != nil {
		return err
	}
	return s.note(ctx, e, fmt.Sprintf("%s on %.7s: %s", c.describe(), c.Run.HeadSHA, c.Run.Conclusion))
}

// stands returns the other pull request whose check of a commit stands, 0 when there is
// none. GitHub has one check of a name for a commit, and holds all pull requests of the
// commit to it. So the one into the default branch comes first, and among others a failure:
// whoever may write can open one into a branch where everything passes.
func (s *Service) stands(ctx context.Context, host Host, old gitops.CheckRun, c Check) (int, error) {
	_, _, number := computedFrom(old.ExternalID)
	if number == 0 || c.Pull.Number == 0 || number == c.Pull.Number {
		return 0, nil
	}
	other, err := host.Pull(ctx, number)
	if err != nil || !other.Open || other.Head.SHA != c.Run.HeadSHA {
		return 0, gone(err)
	}
	main := c.Pull.Repo.DefaultBranch
	first, second := other.Base.Ref == main, c.Pull.Base.Ref == main
	if first && !second || first == second && old.Conclusion == gitops.Failure && c.Run.Conclusion != gitops.Failure {
		return number, nil
	}
	return 0, nil
}

// computedFrom reads from the ExternalID of a check what it was computed from: two
// commits, and the pull request, 0 when there is none. Of one that is not ours all is zero.
func computedFrom(id string) (base, head string, number int) {
	id, of, _ := strings.Cut(id, "#")
	base, head, _ = strings.Cut(id, "..")
	number, _ = strconv.Atoi(of) // 0 for none
	return base, head, number
}
