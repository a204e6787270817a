package reply

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// group is a set of object changes that the same overlays have.
type group struct {
	overlays []int // indexes into Report.Overlays, in order
	objects  []gitops.ObjectChange
}

// hunkHeader is the line of a unified diff that says where a hunk stands.
var hunkHeader = regexp.MustCompile(`(?m)^@@ .* @@$`)

// groups collects equal object changes over all overlays. Two changes are equal
// when kind, name, status and diff are, whatever the namespace and the line
// numbers.
func groups(overlays []gitops.OverlayChange) []group {
	type entry struct {
		object   gitops.ObjectChange
		overlays []int
	}
	var order []*entry
	entries := map[string]*entry{}
	for i, overlay := range overlays {
		for _, o := range overlay.Objects {
			key := strings.Join([]string{o.APIVersion, o.Kind, o.Name, string(o.Status), o.RenamedFrom,
				hunkHeader.ReplaceAllString(o.Diff, "@@")}, "\x00")
			e := entries[key]
			if e == nil || e.overlays[len(e.overlays)-1] == i {
				e = &entry{object: o}
				entries[key] = e
				order = append(order, e)
			}
			e.overlays = append(e.overlays, i)
			if e.object.Namespace != o.Namespace {
				e.object.Namespace = ""
			}
		}
	}
	var out []group
	at := map[string]int{}
	for _, e := range order {
		key := fmt.Sprint(e.overlays)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, group{overlays: e.overlays})
		}
		out[i].objects = append(out[i].objects, e.object)
	}
	return out
}

// failure is an error that several overlays share.
type failure struct {
	isNew    bool // the overlays did not exist before
	err      *gitops.Error
	places   []string // where it is, each once; the first is that of err
	overlays []int
}

// failures collects the overlays of one status by what their renders say.
func failures(overlays []gitops.OverlayChange, status gitops.Status) []*failure {
	var out []*failure
	at := map[string]*failure{}
	for i, o := range overlays {
		if o.Status != status {
			continue
		}
		err := errorOf(o)
		key := fmt.Sprintf("%s\x00%v", err.Message, o.Before == nil)
		f := at[key]
		if f == nil {
			f = &failure{err: err, isNew: o.Before == nil}
			at[key] = f
			out = append(out, f)
		}
		f.overlays = append(f.overlays, i)
		if where := place(err.File, err.Line, err.Column); where != "" && !slices.Contains(f.places, where) {
			f.places = append(f.places, where)
		}
	}
	return out
}

// more says that an error stands at other places too, "" when it does not.
func (f *failure) more() string {
	if len(f.places) < 2 {
		return ""
	}
	return fmt.Sprintf(" (and %s)", count(len(f.places)-1, "more place"))
}

// unsaid returns the findings without those that say no more than the list of what
// does not render.
func unsaid(r gitops.Report) []gitops.Finding {
	type spot struct {
		rule, file   string
		line, column int
	}
	broken, said := map[string]bool{}, map[spot]bool{}
	for _, o := range r.Overlays {
		fails := o.Status == gitops.RenderErrorAfter || o.Status == gitops.RenderErrorBoth
		broken[o.Path] = fails
		if err := errorOf(o); fails && err.Line > 0 {
			said[spot{string(err.Cause), err.File, err.Line, err.Column}] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f gitops.Finding) bool {
		only := len(f.Overlays) > 0 && !slices.ContainsFunc(f.Overlays, func(p string) bool { return !broken[p] })
		return only && f.Rule == renderError || said[spot{f.Rule, f.File, f.Line, f.Column}]
	})
}

// renderError is the rule whose findings the list of what does not render repeats.
const renderError = "render-error"

// errorOf returns why an overlay does not render, on the side after the change
// when it has one.
func errorOf(o gitops.OverlayChange) *gitops.Error {
	for _, side := range []*gitops.Side{o.After, o.Before} {
		if side != nil && side.Err != nil {
			return side.Err
		}
	}
	return &gitops.Error{}
}

// place returns where an error is: "file:line:column", as far as known.
func place(file string, line, column int) string {
	switch {
	case line <= 0:
		return file
	case column <= 0:
		return fmt.Sprintf("%s:%d", file, line)
	}
	return fmt.Sprintf("%s:%d:%d", file, line, column)
}
