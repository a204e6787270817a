package commands

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/tree"
)

// promotable is a repository of two apps in three environments, one of them twice.
func promotable(config string) map[string]string {
	files := map[string]string{".sealift.yaml": "version: 1\n" + config}
	for _, app := range []string{"web", "api"} {
		files["apps/"+app+"/base/kustomization.yaml"] = "resources: []\n"
		for i, env := range []string{"prod-us", "prod-eu", "staging", "dev"} {
			files["apps/"+app+"/overlays/"+env+"/kustomization.yaml"] = "resources: [../../base]\nimages:\n- {name: " + app + ", newTag: v" + string(rune('1'+i)) + "}\n"
		}
	}
	return files
}

func TestPromotionResolves(t *testing.T) {
	const together = "promote: {together: [[web, api]]}\n"
	const group = "promote: {groups: [{name: prod, environments: [prod-eu, prod-us]}]}\n"
	for _, c := range []struct {
		name, config string
		p            Promotion
		want         string // "from -> to: apps", or the message
	}{
		{"next", "", Promotion{From: "dev", Apps: []string{"web"}}, "dev -> staging: web"},
		{"before", "", Promotion{To: "staging", All: true}, "dev -> staging: api web"},
		{"beside a peer", "", Promotion{To: "prod-us", Apps: []string{"web"}}, "staging -> prod-us: web"},
		{"changed", "", Promotion{Changed: []string{"apps/web/overlays/dev/kustomization.yaml"}}, "dev -> staging: web"},
		{"together", together, Promotion{From: "dev", Apps: []string{"api"}}, "dev -> staging: web api"},
		{"group", group, Promotion{To: "prod", Apps: []string{"web"}}, "staging -> prod-eu: web, later prod-us"},
		{"no group", "", Promotion{To: "prod", Apps: []string{"web"}}, "prod-eu or prod-us: name one"},
		{"skip", "", Promotion{From: "dev", To: "prod-eu", Apps: []string{"web"}}, "dev -> prod-eu: web, refused: order"},
		{"skip allowed", "promote: {skip: true}\n", Promotion{From: "dev", To: "prod-eu", Apps: []string{"web"}}, "dev -> prod-eu: web"},
		{"down", "", Promotion{From: "staging", To: "dev", Apps: []string{"web"}}, "staging -> dev: web, refused: order"},
		{"down by force", "", Promotion{From: "staging", To: "dev", Apps: []string{"web"}, Force: true}, "staging -> dev: web"},
		{"shared only", "", Promotion{To: "staging", Changed: []string{"apps/web/base/kustomization.yaml"}}, "no apps"},
		{"unknown", "", Promotion{From: "dev", To: "stagign", Apps: []string{"web"}}, `"stagign" is not there`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.p.Source = tree.Memory(promotable(c.config))
			c.p.Target = c.p.Source
			got := ""
			r, err := c.p.Run(t.Context())
			if err != nil {
				got = err.Error()
			} else {
				var apps []string
				for _, a := range r.Plan.Apps {
					apps = append(apps, a.App)
				}
				got = r.Plan.From + " -> " + r.Plan.To + ": " + strings.Join(apps, " ")
				for _, later := range r.Later {
					got += ", later " + later
				}
				for _, refused := range r.Plan.Refused {
					got += ", refused: " + refused.Rule
				}
			}
			if err == nil && got != c.want || err != nil && !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestPromotionEdited renders nothing, but shows that the edited tree has the plan.
func TestPromotionEdited(t *testing.T) {
	now := tree.Memory(promotable(""))
	r, err := Promotion{Source: now, Target: now, From: "dev", Apps: []string{"web"}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changed, err := ChangedFiles(now, r.Edited)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"apps/web/overlays/staging/kustomization.yaml"}, changed); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
}

func TestAppsOf(t *testing.T) {
	l, err := layout.Read(t.Context(), tree.Memory(promotable("")), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := AppsOf(l, []string{"apps/web/overlays/staging/kustomization.yaml", "apps/web/overlays/dev/kustomization.yaml", "apps/api/base/kustomization.yaml"})
	want := []Reach{{App: "api", Shared: true}, {App: "web", Environments: []string{"dev", "staging"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reached (-want +got):\n%s", diff)
	}
	if OnlyShared(got) || !OnlyShared(got[:1]) || OnlyShared(nil) {
		t.Error("only the change of a base is shared")
	}
	var none gitops.Tree
	if r, err := (Promotion{Source: tree.Memory(nil), Target: tree.Memory(nil), To: "prod"}).Run(t.Context()); gitops.CodeOf(err) != gitops.NotFound || r.Edited != none {
		t.Errorf("an empty repository: %v", err)
	}
}
