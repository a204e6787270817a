package render

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestFluxStrict is about variables that nothing defines, where Flux is strict about them.
func TestFluxStrict(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	for data, want := range map[string]string{
		"${A}":           "a: x",
		"${GONE:-d}":     "a: d",
		"${GONE}":        `variable not set (strict mode): "GONE"`,
		"${A} ${GONE^^}": `variable not set (strict mode): "GONE"`,
	} {
		src := memory(map[string]string{
			"d/kustomization.yaml": "resources: [x.yaml]\n",
			"d/x.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: " + data + "\n",
		})
		o := gitops.FluxBuild{Substitute: true, Strict: true, Vars: map[string]string{"A": "x"}}
		if got := said(buildOf(t, r, src, "d", gitops.Build{Flux: &o})); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", data, got, want)
		}
		if o.Unknown = true; strings.Contains(data, "GONE}") {
			if got := said(buildOf(t, r, src, "d", gitops.Build{Flux: &o})); !strings.Contains(got, "a: "+data) {
				t.Errorf("%s: %s, want it kept, since it may be known elsewhere", data, got)
			}
		}
	}
}

// TestFluxBuildMetadata is about the annotations that say where objects come from.
func TestFluxBuildMetadata(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	src := memory(map[string]string{"d/kustomization.yaml": "resources: [x.yaml]\n", "d/x.yaml": configMap})
	o := gitops.FluxBuild{BuildMetadata: []string{"originAnnotations"}}
	if got := said(buildOf(t, r, src, "d", gitops.Build{Flux: &o})); !strings.Contains(got, "config.kubernetes.io/origin: |\n      path: x.yaml") {
		t.Errorf("no origin: %s", got)
	}
}
