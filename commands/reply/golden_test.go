package reply_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden writes the report of each testdata/*.txtar in every form and
// compares with want/. Lines "key: value" set the options.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			opts, r := input(t, a)
			got := &txtar.Archive{Comment: a.Comment, Files: append(a.Files[:1:1], forms(t, r, opts)...)}
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

// forms writes a report in every form.
func forms(t *testing.T, r gitops.Report, opts reply.Options) []txtar.File {
	out := []txtar.File{{Name: "want/title", Data: []byte(reply.Title(r) + "\n")}}
	for i, part := range reply.Markdown(r, opts) {
		if len(part) > opts.MaxBytes && opts.MaxBytes > 0 {
			t.Errorf("part %d has %d bytes", i+1, len(part))
		}
		out = append(out, txtar.File{Name: fmt.Sprintf("want/part%d.md", i+1), Data: []byte(part)})
	}
	var text strings.Builder
	if err := reply.Text(&text, r, reply.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	return append(out, txtar.File{Name: "want/text", Data: []byte(text.String())})
}

// input reads the options and the report of a case.
func input(t *testing.T, a *txtar.Archive) (reply.Options, gitops.Report) {
	t.Helper()
	opts := reply.Options{Marker: "sealift:diff"}
	for line := range strings.Lines(string(a.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		n, _ := strconv.Atoi(value) // 0 is the default
		switch key {
		case "max-bytes":
			opts.MaxBytes = n
		case "max-comments":
			opts.MaxComments = n
		case "full-url":
			opts.FullURL = value
		case "commit-url":
			opts.CommitURL = value
		}
	}
	var r gitops.Report
	if err := json.Unmarshal(a.Files[0].Data, &r); err != nil {
		t.Fatal(err)
	}
	return opts, r
}
