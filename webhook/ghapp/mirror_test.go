package ghapp_test

import (
	"net/url"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/sealift/sealift/webhook/hub"
)

// A mirror fetches a pull request of a fork from the hub with tokens of the App,
// also after they ended.
func TestMirrorWithTokens(t *testing.T) {
	w := newWorld(t, hub.Options{})
	must(t, w.dev.Fork(t.Context(), repository))
	head, err := w.dev.Push(t.Context(), "dev/gitops", "patch", "Change", map[string]string{"a": "1"})
	must(t, err)
	n, err := w.dev.OpenPull(t.Context(), repository, hub.NewPull{Title: "x", Head: "dev:patch"})
	must(t, err)
	web, err := url.Parse(w.WebURL())
	must(t, err)
	mirrors := tree.NewMirrors(tree.MirrorOptions{Dir: t.TempDir(), AllowPrivate: []string{web.Host}})
	fetch := func(head string) error {
		r := w.repo
		m, err := mirrors.Open(t.Context(), tree.MirrorSpec{URL: r.CloneURL(), Key: "hub 1", Token: r.GitToken})
		must(t, err)
		defer m.Close()
		base, err := m.Fetch(t.Context(), n, "main", head)
		if err != nil {
			return err
		}
		if base != w.Tip(repository, "main") {
			t.Errorf("base %s", base)
		}
		_, conflicts, err := m.MergeTree(t.Context(), base, head)
		if len(conflicts) > 0 {
			t.Errorf("conflicts %v", conflicts)
		}
		return err
	}
	must(t, fetch(head))
	w.ExpireTokens()
	second, err := w.dev.Push(t.Context(), "dev/gitops", "patch", "More", map[string]string{"a": "2"})
	must(t, err)
	wantError(t, fetch(head), gitops.Stale)
	must(t, fetch(second))
	w.Fault(hub.Fault{Path: "/acme/gitops.git/git-upload-pack", Status: 502, Times: 1})
	wantError(t, fetch(second), gitops.Unavailable)
	must(t, fetch(second))
	must(t, w.app.SetPermissions(w.inst, map[string]string{"issues": "write"}))
	w.ExpireTokens()
	wantError(t, fetch(second), gitops.Denied, "not granted")
	must(t, w.app.Uninstall(w.inst))
	wantError(t, fetch(second), gitops.NotFound)
}
