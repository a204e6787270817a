package reply_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/commands/reply"
)

// TestStatusGolden writes each testdata/status/*.txtar as a comment, as text and as
// JSON, and compares with want/.
func TestStatusGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/status/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s reply.Status
			if err := json.Unmarshal(a.Files[0].Data, &s); err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			if err := reply.StatusText(&text, s, reply.TextOptions{}); err != nil {
				t.Fatal(err)
			}
			asJSON, err := reply.StatusJSON(s)
			if err != nil {
				t.Fatal(err)
			}
			got := &txtar.Archive{Comment: a.Comment, Files: append(a.Files[:1:1],
				txtar.File{Name: "want/reply.md", Data: []byte(reply.StatusMarkdown(s, reply.PromotionOptions{RepoURL: "https://github.com/acme/shop"}))},
				txtar.File{Name: "want/text", Data: []byte(text.String())},
				txtar.File{Name: "want/json", Data: asJSON})}
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(txtar.Format(a)), string(txtar.Format(got))); d != "" {
				t.Errorf("output differs (-want +got), run with -update if it should:\n%s", d)
			}
		})
	}
}

// TestStatusLong has more apps than a comment holds.
func TestStatusLong(t *testing.T) {
	s := reply.Status{Environments: []string{"dev"}}
	for i := range 5000 {
		s.Apps = append(s.Apps, reply.StatusApp{App: fmt.Sprintf("app-%d", i), Stops: []reply.StatusStop{{Environment: "dev", Version: "v1"}}})
	}
	s.Holds = []reply.StatusNote{{Environment: "dev", Text: "because"}}
	text := reply.StatusMarkdown(s, reply.PromotionOptions{})
	if len(text) > 65_000 || !strings.Contains(text, "left out") || !strings.Contains(text, "app-0") {
		t.Errorf("%d bytes, ends with %.300s", len(text), text[max(0, len(text)-300):])
	}
}
