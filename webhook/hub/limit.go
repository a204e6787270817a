package hub

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits are GitHub's rate limits, for each installation, person or address. A
// zero field is not enforced.
type Limits struct {
	// Hourly is the primary limit in calls an hour; it is stated as 5,000 when
	// it is not enforced.
	Hourly int
	// Concurrent is how many calls may be under way at a time.
	Concurrent int
	// Points a minute: a read costs 1, a write 5.
	Points int
	// Content is how many things may be created a minute, ContentHourly an hour.
	Content, ContentHourly int
	// Status of a refusal is 403, or 429 when set so.
	Status int
	// Silent leaves retry-after out of refusals by a secondary limit.
	Silent bool
}

// GitHubLimits are the documented figures.
func GitHubLimits() Limits {
	return Limits{Hourly: 5000, Concurrent: 100, Points: 900, Content: 80, ContentHourly: 500}
}

// SetLimits changes the limits from now on.
func (h *Hub) SetLimits(l Limits) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.opts.Limits = l
}

// meter counts what one caller used.
type meter struct {
	name    string
	used    int         // since the hour of the primary limit began
	reset   time.Time   // when it ends
	flying  int         // calls under way
	points  []spent     // of the last minute
	content []time.Time // when things were created, in the last hour
}

// spent is what one call cost, in points.
type spent struct {
	at   time.Time
	cost int
}

// enter finds out who calls and charges the call. early is the answer when the
// call ends here.
func (h *Hub) enter(r *http.Request, rt *compiled) (who caller, m *meter, early *answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	who, early = h.identify(r)
	m = h.meterOf(who, r)
	m.flying++
	if early != nil || rt.op == "GET /rate_limit" {
		return who, m, early
	}
	return who, m, h.charge(m, rt)
}

// leave ends a call that enter let in.
func (h *Hub) leave(m *meter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m.flying--
}

// meterOf returns the meter of a caller.
func (h *Hub) meterOf(who caller, r *http.Request) *meter {
	name := "address"
	switch {
	case who.app != nil:
		name = "app ID " + itoa(int(who.app.id))
	case who.tok != nil && who.tok.in != nil:
		name = "installation ID " + itoa(int(who.tok.in.id))
	case who.tok != nil:
		name = "user ID " + itoa(int(who.tok.user.id))
	}
	m := h.meters[name]
	if m == nil {
		m = &meter{name: name}
		h.meters[name] = m
	}
	if !h.now().Before(m.reset) {
		m.used, m.reset = 0, h.now().Add(time.Hour)
	}
	return m
}

// charge counts a call, or refuses it.
func (h *Hub) charge(m *meter, rt *compiled) *answer {
	l, now := h.opts.Limits, h.now()
	if l.Hourly > 0 && m.used >= l.Hourly {
		return refuse(cmp.Or(l.Status, http.StatusForbidden), "API rate limit exceeded for "+m.name+".")
	}
	m.used++
	cost := 1
	if rt.method != http.MethodGet {
		cost = 5
	}
	m.forget(now)
	points := cost
	for _, s := range m.points {
		points += s.cost
	}
	minute := 1
	for _, at := range m.content {
		if at.After(now.Add(-time.Minute)) {
			minute++
		}
	}
	creates := createsContent(rt)
	over := func(limit, have int) bool { return limit > 0 && have > limit }
	if over(l.Points, points) || over(l.Concurrent, m.flying) || creates && (over(l.Content, minute) || over(l.ContentHourly, len(m.content)+1)) {
		return l.secondary()
	}
	m.points = append(m.points, spent{now, cost})
	if creates {
		m.content = append(m.content, now)
	}
	return nil
}

// forget drops what no window reaches any more.
func (m *meter) forget(now time.Time) {
	for len(m.points) > 0 && !m.points[0].at.After(now.Add(-time.Minute)) {
		m.points = m.points[1:]
	}
	for len(m.content) > 0 && !m.content[0].After(now.Add(-time.Hour)) {
		m.content = m.content[1:]
	}
}

// createsContent reports whether an operation makes something that people see.
func createsContent(rt *compiled) bool {
	return rt.method != http.MethodGet && rt.method != http.MethodDelete && strings.HasPrefix(rt.op[len(rt.method):], " /repos/") && !strings.Contains(rt.op, "/git/")
}

// secondary is the answer of a secondary limit. A client knows it by its words and by
// retry-after only: the headers of the primary limit say that there is room.
func (l Limits) secondary() *answer {
	a := refuse(cmp.Or(l.Status, http.StatusForbidden), "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
	a.body.(obj)["documentation_url"] = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
	if !l.Silent {
		a.header = http.Header{"Retry-After": {"60"}}
	}
	return a
}

// finish adds the rate limit headers and the ETag; an answer that the caller has
// already becomes a 304, which is free.
func (h *Hub) finish(a *answer, r *http.Request, m *meter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.header == nil {
		a.header = http.Header{}
	}
	if r.Method == http.MethodGet && a.status == http.StatusOK {
		sum := sha256.Sum256(a.bytes())
		tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
		a.header.Set("ETag", tag)
		a.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
		a.header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP")
		if strings.Contains(r.Header.Get("If-None-Match"), strings.TrimPrefix(tag, "W/")) {
			a.status, a.body, a.raw = http.StatusNotModified, nil, nil
			m.used = max(0, m.used-1)
		}
	}
	limit := cmp.Or(h.opts.Limits.Hourly, 5000)
	for k, v := range map[string]int{"limit": limit, "remaining": max(0, limit-m.used), "used": m.used, "reset": int(m.reset.Unix())} {
		a.header.Set("X-RateLimit-"+k, strconv.Itoa(v))
	}
	a.header.Set("X-RateLimit-Resource", "core")
}

// rateLimit is GET /rate_limit, which is free.
func (c *call) rateLimit() *answer {
	m := c.h.meterOf(c.who, c.r)
	limit := cmp.Or(c.h.opts.Limits.Hourly, 5000)
	core := obj{"limit": limit, "remaining": max(0, limit-m.used), "used": m.used, "reset": m.reset.Unix()}
	search := obj{"limit": 30, "remaining": 30, "used": 0, "reset": m.reset.Unix()}
	return ok(obj{"resources": obj{"core": core, "search": search}, "rate": core})
}
