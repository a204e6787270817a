package promote

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

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
	// SourceRefs and TargetRefs return the files and directories that the
	// kustomization in a directory names, as Refs of package layout does.
	SourceRefs, TargetRefs func(dir string) []string
	Options                Options
}

// App is one application in both environments.
type App struct {
	Name string
	// From and To are its overlays there, sorted directories. An app without To
	// is not there yet; one without From was removed.
	From, To []string
	// Last is the tree at LastCommit, the commit that was promoted here last; nil
	// when none was, and then only versions are carried.
	Last       gitops.Tree
	LastCommit string
	// Touched carries only versions that the source changed since Last; what else
	// differs is left behind.
	Touched bool
}

// Options say what is carried beside what the merge says.
type Options struct {
	// Carry are fields that are always carried, Keep those that never are. Keep
	// wins.
	Carry, Keep []FieldRule
	// Copy reports whether a file is copied whole; nil copies none.
	Copy func(path string) bool
	// Take decides conflicts: "file" or "file:path" to [TakeSource] or
	// [TakeTarget]; the key "" decides all.
	Take map[string]string
	// Create copies overlays that the target does not have.
	Create bool
	// Back carries versions that are older than those of the target.
	Back bool
}

// The values of [Options].Take.
const (
	TakeSource = "source"
	TakeTarget = "target"
)

// FieldRule names fields of the files that Path reports true for. The zero Field
// is the whole file.
type FieldRule struct {
	Path  func(path string) bool
	Field gitops.FieldPath
}

// Plan is what a promotion would do. As JSON it has the form that [Schema]
// names; what is only for the program is left out there.
type Plan struct {
	From, To, At string
	// LastPromoted is the commit that was promoted last, "" when the apps differ
	// in it or none was.
	LastPromoted string
	// Apps are in the order of the request, those included that nothing moves of.
	Apps    []AppPlan
	Refused []Refusal
}

// Empty reports whether nothing would be written.
func (p *Plan) Empty() bool {
	for _, a := range p.Apps {
		if len(a.Files) > 0 {
			return false
		}
	}
	return true
}

// Files returns the target's files as they shall be, of all apps, by path; nil
// content removes one. A file that several apps change is as the last one has
// it: each app starts from what the ones before left.
func (p *Plan) Files() map[string][]byte {
	files := map[string][]byte{}
	for _, a := range p.Apps {
		for name, data := range a.Files {
			files[name] = data
		}
	}
	return files
}

// FileEdits returns what plans of apps write, sorted by path. As in [Plan.Files] the
// last app has the last word.
func FileEdits(apps []AppPlan) []gitops.FileEdit {
	by := map[string]gitops.FileEdit{}
	for _, a := range apps {
		for name, data := range a.Files {
			by[name] = gitops.FileEdit{Path: name, Content: data, Delete: data == nil, Executable: a.Executable[name]}
		}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b gitops.FileEdit) int { return strings.Compare(a.Path, b.Path) })
}

// Conflicts returns how many fields wait for a decision.
func (p *Plan) Conflicts() int {
	n := 0
	for _, a := range p.Apps {
		n += len(a.Conflicts)
	}
	return n
}

// MarshalJSON writes the form that is documented, in which empty lists are
// never null.
func (p *Plan) MarshalJSON() ([]byte, error) {
	out := struct {
		Schema       string    `json:"schema"`
		From         string    `json:"from"`
		To           string    `json:"to"`
		At           string    `json:"at"`
		LastPromoted string    `json:"last_promoted"`
		Apps         []AppPlan `json:"apps"`
		Refused      []Refusal `json:"refused"`
	}{Schema, p.From, p.To, p.At, p.LastPromoted, list(p.Apps), list(p.Refused)}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(out)
	return b.Bytes(), err
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
	// OnlyInSource is what the source changed since the last promotion and the target
	// never had: it is the source's own.
	OnlyInSource []Withheld
	// LeftBehind is what the source has, the target lacks and this promotion does not
	// carry: other changes brought it.
	LeftBehind []Left
	// Checks are what the reviewer should look at in files that are new in the
	// target.
	Checks []Withheld
	// Version is what the target has now, NewVersion what the source has; "" when
	// unknown. It is that of the image or base that names the app best; where
	// several do equally, such as "api v2, worker v3".
	Version, NewVersion string
	// Files are the target's files as they shall be, by path; nil content removes
	// one. Files that stay as they are, are not there.
	Files map[string][]byte
	// Executable has those of Files that may be run: as the target's were, and new
	// ones as the source's.
	Executable map[string]bool
	// Missing says that the target does not have the app, and Create was not
	// asked for; Removed that the source has it no more; Created that it is copied.
	Missing, Removed, Created bool
}

// Places returns what a person can decide about, as the keys of [Options].Take: the
// fields that move, wait or are withheld, and their files.
func (a *AppPlan) Places() (list []string) {
	add := func(file, path string) {
		list = append(list, file)
		if path != "" {
			list = append(list, file+":"+path)
		}
	}
	for _, e := range a.Edits {
		add(e.File, e.Path)
	}
	for _, c := range a.Conflicts {
		add(c.File, c.Path)
	}
	for _, w := range slices.Concat(a.Withheld, a.Checks, a.OnlyInSource) {
		add(w.File, w.Path)
	}
	for _, l := range a.LeftBehind {
		add(l.File, l.Path)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// mayRun notes whether a file of the plan may be run.
func (a *AppPlan) mayRun(file string, executable bool) {
	if !executable {
		return
	}
	if a.Executable == nil {
		a.Executable = map[string]bool{}
	}
	a.Executable[file] = true
}

// MarshalJSON writes the part of the documented form that is about one app. The
// keys "left_behind", "only_in_source" and "checks" are there only when there are any.
func (a AppPlan) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		App       string     `json:"app"`
		Edits     []Edit     `json:"edits"`
		Withheld  []Withheld `json:"withheld"`
		Conflicts []Conflict `json:"conflicts"`
		Left      []Left     `json:"left_behind,omitempty"`
		Only      []Withheld `json:"only_in_source,omitempty"`
		Checks    []Withheld `json:"checks,omitempty"`
	}{a.App, list(a.Edits), list(a.Withheld), list(a.Conflicts), a.LeftBehind, a.OnlyInSource, a.Checks})
}

// list returns s, and an empty slice for nil.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
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
	// Path is the field, such as "images[0].newTag"; "" for whole files.
	Path string `json:"path"`
	// Old and New are the values in the target before and after, "" for whole
	// files and for what was or will not be there.
	Old string `json:"old"`
	New string `json:"new"`
}

// Withheld is what the source has and the target does not get.
type Withheld struct {
	File   string `json:"file"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Left is a value that the source has and the target lacks, and that is not carried
// because it came with another change.
type Left struct {
	File string `json:"file"`
	Path string `json:"path"`
	// Old and New are the values of the target and of the source, "" for whole files.
	Old string `json:"old"`
	New string `json:"new"`
	// Removed says that the source does not have it any more.
	Removed bool `json:"removed,omitempty"`
	// Commit is the one that brought it to the source, with its Subject; "" when it is
	// not known.
	Commit  string `json:"commit"`
	Subject string `json:"subject,omitempty"`
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
