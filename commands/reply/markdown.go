package reply

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Options are how to write Markdown.
type Options struct {
	// Marker is a word for the hidden comment at the top of each part:
	// "<!-- Marker 1/3 -->". There is none when it is empty.
	Marker string
	// MaxBytes is the length of one part, default 65,000. GitHub counts
	// characters and refuses more than 65,536; bytes are never fewer.
	MaxBytes int
	// MaxComments is how many parts there are at most, default 5.
	MaxComments int
	// FullURL is where the whole report is, "" when it is nowhere.
	FullURL string
	// CommitURL is what goes before a commit id to link to it, "" for no link.
	CommitURL string
}

// Defaults and the least sensible value of Options.
const (
	defaultBytes    = 65_000
	defaultComments = 5
	leastBytes      = 4_000
)

// openLines is how many lines of diff are shown unfolded.
const openLines = 60

// Markdown writes a report as the bodies of one or several comments.
func Markdown(r gitops.Report, opts Options) []string {
	w := newWriter(r, opts)
	sections := append(w.overview(), w.diffs()...)
	if !fits(sections, w.opts) {
		w.brief = true
		sections = append(w.overview(), w.diffs()...)
	}
	return pack(sections, w.opts, w.more)
}

// Summary writes the first lines and the table as one body, for a check run.
func Summary(r gitops.Report, opts Options) string {
	opts.MaxComments, opts.Marker = 1, ""
	w := newWriter(r, opts)
	return pack(w.overview(), w.opts, w.more)[0]
}

// withDefaults fills in what is not set.
func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultBytes
	}
	if o.MaxComments <= 0 {
		o.MaxComments = defaultComments
	}
	o.MaxBytes = max(o.MaxBytes, leastBytes)
	return o
}

// writer writes the sections of a report in Markdown.
type writer struct {
	r    gitops.Report
	opts Options
	// brief shows the first lines only of long objects that come or go as a whole, so
	// that they do not crowd out what changes.
	brief bool
	// who deploys the overlays that share a path, by index.
	who map[int]*gitops.Deployer
	// apps counts the overlays of an app in an environment.
	apps map[appIn]int
}

func newWriter(r gitops.Report, opts Options) writer {
	return writer{r: r, opts: opts.withDefaults(), who: ambiguous(r.Overlays), apps: appsIn(r.Overlays)}
}

// overview returns everything but the diffs, the worst first.
func (w writer) overview() []section {
	return slices.Concat(w.head(), w.broken(), w.gone(), w.unseen(), w.allow(), w.findings(), w.table(), w.moved(), w.deployment(), w.unread())
}

// head is the first line and what is compared.
func (w writer) head() []section {
	text := "**" + headline(w.r, markdownName) + "**"
	if c := w.commits(); c != "" {
		text += " · " + c
	}
	return []section{{pieces: []piece{{text: text + "\n\n"}}}}
}

// commits names the two sides.
func (w writer) commits() string {
	if w.r.Base == "" || w.r.Head == "" {
		return ""
	}
	return w.commit(w.r.Base) + " → " + w.commit(w.r.Head)
}

// commit names a commit, with a link when there is where to.
func (w writer) commit(id string) string {
	name := code(shortID(id))
	if w.opts.CommitURL == "" {
		return name
	}
	return link(name, w.opts.CommitURL+id)
}

// link writes a link to an address that the caller vouches for.
func link(text, address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return text
	}
	return "[" + text + "](<" + strings.NewReplacer("<", "%3C", ">", "%3E", "\\", "%5C").Replace(u.String()) + ">)"
}

// broken lists the renders that the change breaks.
func (w writer) broken() []section {
	const open = "> [!CAUTION]\n"
	s := section{open: open, reopen: open, close: "\n"}
	for _, f := range failures(w.r.Overlays, gitops.RenderErrorAfter) {
		s.pieces = append(s.pieces, piece{text: "> - " + w.failure(f, brokenVerb(f.isNew, len(f.overlays))) + "\n", overlays: f.overlays})
	}
	return s.list()
}

// maxNamed is how many overlays one line names.
const maxNamed = 8

