package reply

import (
	"encoding/json"

	"github.com/sealift/sealift/gitops"
)

// Schema names the shape of [JSON].
const Schema = "sealift/diff/v1"

// jsonReport is the schema sealift/diff/v1, and so are the types below: a field may be
// added, none changed.
type jsonReport struct {
	Schema       string           `json:"schema"`
	Base         string           `json:"base"`
	Head         string           `json:"head"`
	Considered   int              `json:"considered"`
	Environments []string         `json:"environments"`
	Overlays     []jsonOverlay    `json:"overlays"`
	Findings     []gitops.Finding `json:"findings"`
	News         []jsonNews       `json:"news,omitempty"`
	Ledger       *jsonLedger      `json:"ledger,omitempty"`
}

type jsonNews struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

type jsonLedger struct {
	Read            int        `json:"read"`
	Unread          []string   `json:"unread"`
	UnreadManifests []string   `json:"unread_manifests"`
	NotCompared     []jsonMiss `json:"not_compared"`
}

type jsonMiss struct {
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Reason   gitops.Reason `json:"reason"`
	Message  string        `json:"message"`
	Overlays []string      `json:"overlays"`
}

type jsonGone struct {
	Outcome string         `json:"outcome"`
	Objects int            `json:"objects"`
	Kept    int            `json:"kept"`
	Claims  map[string]int `json:"claims,omitempty"`
}

type jsonOverlay struct {
	gitops.Overlay
	Status       gitops.Status `json:"status"`
	MovedFrom    string        `json:"moved_from"`
	AddedLines   int           `json:"added_lines"`
	RemovedLines int           `json:"removed_lines"`
	Before       *jsonSide     `json:"before"`
	After        *jsonSide     `json:"after"`
	Objects      []jsonObject  `json:"objects"`
	Images       []jsonImage   `json:"images"`
	// DeployedBy is absent for a root, Environments where there are not several.
	DeployedBy   *gitops.Deployer `json:"deployed_by,omitempty"`
	Renderer     string           `json:"renderer"`
	Environments []string         `json:"environments,omitempty"`
	PartOf       string           `json:"part_of,omitempty"`
	News         []string         `json:"news,omitempty"`
	Gone         *jsonGone        `json:"gone,omitempty"`
}

type jsonSide struct {
	SHA256 string     `json:"sha256,omitempty"`
	Error  *jsonError `json:"error,omitempty"`
}

type jsonError struct {
	Code    gitops.Code  `json:"code"`
	Cause   gitops.Cause `json:"cause"`
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
	File    string       `json:"file"`
	Line    int          `json:"line"`
	Column  int          `json:"column"`
}

type jsonObject struct {
	APIVersion  string        `json:"apiVersion"`
	Kind        string        `json:"kind"`
	Namespace   string        `json:"namespace"`
	Name        string        `json:"name"`
	Status      gitops.Status `json:"status"`
	RenamedFrom string        `json:"renamed_from"`
	Masked      bool          `json:"masked"`
	Diff        string        `json:"diff"`
}

type jsonImage struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// JSON writes a report for programs, indented and with a final newline. A side
// on which an overlay does not exist is null. It carries the hashes of the
// renders, so it is for the machine of the person who asked only: an unkeyed
// hash of a short secret can be guessed.
func JSON(r gitops.Report) ([]byte, error) {
	out := jsonReport{
		Schema: Schema, Base: r.Base, Head: r.Head, Considered: r.Considered,
		Environments: orEmpty(r.Environments), Overlays: []jsonOverlay{}, Findings: orEmpty(r.Findings),
	}
	for _, o := range r.Overlays {
		out.Overlays = append(out.Overlays, overlayJSON(o))
	}
	for _, n := range r.News {
		out.News = append(out.News, jsonNews(n))
	}
	out.Ledger = ledgerJSON(r.Ledger)
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "report as JSON: %w", err)
	}
	return append(b, '\n'), nil
}

// ledgerJSON converts the ledger; nil stays nil.
func ledgerJSON(l *gitops.Ledger) *jsonLedger {
	if l == nil {
		return nil
	}
	out := &jsonLedger{Read: l.Read, Unread: orEmpty(l.Unread), UnreadManifests: orEmpty(l.UnreadManifests), NotCompared: []jsonMiss{}}
	for _, m := range l.Missed {
		out.NotCompared = append(out.NotCompared, jsonMiss{m.File, m.Line, m.Reason, m.Message, orEmpty(m.Overlays)})
	}
	return out
}

// goneJSON converts what becomes of objects; nil stays nil.
func goneJSON(g *gitops.Gone) *jsonGone {
	if g == nil {
		return nil
	}
	outcome := map[gitops.Prune]string{gitops.PruneUnknown: "unknown", gitops.PruneDelete: "deleted", gitops.PruneKeep: "left"}
	out := &jsonGone{Outcome: outcome[g.Outcome], Objects: g.Objects, Kept: g.Kept}
	for _, c := range g.Claims {
		if out.Claims == nil {
			out.Claims = map[string]int{}
		}
		out.Claims[c.Kind] = c.Count
	}
	return out
}

// rendererName names what renders an overlay.
func rendererName(e gitops.Engine) string {
	if e == gitops.Kustomize {
		return "kustomize"
	}
	return string(e)
}

// overlayJSON converts one overlay.
func overlayJSON(o gitops.OverlayChange) jsonOverlay {
	out := jsonOverlay{
		Overlay: o.Overlay, Status: o.Status, MovedFrom: o.MovedFrom, AddedLines: o.AddedLines, RemovedLines: o.RemovedLines,
		Before: sideJSON(o.Before), After: sideJSON(o.After), Objects: []jsonObject{}, Images: []jsonImage{},
		DeployedBy: o.DeployedBy, Renderer: rendererName(o.Engine), Environments: o.Environments, PartOf: o.PartOf, News: o.News, Gone: goneJSON(o.Gone),
	}
	for _, c := range o.Objects {
		out.Objects = append(out.Objects, objectJSON(c, o.DeployedBy != nil)...)
	}
	for _, c := range o.Images {
		out.Images = append(out.Images, jsonImage(c))
	}
	return out
}

// objectJSON converts one object. Where somebody deploys it, a renamed one is two: to the
// cluster one object goes and another comes. The latter has the diff.
func objectJSON(c gitops.ObjectChange, deployed bool) []jsonObject {
	o := jsonObject{c.APIVersion, c.Kind, c.Namespace, c.Name, c.Status, c.RenamedFrom, c.Masked, c.Diff}
	if c.Status != gitops.Renamed || !deployed {
		return []jsonObject{o}
	}
	o.Status = gitops.Added
	old := jsonObject{APIVersion: c.APIVersion, Kind: c.Kind, Namespace: c.Namespace, Name: c.RenamedFrom, Status: gitops.Removed}
	return []jsonObject{old, o}
}

// sideJSON converts one side; nil stays nil.
func sideJSON(s *gitops.Side) *jsonSide {
	switch {
	case s == nil:
		return nil
	case s.Err == nil:
		return &jsonSide{SHA256: s.SHA256}
	}
	e := s.Err
	return &jsonSide{Error: &jsonError{e.Code, e.Cause, e.Message, e.Hint, e.File, e.Line, e.Column}}
}

// orEmpty returns s, or an empty list for none.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
