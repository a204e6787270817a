package gitops

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Code is what kind of failure an error is. The edges of the program (HTTP, the
// command line, the queue) map it through one table, [Code.HTTP], [Code.Exit]
// and [Code.Queue].
type Code string

// The codes.
const (
	// Invalid is a bad command, configuration or manifest.
	Invalid Code = "invalid"
	// Denied is an actor who may not.
	Denied Code = "denied"
	// NotFound is an environment, app, revision or file that does not exist.
	NotFound Code = "not_found"
	// Stale is a tree that moved under us.
	Stale Code = "stale"
	// Limited is a remote that told us to wait, until Error.RetryAt.
	Limited Code = "limited"
	// Unavailable is GitHub, git or the disk failing.
	Unavailable Code = "unavailable"
	// Internal is our own bug.
	Internal Code = "internal"
)

// Outcome is what the queue does with a job that ended with an error.
type Outcome string

// The outcomes.
const (
	Done   Outcome = "done"   // nothing more to do
	Redo   Outcome = "redo"   // at once, with the new head
	Snooze Outcome = "snooze" // later, without counting as an attempt
	Retry  Outcome = "retry"  // with backoff, then the dead letter box
)

var table = map[Code]struct {
	http, exit int
	queue      Outcome
}{
	Invalid:     {400, 2, Done},
	Denied:      {403, 3, Done},
	NotFound:    {404, 2, Done},
	Stale:       {409, 4, Redo},
	Limited:     {429, 4, Snooze},
	Unavailable: {503, 4, Retry},
	Internal:    {500, 1, Retry},
}

// HTTP returns the status code for an answer that fails with c.
func (c Code) HTTP() int { return table[c].http }

// Exit returns the exit status of the command line for c.
func (c Code) Exit() int { return table[c].exit }

// Queue returns what the queue does with a job that failed with c.
func (c Code) Queue() Outcome { return table[c].queue }

// Cause says why an overlay does not render, finer than its Code.
type Cause string

// The causes. A render that fails has exactly one.
const (
	CauseRemote    Cause = "remote"       // a base or file outside the repository that is not allowed or not reachable
	CauseMissing   Cause = "missing-file" // a file or directory that is not there
	CauseYAML      Cause = "invalid-yaml"
	CauseField     Cause = "bad-field" // an unknown or malformed field of a kustomization
	CauseHelm      Cause = "helm"      // a chart that is not in the repository
	CauseChart     Cause = "chart"     // a chart, or values, that Helm refuses
	CausePlugin    Cause = "plugin"    // an exec or container function, or an external plugin
	CauseComponent Cause = "component" // a Component rendered alone
	CauseEmpty     Cause = "empty"     // a kustomization that names nothing
	CauseOutside   Cause = "outside"   // a path that leads out of the repository
	CauseSymlink   Cause = "symlink"
	CauseCycle     Cause = "cycle"
	CauseDuplicate Cause = "duplicate" // two objects with one id
	CausePatch     Cause = "patch"     // a patch, replacement or merge whose target is not there or ambiguous
	CauseLimit     Cause = "limit"     // memory, time, output or input beyond the limit
	CauseLFS       Cause = "lfs"       // a Git LFS pointer instead of the file
	CauseSubmodule Cause = "submodule"
	CauseOther     Cause = "other"
)

// Elsewhere reports whether an overlay may still build where more is at hand than here:
// other repositories, charts, plugins. Its failure says nothing against a change.
func (c Cause) Elsewhere() bool { return c == CauseRemote || c == CauseHelm || c == CausePlugin }

// CauseTooLong is the cause of an error of GitHub that refuses a text for its
// length.
const CauseTooLong Cause = "too-long"

// Error is the one error type of the program.
type Error struct {
	// Code decides what the edges do.
	Code Code
	// Cause is set for overlays that do not render.
	Cause Cause
	// Message says what is wrong, with the offending value quoted by [Quote].
	Message string
	// Hint says what to do next; it may be empty.
	Hint string
	// File, Line and Column are the place, as far as known; lines and columns
	// count from 1.
	File         string
	Line, Column int
	// RetryAt is set with code limited.
	RetryAt time.Time
	// Err is the wrapped error, for logs; it may be nil.
	Err error
}

// Error returns "file:line:column: message".
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(Printable(e.File))
		if e.Line > 0 {
			b.WriteString(":" + strconv.Itoa(e.Line))
			if e.Column > 0 {
				b.WriteString(":" + strconv.Itoa(e.Column))
			}
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// Unwrap returns the wrapped error.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an *Error of code c with a formatted message. An operand of
// verb %w is wrapped as in fmt.Errorf.
func Errorf(c Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: c, Message: err.Error(), Err: errors.Unwrap(err)}
}

// CodeOf returns the code of the outermost *Error in err's chain, Internal when
// there is none and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// maxQuote is how many bytes of a foreign value a message shows.
const maxQuote = 200

// Quote quotes a foreign value for a message: printable, on one line, in double
// quotes, cut after 200 bytes, and [WithoutUsers].
func Quote(s string) string {
	s = WithoutUsers(s)
	if len(s) > maxQuote {
		cut := maxQuote
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strconv.QuoteToGraphic(s)
}

// userInfo matches the user of a URL (RFC 3986, section 3.2.1), which is often a password or
// a token; userPort what is a host and its port instead. People forget to escape, so a
// password goes up to the last "@".
var (
	userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/]*|[^\s/:@]*:[^\s"'<>]*)@`)
	userPort = regexp.MustCompile(`^[^:]*://[^\s/:@]*:[0-9]+/`)
)

// WithoutUsers returns a text with "…" for the users and passwords of the URLs in it.
func WithoutUsers(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	return userInfo.ReplaceAllStringFunc(s, func(url string) string {
		if userPort.MatchString(url) {
			return url
		}
		scheme, _, _ := strings.Cut(url, "://")
		return scheme + "://…@"
	})
}

// Printable returns s when every rune of it is printable, and its escaped form
// without the surrounding quotes otherwise, so that a file name can neither
// break a line nor hide what it is.
func Printable(s string) string {
	q := strconv.QuoteToGraphic(s)
	if inner := q[1 : len(q)-1]; inner != s {
		return strings.ReplaceAll(inner, `\"`, `"`)
	}
	return s
}
