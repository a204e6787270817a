package layout

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// TestReplaced makes random documents that have each other: what is kept leads to all, and
// nothing that is kept is to be had from a root or from another that is.
func TestReplaced(t *testing.T) {
	for seed := range uint64(2_000) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		var all []place
		for i := range 1 + rnd.IntN(9) {
			all = append(all, place{fmt.Sprintf("%s%c.yaml", []string{"", "a/", "a/b/"}[rnd.IntN(3)], 'a'+i), 1})
		}
		has, byRoots := map[place]map[place]bool{}, map[place]bool{}
		for range rnd.IntN(2 * len(all)) {
			p, q := all[rnd.IntN(len(all))], all[rnd.IntN(len(all))]
			if has[p] == nil {
				has[p] = map[place]bool{}
			}
			has[p][q] = true
		}
		if rnd.IntN(3) == 0 {
			byRoots[all[rnd.IntN(len(all))]] = true
		}
		out := replaced(has, byRoots, nil)
		rooted := map[place]bool{}
		for p := range byRoots {
			spread(has, p, rooted)
		}
		reached := maps.Clone(rooted)
		for _, p := range all {
			if out[p] {
				continue
			}
			alone := map[place]bool{}
			spread(has, p, alone)
			for _, q := range all {
				if alone[q] && q != p && !out[q] || rooted[p] {
					t.Fatalf("seed %d: %v is kept although a root or %v has it: %v", seed, q, p, has)
				}
			}
			spread(has, p, reached)
		}
		for _, p := range all {
			if !reached[p] {
				t.Fatalf("seed %d: %v is lost: %v", seed, p, has)
			}
		}
	}
}

// TestReplacedRing keeps of a ring the document with which a cluster begins.
func TestReplacedRing(t *testing.T) {
	cluster, operator, instance := place{"clusters/main/apps.yaml", 1}, place{"apps/flux/ks.yaml", 1}, place{"apps/flux/app/instance.yaml", 1}
	has := map[place]map[place]bool{cluster: {operator: true}, operator: {instance: true}, instance: {cluster: true}}
	for _, tt := range []struct {
		synced map[string]bool
		kept   place
	}{
		{map[string]bool{"clusters/main": true}, cluster},
		{map[string]bool{"clusters": true}, cluster},
		{nil, operator}, // of two of one depth the first by name
	} {
		out := replaced(has, nil, tt.synced)
		if len(out) < 2 || out[tt.kept] || !out[cluster] && tt.kept != cluster {
			t.Errorf("synced %v: replaced %v, want all but %v", tt.synced, out, tt.kept)
		}
	}
}
