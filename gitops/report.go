package gitops

import (
	"fmt"
	"slices"
	"strings"
)

// Status says what a change does to an overlay or an object.
type Status string

// The statuses. Overlays have all but Renamed; objects have Changed, Added,
// Removed and Renamed.
const (
	Changed           Status = "changed"
	Added             Status = "added"
	Removed           Status = "removed"
	Moved             Status = "moved"   // the directory; its output is the same or nearly
	Renamed           Status = "renamed" // the object; its content is the same or nearly
	RenderErrorBefore Status = "render-error-before"
	RenderErrorAfter  Status = "render-error-after"
	RenderErrorBoth   Status = "render-error-both"
)

// Severity of a finding.
type Severity string

// The severities, worst first.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityNote    Severity = "note"
)

// Finding is one thing that a rule has to say about a place.
type Finding struct {
	// Rule is the rule's name, such as "plain-secret".
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// File, Line and Column are the place at the head; lines and columns count
	// from 1 and are 0 when unknown.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Message says what is wrong, on one line, with foreign values quoted.
	Message string `json:"message"`
	// Fix says what to do; it may be empty.
	Fix string `json:"fix,omitempty"`
	// Overlays are the paths of the overlays that it concerns, sorted; empty
	// when it concerns the repository.
	Overlays []string `json:"overlays,omitempty"`
}

// NotCompared is the rule of findings about places that a change touches, that are
// deployed, and that cannot be rendered here. A report with one must not read as if
// nothing happened.
const NotCompared = "not-compared"

// Side is one side of an overlay's change.
type Side struct {
	// SHA256 is that of the YAML as kustomize prints it, "" with Err. It stays
	// on the machine of the person who asked.
	SHA256 string
	// Err says why this side does not render.
	Err *Error
}

// ObjectChange is what a change does to one object.
type ObjectChange struct {
	APIVersion  string
	Kind        string
	Namespace   string
	Name        string
	Status      Status
	RenamedFrom string // the old name, with Renamed
	// Diff is the unified diff of the YAML, without file headers, with secret
	// values masked. It is empty when only the name or nothing visible differs.
	Diff string
	// Fields say for each hunk of Diff which fields it changes, in words for people such as
	// "spec.template.spec.containers[web].image"; one is "" where that is not known. It is
	// nil for an object that comes or goes.
	Fields []string
	// Masked says that a secret value changed that Diff does not show.
	Masked bool
}

// ImageChange is a container image whose tag or digest a change moves.
type ImageChange struct {
	Name     string // without tag and digest
	Old, New string // tag or digest; "" when added or removed
}

// OverlayChange is what a change does to one overlay.
type OverlayChange struct {
	Overlay
	Status    Status
	MovedFrom string // the old path, with Moved
	// DeployedBy is who deploys it, nil for a root; Engine what renders it, and
	// Environments all of them where there are several.
	DeployedBy   *Deployer
	Engine       Engine
	Environments []string
	// PartOf is the path of the overlay that does not render and that this is a part of:
	// something that it names and that renders by itself. It is "" for a whole one.
	PartOf string
	// News are what happens to the unit beside its objects, such as that its Application
	// deploys another directory now; each is one line, with foreign values quoted.
	News []string
	// Gone is what becomes of the objects that are not deployed any more, nil when there
	// are none or it is not known which.
	Gone *Gone
	// AddedLines and RemovedLines are those of a minimal line diff of the two
	// outputs; a side that does not render counts as empty.
	AddedLines, RemovedLines int
	// Before and After are nil when the overlay does not exist on that side.
	Before, After *Side
	Objects       []ObjectChange
	Images        []ImageChange
}

// Gone is what becomes of objects that are not deployed any more.
type Gone struct {
	// Outcome is theirs, but for those that are kept.
	Outcome Prune
	// Objects counts those that nobody else deploys, Kept those of them that an annotation
	// holds back, and Claims those that have data: PersistentVolumeClaims, and Namespaces
	// and CustomResourceDefinitions, with which more goes.
	Objects, Kept int
	Claims        []KindCount
}

