package reply

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

// maxTitle is the longest title in characters, that of a commit status.
const maxTitle = 140

// Title returns the first line of a report without any markup, at most 140
// characters long.
func Title(r gitops.Report) string {
	s := headline(r, plainName)
	if utf8.RuneCountInString(s) <= maxTitle {
		return s
	}
	return string([]rune(s)[:maxTitle-1]) + "…"
}

// headline says what the change does: the worst first, on one line. Names of
// environments are written by name.
func headline(r gitops.Report, name func(string) string) string {
	var parts []string
	for _, isNew := range []bool{false, true} {
		list := overlaysThat(r, func(o gitops.OverlayChange) bool {
			return o.Status == gitops.RenderErrorAfter && (o.Before == nil) == isNew
		})
		if len(list) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s%s", count(len(list), "overlay"), brokenVerb(isNew, len(list)), environments(r, list, name)))
		}
	}
	if list := overlaysThat(r, changes); len(list) > 0 {
		all := count(max(r.Considered, len(r.Overlays)), "overlay")
		parts = append(parts, fmt.Sprintf("%d of %s %s%s", len(list), all, plural(len(list), "changes", "change"), environments(r, list, name)))
	}
	if list := overlaysThat(r, movesOnly); len(list) > 0 {
		parts = append(parts, fmt.Sprintf("%s moved with the same output%s", count(len(list), "overlay"), environments(r, list, name)))
	}
	if n := max(len(r.News), len(overlaysThat(r, setUpOnly))); n > 0 {
		parts = append(parts, count(n, "deployment")+" "+plural(n, "is", "are")+" set up differently")
	}
	if list := overlaysThat(r, func(o gitops.OverlayChange) bool { return o.PartOf != "" }); len(list) > 0 {
		parts = append(parts, fmt.Sprintf("%s of what does not render %s%s", count(len(list), "part"), plural(len(list), "changes", "change"), environments(r, list, name)))
	}
	known := len(parts) > 0
	if list := overlaysThat(r, func(o gitops.OverlayChange) bool { return o.Status == gitops.RenderErrorBoth }); len(list) > 0 {
		parts = append(parts, fmt.Sprintf("%s %s not render, before and after, and %s not compared%s", count(len(list), "overlay"),
			plural(len(list), "does", "do"), plural(len(list), "is", "are"), environments(r, list, name)))
	}
	if n := NotCompared(r); n > 0 {
		parts = append(parts, count(n, "place")+" that "+plural(n, "changes is", "change are")+" not compared")
	}
	if n := unreadManifests(r); n > 0 {
		parts = append(parts, count(n, "changed manifest")+" "+plural(n, "is", "are")+" deployed by nothing known here")
		if len(parts) == 1 {
			parts = append([]string{"No known deployment changes"}, parts...)
			known = true
		}
	}
	switch {
	case len(parts) == 0:
		return "Nothing rendered changes" + others(r)
	case !known: // what cannot be seen may change
		parts = append(parts, "nothing else that is known changes")
	}
	return strings.Join(parts, "; ")
}

// unreadManifests counts the changed files that look deployed and that no unit reads.
func unreadManifests(r gitops.Report) int {
	if r.Ledger == nil {
		return 0
	}
	return len(r.Ledger.UnreadManifests)
}

// others says how many changed files no unit reads, or that there is no unit at all.
func others(r gitops.Report) string {
	switch {
	case r.Considered == 0:
		return ": there are no overlays"
	case r.Ledger == nil || len(r.Ledger.Unread) == 0:
		return ""
	}
	n := len(r.Ledger.Unread)
	return fmt.Sprintf("; no overlay reads the %s that %s", plural(n, "file", fmt.Sprintf("%d files", n)), plural(n, "changes", "change"))
}

// changes reports whether an overlay renders to something else than before.
func changes(o gitops.OverlayChange) bool {
	return o.Status != gitops.RenderErrorAfter && o.Status != gitops.RenderErrorBoth && !movesOnly(o) && o.PartOf == "" && !setUpOnly(o)
}

// setUpOnly reports whether an overlay renders to the same, and only its deployer changes.
func setUpOnly(o gitops.OverlayChange) bool {
	return o.Status == gitops.Changed && len(o.Objects) == 0 && len(o.News) > 0
}

// movesOnly reports whether the directory of an overlay is all that changes.
func movesOnly(o gitops.OverlayChange) bool { return o.Status == gitops.Moved && len(o.Objects) == 0 }

