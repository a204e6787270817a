package reply

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// DriftSchema names the form of a [Drift] as JSON.
const DriftSchema = "sealift/drift/v1"

// Drift is where environments differ in what is meant to be equal.
type Drift struct {
	Pairs []DriftPair `json:"pairs"`
}

// DriftPair is two environments that were compared, A the one earlier in the chain.
type DriftPair struct {
	A string `json:"a"`
	B string `json:"b"`
	// Apps are those that both have. An app in Unread is not compared: overlays of it do
	// not render.
	Apps   []string      `json:"apps"`
	Unread []DriftUnread `json:"unread"`
	Fields []DriftField  `json:"fields"`
	// Added is what deployers add to the overlays of an app and what is no part of the
	// comparison, where it is not the same in both.
	Added []DriftAdded `json:"added"`
}

// DriftAdded is an overlay to which its deployer adds something, such as the images of an
// Application.
type DriftAdded struct {
	App        string          `json:"app"`
	Path       string          `json:"path"`
	DeployedBy gitops.Deployer `json:"deployed_by"`
}

// DriftUnread is an overlay that does not render, so that nothing is known of its
// app.
type DriftUnread struct {
	App  string `json:"app"`
	Path string `json:"path"`
	// Cause is why; `bot render` prints the message.
	Cause gitops.Cause `json:"cause"`
}

// DriftField is one field that differs. Secrets are masked.
type DriftField struct {
	App string `json:"app"`
	// Object is its kind and name, as in B or, when B lacks it, in A.
	Object string `json:"object"`
	// Field is its path, "" for the whole object.
	Field string `json:"field"`
	// A and B are the values, nil where there is none; of a whole object "present".
	A *string `json:"value_a"`
	B *string `json:"value_b"`
	// Since is the full id of the commit from which on they differ, "" when it is
	// not among those that were looked at.
	Since string `json:"since"`
}

// Found reports whether there is any drift.
func (d Drift) Found() bool {
	for _, p := range d.Pairs {
		if len(p.Fields) > 0 {
			return true
		}
	}
	return false
}

// DriftText writes drift for a terminal, a table for each two environments. No byte
// of the repository reaches it that a terminal would obey.
func DriftText(w io.Writer, d Drift, opts TextOptions) error {
	t := &terminal{w: bufio.NewWriter(w), opts: opts}
	if len(d.Pairs) == 0 {
		t.line("there are no apps in two environments here")
	}
	long := false // whether the pair above has more than its title
	for i, p := range d.Pairs {
		skipped := p.skipped()
		above := long
		long = len(p.Fields)+len(skipped)+len(p.Added) > 0
		if i > 0 && (above || long) {
			t.line("")
		}
		t.line(t.paint(bold, p.title(len(skipped))))
		for _, line := range skipped {
			t.line(t.paint(red, "not compared") + ": " + line)
		}
		for _, a := range p.Added {
			t.line(t.paint(red, "not compared") + ": what " + a.DeployedBy.Kind + " " + short(a.DeployedBy.Name, maxName) + " adds to " + short(a.Path, maxName))
		}
		t.driftTable(p)
	}
	return t.end()
}

// title says how much drift there is, and in how many apps that is known.
func (p DriftPair) title(skipped int) string {
	title := short(p.A, 40) + " -> " + short(p.B, 40) + ": "
	compared := len(p.Apps) - skipped
	switch {
	case compared <= 0:
		return title + "nothing is compared, " + count(skipped, "app") + " " + plural(skipped, "does", "do") + " not render"
	case len(p.Fields) == 0 && len(p.Added) > 0:
		title += "no drift in what is compared of " + count(compared, "app")
	case len(p.Fields) == 0:
		title += "no drift in " + count(compared, "app")
	default:
		title += count(len(p.Fields), "field") + " of " + count(compared, "app") + " " + plural(len(p.Fields), "differs", "differ")
	}
	if skipped > 0 {
		title += "; " + count(skipped, "app") + " not compared"
	}
	return title
}

// skipped has a line for each app that is not compared: the first of its overlays
// that do not render, and how many more there are.
func (p DriftPair) skipped() []string {
	var lines []string
	for i, u := range p.Unread {
		same := func(v DriftUnread) bool { return v.App == u.App }
		if slices.ContainsFunc(p.Unread[:i], same) {
			continue
		}
		more := len(slices.DeleteFunc(slices.Clone(p.Unread[i+1:]), func(v DriftUnread) bool { return !same(v) }))
		line := short(u.App, 60) + ", since " + short(u.Path, maxName)
		if more > 0 {
			line += fmt.Sprintf(" and %d more", more)
		}
		lines = append(lines, line+" "+plural(more+1, "does", "do")+" not render ("+visible(string(u.Cause), "")+")")
	}
	return lines
}

// driftTable prints the fields that drifted; none print nothing.
func (t *terminal) driftTable(p DriftPair) {
	if len(p.Fields) == 0 {
		return
	}
	rows := [][]string{{"APP", "OBJECT", "FIELD", strings.ToUpper(short(p.A, 40)), strings.ToUpper(short(p.B, 40)), "SINCE"}}
	for _, f := range p.Fields {
		a, b := driftValues(f.A, f.B)
		since := "-"
		if f.Since != "" {
			since = shortID(f.Since)
		}
		field := "(object)"
		if f.Field != "" {
			field = short(f.Field, maxName)
		}
		rows = append(rows, []string{short(f.App, 60), short(f.Object, 100), field, a, b, since})
	}
	widths := columnWidths(rows)
	for i, row := range rows {
		line := t.row(row, widths)
		if i == 0 {
			line = t.paint(dim, line)
		}
		t.line(line)
	}
}

// driftValues shows two values on one line each: of longer texts the first line in
// which they differ.
func driftValues(a, b *string) (string, string) {
	if a == nil || b == nil {
		return driftValue(a), driftValue(b)
	}
	x, y := *a, *b
	for {
		first, restX, moreX := strings.Cut(x, "\n")
		other, restY, moreY := strings.Cut(y, "\n")
		if first != other || !moreX || !moreY {
			return driftValue(&first), driftValue(&other)
		}
		x, y = restX, restY
	}
}

// driftValue tells a value that is not there from an empty one.
func driftValue(s *string) string {
	switch {
	case s == nil:
		return "-"
	case *s == "":
		return `""`
	}
	return short(shortDigest(oneLine(*s)), 60)
}

// DriftJSON writes drift for programs, indented and with a final newline.
func DriftJSON(d Drift) ([]byte, error) {
	pairs := make([]DriftPair, len(d.Pairs))
	for i, p := range d.Pairs {
		p.Apps, p.Unread, p.Fields, p.Added = orEmpty(p.Apps), orEmpty(p.Unread), orEmpty(p.Fields), orEmpty(p.Added)
		pairs[i] = p
	}
	b, err := json.MarshalIndent(struct {
		Schema string      `json:"schema"`
		Pairs  []DriftPair `json:"pairs"`
	}{DriftSchema, pairs}, "", "  ")
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "drift as JSON: %w", err)
	}
	return append(b, '\n'), nil
}
