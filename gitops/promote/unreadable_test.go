package promote_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// unreadable is a tree of which one file cannot be read.
type unreadable struct {
	gitops.Tree
	file string
	err  error
}

// Read fails for the file, and for a context that ended.
func (u unreadable) Read(ctx context.Context, p string) ([]byte, error) {
	if p == u.file {
		return nil, u.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return u.Tree.Read(ctx, p)
}

// TestRenameUnreadable moves a file that the target's kustomization does not name, so
// that nobody has read it before.
func TestRenameUnreadable(t *testing.T) {
	const old, now = "apps/web/prod/old.yaml", "apps/web/prod/new.yaml"
	config := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n"
	own := strings.Replace(config, "a: b", "a: c", 1)
	target := "resources: []\n"
	before := map[string]string{
		"apps/web/dev/kustomization.yaml": "resources: [old.yaml]\n", "apps/web/dev/old.yaml": config,
		"apps/web/prod/kustomization.yaml": target, old: own,
	}
	after := map[string]string{
		"apps/web/dev/kustomization.yaml": "resources: [new.yaml]\n", "apps/web/dev/new.yaml": config,
		"apps/web/prod/kustomization.yaml": target, old: own,
	}
	plan := func(err error) (*promote.Plan, error) {
		var in gitops.Tree = tree.Memory(after)
		if err != nil {
			in = unreadable{in, old, err}
		}
		refs := func(dir string) []string {
			if dir == "apps/web/dev" {
				return []string{dir + "/new.yaml"}
			}
			return nil
		}
		return promote.Make(t.Context(), promote.Request{
			Source: tree.Memory(after), Target: in, From: "dev", To: "prod", SourceRefs: refs, TargetRefs: refs,
			Apps: []promote.App{{Name: "web", From: []string{"apps/web/dev"}, To: []string{"apps/web/prod"}, Last: tree.Memory(before), LastCommit: lastCommit}},
		})
	}

	p, err := plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := p.Files()[old]; !ok || got != nil || string(p.Files()[now]) != own {
		t.Errorf("the file is not moved: %q", p.Files())
	}

	if p, err = plan(gitops.Errorf(gitops.Unavailable, "disk on fire")); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("a file that cannot be read: %v, %+v", err, p)
	}

	if p, err = plan(gitops.Errorf(gitops.Invalid, "file is too large")); err != nil {
		t.Fatal(err)
	}
	for file := range p.Files() {
		t.Errorf("%s is changed for a file that is too large", file)
	}
	if w := p.Apps[0].Withheld; len(w) != 1 || w[0].File != old {
		t.Errorf("withheld: %+v", w)
	}
}
