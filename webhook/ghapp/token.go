package ghapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// Permissions are what a token may do: a permission, such as "contents", to
// "read" or "write". Reading metadata is always part of it.
type Permissions map[string]string

// RenderPermissions are those of a job that shows what a change does: it reads
// the repository, comments, and writes checks.
func RenderPermissions() Permissions {
	return Permissions{"contents": "read", "pull_requests": "write", "issues": "write", "checks": "write"}
}

// ChangePermissions are those of a job that also pushes a branch and opens a pull
// request.
func ChangePermissions() Permissions {
	p := RenderPermissions()
	p["contents"] = "write"
	return p
}

// key is the same for equal permissions.
func (p Permissions) key() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		b.WriteString(name + "=" + p[name] + " ")
	}
	return b.String()
}

// options narrows a token to one repository, 0 for all, and to permissions. A
// token without any would have all that the installation has.
func (p Permissions) options(repo int64) (*github.InstallationTokenOptions, error) {
	o := &github.InstallationTokenOptions{Permissions: &github.InstallationPermissions{}}
	if repo != 0 {
		o.RepositoryIDs = []int64{repo}
	}
	text, err := json.Marshal(p)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		err = dec.Decode(o.Permissions)
	}
	if err != nil || len(p) == 0 {
		return nil, gitops.Errorf(gitops.Internal, "permissions of a token are not valid: %s", gitops.Quote(p.key()))
	}
	return o, nil
}

// tokens is the token of one installation for one repository and one set of
// permissions.
type tokens struct {
	in    *installation
	opts  *github.InstallationTokenOptions
	asks  string          // the permissions, for people
	state chan tokenState // holds one value while nobody works on it
}

// tokenState is a token and when it ends by our clock.
type tokenState struct {
	value string
	ends  time.Time
}

// newTokens returns one that has no token yet.
func newTokens(in *installation, opts *github.InstallationTokenOptions, asks string) *tokens {
	t := &tokens{in: in, opts: opts, asks: asks, state: make(chan tokenState, 1)}
	t.state <- tokenState{}
	return t
}

// early is how long before its end a token is given up, so that what was begun
// with it can be ended with it.
const early = 5 * time.Minute

// get returns a token, a fresh one when GitHub refused the one it had. One caller at a
// time mints; the others wait and get what it got. An error is not kept: the next
// caller asks again.
func (t *tokens) get(ctx context.Context, refused string) (string, error) {
	var s tokenState
	select {
	case s = <-t.state:
	case <-ctx.Done():
		return "", cancelled(ctx)
	}
	defer func() { t.state <- s }()
	if s.value != "" && s.value != refused && t.in.app.now().Before(s.ends.Add(-early)) {
		return s.value, nil
	}
	s = tokenState{}
	fresh, err := t.in.app.patient(func() (tokenState, error) { return t.mint(ctx) })
	if err == nil {
		s = fresh
	}
	return s.value, err
}

// ended tells whether there is no token in it that still works. It is false
// while somebody works on it.
func (t *tokens) ended(now time.Time) bool {
	select {
	case s := <-t.state:
		defer func() { t.state <- s }()
		return now.After(s.ends)
	default:
		return false
	}
}

// mint asks GitHub for a token. It makes a transport of the library for this one
// question: a shared one races, and cannot be told that its token is refused.
func (t *tokens) mint(ctx context.Context) (tokenState, error) {
	tr := ghinstallation.NewFromAppsTransport(t.in.app.appTransport(slim{t.in.guard}), t.in.id)
	tr.InstallationTokenOptions = t.opts
	value, err := tr.Token(ctx)
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		t.explain(e)
	}
	if err != nil {
		return tokenState{}, problem(err)
	}
	ends, _, err := tr.Expiry()
	if err != nil || value == "" {
		return tokenState{}, gitops.Errorf(gitops.Unavailable, "GitHub gave no token for installation %d", t.in.id)
	}
	life := ends.Sub(t.in.app.githubNow())
	return tokenState{value: value, ends: t.in.app.now().Add(life)}, nil
}

// explain says what a refusal of a token means.
func (t *tokens) explain(e *gitops.Error) {
	switch {
	case e.Code == gitops.NotFound:
		e.Hint = "the App is not installed there any more"
	case e.Code == gitops.Denied && e.Cause == causeGrant:
		e.Message += ", asked for: " + gitops.Quote(strings.TrimSpace(t.asks))
	}
}

// slim leaves only the token in the answer that has it: the library would decode
// repositories, which fails for one with a custom property of many values.
type slim struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (s slim) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	var token struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil {
		return nil, gitops.Errorf(gitops.Unavailable, "answer of GitHub not understood: %s", place(req))
	}
	body, err := json.Marshal(token)
	resp.Body = memory(body)
	return resp, err
}

// tokenAuth adds the token of an installation. When GitHub refuses it, it is asked
// for anew, once.
type tokenAuth struct {
	tokens *tokens
	next   http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (a tokenAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	refused := ""
	return twice(req, hasToken, func(req *http.Request) (*http.Response, error) {
		value, err := a.tokens.get(req.Context(), refused)
		if err != nil {
			closeBody(req)
			return nil, &mintError{err}
		}
		refused = value
		req.Header.Set("Authorization", "Bearer "+value)
		return a.next.RoundTrip(req)
	})
}

// mintError is an error about a token that could not be had.
type mintError struct{ error }

// Unwrap returns the error itself.
func (e *mintError) Unwrap() error { return e.error }

// hasToken tells whether GitHub refused a token that it gave us.
func hasToken(err error) bool {
	_, mint := errors.AsType[*mintError](err)
	return !mint && hasCause(err, CauseToken)
}

// twice sends a request, and once more when again says so. The second time needs the
// body once more, which go-github always can give; a request without that is not
// repeated.
func twice(req *http.Request, again func(error) bool, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	resp, err := send(req.Clone(req.Context()))
	if err == nil || !again(err) {
		return resp, err
	}
	second := req.Clone(req.Context())
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return nil, err
		}
		body, bodyErr := req.GetBody()
		if bodyErr != nil {
			return nil, err
		}
		second.Body = body
	}
	return send(second)
}
