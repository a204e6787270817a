package promote

import (
	"bytes"
	"context"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// Revert is a change that is to be undone on top of what came since.
type Revert struct {
	// Before and After are the trees on both sides of the change, Target is edited.
	Before, After, Target gitops.Tree
	// App is whose change it is. Files are those that it changed.
	App   string
	Files []string
	// Take decides what was changed since, as [Options] has it: the source is what was
	// before, the target what is there now.
	Take map[string]string
}

// Undo plans a revert: the merge of a promotion with its sides changed over. What the
// change did and nobody touched since goes back to what it was; what somebody changed
// since stays, and is a conflict.
func Undo(ctx context.Context, r Revert) (AppPlan, error) {
	plan := AppPlan{App: r.App, Files: map[string][]byte{}}
	for _, file := range r.Files {
		var sides [3][]byte
		trees := []gitops.Tree{r.Before, r.After, r.Target}
		if slices.ContainsFunc(trees, func(t gitops.Tree) bool { return t.Lookup(file).Kind == gitops.Symlink }) {
			plan.Withheld = append(plan.Withheld, Withheld{File: file, Reason: "is a symbolic link: undo it by hand"})
			continue
		}
		for i, t := range trees {
			data, err := t.Read(ctx, file)
			if err != nil && gitops.CodeOf(err) != gitops.NotFound {
				return plan, err
			}
			if err == nil && data == nil {
				data = []byte{} // an empty file is there
			}
			sides[i] = data
		}
		r.undo(&plan, file, sides[0], sides[1], sides[2])
		plan.mayRun(file, plan.Files[file] != nil && (r.Target.Lookup(file).Executable || sides[2] == nil && r.Before.Lookup(file).Executable))
	}
	return plan, nil
}

// undo plans one file; nil is a file that is not there.
func (r Revert) undo(plan *AppPlan, file string, before, after, now []byte) {
	switch {
	case same(before, now):
		return
	case before != nil && after != nil && now != nil:
		m := mergeFile(file, after, before, now, policy{secret: !isYAML(file), take: decisions(r.Take, file)})
		plan.Edits, plan.Withheld, plan.Conflicts = append(plan.Edits, m.edits...), append(plan.Withheld, m.withheld...), append(plan.Conflicts, m.conflicts...)
		if !bytes.Equal(m.data, now) {
			plan.Files[file] = m.data
		}
	case same(after, now) || decisions(r.Take, file)("") == TakeSource:
		plan.Files[file] = before
		kind := FileAdded
		if before == nil {
			kind = FileRemoved
		}
		plan.Edits = append(plan.Edits, Edit{File: file, Kind: kind})
	case decisions(r.Take, file)("") != TakeTarget:
		plan.Conflicts = append(plan.Conflicts, Conflict{File: file, Base: presence(after), Source: presence(before), Target: presence(now)})
	}
}

// same reports whether two files are equal, or both are not there.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// presence says of a whole file whether it is there.
func presence(data []byte) string {
	if data == nil {
		return "not there"
	}
	return "there"
}
