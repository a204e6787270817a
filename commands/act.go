package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// act carries out a plan, action by action. Every action is idempotent: it looks
// before it writes, or is recorded under its key, so that a crash at any point and
// a second delivery leave one comment and one check.
func (s *Service) act(ctx context.Context, host Host, e gitops.Event, plan Plan) error {
	made := map[string]int{}
	for _, action := range plan {
		var err error
		switch a := action.(type) {
		case Sticky:
			err = s.keep(ctx, host, e, a)
		case Reply:
			_, err = s.once(ctx, e, a.Key, a.describe(), func(ctx context.Context) (string, error) { return s.reply(ctx, host, e, a) })
		case React:
			err = s.react(ctx, host, e, a)
		case Check:
			err = s.report(ctx, host, e, a)
		case Publish:
			made[a.Branch], err = s.publish(ctx, e, a)
		case Answer:
			err = s.answerOnce(ctx, host, e, a, made)
		case Remember:
			err = s.remember(ctx, e, a)
		case SetHold:
			err = s.hold(ctx, e, a.Hold)
		case EndHold:
			err = s.endHold(ctx, e, a.Hold)
		case Invite:
			_, err = s.once(ctx, e, inviteKey(a.Link), a.describe(), func(ctx context.Context) (string, error) { return s.invite(ctx, host, e, a) })
		case PutSealed:
			err = s.put(ctx, host, e, a)
		case Expose:
			err = s.expose(ctx, e, a)
		case Acknowledge:
			err = s.acknowledge(ctx, e, a)
		case Reseal:
			err = s.reseal(ctx, host, e, a)
		}
		if err != nil {
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

// react puts a reaction on a comment, unless that was deleted meanwhile.
func (s *Service) react(ctx context.Context, host Host, e gitops.Event, r React) error {
	if err := host.React(ctx, r.Comment, string(r.Content)); err != nil {
		return gone(err)
	}
	return s.note(ctx, e, r.describe())
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
