package reply

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// A comment is 744 pixels wide at GitHub, and what is wider is cut off. A cell breaks at
// spaces only, so that the longest words count: a character of code takes 7.15 pixels, a
// cell 26 beside its text, a code element 5. Three columns of these fit.
const (
	maxCell    = 32 // characters of a name
	maxPart    = 28 // of what an overlay is a part of
	maxImage   = 28 // of the name of an image
	maxVersion = 24 // of a tag or digest
)

// tableRows is how many rows the table has before the rest is folded.
const tableRows = 25

// row is one line of the table: overlays of one environment to which the same happens.
type row struct {
	environment     string
	objects, images string
	overlays        []int
}

// rows folds the overlays that stand in the table. Environments and rows come in the
// order of their first overlays.
func (w writer) rows() []row {
	type key struct{ environment, objects, images string }
	var environments []string
	byEnvironment := map[string][]*row{}
	at := map[key]*row{}
	for i, o := range w.r.Overlays {
		if !tabled(o) {
			continue
		}
		k := key{environmentOf(o), overlayNews(o) + part(o), images(o.Images)}
		if at[k] == nil {
			if byEnvironment[k.environment] == nil {
				environments = append(environments, k.environment)
			}
			at[k] = &row{environment: k.environment, objects: k.objects, images: k.images}
			byEnvironment[k.environment] = append(byEnvironment[k.environment], at[k])
		}
		at[k].overlays = append(at[k].overlays, i)
	}
	var out []row
	for _, e := range environments {
		for _, r := range byEnvironment[e] {
			out = append(out, *r)
		}
	}
	return out
}

// environmentOf writes the environments of an overlay, which are several where a
// directory feeds several.
func environmentOf(o gitops.OverlayChange) string {
	names := o.Environments
	if len(names) < 2 {
		names = []string{o.Environment}
	}
	var parts []string
	for _, n := range names[:min(len(names), maxEnvironments)] {
		if n != "" {
			parts = append(parts, cell(short(n, maxCell)))
		}
	}
	if n := len(names) - maxEnvironments; n > 0 {
		parts = append(parts, fmt.Sprintf("%d more", n))
	}
	return strings.Join(parts, ", ")
}

// table lists what changes, a row for the overlays of an environment to which the same
// happens, under the name of the environment. Rows beyond the first are folded.
func (w writer) table() []section {
	rows := w.rows()
	head, rule := "| Overlay | Objects |", "|---|---|"
	withImages := slices.ContainsFunc(rows, func(r row) bool { return r.images != "" })
	if withImages {
		head, rule = head+" Images |", rule+"---|"
	}
	head += "\n" + rule + "\n"
	var lines []piece
	for i, r := range rows {
		text, title := "", r.environment
		if title == "" && rows[0].environment != "" { // what stands above has one
			title = "no environment"
		}
		if title != "" && (i == 0 || i == tableRows || rows[i-1].environment != r.environment) {
			text = "| **" + title + "** | |"
			if withImages {
				text += " |"
			}
			text += "\n"
		}
		text += "| " + w.rowNames(r) + " | " + r.objects + " |"
		if withImages {
			text += " " + r.images + " |"
		}
		lines = append(lines, piece{text: text + "\n", overlays: r.overlays})
	}
	shown := min(len(lines), tableRows)
	more := 0
	for _, r := range rows[shown:] {
		more += len(r.overlays)
	}
	first := section{open: head, reopen: head, close: "\n", pieces: lines[:shown]}
	fold := "<details><summary>%s</summary>\n\n" + head
	rest := section{open: fmt.Sprintf(fold, count(more, "more overlay")), reopen: fmt.Sprintf(fold, "More overlays, continued"), close: "\n</details>\n\n", pieces: lines[shown:]}
	return append(first.list(), rest.list()...)
}

