package reply_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/golden"
)

// TestGolden writes the report of each testdata/*.txtar in every form and
// compares with want/. Lines "key: value" set the options.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		opts, r := input(t, c)
		return forms(t, r, opts)
	})
}

// forms writes a report in every form.
func forms(t *testing.T, r gitops.Report, opts reply.Options) map[string]string {
	t.Helper()
	out := map[string]string{"title": reply.Title(r)}
	for i, part := range reply.Markdown(r, opts) {
		if len(part) > opts.MaxBytes && opts.MaxBytes > 0 {
			t.Errorf("part %d has %d bytes", i+1, len(part))
		}
		out[fmt.Sprintf("part%d.md", i+1)] = part
	}
	var text strings.Builder
	if err := reply.Text(&text, r, reply.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	out["text"] = text.String()
	return out
}

// input reads the options and the report of a case.
func input(t *testing.T, c *golden.Case) (reply.Options, gitops.Report) {
	t.Helper()
	opts := reply.Options{Marker: "sealift:diff"}
	for line := range strings.Lines(c.Comment) {
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
	if err := json.Unmarshal(c.Inputs[0].Data, &r); err != nil {
		t.Fatal(err)
	}
	return opts, r
}
