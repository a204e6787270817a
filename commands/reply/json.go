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
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "report as JSON: %w", err)
	}
	return append(b, '\n'), nil
}

// overlayJSON converts one overlay.
func overlayJSON(o gitops.OverlayChange) jsonOverlay {
	out := jsonOverlay{
		Overlay: o.Overlay, Status: o.Status, MovedFrom: o.MovedFrom, AddedLines: o.AddedLines, RemovedLines: o.RemovedLines,
		Before: sideJSON(o.Before), After: sideJSON(o.After), Objects: []jsonObject{}, Images: []jsonImage{},
	}
	for _, c := range o.Objects {
		out.Objects = append(out.Objects, jsonObject{c.APIVersion, c.Kind, c.Namespace, c.Name, c.Status, c.RenamedFrom, c.Masked, c.Diff})
	}
	for _, c := range o.Images {
		out.Images = append(out.Images, jsonImage(c))
	}
	return out
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
