package tree

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
)

// commitWith commits files with a message, and returns the commit.
func (f *fixture) commitWith(message string, files map[string]string) string {
	f.t.Helper()
	for name, content := range files {
		f.write(name, content)
	}
	f.git("add", "-A")
	f.git("commit", "-q", "--allow-empty", "-m", message)
	return f.git("rev-parse", "HEAD")
}

// TestTrailed finds commits by their trailers through merges, and takes no line of the
// body for one.
func TestTrailed(t *testing.T) {
	f := newFixture(t)
	first := f.commitWith("Promote web\n\nPromoted-From: dev@1\nPromoted-App: web\nPromoted-App: api\n", map[string]string{"web/a": "1"})
	f.commitWith("Says it only\n\nPromoted-From: dev@2\nis what the body says.\n\nAnd more.\n", map[string]string{"web/a": "2"})
	f.commitWith("Promote other\n\nPromoted-From: dev@3\n", map[string]string{"other/a": "1"})
	f.git("checkout", "-q", "-b", "promotion")
	second := f.commitWith("Promote web again\n\npromoted-from: dev@4\nRequested-by: ada\n", map[string]string{"web/a": "3"})
	f.git("checkout", "-q", "main")
	f.commitWith("Elsewhere", map[string]string{"c": "1"})
	f.git("merge", "-q", "--no-ff", "-m", "Merge pull request 7", "promotion")
	tip := f.git("rev-parse", "HEAD")

	r := f.open(Options{})
	got, err := r.Trailed(t.Context(), tip, "Promoted-From", []string{"web"}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var ids, values []string
	for _, c := range got {
		ids = append(ids, c.ID)
		values = append(values, c.Values("Promoted-From")...)
	}
	if diff := cmp.Diff([]string{second, first}, ids); diff != "" {
		t.Errorf("commits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"dev@4", "dev@1"}, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"web", "api"}, got[1].Values("Promoted-App")); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
	if got[0].Subject != "Promote web again" || len(got[0].Parents) != 1 || got[0].Time.IsZero() {
		t.Errorf("commit = %+v", got[0])
	}
	all, err := r.Trailed(t.Context(), tip, "Promoted-From", nil, 10)
	if err != nil || len(all) != 3 {
		t.Errorf("of all files: %d commits, %v", len(all), err)
	}
	none, err := r.Trailed(t.Context(), tip, "Promoted-From", []string{"*"}, 10)
	if err != nil || len(none) != 0 {
		t.Errorf("a path is no pattern: %d commits, %v", len(none), err)
	}
}

// TestTrailedRefuses takes neither refs nor options nor expressions.
func TestTrailedRefuses(t *testing.T) {
	f := newFixture(t)
	tip := f.commitWith("one", nil)
	r := f.open(Options{})
	for _, c := range []struct{ tip, key string }{{"main", "Promoted-From"}, {tip, "a.*"}, {tip, "--all"}, {tip, ""}, {"--all", "Promoted-From"}} {
		_, err := r.Trailed(t.Context(), c.tip, c.key, nil, 10)
		wantError(t, err, gitops.Invalid)
	}
}
