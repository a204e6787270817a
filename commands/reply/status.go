package reply

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// StatusSchema names the form of a [Status] as JSON.
const StatusSchema = "sealift/status/v1"

// Status is which version of each app is where, and what holds the others up.
type Status struct {
	// Environments are in the order of the chain.
	Environments []string     `json:"environments"`
	Apps         []StatusApp  `json:"apps"`
	Promotions   []StatusPull `json:"promotions"`
	Holds        []StatusNote `json:"holds"`
	Freezes      []StatusNote `json:"freezes"`
	Certificates []StatusNote `json:"certificates"`
}

// StatusApp is one row.
type StatusApp struct {
	App string `json:"app"`
	// Stops are the environments that have the app, in the order of the chain.
	Stops []StatusStop `json:"stops"`
}

// StatusStop is an app in one environment.
type StatusStop struct {
	Environment string `json:"environment"`
	// Version is "" when none is known.
	Version string `json:"version"`
	// From is the environment before it, "" of the first one.
	From string `json:"from"`
	// Behind is how many commits From got since it was promoted here last, -1 when
	// it never was. Differs says that a promotion would carry something.
	Behind  int  `json:"behind"`
	Differs bool `json:"differs"`
}

// StatusPull is a promotion that is open.
type StatusPull struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
}

// StatusNote is something about an environment.
type StatusNote struct {
	Environment string `json:"environment"`
	App         string `json:"app,omitempty"`
	Text        string `json:"text"`
}

// StatusMarkdown writes a status as a comment.
func StatusMarkdown(s Status, opts PromotionOptions) string {
	w := promotionWriter{opts: opts}
	var pulls []string
	for _, p := range s.Promotions {
		pulls = append(pulls, "- "+w.pull(p.Number)+" "+"<code>"+escape(p.Title, 200)+"</code>")
	}
	return w.pack(slices.Concat(
		statusTable(s), listed("**Open promotions**", pulls), noted("**On hold**", s.Holds), noted("**Frozen**", s.Freezes), noted("**Certificates**", s.Certificates),
	))
}

// statusTable is an app a row, an environment a column.
func statusTable(s Status) []section {
	if len(s.Apps) == 0 {
		return paragraph("**There are no apps with an environment here.**")
	}
	if len(s.Environments) > maxColumns {
		return statusList(s)
	}
	head, rule := "| App |", "|---|"
	for _, env := range s.Environments {
		head, rule = head+" "+markdownName(env)+" |", rule+"---|"
	}
	table := section{open: head + "\n" + rule + "\n", reopen: head + "\n" + rule + "\n", close: "\n"}
	for _, a := range s.Apps {
		row := "| " + markdownName(a.App) + " |"
		for _, env := range s.Environments {
			row += " " + statusCell(a, env) + " |"
		}
		table.pieces = append(table.pieces, piece{text: row + "\n"})
	}
	return table.list()
}

// maxColumns is how many environments stand beside each other in a comment; more
// cannot be read there.
const maxColumns = 10

// statusList is an app in an environment a row, where a column for each would be too
// many.
func statusList(s Status) []section {
	const head = "| App | Environment | Version |\n|---|---|---|\n"
	list := section{open: head, reopen: head, close: "\n"}
	for _, a := range s.Apps {
		for _, stop := range a.Stops {
			row := "| " + markdownName(a.App) + " | " + markdownName(stop.Environment) + " | " + statusCell(a, stop.Environment) + " |\n"
			list.pieces = append(list.pieces, piece{text: row})
		}
	}
	return list.list()
}

// statusCell is a cell of the table: a dash where the app is not in the environment, a
// mark where it is and has no version.
func statusCell(a StatusApp, env string) string {
	i := slices.IndexFunc(a.Stops, func(s StatusStop) bool { return s.Environment == env })
	if i < 0 {
		return "–"
	}
	var parts []string
	for v := range strings.SplitSeq(a.Stops[i].Version, ", ") { // one, or several with their names
		if v != "" {
			parts = append(parts, version(v))
		}
	}
	if late := a.Stops[i].late(); late != "" {
		parts = append(parts, late)
	}
	if len(parts) == 0 {
		return "✓"
	}
	return strings.Join(parts, "<br>")
}

// late says in words how far an environment is behind the one before it.
func (s StatusStop) late() string {
	switch {
	case s.Behind > 0:
		return count(s.Behind, "commit") + " behind"
	case s.Differs && s.Behind < 0:
		return "differs, never promoted"
	case s.Differs:
		return "differs"
	}
	return ""
}

