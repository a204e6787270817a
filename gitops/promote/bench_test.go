package promote_test

import (
	"fmt"
	"testing"

	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/monorepo"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// BenchmarkMake plans the promotion of 50 apps from dev to test in the repository of
// 800 overlays, with a last promotion to merge from: under 1 s.
func BenchmarkMake(b *testing.B) {
	files := map[string]string{}
	for p, data := range monorepo.Files(200) {
		files[p] = string(data)
	}
	last := tree.Memory(files)
	var apps []string
	for app := range 50 {
		dev := monorepo.AppOverlays(app)[0]
		files[dev+"/kustomization.yaml"] += "# changed\ncommonAnnotations: {changed: since}\n"
	}
	now := tree.Memory(files)
	l, err := layout.Read(b.Context(), now, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	by := map[string]*promote.App{}
	for _, o := range l.Overlays {
		a := by[o.App]
		if a == nil {
			a = &promote.App{Name: o.App, Last: last, LastCommit: lastCommit}
			by[o.App] = a
			apps = append(apps, o.App)
		}
		switch o.Environment {
		case "dev":
			a.From = append(a.From, o.Path)
		case "test":
			a.To = append(a.To, o.Path)
		}
	}
	r := promote.Request{Source: now, Target: now, From: "dev", To: "test", SourceRefs: l.Refs, TargetRefs: l.Refs}
	for _, name := range apps[:50] {
		r.Apps = append(r.Apps, *by[name])
	}
	b.Run(fmt.Sprintf("overlays=%d/apps=%d", len(l.Overlays), len(r.Apps)), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plan, err := promote.Make(b.Context(), r)
			if err != nil || plan.Empty() {
				b.Fatalf("nothing is carried, %v", err)
			}
		}
	})
}
