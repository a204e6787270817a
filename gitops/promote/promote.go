// Package promote carries a change from one environment to another: trees in,
// edits out. It changes nothing itself.
package promote

import (
	"context"

	"github.com/sealift/sealift/gitops"
)

// Schema names the form of a [Plan] as JSON.
const Schema = "sealift/promotion/v1"

// Request is a promotion that is asked for.
type Request struct {
	// Source is the tree whose files of the environment From are carried, at the
	// commit At. Target is the tree whose files of To are edited. Often they are
	// the same tree.
	Source, Target gitops.Tree
	From, To       string
	At             string
	Apps           []App
	Options        Options
}

// App is one application in both environments.
type App struct {
	Name string
	// From and To are its overlays there, sorted directories.
	From, To []string
	// Last is the tree at LastCommit, the commit that was promoted here last; nil
	// when none was, and then only versions are carried.
	Last       gitops.Tree
	LastCommit string
}

// Options say what is carried beside what the merge says.
type Options struct {
	Carry, Keep []FieldRule
	// Copy reports whether a file is copied whole; nil copies none.
	Copy func(path string) bool
	// Take decides conflicts: "file" or "file:path" to "source" or "target"; the
	// key "" decides all.
	Take map[string]string
	// Create copies overlays that the target does not have.
	Create bool
	// Environments are all names in the order of the chain, to find them in
	// values.
	Environments []string
}

// FieldRule names fields of the files that Path reports true for; Field is
// written as in package layout.
type FieldRule struct {
	Path  func(path string) bool
	Field string
}

// Plan is what a promotion would do.
type Plan struct {
	From, To, At string
	// LastPromoted is the commit that was promoted last, "" when the apps differ
	// in it or none was.
	LastPromoted string
	Apps         []AppPlan
	Refused      []Refusal
}

// AppPlan is what moves of one app.
type AppPlan struct {
	App string
	// LastPromoted is the commit the merge starts from, "" when only versions
	// are carried.
	LastPromoted string
	Edits        []Edit
	Withheld     []Withheld
	Conflicts    []Conflict
	// Checks are what the reviewer should look at, such as values that name the
	// source environment.
	Checks []Withheld
	// Version are the versions shown for the app before and after in the target,
	// and in the source; "" when unknown.
	Version, NewVersion string
	// Files are the target's files as they shall be, by path; nil content removes
	// one.
	Files map[string][]byte
}

// EditKind says what an edit carries.
type EditKind string

// The kinds of edits.
const (
	ImageTag    EditKind = "image-tag"
	ImageDigest EditKind = "image-digest"
	ImageName   EditKind = "image-name"
	BaseRef     EditKind = "base-ref"
	Chart       EditKind = "chart-version"
	Channel     EditKind = "channel"
	Pointer     EditKind = "pointer"
	Field       EditKind = "field"
	FileAdded   EditKind = "file-added"
	FileRemoved EditKind = "file-removed"
	FileCopied  EditKind = "file-copied"
)

// Edit is one value that moves.
type Edit struct {
	File string   `json:"file"`
	Kind EditKind `json:"kind"`
	// Key is what it is about: an image's name, a base's address, a chart.
	Key string `json:"key"`
	// Path is the field, such as "images[0].newTag".
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Withheld is what the source has and the target does not get.
type Withheld struct {
	File   string `json:"file"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Conflict is a field that both sides changed since the last promotion.
type Conflict struct {
	File   string `json:"file"`
	Path   string `json:"path"`
	Base   string `json:"base"`
	Source string `json:"source"`
	Target string `json:"target"`
}

// Refusal is a rule that forbids the promotion.
type Refusal struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// Make plans a promotion. It fails only when a tree cannot be read or ctx ends.
func Make(ctx context.Context, r Request) (*Plan, error) {
	return nil, gitops.Errorf(gitops.Internal, "promotion is not made yet")
}
