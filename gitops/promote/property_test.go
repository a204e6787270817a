package promote_test

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// checkPlan checks what holds of every plan: it is the same when it is made again,
// nothing is left to promote once it is carried out, from an environment to itself
// nothing moves, and what an edit says is in the file.
func checkPlan(t testing.TB, r promote.Request, plan *promote.Plan) {
	t.Helper()
	again, err := promote.Make(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if text(t, again) != text(t, plan) {
		t.Errorf("two plans of the same differ:\n%s\n%s", text(t, plan), text(t, again))
	}
	self := r
	self.To = r.From
	self.Apps = nil
	for _, a := range r.Apps {
		a.To = a.From
		self.Apps = append(self.Apps, a)
	}
	none, err := promote.Make(t.Context(), self)
	if err != nil || !none.Empty() || len(none.Apps) > 0 && len(none.Apps[0].Edits)+len(none.Apps[0].Conflicts) > 0 {
		t.Errorf("from %s to itself there is %s, %v", r.From, text(t, none), err)
	}
	checkTwice(t, r, plan)
	for _, a := range plan.Apps {
		for _, e := range a.Edits {
			data, ok := a.Files[e.File]
			if !ok {
				t.Errorf("edit of %s, which stays as it is: %+v", e.File, e)
			}
			if e.New != "" && !strings.Contains(e.New, "\n") && e.Kind != promote.Field && !strings.Contains(string(data), e.New) {
				t.Errorf("edit says %q, which is not in %s", e.New, e.File)
			}
		}
	}
}

// checkTwice promotes again where the plan was carried out.
func checkTwice(t testing.TB, r promote.Request, plan *promote.Plan) {
	t.Helper()
	edited := tree.With(r.Target, plan.Files())
	l, err := layout.Read(t.Context(), edited, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	second := r
	second.Source, second.Target = edited, edited
	second.SourceRefs, second.TargetRefs = l.Refs, l.Refs
	second.Apps = nil
	for _, a := range r.Apps {
		if len(a.To) == 0 && r.Options.Create {
			return // it is an app of the target now
		}
		second.Apps = append(second.Apps, a)
	}
	twice, err := promote.Make(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range twice.Apps {
		if len(a.Edits) > 0 || len(a.Files) > 0 {
			t.Errorf("promoted twice, %s still has %+v", a.App, a.Edits)
		}
	}
}

func text(t testing.TB, p *promote.Plan) string {
	t.Helper()
	data, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
