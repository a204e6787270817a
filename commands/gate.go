package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
)

// gateRequest is a promotion whose rules are to be looked at.
type gateRequest struct {
	Repo gitops.Repository
	// Config is the configuration of the base branch; nil has no rules.
	Config   *layout.Config
	From, To string
	Apps     []string
	// Source is the commit that is promoted; Since is when the source environment
	// became what it is there, by a merge or a promotion. Zero is unknown.
	Source string
	Since  time.Time
	// Before is when the environment before To in its group got Source; zero when it
	// has not.
	Before time.Time
	// Labels are those of the pull request that asks.
	Labels []string
	// Login is who asks; "" is the service itself, by `auto`.
	Login string
}

// gate returns the rules about people and time that forbid a promotion; none means
// that it may be written. It is asked when a promotion is planned, and again before
// it is written and before it is merged. The order of the chain is [Promotion]'s.
func (s *Service) gate(ctx context.Context, host Host, changes Changes, r gateRequest) ([]promote.Refusal, error) {
	g := &gateCheck{service: s, host: host, changes: changes, request: r, now: s.now()}
	if r.Config != nil {
		g.gate = r.Config.Environment(r.To).Gate
		g.promote = r.Config.Promote
	}
	for _, rule := range []func(context.Context) error{g.promoters, g.holds, g.checks} {
		if err := rule(ctx); err != nil {
			return nil, err
		}
	}
	g.group()
	g.freezes()
	g.soak()
	g.labels()
	return g.refused, nil
}

// may reports whether a person is one of those who may, and says who they are.
// who is written as in [layout.Gate]; empty means "write". Whoever is named, or is in
// a team, must still be able to write to the repository: somebody else may have taken
// the login of a person who left.
func may(ctx context.Context, host People, teams Teams, who []string, login string) (bool, string, error) {
	if len(who) == 0 {
		who = []string{string(RightWrite)}
	}
	says := whoMay(who)
	permission, err := host.Permission(ctx, login)
	if err != nil || !RightWrite.includes(permission) {
		return false, says, gone(err)
	}
	for _, w := range who {
		if strings.EqualFold(w, login) && !isRight(w) || isRight(w) && Right(w).includes(permission) {
			return true, says, nil
		}
	}
	for _, w := range who {
		team, ok := strings.CutPrefix(w, "@")
		if !ok {
			continue
		}
		if in, err := teams.TeamMember(ctx, team, login); in || err != nil {
			return in, says, err
		}
	}
	return false, says, nil
}

// Teams says who is in a team.
type Teams interface {
	// TeamMember tells whether a person is an active member of a team "owner/team".
	TeamMember(ctx context.Context, team, login string) (bool, error)
}

func isRight(s string) bool { return slices.Contains([]string{"write", "maintain", "admin"}, s) }

// whoMay says in words who is on a list of those who may.
func whoMay(who []string) string {
	var words []string
	for _, w := range who {
		switch {
		case isRight(w):
			words = append(words, Right(w).people())
		case strings.HasPrefix(w, "@"):
			words = append(words, "members of "+w[1:])
		default:
			words = append(words, w)
		}
	}
	return strings.Join(words, ", ")
}

// gateCheck goes through the rules of one promotion.
type gateCheck struct {
	service *Service
	host    Host
	changes Changes
	request gateRequest
	gate    layout.Gate       // of the target
	promote layout.Promote    // of the whole repository
	now     time.Time         // by which freezes and soak are judged
	refused []promote.Refusal // by all rules that were looked at so far
}

// refuse goes on: who asks is told all that stands in the way at once.
func (g *gateCheck) refuse(rule, format string, args ...any) {
	g.refused = append(g.refused, promote.Refusal{Rule: rule, Message: fmt.Sprintf(format, args...)})
}

// promoters holds people to the list. What is automatic is allowed by the
// configuration itself.
func (g *gateCheck) promoters(ctx context.Context) error {
	if g.request.Login == "" {
		return nil
	}
	ok, who, err := may(ctx, g.host, g.changes, g.gate.Promoters, g.request.Login)
	if err == nil && !ok {
		g.refuse("promoters", "%s may not promote to %s; %s may", g.request.Login, g.request.To, who)
	}
	return err
}
