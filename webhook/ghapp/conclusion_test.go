package ghapp_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

// TestConclusions reads checks and statuses. Of two with one name the worse one counts,
// of two runs of one App the newer.
func TestConclusions(t *testing.T) {
	w := newWorld(t, hub.Options{})
	tip := w.Tip(repository, "main")
	check := func(name string, c gitops.Conclusion) {
		_, err := w.repo.CreateCheck(t.Context(), gitops.CheckRun{Name: name, HeadSHA: tip, Conclusion: c})
		must(t, err)
	}
	got, err := w.repo.Conclusions(t.Context(), tip)
	if err != nil || len(got) != 0 {
		t.Errorf("without any: %v, %v", got, err)
	}
	check("again", gitops.Failure)
	check("again", gitops.Success)
	check("runs", "")
	check("both", gitops.Failure)
	must(t, w.dev.SetStatus(t.Context(), repository, tip, "both", "success"))
	must(t, w.dev.SetStatus(t.Context(), repository, tip, "waits", "pending"))
	must(t, w.dev.SetStatus(t.Context(), repository, tip, "broken", "error"))
	must(t, w.dev.SetStatus(t.Context(), repository, tip, "later", "failure"))
	must(t, w.dev.SetStatus(t.Context(), repository, tip, "later", "success"))
	want := map[string]gitops.Conclusion{"again": "success", "runs": "", "both": "failure", "waits": "", "broken": "failure", "later": "success"}
	got, err = w.repo.Conclusions(t.Context(), tip)
	must(t, err)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for i := range 120 { // more than a page
		must(t, w.dev.SetStatus(t.Context(), repository, tip, fmt.Sprintf("many-%d", i), "success"))
	}
	got, err = w.repo.Conclusions(t.Context(), tip)
	if err != nil || len(got) != len(want)+120 {
		t.Errorf("%d conclusions, %v", len(got), err)
	}
	_, err = w.repo.Conclusions(t.Context(), "main")
	wantCode(t, err, gitops.Invalid)
}
