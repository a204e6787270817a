package flux_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/flux"
)

const settings = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: flux-system}
data: {A: config, B: "two\nlines\n", C: c}
---
apiVersion: v1
kind: Secret
metadata: {name: secrets, namespace: flux-system}
data: {A: c2VjcmV0}
stringData: {S: secret}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed, namespace: flux-system}
spec: {encryptedData: {T: AgB}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: elsewhere, namespace: team}
data: {A: wrong}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: nowhere}
data: {N: any}
`

func TestVariables(t *testing.T) {
	from := func(list string) string { return "postBuild: {substituteFrom: [" + list + "]}" }
	tests := []struct {
		name, spec          string
		vars                map[string]string
		substitute, unknown bool
		said                string
	}{
		{name: "none", spec: "wait: true"},
		{name: "an empty postBuild", spec: "postBuild: {}"},
		{name: "always", spec: "postBuild: {substituteStrategy: Always}", substitute: true},
		{name: "in the document", spec: `postBuild: {substitute: {A: "1", B: "x\ny"}}`, vars: map[string]string{"A": "1", "B": "xy"}, substitute: true},
		{name: "a number", spec: "postBuild: {substitute: {A: 010}}", vars: map[string]string{"A": "010"}, substitute: true},
		{name: "a ConfigMap", spec: from("{kind: ConfigMap, name: settings}"), vars: map[string]string{"A": "config", "B": "twolines", "C": "c"}, substitute: true},
		{name: "the document before a ConfigMap", spec: "postBuild: {substitute: {A: mine}, substituteFrom: [{kind: ConfigMap, name: settings}]}",
			vars: map[string]string{"A": "mine", "B": "twolines", "C": "c"}, substitute: true},
		{name: "a Secret stands for itself", spec: from("{kind: Secret, name: secrets}"), vars: map[string]string{"A": "${A}", "S": "${S}"}, substitute: true},
		{name: "a Secret after a ConfigMap", spec: from("{kind: ConfigMap, name: settings}, {kind: Secret, name: secrets}"),
			vars: map[string]string{"A": "${A}", "B": "twolines", "C": "c", "S": "${S}"}, substitute: true},
		{name: "a ConfigMap after a Secret", spec: from("{kind: Secret, name: secrets}, {kind: ConfigMap, name: settings}"),
			vars: map[string]string{"A": "config", "B": "twolines", "C": "c", "S": "${S}"}, substitute: true},
		{name: "a SealedSecret", spec: from("{kind: Secret, name: sealed}"), vars: map[string]string{"T": "${T}"}, substitute: true},
		{name: "of another namespace", spec: from("{kind: ConfigMap, name: elsewhere}"), substitute: true, unknown: true, said: "ConfigMap"},
		{name: "without a namespace", spec: from("{kind: ConfigMap, name: nowhere}"), vars: map[string]string{"N": "any"}, substitute: true},
		{name: "missing", spec: from("{kind: Secret, name: x}"), substitute: true, unknown: true, said: "Secret"},
		{name: "missing, beside another", spec: from("{kind: ConfigMap, name: settings}, {kind: Secret, name: x}"),
			vars: map[string]string{"A": "config", "B": "twolines", "C": "c"}, substitute: true, unknown: true, said: "Secret"},
		{name: "an optional ConfigMap", spec: from("{kind: ConfigMap, name: x, optional: true}")},
		{name: "an optional Secret", spec: from("{kind: Secret, name: x, optional: true}"), substitute: true, unknown: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := world(t, fleet+"---\n"+settings)
			got := deploy(t, room("kustomization.yaml"), kustomization(tt.spec+"\n"+fromFleet), w)
			b := got.Units[0].Build.Flux
			if diff := cmp.Diff(tt.vars, b.Vars); diff != "" || b.Substitute != tt.substitute || b.Unknown != tt.unknown {
				t.Errorf("%+v\n%s", b, diff)
			}
			if (tt.said == "") != (len(got.Notes) == 0) || tt.said != "" && !strings.HasPrefix(got.Notes[0].Message, tt.said) {
				t.Errorf("says %v, want %q", got.Notes, tt.said)
			}
			again := deploy(t, room("kustomization.yaml"), kustomization(tt.spec+"\n"+fromFleet), w)
			if len(again.Notes) > 0 || !cmp.Equal(got.Units, again.Units) {
				t.Errorf("the second time it says %v", again.Notes)
			}
		})
	}
}

func TestStrict(t *testing.T) {
	r := room("kustomization.yaml")
	r.Options.Strict = true
	for spec, want := range map[string]bool{"postBuild: {substitute: {A: b}}": true, "wait: true": false, "postBuild: {substituteStrategy: Always}": true} {
		got := deploy(t, r, kustomization(spec+"\n"+fromFleet), world(t, fleet))
		if got.Units[0].Build.Flux.Strict != want {
			t.Errorf("%s: strict is not %t", spec, want)
		}
	}
}

// TestWorldOrder fills worlds in every order with objects of the same names.
func TestWorldOrder(t *testing.T) {
	unit := &gitops.Unit{Overlay: gitops.Overlay{Path: "x"}}
	var all []gitops.Document
	for i, value := range []string{"a", "b", "c", "d", "e", "f"} {
		d := document(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: flux-system}\ndata: {A: "+value+"}")
		d.File = string(rune('z' - i/2))
		if i >= 3 {
			d.From = unit
		}
		all = append(all, d)
	}
	all = append(all, documents(t, settings)...)
	var first *flux.World
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		list := slices.Clone(all)
		rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		w := &flux.World{}
		for _, d := range list {
			w.Add(d)
		}
		if first == nil {
			first = w
		}
		if !first.Same(w) || !w.Same(first) {
			t.Fatal("the order counts")
		}
		got := deploy(t, room("kustomization.yaml"), kustomization("postBuild: {substituteFrom: [{kind: ConfigMap, name: m}]}\nsourceRef: {kind: GitRepository, name: flux-system}"), w)
		if vars := got.Units[0].Build.Flux.Vars; vars["A"] != "e" { // of the render, of the first file, of the first text
			t.Fatalf("variables %v", vars)
		}
	}
	w := world(t, settings)
	if w.Same(first) || first.Same(w) || w.Same(nil) || (*flux.World)(nil).Same(w) || !(&flux.World{}).Same(nil) {
		t.Error("worlds that differ are the same, or the other way round")
	}
}