// noted is a list of notes under a heading.
func noted(heading string, notes []StatusNote) []section {
	var lines []string
	for _, n := range notes {
		lines = append(lines, "- "+strings.TrimSpace(markdownName(n.Environment)+" "+appName(n.App))+": <code>"+escape(n.Text, 500)+"</code>")
	}
	return listed(heading, lines)
}

// appName is "" for a note about a whole environment.
func appName(app string) string {
	if app == "" {
		return ""
	}
	return markdownName(app)
}

// StatusText writes a status for a terminal.
func StatusText(w io.Writer, s Status, opts TextOptions) error {
	t := &terminal{w: bufio.NewWriter(w), opts: opts}
	if len(s.Apps) == 0 {
		t.line("there are no apps with an environment here")
		return t.end()
	}
	rows := textTable(s)
	if most := cmp.Or(opts.Width, maxWidth); tableWidth(rows) > most {
		rows = textList(s)
	}
	widths := columnWidths(rows)
	for _, row := range rows {
		t.line(t.row(row, widths))
	}
	for _, part := range []struct {
		title string
		notes []StatusNote
	}{{"on hold", s.Holds}, {"frozen", s.Freezes}, {"certificates", s.Certificates}} {
		for _, n := range part.notes {
			t.line(t.paint(bold, part.title+": ") + strings.TrimSpace(short(n.Environment, 40)+" "+short(n.App, 60)) + ": " + visible(oneLine(n.Text), ""))
		}
	}
	return t.end()
}

// maxWidth is how wide a table is at most where the width of the terminal is not
// known.
const maxWidth = 200

// tableWidth is how wide rows get.
func tableWidth(rows [][]string) int {
	width := -2
	for _, w := range columnWidths(rows) {
		if w > 0 {
			width += w + 2
		}
	}
	return width
}

// textTable has an app a row and an environment a column.
func textTable(s Status) [][]string {
	rows := [][]string{{"APP"}}
	for _, env := range s.Environments {
		rows[0] = append(rows[0], strings.ToUpper(short(env, 40)))
	}
	for _, a := range s.Apps {
		rows = append(rows, textRows(a, s.Environments)...)
	}
	return rows
}

// textList has an app in an environment a row.
func textList(s Status) [][]string {
	rows := [][]string{{"APP", "ENVIRONMENT", "VERSION"}}
	for _, a := range s.Apps {
		for _, stop := range a.Stops {
			for _, line := range textCell(a, stop.Environment) {
				rows = append(rows, []string{short(a.App, 60), short(stop.Environment, 40), line})
			}
		}
	}
	return rows
}

// textRows are the lines of an app: several versions stand below each other.
func textRows(a StatusApp, environments []string) [][]string {
	rows := [][]string{append([]string{short(a.App, 60)}, make([]string, len(environments))...)}
	for column, env := range environments {
		for line, text := range textCell(a, env) {
			if line == len(rows) {
				rows = append(rows, make([]string, len(environments)+1))
			}
			rows[line][column+1] = text
		}
	}
	return rows
}

// textCell are the lines of a cell.
func textCell(a StatusApp, env string) []string {
	i := slices.IndexFunc(a.Stops, func(s StatusStop) bool { return s.Environment == env })
	if i < 0 {
		return []string{"-"}
	}
	var lines []string
	for v := range strings.SplitSeq(a.Stops[i].Version, ", ") { // one, or several with their names
		if v != "" {
			lines = append(lines, short(shortDigest(v), 40))
		}
	}
	late := a.Stops[i].late()
	switch {
	case late != "" && len(lines) == 1:
		lines[0] += " (" + late + ")"
	case late != "":
		lines = append(lines, late)
	case len(lines) == 0:
		lines = []string{"ok"}
	}
	return lines
}

// StatusJSON writes a status for programs, indented and with a final newline.
func StatusJSON(s Status) ([]byte, error) {
	s.Environments, s.Apps, s.Promotions = orEmpty(s.Environments), orEmpty(s.Apps), orEmpty(s.Promotions)
	s.Holds, s.Freezes, s.Certificates = orEmpty(s.Holds), orEmpty(s.Freezes), orEmpty(s.Certificates)
	b, err := json.MarshalIndent(struct {
		Schema string `json:"schema"`
		Status
	}{StatusSchema, s}, "", "  ")
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "status as JSON: %w", err)
	}
	return append(b, '\n'), nil
}
