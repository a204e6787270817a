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

// TestStatusWide has more environments than stand beside each other: an app in an
// environment a row, and nothing is cut off.
func TestStatusWide(t *testing.T) {
	s := reply.Status{Apps: []reply.StatusApp{
		{App: "api", Stops: []reply.StatusStop{{Environment: "env-1", Version: "v1"}, {Environment: "env-2", Version: "v2", Differs: true, Behind: -1}}},
		{App: "web", Stops: []reply.StatusStop{{Environment: "env-30", Version: "0ddd632c30dfd7f2bbcf229299f1fe7186d0adb7"}}},
	}}
	for i := range 30 {
		s.Environments = append(s.Environments, fmt.Sprintf("env-%d", i+1))
	}
	want := `APP  ENVIRONMENT  VERSION
api  env-1        v1
api  env-2        v2 (differs, never promoted)
web  env-30       0ddd632c30df
`
	var text strings.Builder
	if err := reply.StatusText(&text, s, reply.TextOptions{}); err != nil || text.String() != want {
		t.Errorf("error %v\n%s", err, text.String())
	}
	comment := reply.StatusMarkdown(s, reply.PromotionOptions{})
	if !strings.Contains(comment, "| web | <code>env-30</code> | <code>0ddd632c30df</code> |\n") || strings.Contains(comment, "env-29") {
		t.Error(comment)
	}
	s.Environments = []string{"env-1", "env-2", "env-30"}
	for width, head := range map[int]string{0: "APP  ENV-1  ENV-2", 80: "APP  ENV-1  ENV-2", 40: "APP  ENVIRONMENT  VERSION"} {
		text.Reset()
		if err := reply.StatusText(&text, s, reply.TextOptions{Width: width}); err != nil || !strings.HasPrefix(text.String(), head) {
			t.Errorf("width %d: error %v\n%s", width, err, text.String())
		}
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
