package reply

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// group is a set of object changes that the same overlays have.
type group struct {
	overlays []int // indexes into Report.Overlays, in order
	objects  []gitops.ObjectChange
	// differs says that lines around the changed ones are others in some overlay.
	differs bool
}

// change is what one overlay has of a change: an object with one hunk of its diff, or the
// whole of it where the object comes, goes or has another name.
type change struct {
	object   gitops.ObjectChange // of the first overlay, with that hunk only
	of       int                 // the object from which it is, over all overlays
	context  string              // the lines that do not change
	overlays []int
	differs  bool // the context of another overlay is another
}

// groups collects equal changes over all overlays, those that take something away first.
// Two changes are equal when kind, name, status, field and the changed lines are, whatever
// the namespace and the lines around: a base that reaches many overlays is told once,
// though each has its own host name three lines further down.
func groups(overlays []gitops.OverlayChange) []group {
	var order []*change
	entries := map[string]*change{}
	objects := 0
	for i, overlay := range overlays {
		seen := map[string]int{} // the same may happen to objects of two namespaces
		for _, o := range overlay.Objects {
			objects++
			for _, c := range split(o) {
				lines, context := changedLines(c.Diff)
				key := strings.Join([]string{o.APIVersion, o.Kind, o.Name, string(o.Status), o.RenamedFrom, fmt.Sprint(o.Masked, c.Fields), lines}, "\x00")
				seen[key]++
				key += fmt.Sprint("\x00", seen[key])
				e := entries[key]
				if e == nil {
					e = &change{object: c, of: objects, context: context}
					entries[key] = e
					order = append(order, e)
				}
				e.overlays = append(e.overlays, i)
				e.differs = e.differs || e.context != context
				if e.object.Namespace != o.Namespace {
					e.object.Namespace = ""
				}
			}
		}
	}
	slices.SortStableFunc(order, func(a, b *change) int { return goes(a.object) - goes(b.object) })
	return grouped(order)
}

// goes is less for what takes an object away.
func goes(o gitops.ObjectChange) int {
	if o.Status == gitops.Removed {
		return 0
	}
	return 1
}

// grouped puts changes of the same overlays together, and the hunks of one object.
func grouped(order []*change) []group {
	var out []group
	at := map[string]int{}
	last := map[int]int{} // by group, of which object the last change is
	for _, e := range order {
		key := fmt.Sprint(e.overlays, goes(e.object))
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, group{overlays: e.overlays})
		}
		g := &out[i]
		g.differs = g.differs || e.differs
		if n := len(g.objects); n > 0 && last[i] == e.of {
			g.objects[n-1].Diff += e.object.Diff
			g.objects[n-1].Fields = append(slices.Clip(g.objects[n-1].Fields), e.object.Fields...)
			continue
		}
		last[i] = e.of
		g.objects = append(g.objects, e.object)
	}
	return out
}

// split returns an object that changes once for each hunk of its diff, and any other as it
// is: what comes or goes is read as a whole.
func split(o gitops.ObjectChange) []gitops.ObjectChange {
	if o.Status != gitops.Changed {
		return []gitops.ObjectChange{o}
	}
	var out []gitops.ObjectChange
	for line := range strings.Lines(o.Diff) {
		if strings.HasPrefix(line, "@@ ") || len(out) == 0 {
			c := o
			c.Diff, c.Fields = "", nil
			if n := len(out); n < len(o.Fields) {
				c.Fields = o.Fields[n : n+1]
			}
			out = append(out, c)
		}
		out[len(out)-1].Diff += line
	}
	if len(out) == 0 {
		return []gitops.ObjectChange{o}
	}
	return out
}

// changedLines returns the lines of a diff that change, and those that do not.
func changedLines(diff string) (changed, context string) {
	var a, b strings.Builder
	for line := range strings.Lines(diff) {
		switch line[0] {
		case '+', '-':
			a.WriteString(line)
		case ' ':
			b.WriteString(line)
		}
	}
	return a.String(), b.String()
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

// spot is where a rule has something to say.
type spot struct {
	rule, file   string
	line, column int
}

// spotOf is where the rule that has the name of an error's cause says the same.
func spotOf(err *gitops.Error) spot { return spot{string(err.Cause), err.File, err.Line, err.Column} }

// unsaid returns the findings without those that say no more than the list of what
// does not render.
func unsaid(r gitops.Report) []gitops.Finding {
	broken, said := map[string]bool{}, map[spot]bool{}
	for _, o := range r.Overlays {
		fails := o.Status == gitops.RenderErrorAfter || o.Status == gitops.RenderErrorBoth
		broken[o.Path] = fails
		if err := errorOf(o); fails && err.Line > 0 {
			said[spotOf(err)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f gitops.Finding) bool {
		only := len(f.Overlays) > 0 && !slices.ContainsFunc(f.Overlays, func(p string) bool { return !broken[p] })
		return only && f.Rule == renderError || said[spot{f.Rule, f.File, f.Line, f.Column}]
	})
}

// hint says what to do about a failure: what the error says, or the finding in its place
// that is told with it.
func hint(r gitops.Report, err *gitops.Error) string {
	if err.Hint != "" || err.Line <= 0 {
		return err.Hint
	}
	for _, f := range r.Findings {
		if spotOf(err) == (spot{f.Rule, f.File, f.Line, f.Column}) {
			return f.Fix
		}
	}
	return ""
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