// String says what becomes of them in a few words, "" when there are none. Kinds are as the
// repository has them.
func (g *Gone) String() string {
	if g == nil || g.Objects == 0 {
		return ""
	}
	n := g.Objects - g.Kept
	kept := fmt.Sprintf("%d %s kept by an annotation", g.Kept, are(g.Kept))
	var text string
	switch {
	case g.Outcome == PruneKeep:
		text = fmt.Sprintf("%s %s left behind", several(g.Objects, "object"), are(g.Objects))
	case n == 0:
		return fmt.Sprintf("%s %s kept by an annotation", several(g.Kept, "object"), are(g.Kept))
	case g.Outcome == PruneDelete:
		text = fmt.Sprintf("%s %s deleted", several(n, "object"), are(n))
	default:
		text = several(n, "object") + " may be deleted"
	}
	var claims []string
	for _, c := range g.Claims {
		claims = append(claims, several(c.Count, c.Kind))
	}
	if len(claims) > 0 {
		text += ", " + strings.Join(claims, " and ") + " among them"
	}
	if g.Kept > 0 && g.Outcome != PruneKeep {
		text += "; " + kept
	}
	return text
}

// several returns "1 object" or "2 objects".
func several(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// are is the verb for n things.
func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// KindCount counts the objects of a kind.
type KindCount struct {
	Kind  string
	Count int
}

// Ledger accounts for every path in which two trees differ.
type Ledger struct {
	// Read counts those that a compared unit reads on either side.
	Read int
	// Unread are those that no unit reads and that are no manifests, charts or values;
	// UnreadManifests are those that are. Both are sorted.
	Unread, UnreadManifests []string
	// Missed is what the change reaches and no comparison shows.
	Missed []Miss
}

// Clear reports whether "nothing changes" may be said when nothing does.
func (l *Ledger) Clear() bool { return len(l.Missed) == 0 && len(l.UnreadManifests) == 0 }

// Miss is something that a change reaches and that is not compared.
type Miss struct {
	// File and Line are the place that tells why.
	File   string
	Line   int
	Reason Reason
	// Message says it on one line, with foreign values quoted.
	Message string
	// Overlays are the paths of the overlays that it concerns, sorted.
	Overlays []string
}

// Report is what a change does to the overlays it reaches.
type Report struct {
	// Base and Head are full commit ids.
	Base, Head string
	// Overlays are those that change, worst news first: renders that the
	// change breaks, then by environment, furthest along the chain first.
	Overlays []OverlayChange
	// Findings are sorted by file, line, column and rule.
	Findings []Finding
	// Considered is how many overlays there are on either side.
	Considered int
	// Environments are the names in the order of the chain, dev first.
	Environments []string
	// News are what the change does to deployers and no overlay shows, each on one line.
	News []News
	// Ledger is nil where directories are compared and not what is deployed.
	Ledger *Ledger
}

// Unshown returns what the change reaches and neither a comparison nor the failure of an
// overlay shows: that one does not render says itself that it is not compared.
func (r *Report) Unshown() []Miss {
	if r.Ledger == nil {
		return nil
	}
	shown := map[string]bool{}
	for _, o := range r.Overlays {
		shown[o.Path] = shown[o.Path] || o.Status == RenderErrorAfter || o.Status == RenderErrorBefore || o.Status == RenderErrorBoth
	}
	var list []Miss
	for _, m := range r.Ledger.Missed {
		if len(m.Overlays) == 0 || slices.ContainsFunc(m.Overlays, func(p string) bool { return !shown[p] }) {
			list = append(list, m)
		}
	}
	return list
}

// News is one thing that happens to a deployer.
type News struct {
	File    string
	Line    int
	Message string
}
