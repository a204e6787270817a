package ghapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// The causes of errors that callers tell apart.
const (
	// CauseTooLong is of code invalid: a text is longer than GitHub takes.
	CauseTooLong gitops.Cause = "too-long"
	// CauseExists is of code invalid: what was to be created is there already.
	CauseExists gitops.Cause = "exists"
	// CauseToken is of code denied or unavailable: GitHub refused who we are.
	CauseToken gitops.Cause = "token"
	// causeGrant is of code denied: an installation does not grant a permission.
	causeGrant gitops.Cause = "grant"
)

// TooLong tells whether GitHub refused a text for its length; a shorter one may
// pass.
func TooLong(err error) bool { return hasCause(err, CauseTooLong) }

// Exists tells whether GitHub refused to create what is there already.
func Exists(err error) bool { return hasCause(err, CauseExists) }

func hasCause(err error, cause gitops.Cause) bool {
	e, ok := errors.AsType[*gitops.Error](err)
	return ok && e.Cause == cause
}

// secrets are tokens of GitHub, and JWTs.
var secrets = regexp.MustCompile(`gh[pousr]_[A-Za-z0-9._-]{20,}|github_pat_[A-Za-z0-9_]{20,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9._-]{8,}|(client_secret|code)=[^&\s"]+`)

// redact removes what looks like a secret.
func redact(s string) string { return secrets.ReplaceAllString(s, "[secret]") }

// problem makes an error of this package out of one that a library returned.
func problem(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		return e
	}
	e := &gitops.Error{Code: gitops.Unavailable, Message: "answer of GitHub not understood: " + redact(err.Error())}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		e.Err = context.Canceled
		if errors.Is(err, context.DeadlineExceeded) {
			e.Err = context.DeadlineExceeded
		}
	}
	return e
}

// place names a call for a message. The path of a manifest conversion has a
// secret in it.
func place(req *http.Request) string {
	p := req.URL.Path
	if i := strings.Index(p, "app-manifests/"); i >= 0 {
		p = p[:i] + "app-manifests/*/conversions"
	}
	return req.Method + " " + gitops.Printable(redact(p))
}

// refusal is an answer that is an error.
type refusal struct {
	place   string
	status  int
	needs   string // the permissions that would do
	message string
	told    bool // to wait
	empty   bool // nothing was left
}

// readRefusal reads GitHub's form of an error.
func readRefusal(req *http.Request, resp *http.Response, body []byte) refusal {
	var form struct {
		Message       string            `json:"message"`
		Documentation string            `json:"documentation_url"`
		Errors        []json.RawMessage `json:"errors"`
	}
	_ = json.Unmarshal(body, &form) // anything else has no message
	parts := []string{form.Message}
	for _, raw := range form.Errors {
		parts = append(parts, detail(raw))
	}
	if strings.Contains(form.Documentation, "rate-limits") {
		parts = append(parts, "rate limit")
	}
	return refusal{
		place: place(req), status: resp.StatusCode, needs: resp.Header.Get("X-Accepted-Github-Permissions"),
		message: strings.TrimSpace(strings.Join(parts, " ")),
		told:    resp.Header.Get("Retry-After") != "", empty: resp.Header.Get("X-Ratelimit-Remaining") == "0",
	}
}

// detail returns the text of one of the errors of an answer, which is a string or
// an object.
func detail(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o struct{ Field, Code, Message string }
	_ = json.Unmarshal(raw, &o) // likewise
	if o.Message != "" {
		return o.Message
	}
	return strings.TrimSpace(o.Field + " " + o.Code)
}

// isLimit tells whether it means that we should wait. A 403 does so also when it
// is not in GitHub's form: then it comes from what stands before GitHub.
func (r refusal) isLimit() bool {
	if r.status != http.StatusForbidden {
		return r.status == http.StatusTooManyRequests
	}
	return r.told || r.empty || r.message == "" || r.says("rate limit", "abuse detection")
}

// says reports whether GitHub's message has one of these texts, given in lower case.
// Messages are no contract: where it is used nothing else tells.
func (r refusal) says(texts ...string) bool {
	for _, s := range texts {
		if strings.Contains(strings.ToLower(r.message), s) {
			return true
		}
	}
	return false
}

// text is the refusal for a message.
func (r refusal) text() string {
	s := r.place + ": " + strconv.Itoa(r.status)
	if r.message != "" {
		s += " " + gitops.Quote(redact(r.message))
	}
	return s
}

// codes maps statuses to codes. Other statuses below 500 are our own bugs.
var codes = map[int]gitops.Code{
	http.StatusUnauthorized:               gitops.Unavailable,
	http.StatusForbidden:                  gitops.Denied,
	http.StatusNotFound:                   gitops.NotFound,
	http.StatusGone:                       gitops.NotFound,
	http.StatusUnavailableForLegalReasons: gitops.NotFound,
	http.StatusMethodNotAllowed:           gitops.Invalid, // a merge that the branch does not allow
	http.StatusRequestTimeout:             gitops.Unavailable,
	http.StatusConflict:                   gitops.Stale,
	http.StatusRequestEntityTooLarge:      gitops.Invalid,
	http.StatusUnprocessableEntity:        gitops.Invalid,
}

// problem makes the error of a refusal that is no limit.
func (r refusal) problem() *gitops.Error {
	e := &gitops.Error{Code: codes[r.status], Message: "GitHub refused " + r.text()}
	switch {
	case r.status >= http.StatusInternalServerError:
		e.Code = gitops.Unavailable
	case e.Code == "":
		e.Code = gitops.Internal
	}
	switch r.status {
	case http.StatusUnauthorized:
		e.Cause = CauseToken
		e.Hint = "check the App's id and private key, and the clock of this machine"
	case http.StatusForbidden:
		r.denied(e)
	case http.StatusUnprocessableEntity:
		r.unprocessable(e)
	case http.StatusRequestEntityTooLarge:
		e.Cause = CauseTooLong
	}
	return e
}

// denied tells which permission is missing.
func (r refusal) denied(e *gitops.Error) {
	switch {
	case r.says("suspended"):
		e.Hint = "the installation is suspended; its owner can lift that"
	case r.needs != "":
		e.Message += ", missing permission: " + gitops.Quote(r.needs)
		e.Hint = "grant the App the permission, and accept it for the installation"
	}
}

// unprocessable tells apart what 422 is used for.
func (r refusal) unprocessable(e *gitops.Error) {
	switch {
	case r.says("too long", "characters are allowed"):
		e.Cause = CauseTooLong
	case r.says("already exists"):
		e.Cause = CauseExists
	case r.says("not a fast forward", "expected head sha"):
		e.Code = gitops.Stale
	case r.says("reference does not exist", "no commit found", "object does not exist"):
		e.Code = gitops.NotFound
	case r.says("permissions requested are not granted"):
		e.Code, e.Cause = gitops.Denied, causeGrant
		e.Hint = "grant the App the permission, and accept it for the installation"
	case r.says("does not exist or is not accessible"):
		e.Code = gitops.NotFound
	}
}
