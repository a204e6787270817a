package ghapp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxAnswer is the largest answer, in bytes: that of a full page of comments of
// 65,536 characters each.
const maxAnswer = 32 << 20

// guard is in front of all that is sent on the quota of one installation, or of
// the App itself. It sends a request when it may be sent, and turns every answer
// that is an error into a *[gitops.Error]. So go-github sees successes only, and
// none of what it gets wrong: it does not know 429, sleeps for an hour on a
// secondary limit, and takes 202 for a failure.
type guard struct {
	app          *App
	installation int64
	root         *url.URL
	next         http.RoundTripper
	gate         gate
	pace         pace
}

// newGuard returns a guard of an installation, 0 for none, before a pinned root.
func (a *App) newGuard(installation int64, root *url.URL) *guard {
	return &guard{app: a, installation: installation, root: root, next: pin{root, a.transport}, pace: newPace()}
}

// RoundTrip implements [http.RoundTripper]. The answer is in memory.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	done, err := g.admit(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(req.Context(), g.app.cfg.Timeout)
	defer cancel()
	out := req.Clone(ctx)
	known := g.app.tags.ask(g.installation, out)
	start := g.app.now()
	resp, body, err := exchange(g.next, out)
	if err != nil {
		g.app.cfg.Meter.Call(g.operation(req), 0, g.app.now().Sub(start))
		return nil, unreachable(req, err)
	}
	g.app.cfg.Meter.Call(g.operation(req), resp.StatusCode, g.app.now().Sub(start))
	g.app.learn(resp.Header)
	g.quota(resp.Header)
	return g.judge(req, resp, body, known)
}

// admit waits until a request may be sent. done must be called when the answer is
// there: the next write waits for it.
func (g *guard) admit(req *http.Request) (done func(), err error) {
	if err := g.gate.check(g.app.now()); err != nil {
		return nil, err
	}
	return g.pace.wait(req.Context(), g.app.now, isWrite(req, g.root), isContent(req, g.root))
}

// exchange sends a request and reads the whole answer.
func exchange(next http.RoundTripper, req *http.Request) (*http.Response, []byte, error) {
	resp, err := next.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errors.New("the answer is too large")
	}
	return resp, body, err
}

// judge tells what an answer means. 202 is for what GitHub does later; that it was
// taken is all we ask for. The body is given back from memory, so whoever reads it does
// not hold the turn of the next write.
func (g *guard) judge(req *http.Request, resp *http.Response, body []byte, known *tagged) (*http.Response, error) {
	switch {
	case resp.StatusCode == http.StatusNotModified && known != nil:
		resp, body = known.answer(), known.body
	case resp.StatusCode >= http.StatusBadRequest:
		return nil, g.refused(req, resp, body)
	case resp.StatusCode == http.StatusAccepted:
		resp.StatusCode, resp.Status = http.StatusOK, "200 OK"
	}
	g.gate.passed(isWrite(req, g.root))
	g.app.tags.keep(g.installation, req, resp, body)
	resp.Request = req
	resp.Body, resp.ContentLength = memory(body), int64(len(body))
	// go-github would stop calling by these, by its own rules.
	for _, name := range []string{"Limit", "Remaining", "Reset", "Used", "Resource"} {
		resp.Header.Del("X-Ratelimit-" + name)
	}
	return resp, nil
}

// refused makes the error of an answer that is one.
func (g *guard) refused(req *http.Request, resp *http.Response, body []byte) error {
	r := readRefusal(req, resp, body)
	if !r.isLimit() {
		return r.problem()
	}
	e := g.gate.limited(g.app.now(), g.app.githubNow(), resp.Header, isWrite(req, g.root))
	e.Message = "GitHub asks to wait: " + r.text()
	g.app.cfg.Log.Warn("GitHub asks to wait", "installation", g.installation, "operation", g.operation(req), "until", e.RetryAt)
	return e
}

// quota tells the meter what is left.
func (g *guard) quota(h http.Header) {
	if n, err := strconv.Atoi(h.Get("X-Ratelimit-Remaining")); err == nil {
		g.app.cfg.Meter.Quota(g.installation, n)
	}
}

// isWrite tells whether a call changes something in a repository. Of GraphQL only
// mutations are used.
func isWrite(req *http.Request, root *url.URL) bool {
	rest := below(req, root)
	return req.Method != http.MethodGet && (strings.HasPrefix(rest, "repos/") || rest == "graphql")
}

// isContent tells whether a call creates content as GitHub counts it: what
// people see and are told of. Git objects and refs are not.
func isContent(req *http.Request, root *url.URL) bool {
	return isWrite(req, root) && req.Method != http.MethodDelete && !strings.Contains(req.URL.Path, "/git/")
}

// below returns the path of a request below the root; "graphql" is GraphQL.
func below(req *http.Request, root *url.URL) string {
	if req.URL.Path == graphqlPath(root) {
		return "graphql"
	}
	return strings.TrimPrefix(req.URL.Path, root.Path)
}

// words are the parts of paths that are not values.
var words = [...]string{
	"access_tokens", "annotations", "app", "app-manifests", "attempts", "blobs", "check-runs", "collaborators", "comments", "commits", "contents",
	"conversions", "deliveries", "git", "graphql", "hook", "installation", "installations", "issues", "login", "matching-refs", "memberships", "merge", "oauth", "orgs",
	"permission", "pulls", "reactions", "ref", "refs", "repos", "teams", "trees", "user", "users",
}

// operation names what a call does, with "*" for values, for metrics.
func (g *guard) operation(req *http.Request) string {
	parts := strings.Split(below(req, g.root), "/")
	for i, p := range parts {
		if value := parts[0] == "repos" && (i == 1 || i == 2); value || !slices.Contains(words[:], p) {
			parts[i] = "*"
		}
	}
	const most = 10 // names of refs and files have any number of parts
	return req.Method + " /" + strings.Join(parts[:min(len(parts), most)], "/")
}

// unreachable makes the error for a call that got no answer.
func unreachable(req *http.Request, err error) error {
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		return e
	}
	e := &gitops.Error{Code: gitops.Unavailable, Message: "GitHub did not answer " + place(req) + ": " + redact(err.Error())}
	if cause := context.Cause(req.Context()); cause != nil {
		e.Err = cause
	}
	return e
}
