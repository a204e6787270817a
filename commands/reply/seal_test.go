package reply_test

import (
	"encoding/json"
	"testing"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops/golden"
	"github.com/sealift/sealift/gitops/seal"
)

// TestSealGolden writes what testdata/seal/*.txtar ask for: the key "form" names the
// text, in/ has what it is made from.
func TestSealGolden(t *testing.T) {
	golden.Run(t, "testdata/seal/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		return map[string]string{"body.md": sealText(t, c.Value("form"), c.Inputs[0].Data)}
	})
}

// sealText writes one text.
func sealText(t *testing.T, form string, data []byte) string {
	t.Helper()
	read := func(v any) {
		if err := json.Unmarshal(data, v); err != nil {
			t.Fatal(err)
		}
	}
	switch form {
	case "link":
		var in struct {
			Login, Address string
			Ask            seal.Ask
		}
		read(&in)
		return reply.SealLink(in.Login, in.Address, in.Ask)
	case "exposed":
		var in struct {
			Login    string
			Accepted bool
		}
		read(&in)
		return reply.SealExposed(in.Login, in.Accepted)
	case "files":
		var in []string
		read(&in)
		return reply.ExposedFiles(in)
	case "done", "pull":
		var in reply.Sealed
		read(&in)
		if form == "pull" {
			return reply.SealPull(in, 7)
		}
		return reply.SealDone(in)
	case "reseal", "reseal-pull":
		var in reply.Resealed
		read(&in)
		if form == "reseal-pull" {
			return reply.ResealPull(in, 7)
		}
		return reply.ResealDone(in, min(len(in.Done), 1)*9)
	}
	t.Fatalf("no form %q", form)
	return ""
}
