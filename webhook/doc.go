// Package webhook is the HTTP edge: it limits, verifies, decodes and enqueues
// the deliveries of GitHub, and answers before anything is done about them.
//
// POST /webhook reads at most 25 MB, checks the one HMAC-SHA256 signature against
// one or two secrets, decodes the few events that something is done about
// ([Decode]), and gives the delivery as it came to the [Inbox] under the key of its
// pull request ([Key]). It answers 202 only once the inbox has it on disk, so
// that a delivery that was answered with 202 is never lost, and one that
// was not shows as failed at GitHub and is redelivered. What is unknown or asks for
// nothing is answered with 200 and not stored: GitHub keeps adding events.
//
// Errors are answered as JSON with the code and the status of the one error
// table; a request that breaks a rule of HTTP itself (a path, method, size or media
// type) gets the status that HTTP has for it. Of a delivery, only its id, its event
// and what is wrong with its form are logged.
//
// The same handler has /healthz, /readyz and, when asked to, /metrics. All
// other paths belong to the pages that [Config] mounts. [Metrics] holds
// the figures of the whole service; there is nothing global.
package webhook
