package reply

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
)

// Promotion is a promotion, and what there is to say about it beside its plan.
type Promotion struct {
	Plan *promote.Plan
	// Apps has more about some of the apps of the plan, by name.
	Apps map[string]PromotedApp
	// Report is what the edits change in what the target renders to; nil is not
	// shown.
	Report *gitops.Report
	// Chain is the environments of the apps in their order, with the versions as
	// they are when this is merged.
	Chain []Stop
	// By is the login of who asked, "" when the service did it by itself; Number is
	// the pull request where that was.
	By     string
	Number int
	// When is what becomes of the plan.
	When When
	// Later are environments of the same group that come after this one.
	Later []string
	// Shared are apps of which a file changes that all environments read.
	Shared []string
}

// When says what becomes of the plan of a promotion.
type When string

// What becomes of a plan.
const (
	Now       When = ""          // it is written
	OnMerge   When = "on-merge"  // it is written when the pull request is merged
	DryRun    When = "dry-run"   // it is only shown
	Automatic When = "automatic" // it is written, and nobody asked
)

// PromotedApp is what is known of one app.
type PromotedApp struct {
	// Pull is the number of the promotion pull request, 0 when there is none.
	Pull int
	// Since is the commit of the promotion that brought what the target has, ""
	// when it is not known.
	Since string
	// Newer is the commit of the source that the target, or the promotion that is
	// open, has already, and that contains the one that was asked for.
	Newer string
	// Stopped is the branch that somebody else put commits on.
	Stopped string
	// Commits are what the source got since it was promoted last, newest first.
	Commits []PromotedCommit
}

// PromotedCommit is a commit that a promotion carries.
type PromotedCommit struct {
	ID, Subject string
	// Number is its pull request, 0 when there is none.
	Number int
}

// Stop is one environment of a chain.
type Stop struct {
	Environment string
	Version     string // "" when unknown
	Target      bool   // it is what the promotion changes
}

// PromotionOptions are how to write a promotion.
type PromotionOptions struct {
	// MaxBytes is the length of the text, default 65,000.
	MaxBytes int
	// RepoURL is the address of the repository on its host, "" for no links.
	RepoURL string
	// Command is what was asked, such as "/promote staging", to build others upon.
	Command string
}

// PromotionTitle returns the title of a promotion pull request without any
// markup, at most 140 characters long.
func PromotionTitle(p *promote.Plan) string {
	var names []string
	for _, a := range p.Apps {
		if !moves(a) {
			continue
		}
		name := short(a.App, 40)
		one := !strings.Contains(a.NewVersion, ", ") // several are for the text
		if one && a.NewVersion != "" && a.NewVersion != a.Version {
			name += " " + short(shortDigest(a.NewVersion), 40)
		}
		names = append(names, name)
	}
	const most = 3
	if n := len(names) - most; n > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", n))
	}
	title := []rune("Promote " + strings.Join(names, ", ") + " to " + short(p.To, 40))
	if len(title) > maxTitle {
		title = append(title[:maxTitle-1], '…')
	}
	return string(title)
}

// moves reports whether something of an app is written.
func moves(a promote.AppPlan) bool { return len(a.Files) > 0 || len(a.Edits) > 0 }

// PromotionReply writes the answer to whoever asked for a promotion.
func PromotionReply(p Promotion, opts PromotionOptions) string {
	w := promotionWriter{p, opts}
	return w.pack(slices.Concat(w.first(), w.apps(), w.withheld(), w.conflicts(), w.checks(), w.notes(), w.rendered()))
}

// promotionWriter writes the sections of a promotion in Markdown.
type promotionWriter struct {
	p    Promotion
	opts PromotionOptions
}

// pack writes the sections into one text.
func (w promotionWriter) pack(sections []section) string {
	opts := Options{MaxBytes: w.opts.MaxBytes, MaxComments: 1}.withDefaults()
	text := pack(sections, opts, func(left []piece, _ int) string {
		return fmt.Sprintf("\n%s left out here. <code>bot promote</code> shows everything.\n", count(len(left), "part"))
	})
	return text[0]
}

