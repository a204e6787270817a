// Package pages is what people see of the hub: its pull requests as web pages, for
// `bot demo`. It looks like GitHub, to the degree that somebody who reviews on GitHub
// finds everything without being told: the conversation with comments rendered from
// Markdown, reactions and former versions, the checks with their annotations, commits,
// changed files, merging, and a box to write in. Whoever looks chooses which of a few
// people to be. A log shows what webhooks were sent.
//
// Everything works without JavaScript. With it, what changed on the hub is put into the
// open page every second, around what is being typed.
//
// Comments are not trusted. Markdown becomes HTML, a list of allowed elements and
// attributes (GitHub's own) is cut out of it, and the result is parsed and written again, so that
// nothing unclosed reaches the page around it. The content security policy allows the
// package's own style and script and nothing else. Only pages of the same origin may
// change something, and only names of this machine, or the hub's own, are answered.
// There is no log-in: it is for a hub that listens on loopback.
//
// The package holds no state besides a bounded memory of what it has rendered.
//
//	pages.go guard.go template.go      the handler; who is answered; templates
//	pull.go conversation.go check.go   lists and tabs; what the conversation shows
//	act.go                             what people do
//	commit.go patch.go blob.go         commits, changed files, a file
//	delivery.go                        the log of webhooks
//	markdown.go sanitize.go decorate.go flow.go
//	                                   comments to HTML
//	git.go memo.go                     reading the bare repositories
package pages
