// Package hub is a GitHub in a box: the part of GitHub that the bot relies on,
// for tests and for `bot demo`. It serves the REST operations the bot uses,
// real bare git repositories over smart HTTP, the App and OAuth log-in flows, and
// it sends signed webhook deliveries.
//
// It is not a mock. It refuses what GitHub refuses, with GitHub's statuses and
// wording: tokens reach only their repositories and permissions, bodies have
// limits, pushes must be fast-forward, rate limits bite. Its tests validate every
// request, answer and delivery against GitHub's published descriptions and
// drive it with clients that were written by others.
//
// A [Hub] is one http.Handler. Its state is in memory, besides the bare
// repositories under [Options].Dir. Everything is guarded by one lock, which a
// REST call holds from start to end; git transfers, deliveries and faults run
// outside it.
//
//	hub.go route.go call.go auth.go   the handler: routes, callers, answers
//	limit.go fault.go                 what wraps every call: limits, ETags, faults, counters
//	account.go team.go repo.go        people and what they own
//	actor.go pullactor.go view.go     what people do and see: the API for tests and the demo
//	git.go tree.go diffstat.go        bare repositories
//	refs.go smart.go                  what follows from a push, git over HTTP
//	pull.go merge.go queue.go         pull requests, merging, merge queue
//	issue.go check.go                 issues, comments, labels, reactions; checks and statuses
//	app.go install.go token.go        Apps, installations, tokens
//	manifest.go oauth.go              the two flows that need a browser
//	event.go delivery.go              webhook payloads; sending them, and the log
//	graphql.go                        the mutations that have no REST operation
//	*api.go                           REST operations on the above
//	json*.go                          their JSON forms
//
// The hub runs the system's git, which otherwise only package tree may: it is the
// other side of the wire.
package hub
