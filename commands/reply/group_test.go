package reply

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestGroups checks that grouping loses no changed line of any overlay and says none twice,
// and that what takes an object away comes first.
func TestGroups(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		overlays := randomOverlays(rnd)
		want, got := map[string]int{}, map[string]int{}
		for i, o := range overlays {
			for _, object := range o.Objects {
				enter(want, i, object)
			}
		}
		late := false
		for _, g := range groups(overlays) {
			for _, o := range g.objects {
				if late && o.Status == gitops.Removed {
					t.Fatal("what is removed comes after what changes")
				}
				late = late || o.Status != gitops.Removed
				if n := strings.Count(o.Diff, "@@ "); o.Status == gitops.Changed && n != len(o.Fields) {
					t.Fatalf("%d hunks with %d fields", n, len(o.Fields))
				}
				for _, i := range g.overlays {
					enter(got, i, o)
				}
			}
		}
		if !maps.Equal(want, got) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// enter counts the changed lines of an object.
func enter(into map[string]int, overlay int, o gitops.ObjectChange) {
	for line := range strings.Lines(o.Diff) {
		if line[0] == '+' || line[0] == '-' {
			into[fmt.Sprint(overlay, o.Name, o.Status, line)]++
		}
	}
}

// randomOverlays returns overlays that share much: few names, namespaces, hunks and lines
// around them.
func randomOverlays(rnd *rand.Rand) []gitops.OverlayChange {
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	list := make([]gitops.OverlayChange, 1+rnd.IntN(5))
	for i := range list {
		for range rnd.IntN(4) {
			o := gitops.ObjectChange{Kind: "Service", Namespace: pick("a", "b"), Name: pick("x", "y"), Status: gitops.Changed}
			if rnd.IntN(4) == 0 {
				o.Status, o.Diff = gitops.Removed, "@@ -1 +0,0 @@\n-"+pick("p", "q")+"\n"
			}
			for n := rnd.IntN(4); o.Status == gitops.Changed && n > 0; n-- {
				o.Diff += "@@ -1,2 +1,2 @@\n " + pick("c", "d") + "\n-" + pick("k", "l") + "\n+" + pick("m", "n") + "\n"
				o.Fields = append(o.Fields, pick("f", "g"))
			}
			list[i].Objects = append(list[i].Objects, o)
		}
	}
	return list
}
