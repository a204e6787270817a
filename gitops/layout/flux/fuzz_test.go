package flux_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/flux"
)

// FuzzDeploy gives any text as a document and as the world: nothing panics, and the same
// input always comes to the same.
func FuzzDeploy(f *testing.F) {
	for _, s := range []string{
		kustomization("path: apps\npatches: [{patch: x, target: {kind: A}}]\npostBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n" + fromFleet),
		operator(syncFleet, "  kustomize: {patches: [{patch: '[{\"op\": \"add\", \"path\": \"/spec/x\", \"value\": 1}]', target: {kind: Kustomization}}]}"),
		operator(syncFleet, "  kustomize: {patches: [{patch: 'spec: null', target: {name: '('}}]}"),
		release("chartRef: {kind: HelmChart, name: web}\nvalues: {instance: {sync: {}}}"),
		"spec: &a {path: *a, <<: *a}", "a: &a [*a]\nspec: *a", "spec: {<<: {path: x}, sourceRef: [1]}", "", "- 1", "{",
	} {
		f.Add(s, fleet)
	}
	kinds := [][2]string{
		{"kustomize.toolkit.fluxcd.io/v1", "Kustomization"}, {"kustomize.toolkit.fluxcd.io/v1beta2", "Kustomization"},
		{"helm.toolkit.fluxcd.io/v2", "HelmRelease"}, {"fluxcd.controlplane.io/v1", "FluxInstance"}, {"fluxcd.controlplane.io/v1", "ResourceSet"},
	}
	sources := [][2]string{
		{"source.toolkit.fluxcd.io/v1", "GitRepository"}, {"source.toolkit.fluxcd.io/v1", "HelmChart"}, {"v1", "ConfigMap"}, {"v1", "Secret"},
		{"bitnami.com/v1alpha1", "SealedSecret"}, {"fluxcd.controlplane.io/v1", "FluxInstance"},
	}
	r := room("apps/a.yaml", "charts/web/Chart.yaml", "clusters/main/kustomization.yaml")
	f.Fuzz(func(t *testing.T, text, other string) {
		for _, kind := range kinds {
			d := gitops.Document{APIVersion: kind[0], Kind: kind[1], Namespace: "flux-system", Name: "fleet", YAML: []byte(text)}
			var first gitops.Deployed
			for i := range 2 {
				w := &flux.World{}
				for _, s := range sources {
					w.Add(gitops.Document{APIVersion: s[0], Kind: s[1], Namespace: "flux-system", Name: "fleet", YAML: []byte(other)})
				}
				got, err := r.Deploy(t.Context(), d, w)
				if err != nil {
					if gitops.CodeOf(err) == gitops.Internal {
						t.Fatal(err)
					}
					return
				}
				if i == 1 && !cmp.Equal(first, got) {
					t.Fatalf("two answers: %s", cmp.Diff(first, got))
				}
				first = got
			}
		}
	})
}
