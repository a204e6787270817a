package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/seal"
)

// Invite replies with a link to the form for secrets, once. The link is made when the
// comment is written: its token is in no plan and in no log.
type Invite struct{ Link seal.Link }

func (Invite) describe() string { return "reply with a link to seal" }

func (i Invite) act(ctx context.Context, a *actor) error {
	_, err := a.once(ctx, a.event, inviteKey(i.Link), i.describe(), func(ctx context.Context) (string, error) { return a.invite(ctx, a.host, a.event, i) })
	return err
}

// inviteKey names the reply that has a link, from what the link holds.
func inviteKey(l seal.Link) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", l.Ask))
	return fmt.Sprintf("%s comment %d seal link %s", pullKey(l.Repo, l.Number), l.Comment, hex.EncodeToString(sum[:8]))
}

// invite writes the comment with the link, unless it is there already.
func (s *Service) invite(ctx context.Context, host Host, e gitops.Event, a Invite) (string, error) {
	key := inviteKey(a.Link)
	id, err := s.findReply(ctx, host, e.Number, key)
	if err != nil || id != 0 {
		return strconv.FormatInt(id, 10), err
	}
	token, err := s.Links.AddLink(ctx, a.Link)
	if err != nil {
		return "", err
	}
	body := reply.SealLink(a.Link.Person.Login, s.Options.SealURL(token), a.Link.Ask)
	c, err := host.CreateComment(ctx, e.Number, replyMark(key)+body)
	return strconv.FormatInt(c.ID, 10), err
}

// planLink offers the form.
func (w *sealing) planLink(ctx context.Context, a *asked, q sealRequest) (Plan, error) {
	if w.service.Options.SealURL == nil {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: "this service has no log-in, and so no form for secrets", Hint: "Use `kubeseal` or `bot seal`, and place what it prints with /seal."}
	}
	if env := q.ask.Environment; env != "" {
		if _, err := w.certificate(ctx, env); err != nil {
			return nil, err
		}
	} else if !w.sealable() {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: "no environment has a certificate to seal with", Hint: "Name one in `" + layout.ConfigFile + "` on the default branch."}
	}
	link := seal.Link{Repo: w.pull.Repo, Number: w.pull.Number, Head: w.pull.Head.SHA, Person: a.event.Comment.Author, Comment: a.event.Comment.ID, Ask: q.ask}
	return Plan{Invite{Link: link}}, nil
}

// sealable reports whether an environment has a certificate.
func (w *sealing) sealable() bool {
	for _, env := range w.config.Environments {
		if len(env.Sealing.Certificates) > 0 || env.Sealing.Controller != "" {
			return true
		}
	}
	return false
}