// rowNames names the overlays of a row shortly: by their app, where that has but one in the
// environment or all of them are meant, and else by who deploys them or their path.
func (w writer) rowNames(r row) string {
	var names []string
	inRow := map[string]int{}
	for _, i := range r.overlays {
		inRow[w.r.Overlays[i].App]++
	}
	for _, i := range r.overlays {
		o := w.r.Overlays[i]
		app := o.App
		switch {
		case app != "" && inRow[app] == 0: // told already
		case app != "" && o.PartOf == "" && inRow[app] == w.apps[appIn{app, r.environment}]:
			name := cell(short(app, maxCell))
			if n := inRow[app]; n > 1 {
				name += fmt.Sprintf(" (%d overlays)", n)
			}
			names = append(names, name)
			inRow[app] = 0
		case w.who[i] != nil:
			names = append(names, cell(short(w.who[i].Name, maxCell)))
		default:
			names = append(names, code(shortPath(o.Path, maxCell)))
		}
	}
	if n := len(names) - maxNamed; n > 1 {
		names = append(names[:maxNamed], fmt.Sprintf("%d more", n))
	}
	return strings.Join(names, ", ")
}

// appIn is an app in an environment.
type appIn struct{ app, environment string }

// appsIn counts the overlays that stand in the table by app and environment.
func appsIn(overlays []gitops.OverlayChange) map[appIn]int {
	n := map[appIn]int{}
	for _, o := range overlays {
		if tabled(o) {
			n[appIn{o.App, environmentOf(o)}]++
		}
	}
	return n
}

// shortPath returns the last parts of a path, as many as fit in n characters.
func shortPath(p string, n int) string {
	if len([]rune(visible(p, ""))) <= n {
		return p
	}
	parts := strings.Split(p, "/")
	for i := 1; i < len(parts); i++ {
		if tail := "…/" + strings.Join(parts[i:], "/"); len([]rune(visible(tail, ""))) <= n {
			return tail
		}
	}
	return short(parts[len(parts)-1], n)
}

// tabled reports whether an overlay stands in the table; others have a list of
// their own.
func tabled(o gitops.OverlayChange) bool {
	return o.Status != gitops.RenderErrorBoth && (o.Status != gitops.Moved || len(o.Objects) > 0)
}

// part says of what an overlay is a part, "" for a whole one.
func part(o gitops.OverlayChange) string {
	if o.PartOf == "" {
		return ""
	}
	return ", part of " + code(shortPath(o.PartOf, maxPart)) + ", which does not render"
}

// cell writes a name in a table, "" for none.
func cell(s string) string {
	if s == "" {
		return ""
	}
	return markdownName(s)
}

// maxImages is how many images a row names.
const maxImages = 4

// images lists image changes.
func images(all []gitops.ImageChange) string {
	var parts []string
	for _, c := range all[:min(len(all), maxImages)] {
		text := "<code>" + escape(short(imageName(c.Name, all), maxImage), 300) + "</code> "
		from, to := versions(c.Old, c.New)
		switch {
		case c.Old == "":
			text += to + " (new)"
		case c.New == "":
			text += from + " (gone)"
		default:
			text += from + " → " + to
		}
		parts = append(parts, text)
	}
	if n := len(all) - maxImages; n > 0 {
		parts = append(parts, fmt.Sprintf("%d more", n))
	}
	return strings.Join(parts, "<br>")
}

// imageName is the last part of an image's name, which is what people call it, and
// the whole name where a row has two of that part.
func imageName(name string, all []gitops.ImageChange) string {
	base := path.Base(name)
	for _, c := range all {
		if c.Name != name && path.Base(c.Name) == base {
			return name
		}
	}
	return base
}

// versions writes two tags or digests, each cut in the middle, or to where they differ.
func versions(from, to string) (string, string) {
	a, b := []rune(visible(shortDigest(from), "")), []rune(visible(shortDigest(to), ""))
	x, y := middle(a), middle(b)
	if x == y {
		same := 0
		for same < min(len(a), len(b)) && a[same] == b[same] {
			same++
		}
		at := max(0, same-maxVersion/2)
		x, y = window(a, at), window(b, at)
	}
	return "<code>" + escape(x, 300) + "</code>", "<code>" + escape(y, 300) + "</code>"
}

// middle cuts what is in the middle of a long version.
func middle(r []rune) string {
	if len(r) <= maxVersion {
		return string(r)
	}
	return string(r[:maxVersion/2-1]) + "…" + string(r[len(r)-maxVersion/2:])
}

// window cuts what is before a place of a version, and what is far behind it.
func window(r []rune, at int) string {
	s := string(r[min(at, len(r)):min(at+maxVersion-2, len(r))])
	if at > 0 {
		s = "…" + s
	}
	if at+maxVersion-2 < len(r) {
		s += "…"
	}
	return s
}
