package flux_test

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/flux"
)

// operator is a FluxInstance with some more of its spec.
func operator(sync, more string) string {
	return "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec:\n  sync: {" + sync + "}\n" + more
}

const syncFleet = "kind: GitRepository, url: https://github.com/acme/fleet, ref: refs/heads/main, path: clusters/main"

// follow deploys a document and all that it makes, and returns what that comes to. The
// sources are known before, as from the round before.
func follow(t *testing.T, r *flux.Room, text string) (out gitops.Deployed) {
	t.Helper()
	w := &flux.World{}
	w.Add(document(t, text))
	todo := []gitops.Document{document(t, text)}
	for len(todo) > 0 {
		got, err := r.Deploy(t.Context(), todo[0], w)
		if err != nil {
			t.Fatal(err)
		}
		todo = append(todo[1:], got.Documents...)
		for _, d := range got.Documents {
			w.Add(d)
		}
		out.Documents = append(out.Documents, got.Documents...)
		out.Units = append(out.Units, got.Units...)
		out.Opaque = append(out.Opaque, got.Opaque...)
		out.Notes = append(out.Notes, got.Notes...)
	}
	return out
}

func TestInstance(t *testing.T) {
	patch := func(target, text string) string {
		return "  kustomize:\n    patches:\n    - target: " + target + "\n      patch: |\n        " + strings.ReplaceAll(text, "\n", "\n        ") + "\n"
	}
	tests := []struct {
		name, sync, more string
		want             string // as comesTo says, of all that it makes
		id               string // of the unit
	}{
		{name: "no sync", sync: "", want: "nothing"},
		{name: "this repository", sync: syncFleet, want: "clusters/main", id: "Kustomization flux-system/flux-system"},
		{name: "a name", sync: syncFleet + ", name: cluster", want: "clusters/main", id: "Kustomization flux-system/cluster"},
		{name: "another repository", sync: strings.ReplaceAll(syncFleet, "acme/fleet", "other/x"), want: "nothing"},
		{name: "another branch", sync: strings.ReplaceAll(syncFleet, "main, ", "old, "), want: "note"},
		{name: "an artifact", sync: "kind: OCIRepository, url: oci://ghcr.io/acme/fleet, ref: latest, path: clusters/main", want: "reads clusters/main/**"},
		{name: "an artifact of which there is nothing here", sync: "kind: OCIRepository, url: oci://ghcr.io/acme/fleet, ref: latest, path: x", want: "nothing"},
		{name: "a bucket", sync: "kind: Bucket, url: minio, ref: fleet, path: clusters/main", want: "reads clusters/main/**"},
		{name: "operations", sync: syncFleet, more: patch("{kind: Kustomization}", "- op: replace\n  path: /spec/path\n  value: clusters/other"),
			want: "clusters/other", id: "Kustomization flux-system/flux-system"},
		{name: "a piece", sync: syncFleet, more: patch("{kind: Kustomization, name: flux-.*}", "kind: Kustomization\nmetadata: {name: any}\nspec: {path: clusters/other}"),
			want: "clusters/other", id: "Kustomization flux-system/flux-system"},
		{name: "a patch of the source", sync: syncFleet, more: patch("{group: source.toolkit.fluxcd.io, version: v1, kind: GitRepository, namespace: flux-system}", "- {op: add, path: /spec/ref, value: {tag: v1}}"), want: "note"},
		{name: "a patch of something else", sync: syncFleet, more: patch("{kind: Deployment}", "- {op: remove, path: /spec/path}"), want: "clusters/main", id: "Kustomization flux-system/flux-system"},
		{name: "a patch by a label", sync: syncFleet, more: patch("{labelSelector: app=x}", "- {op: remove, path: /spec}"), want: "clusters/main", id: "Kustomization flux-system/flux-system"},
		{name: "a patch by no label", sync: syncFleet, more: patch("{kind: Kustomization, labelSelector: '!app'}", "- {op: replace, path: /spec/path, value: x}"), want: "x", id: "Kustomization flux-system/flux-system"},
		{name: "a patch that deletes", sync: syncFleet, more: patch("{kind: Kustomization}", "$patch: delete"), want: "nothing"},
		{name: "a patch that fails", sync: syncFleet, more: patch("{kind: Kustomization}", "- {op: remove, path: /spec/x}"), want: "clusters/main", id: "Kustomization flux-system/flux-system"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := room("clusters/main/a.yaml", "clusters/other/a.yaml")
			got := follow(t, r, operator(tt.sync, tt.more))
			if comes := comesTo(got); comes != tt.want {
				t.Errorf("comes to %s, want %s\n%+v", comes, tt.want, got)
			}
			if len(got.Units) > 0 && got.Units[0].ID() != tt.id {
				t.Errorf("unit %s, want %s", got.Units[0].ID(), tt.id)
			}
			if fails := len(got.Notes) > 0 && strings.Contains(got.Notes[0].Message, "cannot be applied"); fails != (tt.name == "a patch that fails") {
				t.Errorf("says %v", got.Notes)
			}
			for _, d := range got.Documents {
				if d.File != "doc.yaml" || d.Line != 1 || document(t, string(d.YAML)).Name != d.Name {
					t.Errorf("document %+v", d)
				}
			}
		})
	}
}

// release is a HelmRelease with some of its spec.
func release(spec string) string {
	return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: flux-instance, namespace: flux-system}\nspec:\n  " +
		strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ") + "\n"
}

// TestInstanceChart is a FluxInstance that a chart makes.
func TestInstanceChart(t *testing.T) {
	values := "values:\n  instance:\n    sync: {" + syncFleet + "}"
	tests := []struct{ name, spec, want string }{
		{"by name", "chart: {spec: {chart: flux-instance, sourceRef: {kind: HelmRepository, name: cp}}}\n" + values, "clusters/main"},
		{"by reference", "chartRef: {kind: OCIRepository, name: flux-instance}\n" + values, "clusters/main"},
		{"another chart", "chartRef: {kind: OCIRepository, name: app}\n" + values, "reads "},
		{"no values", "chartRef: {kind: OCIRepository, name: flux-instance}", "reads "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if comes := comesTo(follow(t, room("clusters/main/a.yaml"), release(tt.spec))); comes != tt.want {
				t.Errorf("comes to %s, want %s", comes, tt.want)
			}
		})
	}
}