// plural returns the form of a verb for n things.
func plural(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// Nothing reports whether nothing changes that is deployed, as far as all changed files are
// accounted for.
func Nothing(r gitops.Report) bool {
	return len(r.Overlays) == 0 && len(r.News) == 0 && (r.Ledger == nil || r.Ledger.Clear())
}

// NotCompared counts what the change touches and no render shows.
func NotCompared(r gitops.Report) int {
	if r.Ledger != nil {
		return len(r.Unshown())
	}
	n := 0
	for _, f := range r.Findings {
		if f.Rule == gitops.NotCompared {
			n++
		}
	}
	return n
}

// brokenVerb says of n overlays that the change breaks them, or brings them broken.
func brokenVerb(isNew bool, n int) string {
	switch {
	case isNew && n == 1:
		return "is new and does not render"
	case isNew:
		return "are new and do not render"
	case n == 1:
		return "no longer renders"
	}
	return "no longer render"
}

// overlaysThat returns the overlays for which is reports true.
func overlaysThat(r gitops.Report, is func(gitops.OverlayChange) bool) []gitops.OverlayChange {
	return slices.DeleteFunc(slices.Clone(r.Overlays), func(o gitops.OverlayChange) bool { return !is(o) })
}

// maxEnvironments is how many environments a headline names.
const maxEnvironments = 6

// environments counts overlays by environment, furthest along the chain first:
// " (2 in prod, 1 in dev)". It is empty when the layout tells none.
func environments(r gitops.Report, overlays []gitops.OverlayChange, write func(string) string) string {
	counts := map[string]int{}
	for _, o := range overlays {
		counts[o.Environment]++
	}
	names := slices.DeleteFunc(slices.Clone(r.Environments), func(name string) bool { return counts[name] == 0 })
	slices.Reverse(names)
	for _, o := range overlays {
		if o.Environment != "" && !slices.Contains(names, o.Environment) {
			names = append(names, o.Environment)
		}
	}
	if len(names) == 0 {
		return ""
	}
	var parts []string
	for _, name := range names[:min(len(names), maxEnvironments)] {
		parts = append(parts, fmt.Sprintf("%d in %s", counts[name], write(name)))
	}
	if n := len(names) - maxEnvironments; n > 0 {
		parts = append(parts, count(n, "more environment"))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// plainName writes a name where there is no markup.
func plainName(s string) string { return short(s, 40) }

// word is a name that means nothing to GitHub, not even a commit id.
var word = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// markdownName writes a name in Markdown, as it is when it is but a word.
func markdownName(s string) string {
	if len(s) <= 40 && word.MatchString(s) {
		return s
	}
	return "<code>" + escape(s, 100) + "</code>"
}

// short returns a name with nothing hidden, cut to n characters.
func short(s string, n int) string {
	r := []rune(visible(s, ""))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}

// count returns "1 overlay" or "2 overlays".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// objectCounts says what happens to the objects of an overlay.
func objectCounts(objects []gitops.ObjectChange) string {
	var added, changed, removed int
	for _, o := range objects {
		switch o.Status {
		case gitops.Added:
			added++
		case gitops.Removed:
			removed++
		default:
			changed++
		}
	}
	var parts []string
	for _, c := range []struct {
		n    int
		verb string
	}{{added, "added"}, {changed, "changed"}, {removed, "removed"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.verb))
		}
	}
	return strings.Join(parts, ", ")
}

// overlayNews says what happens to an overlay in the column of objects.
func overlayNews(o gitops.OverlayChange) string {
	objects := objectCounts(o.Objects)
	if o.Status == gitops.Changed && objects == "" && len(o.News) > 0 {
		return "same objects, set up differently"
	}
	switch o.Status {
	case gitops.RenderErrorAfter:
		return brokenVerb(o.Before == nil, 1)
	case gitops.RenderErrorBefore:
		if o.After == nil {
			return "removed, did not render"
		}
		return "renders again"
	case gitops.RenderErrorBoth:
		return "does not render"
	case gitops.Added:
		return "new overlay: " + cmp.Or(objects, "no objects")
	case gitops.Removed:
		return "overlay removed: " + cmp.Or(objects, "no objects")
	case gitops.Moved:
		return strings.TrimSuffix("moved: "+objects, ": ")
	}
	if objects == "" {
		return "order only"
	}
	return objects
}

// shortID returns the start of a commit id.
func shortID(id string) string { return visible(id[:min(len(id), 7)], "") }
