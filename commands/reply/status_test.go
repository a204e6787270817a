package reply_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops/golden"
)

// TestStatusGolden writes each testdata/status/*.txtar as a comment, as text and as
// JSON, and compares with want/.
func TestStatusGolden(t *testing.T) {
	golden.Run(t, "testdata/status/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		var s reply.Status
		if err := json.Unmarshal(c.Inputs[0].Data, &s); err != nil {
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
		comment := reply.StatusMarkdown(s, reply.PromotionOptions{RepoURL: "https://github.com/acme/shop"})
		return map[string]string{"reply.md": comment, "text": text.String(), "json": string(asJSON)}
	})
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