// paragraph is a section of one text.
func paragraph(text string) []section {
	if text == "" {
		return nil
	}
	return []section{{pieces: []piece{{text: text + "\n\n"}}}}
}

// list is a section of lines below a heading line.
func listed(heading string, lines []string) []section {
	s := section{open: heading + "\n\n", close: "\n"}
	for _, l := range lines {
		s.pieces = append(s.pieces, piece{text: l + "\n"})
	}
	return s.list()
}

// first says what was done, or why nothing was.
func (w promotionWriter) first() []section {
	moving, pulls := 0, map[int]bool{}
	for _, a := range w.p.Plan.Apps {
		if moves(a) {
			moving++
		}
		if n := w.p.Apps[a.App].Pull; n != 0 && moves(a) {
			pulls[n] = true
		}
	}
	to, from := markdownName(w.p.Plan.To), markdownName(w.p.Plan.From)
	switch {
	case moving == 0:
		return w.nothing()
	case w.p.When == DryRun:
		return paragraph(fmt.Sprintf("**This is what a promotion from %s to %s would carry.** Nothing is written.", from, to))
	case w.p.When == OnMerge:
		return paragraph(fmt.Sprintf("**Promoted from %s to %s when this is merged**, at the commit that merges it. Until then this is what it would carry:", from, to))
	case len(pulls) == 1:
		for n := range pulls {
			return paragraph(fmt.Sprintf("**Promotion from %s to %s: %s**", from, to, w.pull(n)))
		}
	}
	return paragraph(fmt.Sprintf("**Promotion from %s to %s: %s**", from, to, count(len(pulls), "pull request")))
}

// nothing says of each app why nothing moves.
func (w promotionWriter) nothing() []section {
	what := "to promote"
	if slices.ContainsFunc(w.p.Plan.Apps, func(a promote.AppPlan) bool { return len(a.Conflicts) > 0 || w.p.Apps[a.App].Stopped != "" }) {
		what = "was promoted" // there is something
	}
	return listed(fmt.Sprintf("**Nothing %s from %s to %s.**", what, markdownName(w.p.Plan.From), markdownName(w.p.Plan.To)), w.still())
}

// still says of the apps that nothing moves of why that is.
func (w promotionWriter) still() []string {
	var lines []string
	for _, a := range w.p.Plan.Apps {
		if why := w.why(a); why != "" && !moves(a) {
			lines = append(lines, "- "+markdownName(a.App)+": "+why)
		}
	}
	return lines
}

// why says why nothing of an app is written.
func (w promotionWriter) why(a promote.AppPlan) string {
	about, to := w.p.Apps[a.App], markdownName(w.p.Plan.To)
	switch {
	case about.Stopped != "":
		return "branch " + code(about.Stopped) + " has commits that Sealift did not make, so it is left as it is. Merge or close its pull request and delete the branch, then ask again."
	case about.Newer != "" && about.Pull != 0:
		return w.pull(about.Pull) + " carries " + w.commit(about.Newer) + " already, which is newer"
	case about.Newer != "":
		return to + " has " + w.commit(about.Newer) + " already, which is newer"
	case a.Missing:
		return to + " does not have it. <code>" + escape(w.command()+" --create", 200) + "</code> copies the overlay and lists what to check."
	case a.Removed:
		return markdownName(w.p.Plan.From) + " does not have it any more. Remove it from " + to + " by hand, if it should go there too."
	case len(a.Conflicts) > 0:
		return "both sides changed the same, see below"
	}
	if a.Version == "" && versionsOnly(a) {
		return "there is no version to carry. What else differs is left as it is, since no promotion tells yet what is meant to differ."
	}
	has := "what " + markdownName(w.p.Plan.From) + " has"
	if a.Version != "" {
		has = version(a.Version)
	}
	if about.Since != "" {
		return to + " has " + has + " since " + w.commit(about.Since)
	}
	return to + " has " + has
}

