package commands

import (
	"maps"
	"strings"
	"testing"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops/golden"
	"github.com/sealift/sealift/gitops/tree"
)

// TestDeployed compares what is deployed: each case is a repository in base/, what a change
// makes of it in head/ and by lines "removed: FILE", and the report in the
// terminal and on the pull request.
func TestDeployed(t *testing.T) {
	r := newRenderer(t)
	golden.Run(t, "testdata/deployed/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		base := map[string]string{}
		for _, f := range c.Inputs {
			if p, ok := strings.CutPrefix(f.Name, "base/"); ok {
				base[p] = string(f.Data)
			}
		}
		head := maps.Clone(base)
		for _, f := range c.Inputs {
			if p, ok := strings.CutPrefix(f.Name, "head/"); ok {
				head[p] = string(f.Data)
			}
		}
		for _, p := range c.Values("removed") {
			delete(head, p)
		}
		d := Diff{Base: tree.Memory(base), Head: tree.Memory(head), Overlays: AutoOverlays, Renderer: r}
		got, err := d.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := reply.Text(&b, got.Report, reply.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		return map[string]string{"report.txt": b.String(), "comment.md": strings.Join(reply.Markdown(got.Report, reply.Options{}), "\n")}
	})
}
