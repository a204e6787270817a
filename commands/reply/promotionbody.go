package reply

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// PromotionBody writes the text of a promotion pull request. old is the text it
// had: of it only the lines of its history are kept.
func PromotionBody(p Promotion, opts PromotionOptions, old string) string {
	w := promotionWriter{p, opts}
	head := fmt.Sprintf("<!-- sealift:promotion %s -->\n", w.at())
	history := historyOpen + strings.Join(w.history(old), "\n") + historyClose
	limit := Options{MaxBytes: opts.MaxBytes}.withDefaults().MaxBytes
	w.opts.MaxBytes = limit - len(head) - len(history)
	return head + w.pack(slices.Concat(w.intro(), w.apps(), w.origin(), w.chain(), w.withheld(), w.conflicts(), w.checks(), w.notes(), w.rendered())) + history
}

// at names the commit that is promoted. An environment's name may hold anything.
func (w promotionWriter) at() string {
	return plainWord.ReplaceAllString(w.p.Plan.From, "-") + "@" + shortID(w.p.Plan.At)
}

var plainWord = regexp.MustCompile(`[^A-Za-z0-9.]+`)

// intro says what this is and who asked.
func (w promotionWriter) intro() []section {
	text := fmt.Sprintf("Carries %s from %s to %s, at %s.", w.names(w.moving()), markdownName(w.p.Plan.From), markdownName(w.p.Plan.To), w.commit(w.p.Plan.At))
	switch {
	case w.p.By == "":
		text += " The configuration asks for it automatically."
	case w.p.Number != 0:
		text += " " + code("@"+w.p.By) + " asked for it in " + w.pull(w.p.Number) + "."
	default:
		text += " " + code("@"+w.p.By) + " asked for it."
	}
	return paragraph(text)
}

// moving returns the apps that something is written of.
func (w promotionWriter) moving() []string {
	var list []string
	for _, a := range w.p.Plan.Apps {
		if moves(a) {
			list = append(list, a.App)
		}
	}
	return list
}

// origin lists the commits and pull requests that what moves comes from.
func (w promotionWriter) origin() []section {
	const most = 20
	var lines []string
	seen := map[string]bool{}
	for _, a := range w.p.Plan.Apps {
		for _, c := range w.p.Apps[a.App].Commits {
			if seen[c.ID] || !moves(a) {
				continue
			}
			seen[c.ID] = true
			line := "- " + w.commit(c.ID) + " " + code(c.Subject)
			if c.Number != 0 {
				line += " " + w.pull(c.Number)
			}
			lines = append(lines, line)
		}
	}
	if n := len(lines) - most; n > 0 {
		lines = append(lines[:most], fmt.Sprintf("- %d more", n))
	}
	return listed("**Where it comes from**", lines)
}

// chain draws the environments in their order with the version in each.
func (w promotionWriter) chain() []section {
	if len(w.p.Chain) < 2 {
		return nil
	}
	var b strings.Builder
	b.WriteString("```mermaid\nflowchart LR\n")
	for i, s := range w.p.Chain {
		label := mermaid(s.Environment, 40)
		for version := range strings.SplitSeq(s.Version, ", ") { // one, or several with their names
			if version != "" {
				label += "<br/>" + mermaid(shortDigest(version), 40)
			}
		}
		fmt.Fprintf(&b, "  e%d[\"%s\"]\n", i, label)
	}
	for i := range w.p.Chain[1:] {
		arrow := "-.->"
		if w.p.Chain[i+1].Target {
			arrow = "==>"
		}
		fmt.Fprintf(&b, "  e%d %s e%d\n", i, arrow, i+1)
	}
	return paragraph(b.String() + "```")
}

// mermaid writes a name so that a label in quotes takes it as text, in mermaid's own
// entities (https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters).
func mermaid(s string, limit int) string {
	var b strings.Builder
	for _, r := range short(s, limit) {
		if r < 0x80 && !strings.ContainsRune("-._/ ", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			fmt.Fprintf(&b, "#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// What stands around the history at the end of the text.
const (
	historyOpen  = "\n**History**\n\n"
	historyClose = "\n"
	maxHistory   = 20
)

// historyLine is the form of a line of the history: nothing else of an old text is
// ever kept.
var historyLine = regexp.MustCompile(`^- <code>[A-Za-z0-9.-]+@[0-9a-f]{7}</code> (<code>([^<>&@#\s\x60]|&#\d+;){1,200}</code> )?(automatic|asked by <code>&#64;[A-Za-z0-9-]{1,100}</code>( in #\d{1,9})?)$`)

// history returns the lines of the history: this promotion, and those that it
// took the place of.
func (w promotionWriter) history(old string) []string {
	list := []string{w.line()}
	_, rest, _ := strings.Cut(old, historyOpen)
	for line := range strings.Lines(rest) {
		line = strings.TrimRight(line, "\r\n")
		same := strings.HasPrefix(line, "- <code>"+w.at()+"</code>")
		if historyLine.MatchString(line) && !same && len(list) < maxHistory {
			list = append(list, line)
		}
	}
	return list
}

// line is this promotion as a line of the history.
func (w promotionWriter) line() string {
	text := "- <code>" + w.at() + "</code> "
	if list := w.p.Plan.Apps; len(list) == 1 && list[0].NewVersion != "" {
		text += version(list[0].NewVersion) + " "
	}
	if w.p.By == "" {
		return text + "automatic"
	}
	text += "asked by " + code("@"+w.p.By)
	if w.p.Number != 0 {
		text += fmt.Sprintf(" in #%d", w.p.Number)
	}
	return text
}