// command is what was asked, to build others upon.
func (w promotionWriter) command() string {
	if w.opts.Command != "" {
		return w.opts.Command
	}
	return "/promote " + w.p.Plan.To
}

// apps is the table of what moves, and the apps that do not move beside others
// that do.
func (w promotionWriter) apps() []section {
	var rows []piece
	for _, a := range w.p.Plan.Apps {
		if moves(a) {
			rows = append(rows, piece{text: w.row(a)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	head := "| App | From | To | What moves |"
	rule := "|---|---|---|---|"
	if w.severalPulls() {
		head, rule = head+" Pull request |", rule+"---|"
	}
	table := section{open: head + "\n" + rule + "\n", close: "\n", pieces: rows}
	return append(table.list(), listed("Nothing moves of:", w.still())...)
}

// severalPulls reports whether what moves is in more than one pull request.
func (w promotionWriter) severalPulls() bool {
	seen := map[int]bool{}
	for _, a := range w.p.Plan.Apps {
		if n := w.p.Apps[a.App].Pull; n != 0 && moves(a) {
			seen[n] = true
		}
	}
	return len(seen) > 1
}

// row is one app in the table.
func (w promotionWriter) row(a promote.AppPlan) string {
	end := func(env, v string) string {
		if v == "" || strings.Contains(v, ", ") { // several are listed with what moves
			return markdownName(env)
		}
		return markdownName(env) + " " + version(v)
	}
	row := fmt.Sprintf("| %s | %s | %s | %s |", markdownName(a.App), end(w.p.Plan.From, a.NewVersion), end(w.p.Plan.To, a.Version), edits(a))
	if w.severalPulls() {
		row += " " + w.pull(w.p.Apps[a.App].Pull) + " |"
	}
	return row + "\n"
}

// maxEdits is how many edits a row names.
const maxEdits = 5

// edits lists what moves of an app. The same value in several places is named
// once; values of fields are not shown here, the rendered diff does that and masks
// secrets.
func edits(a promote.AppPlan) string {
	var parts []string
	counts := map[string]int{}
	for _, e := range a.Edits {
		text := edit(e)
		if counts[text]++; counts[text] == 1 {
			parts = append(parts, text)
		}
	}
	more := len(parts) - maxEdits
	parts = parts[:min(len(parts), maxEdits)]
	for i, text := range parts {
		if n := counts[text]; n > 1 {
			parts[i] += fmt.Sprintf(" (%d places)", n)
		}
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, "<br>")
}

// edit says what one edit carries.
func edit(e promote.Edit) string {
	switch e.Kind {
	case promote.FileAdded:
		return "new file " + code(e.File)
	case promote.FileRemoved:
		return "file gone " + code(e.File)
	case promote.FileCopied:
		return "file copied " + code(e.File)
	case promote.Field:
		return "field " + code(e.Path)
	}
	name := "<code>" + escape(e.Key, 120) + "</code> "
	switch {
	case e.Old == "":
		return name + version(e.New) + " (new)"
	case e.New == "":
		return name + version(e.Old) + " (gone)"
	}
	return name + version(e.Old) + " → " + version(e.New)
}

// withheld lists what the target does not get.
func (w promotionWriter) withheld() []section {
	return listed("**Withheld**", w.places(func(a promote.AppPlan) []promote.Withheld { return a.Withheld }))
}

// checks lists what a reviewer should look at.
func (w promotionWriter) checks() []section {
	return listed("**To check**", w.places(func(a promote.AppPlan) []promote.Withheld { return a.Checks }))
}

// places are lines about places of files, each once.
func (w promotionWriter) places(of func(promote.AppPlan) []promote.Withheld) []string {
	var lines []string
	for _, a := range w.p.Plan.Apps {
		for _, h := range of(a) {
			lines = append(lines, fmt.Sprintf("- %s: <code>%s</code>", fieldOf(h.File, h.Path), escape(h.Reason, 1000)))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// fieldOf names a field of a file.
func fieldOf(file, field string) string {
	if field == "" {
		return code(file)
	}
	return code(file) + " " + code(field)
}

// conflicts lists the fields that both sides changed, with the three values, and how
// to decide.
func (w promotionWriter) conflicts() []section {
	const head = "| Field | last promoted | source | target |\n|---|---|---|---|\n"
	s := section{open: "**Both sides changed these since the last promotion**\n\n" + head, reopen: head, close: "\n"}
	example := ""
	for _, a := range w.p.Plan.Apps {
		for _, c := range a.Conflicts {
			s.pieces = append(s.pieces, piece{text: fmt.Sprintf("| %s | %s | %s | %s |\n", fieldOf(c.File, c.Path), value(c.Base), value(c.Source), value(c.Target))})
			if example == "" {
				example = c.File + ":" + c.Path
			}
		}
	}
	if example == "" {
		return nil
	}
	decide := fmt.Sprintf("The target keeps its own. <code>%s</code> takes the value of the source instead, <code>--take target</code> keeps that of the target; without a place it is for all of them.",
		escape(w.command()+" --take source "+example, 400))
	return append(s.list(), paragraph(decide)...)
}

// value writes one side of a conflict. Secrets are hidden in the plan already.
func value(s string) string {
	if s == "" {
		return "–"
	}
	return "<code>" + escape(s, 200) + "</code>"
}

// notes says what else whoever asked should know.
func (w promotionWriter) notes() []section {
	var lines []string
	for _, a := range w.p.Plan.Apps {
		if moves(a) && a.LastPromoted == "" {
			lines = append(lines, fmt.Sprintf("- %s was not promoted from %s to %s before, so only versions are carried.", markdownName(a.App), markdownName(w.p.Plan.From), markdownName(w.p.Plan.To)))
		}
	}
	for _, f := range w.p.Plan.Refused {
		lines = append(lines, "- Rule "+markdownName(f.Rule)+" forbids it now: <code>"+escape(f.Message, 1000)+"</code>")
	}
	for _, app := range w.p.Shared {
		lines = append(lines, "- A file of "+markdownName(app)+" changes that several environments read: that part is in all of them at once.")
	}
	if len(w.p.Later) > 0 {
		lines = append(lines, "- Then comes "+w.names(w.p.Later)+": ask again when this is done.")
	}
	return listed("**Note**", lines)
}

// names lists names as code, safe to show.
func (w promotionWriter) names(list []string) string {
	var parts []string
	for _, name := range list {
		parts = append(parts, markdownName(name))
	}
	return strings.Join(parts, ", ")
}

// rendered is the diff of what the target renders to.
func (w promotionWriter) rendered() []section {
	if w.p.Report == nil {
		return nil
	}
	r := newWriter(*w.p.Report, Options{}.withDefaults())
	return slices.Concat(paragraph("**What "+markdownName(w.p.Plan.To)+" renders to**"), r.overview(), r.diffs())
}

// pull links to a pull request.
func (w promotionWriter) pull(n int) string {
	name := fmt.Sprintf("#%d", n)
	if w.opts.RepoURL == "" {
		return name
	}
	return link(name, fmt.Sprintf("%s/pull/%d", w.opts.RepoURL, n))
}

// commit links to a commit.
func (w promotionWriter) commit(id string) string {
	if w.opts.RepoURL == "" {
		return code(shortID(id))
	}
	return link(code(shortID(id)), w.opts.RepoURL+"/commit/"+id)
}

// PromotionShared says that a change needs no promotion, since it is in a file that
// the environments share.
func PromotionShared(apps []string) string {
	w := promotionWriter{}
	return "**Nothing to promote.** What changes of " + w.names(apps) + " is in files that all its environments read, so it reached every one of them at once, production included.\n"
}
