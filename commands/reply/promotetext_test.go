package reply

import (
	"testing"

	"github.com/sealift/sealift/gitops/promote"
)

// TestPlanMoves says "equal" only of what was compared as a whole.
func TestPlanMoves(t *testing.T) {
	edits := []promote.Edit{{}, {}}
	for want, a := range map[string]promote.AppPlan{
		"nothing: no version to carry":  {},
		"nothing: same version, v1":     {Version: "v1", NewVersion: "v1"},
		"nothing: equal already, at v1": {Version: "v1", NewVersion: "v1", LastPromoted: "abc"},
		"nothing: equal already":        {LastPromoted: "abc"},
		"v1 -> v2 (2 edits)":            {Version: "v1", NewVersion: "v2", Edits: edits},
		"v2 (2 edits)":                  {NewVersion: "v2", Edits: edits},
		"2 edits":                       {Version: "api v1@sha256:0123456789abcdef", NewVersion: "api v1@sha256:0123456789abffff", Edits: edits},
		"nothing: prod does not have it; --create copies it": {Missing: true},
	} {
		if got := planMoves(&promote.Plan{From: "dev", To: "prod"}, a); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestPromotionWhy does not say in a comment either that environments are equal of
// which nothing but versions was compared.
func TestPromotionWhy(t *testing.T) {
	w := promotionWriter{p: Promotion{Plan: &promote.Plan{From: "dev", To: "prod"}}}
	for want, a := range map[string]promote.AppPlan{
		"there is no version to carry. What else differs is left as it is, since no promotion tells yet what is meant to differ.": {},
		"prod has <code>v1</code>": {Version: "v1"},
		"prod has what dev has":    {LastPromoted: "abc"},
	} {
		if got := w.why(a); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
