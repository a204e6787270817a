package hubtest

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sealift/sealift/webhook/hub"
)

// TestTheNPMPackageWillDo reads the description as it is read where there is no file
// beside the checkout.
func TestTheNPMPackageWillDo(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(pruned(t, NPM(t, "@octokit", "openapi", "generated", "api.github.com.json")))
	if err != nil {
		t.Fatal(err)
	}
	correct(doc)
	spec := newSpec(doc)
	h, err := hub.New(hub.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range h.Operations() {
		if !spec.Has(op) {
			t.Errorf("the npm package has no %s", op)
		}
	}
}