// failure says which overlays do not render and why.
func (w writer) failure(f *failure, verb string) string {
	text := w.names(f.overlays) + " " + verb + ": " + sentence(howToAllow.ReplaceAllString(f.err.Message, ""))
	if f.err.File != "" {
		text += " (" + w.place(f.err.File, f.err.Line) + f.more() + ")"
	}
	if h := hint(w.r, f.err); h != "" && !allowRemote.MatchString(h) { // a line of its own lists those
		text += "; " + sentence(h)
	}
	return text
}

// names lists overlays by path.
func (w writer) names(overlays []int) string {
	var parts []string
	for _, i := range overlays[:min(len(overlays), maxNamed)] {
		parts = append(parts, w.unitName(i))
	}
	if n := len(overlays) - maxNamed; n > 0 {
		parts = append(parts, fmt.Sprintf("%d more", n))
	}
	return strings.Join(parts, ", ")
}

// version writes a tag or digest.
func version(s string) string { return "<code>" + escape(shortDigest(s), 80) + "</code>" }

// commitID matches what is a version, or the most of one, in many repositories.
var commitID = regexp.MustCompile(`\b([0-9a-f]{12})[0-9a-f]{28}\b`)

// shortDigest cuts the digest of an image and the full id of a commit to what tells
// them apart.
func shortDigest(s string) string {
	s = commitID.ReplaceAllString(s, "$1")
	const prefix, digits = "sha256:", 12
	at := strings.Index(s, prefix)
	if at < 0 || len(s) < at+len(prefix)+digits {
		return s
	}
	return s[:at+len(prefix)+digits]
}

// moved lists the directories that moved, each in one line.
func (w writer) moved() []section {
	var lines []piece
	for i, o := range w.r.Overlays {
		if o.Status != gitops.Moved {
			continue
		}
		what := "same output"
		if len(o.Objects) > 0 {
			what = objectCounts(o.Objects)
		}
		lines = append(lines, piece{text: fmt.Sprintf("- %s → %s: %s\n", code(o.MovedFrom), code(o.Path), what), overlays: []int{i}})
	}
	title := count(len(lines), "overlay") + " moved"
	if len(lines) <= tableRows {
		return section{open: title + ":\n\n", close: "\n", pieces: lines}.list()
	}
	fold := "<details><summary>%s</summary>\n\n"
	return section{open: fmt.Sprintf(fold, title), reopen: fmt.Sprintf(fold, title+", continued"), close: "\n</details>\n\n", pieces: lines}.list()
}

// namesIn lists as many overlays by path as take so many bytes, and the first.
func (w writer) namesIn(overlays []int, room int) string {
	text := ""
	for n, i := range overlays {
		name := w.unitName(i)
		if n > 0 && len(text)+len(name) > room {
			return text + fmt.Sprintf(" and %d more", len(overlays)-n)
		}
		if n > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

// shownFindings is how many findings stand before the rest is folded.
const shownFindings = 10

// findings lists what the rules say, the worst first.
func (w writer) findings() []section {
	var lines []piece
	for _, f := range bySeverity(unsaid(w.r)) {
		if w.r.Ledger != nil && f.Rule == gitops.NotCompared {
			continue // they have a list of their own
		}
		text := "- **" + markdownName(string(f.Severity)) + "**: " + sentence(f.Message)
		if f.Fix != "" {
			text += "; " + sentence(f.Fix)
		}
		text += " ("
		if f.File != "" {
			text += w.place(f.File, f.Line) + ", "
		}
		lines = append(lines, piece{text: text + markdownName(f.Rule) + ")\n"})
	}
	shown := min(len(lines), shownFindings)
	first := section{open: "Findings:\n\n", reopen: "Findings, continued:\n\n", close: "\n", pieces: lines[:shown]}
	fold := "<details><summary>%s</summary>\n\n"
	rest := section{open: fmt.Sprintf(fold, count(len(lines)-shown, "more finding")), reopen: fmt.Sprintf(fold, "More findings, continued"), close: "\n</details>\n\n", pieces: lines[shown:]}
	return append(first.list(), rest.list()...)
}

// bySeverity sorts findings, the worst first and otherwise as they come.
func bySeverity(list []gitops.Finding) []gitops.Finding {
	rank := map[gitops.Severity]int{gitops.SeverityError: -3, gitops.SeverityWarning: -2, gitops.SeverityNote: -1}
	slices.SortStableFunc(list, func(a, b gitops.Finding) int { return rank[a.Severity] - rank[b.Severity] })
	return list
}
