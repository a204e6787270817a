package reply_test

import (
	"encoding/json"
	"testing"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops/golden"
)

// TestRollbackGolden writes each testdata/rollback/*.txtar as the reply, the pull
// request and its title, and compares with want/.
func TestRollbackGolden(t *testing.T) {
	golden.Run(t, "testdata/rollback/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		var r reply.Rollback
		if err := json.Unmarshal(c.Inputs[0].Data, &r); err != nil {
			t.Fatal(err)
		}
		opts := reply.PromotionOptions{RepoURL: "https://github.com/acme/shop"}
		return map[string]string{"title": reply.RollbackTitle(r), "reply.md": reply.RollbackReply(r, opts), "body.md": reply.RollbackBody(r, opts)}
	})
}
