// Package reply turns a report into what people read: comments in GitHub's
// Markdown, the summary of a check run, text for a terminal, and JSON.
//
// It is pure and says the same bytes for the same report. The first line of each
// form is the one that counts: what no longer renders, then how many overlays
// change and where. The same change in several overlays is said once.
//
// Everything that comes from a repository is untrusted, names as much as YAML.
// In Markdown it stands only inside code elements and code fences, where GitHub
// makes no mention, reference, link or picture of it, and with every character
// that could end them escaped. On every face, characters that do not show or
// that turn the text around are written out, as in \u202e.
//
// Markdown is split over comments at the border of objects, within the limits
// of [Options]; what does not fit is named, never dropped silently.
package reply
