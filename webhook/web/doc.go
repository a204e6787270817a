// Package web is the pages of the bot itself: what it is, the set-up that
// registers an App, the log-in of people through GitHub, the report of a pull
// request that is too long for its comments, and the form that seals secrets.
//
// New returns one http.Handler for all of them; package webhook serves it
// beside the webhook. Pages are html/template and one style sheet, embedded.
// They load nothing from elsewhere, and the policy that they are sent with
// (Content-Security-Policy) allows no script. The one exception is the form for
// secrets: its script, assets/seal.js, encrypts the values in the browser. What
// comes back is refused unless every value has the shape of ciphertext, so a
// value in the clear is not taken, not even by mistake.
//
//	page.go      templates, headers, and errors as pages
//	seal.go      what is kept in the browser, encrypted: cookies
//	login.go     GitHub's code flow with PKCE; sessions
//	limit.go     attempts, by address and by person
//	setup.go     GitHub's manifest flow; manifest.go and secret.go are its texts
//	sealing.go   the form for secrets, for the person of a link; sealview.go is what
//	             is shown of it, submission.go reads what it sends
//	report.go    who may see a report; overlay.go is what is shown of it
//
// The package asks GitHub through interfaces of its own. Nothing about a person is
// kept here: a session is in its cookie, sealed with [Options].Key, and ends within
// an hour. A repository that does not exist and one that a person may not read get
// the same answer. No token, code, cookie or credential is logged; of a page the log
// has the pattern, because a path may hold a token.
package web
