package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// actor carries out the actions of one plan.
type actor struct {
	*Service
	host  Host
	event gitops.Event
	// made has the numbers of the pull requests that the plan made so far, by branch.
	made map[string]int
}

// act carries out a plan, action by action.
func (s *Service) act(ctx context.Context, host Host, e gitops.Event, plan Plan) error {
	a := &actor{Service: s, host: host, event: e, made: map[string]int{}}
	for _, action := range plan {
		if err := action.act(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// once does an action that is not done yet, as its key tells, and logs who asked for
// it.
func (s *Service) once(ctx context.Context, e gitops.Event, key, what string, do func(context.Context) (string, error)) (string, error) {
	entry := LogEntry{Key: key, Job: e.Delivery, Target: fmt.Sprintf("%s#%d", e.Repo, e.Number), What: what}
	if e.Comment != nil {
		entry.Actor = e.Comment.Author.Login
	}
	return s.Actions.Once(ctx, entry, do)
}

// note records what was done that GitHub itself makes idempotent: once for each
// delivery that led to it.
func (s *Service) note(ctx context.Context, e gitops.Event, what string) error {
	_, err := s.once(ctx, e, "done "+what+" "+e.Delivery, what, func(context.Context) (string, error) { return "", nil })
	return err
}

// reply writes a comment unless it is there already.
func (s *Service) reply(ctx context.Context, host Host, e gitops.Event, r Reply) (string, error) {
	id, err := s.findReply(ctx, host, e.Number, r.Key)
	if err != nil || id != 0 {
		return strconv.FormatInt(id, 10), err
	}
	c, err := host.CreateComment(ctx, e.Number, replyMark(r.Key)+r.Body)
	return strconv.FormatInt(c.ID, 10), err
}

// replyMark is the first line of a reply, which names its key.
func replyMark(key string) string {
	return "<!-- " + marker("reply") + " " + strings.ReplaceAll(key, "--", "- -") + " -->\n"
}

// findReply returns the id of the reply of a key, 0 when there is none.
func (s *Service) findReply(ctx context.Context, host Host, number int, key string) (int64, error) {
	mine, err := s.mine(ctx, host, number)
	for _, c := range mine {
		if strings.HasPrefix(c.Body, replyMark(key)) {
			return c.ID, nil
		}
	}
	return 0, err
}

// mine returns the bot's own comments on a pull request: anybody can type the
// marker, nobody else can be its author.
func (s *Service) mine(ctx context.Context, host Host, number int) ([]gitops.Comment, error) {
	self, err := s.Self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := host.Comments(ctx, number)
	if err != nil {
		return nil, err
	}
	var list []gitops.Comment
	for _, c := range all {
		if c.Author.ID == self.ID {
			list = append(list, c)
		}
	}
	return list, nil
}
