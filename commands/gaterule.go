package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// group holds a promotion back until the environment before it in its group has had
// the source long enough.
func (g *gateCheck) group() {
	to := g.request.To
	for _, group := range g.promote.Groups {
		at := slices.Index(group.Members, to)
		if at < 1 {
			continue
		}
		before := group.Members[at-1]
		if g.request.Before.IsZero() {
			g.refuse("group", "%s comes before %s in %s, and does not have this yet", before, to, group.Name)
		} else if ready := g.request.Before.Add(group.Soak); g.now.Before(ready) {
			g.refuse("group", "%s has had this since %s, and %s waits until %s", before, clock(g.request.Before), to, clock(ready))
		}
	}
}

// holds keeps to what people said with /hold.
func (g *gateCheck) holds(ctx context.Context) error {
	if g.service.Holds == nil {
		return nil
	}
	list, err := g.service.Holds.Holds(ctx, g.request.Repo.ID)
	for _, h := range list {
		if !h.Covers(g.request.To, g.request.Apps, g.request.Login == "") {
			continue
		}
		g.refuse("hold", "%s is on hold %s; /unhold %s ends that", h.What(), holdSays(h), h.What())
	}
	return err
}

// holdSays says since when something is held, by whom and why.
func holdSays(h gitops.Hold) string {
	text := "since " + clock(h.Since) + " by " + h.Login + because(h.Reason)
	if h.Automatic {
		text += " (only automatic promotions)"
	}
	return text
}

// because is a reason that a person wrote, after what it is the reason of.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + gitops.Quote(reason)
}

// freezes keeps to the times of rest.
func (g *gateCheck) freezes() {
	for _, f := range g.gate.Freezes {
		until, frozen := f.Until(g.now)
		if !frozen {
			continue
		}
		g.refuse("freeze", "%s is frozen until %s%s", g.request.To, until.In(f.Zone).Format(clockForm), because(f.Reason))
	}
}

// soak waits until the source has been as it is for long enough. What is not known
// has not been long enough.
func (g *gateCheck) soak() {
	if g.gate.Soak == 0 {
		return
	}
	if g.request.Since.IsZero() {
		g.refuse("soak", "%s wants %s to be as it is for %s, and it is not known since when that is", g.request.To, g.request.From, span(g.gate.Soak))
		return
	}
	if ready := g.request.Since.Add(g.gate.Soak); g.now.Before(ready) {
		g.refuse("soak", "%s has been as it is since %s, and must be for %s: until %s", g.request.From, clock(g.request.Since), span(g.gate.Soak), clock(ready))
	}
}

// checks wants the checks of the source commit green.
func (g *gateCheck) checks(ctx context.Context) error {
	if len(g.gate.Checks) == 0 {
		return nil
	}
	states, err := g.host.Conclusions(ctx, g.request.Source)
	if err != nil {
		return err
	}
	for _, name := range g.gate.Checks {
		state, known := states[name]
		switch {
		case green(state):
			continue
		case !known:
			g.refuse("checks", "check %s is not there on %.7s", gitops.Quote(name), g.request.Source)
		case state == "":
			g.refuse("checks", "check %s still runs on %.7s", gitops.Quote(name), g.request.Source)
		default:
			g.refuse("checks", "check %s is not green on %.7s: %s", gitops.Quote(name), g.request.Source, gitops.Printable(string(state)))
		}
	}
	return nil
}

// green reports whether a check is done and does not object.
func green(c gitops.Conclusion) bool {
	return c == gitops.Success || c == gitops.Neutral || c == "skipped"
}

// labels wants labels on the pull request that asks. What is automatic has none.
func (g *gateCheck) labels() {
	if g.request.Login == "" {
		return
	}
	for _, l := range g.gate.Labels {
		if !slices.Contains(g.request.Labels, l) {
			g.refuse("labels", "pull request does not have the label %s", gitops.Quote(l))
		}
	}
}

// clockForm is a time as people read it in a reply.
const clockForm = "2006-01-02 15:04 MST"

// clock is a time in UTC, because readers are anywhere.
func clock(t time.Time) string { return t.UTC().Format(clockForm) }

// span is a duration without the parts that are zero.
func span(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
