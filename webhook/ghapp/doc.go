// Package ghapp is the GitHub side: it proves to GitHub that we are the App,
// and reads and writes what the bot needs through the REST API. It speaks the
// words of package gitops; no type of a GitHub library leaves it. It is the only
// package that imports go-github and ghinstallation, and holds the ways round
// their defects.
//
// An [App] is made once. [App.Repo] narrows it to one repository and to the
// permissions that a job needs; tokens are kept until they end and asked for
// again once when GitHub refuses one. A call goes down this way:
//
//	repo.go pull.go comment.go check.go …  operations, in words of gitops
//	valid.go      refuses names that could reach another endpoint
//	token.go      adds the token; a 401 gets a fresh one, once
//	guard.go      one for each installation: the four that follow, and metrics
//	gate.go       nothing is sent before the time that GitHub told us to wait for
//	pace.go       one write at a time, at most 80 a minute and 500 an hour
//	etag.go       answers seen before are asked for conditionally, and are free
//	problem.go    answers that are errors become *[gitops.Error]
//	pin.go        only the API's own host is ever connected to
//
// Every error is a *[gitops.Error]: invalid for what GitHub finds wrong with the
// request (see [TooLong]), denied for a permission that is missing and for a
// suspended installation, not_found for what is gone, stale for what moved,
// limited with RetryAt when GitHub or our own pacing says wait, and unavailable
// when GitHub is down. No error or log has a token in it.
//
// Methods are safe for concurrent use. The ones that write are not repeated
// after a failure in the middle: the caller looks before it writes again.
package ghapp
