package promote_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/promote"
)

// FuzzMake promotes an overlay of any content onto another one: nothing panics,
// promoting twice is promoting once, from an environment to itself nothing moves, no
// value is made up, and what is withheld does not appear.
func FuzzMake(f *testing.F) {
	kustomization := "resources: [../../base]\nimages:\n- name: web\n  newTag: v2 # tag\n- {name: api, digest: sha256:" + strings.Repeat("0a", 32) + "}\n"
	f.Add(kustomization, strings.ReplaceAll(kustomization, "v2", "v1"), "a: b\n", "a: b\n", false)
	f.Add("resources: ['https://github.com/a/b?ref=v2']\n", "\ufeffresources:\r\n- https://github.com/a/b?ref=v1", "x: ghcr.io/a/b:v2\n", "x: &a ghcr.io/a/b:v1\ny: *a\n", true)
	f.Add("images: [{name: web, newTag: latest}]\n", "images: [{name: web, newTag: v1}]\n", "host: web.dev.example.com\n---\nb: 1\n", "host: web.staging.example.com\n---\nb: 2\n", true)
	f.Add("images: [{name: web, newName: acme-dev/web, newTag: 1.10}]\n", "images: [{name: web, newName: acme/web, newTag: 1.9}]\n", "", "x", true)
	f.Add("helmCharts: [{name: a, version: 1.0.0}]\nbases: [./v3.0]\n", "helmCharts: [{name: a, version: 0.9.0}]\nbases: [./v2.0]\n", "kind: SealedSecret\n", "kind: Secret\n", true)
	f.Fuzz(func(t *testing.T, source, target, sourcePatch, targetPatch string, last bool) {
		const names = "patches: [{path: patch.yaml}]\n"
		c := &goldenCase{from: "dev", to: "staging", apps: []string{"web"}, files: map[string]string{
			"apps/web/base/kustomization.yaml":             "resources: []\n",
			"apps/web/overlays/dev/kustomization.yaml":     source + names,
			"apps/web/overlays/staging/kustomization.yaml": target + names,
			"apps/web/overlays/dev/patch.yaml":             sourcePatch,
			"apps/web/overlays/staging/patch.yaml":         targetPatch,
		}}
		if last {
			c.last = map[string]string{"apps/web/overlays/dev/patch.yaml": targetPatch}
		}
		r := c.request(t)
		plan, err := promote.Make(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Apps[0].Conflicts) == 0 {
			checkPlan(t, r, plan)
		}
		for _, a := range plan.Apps {
			for _, e := range a.Edits {
				if e.Kind != promote.Field && plainLines(source+sourcePatch) && !strings.Contains(source+sourcePatch, e.New) {
					t.Errorf("%q is not in the source", e.New)
				}
			}
			checkWithheld(t, c, a)
		}
	})
}

// plainLines reports whether every scalar is written in its own characters.
func plainLines(s string) bool { return !strings.ContainsAny(s, "\"'\\%|>!&*\r") }

// checkWithheld checks that what must not be carried is in no file more often than
// it was before.
func checkWithheld(t *testing.T, c *goldenCase, a promote.AppPlan) {
	t.Helper()
	for name, data := range a.Files {
		for _, never := range []string{"newTag: latest", ":latest", "-dev", ".dev."} {
			if n := strings.Count(c.files[name], never); bytes.Count(data, []byte(never)) > n {
				t.Errorf("%s has %q now:\n%s", name, never, data)
			}
		}
	}
}

// FuzzVersions promotes overlays made at random of the forms that versions have.
func FuzzVersions(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := &goldenCase{from: "dev", to: "staging", apps: []string{"web"}, files: map[string]string{
			"apps/web/base/kustomization.yaml": "resources: []\n",
		}}
		for _, env := range []string{"dev", "staging"} {
			dir := "apps/web/overlays/" + env
			c.files[dir+"/kustomization.yaml"] = someKustomization(r)
			c.files[dir+"/patch.yaml"] = somePatch(r, env)
		}
		if r.IntN(2) == 0 {
			c.last = map[string]string{
				"apps/web/overlays/dev/kustomization.yaml": someKustomization(r),
				"apps/web/overlays/dev/patch.yaml":         somePatch(r, "dev"),
			}
			c.options.Take = map[string]string{"": promote.TakeTarget}
		}
		request := c.request(t)
		plan, err := promote.Make(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, request, plan)
		for _, a := range plan.Apps {
			checkWithheld(t, c, a)
		}
		if t.Failed() {
			t.Logf("%s\n%v", text(t, plan), c.files)
		}
	})
}

func someTag(r *rand.Rand) string {
	tags := []string{"v1", "v2", "\"3.10\"", "latest", "v1-dev", strings.Repeat("a", 40), strings.Repeat("b", 40)}
	return tags[r.IntN(len(tags))]
}

func someKustomization(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("resources:\n- ../../base\n")
	for _, dir := range []string{"one", "two"} {
		if r.IntN(2) == 0 {
			b.WriteString("- https://github.com/acme/web/" + dir + "?ref=" + strings.Trim(someTag(r), `"`) + "\n")
		}
	}
	b.WriteString("patches:\n- path: patch.yaml\nimages:\n")
	for _, i := range r.Perm(3) {
		name := []string{"ghcr.io/acme/web", "ghcr.io/acme/api", "proxy"}[i]
		b.WriteString("- name: " + name + "\n")
		if r.IntN(3) == 0 {
			b.WriteString("  newName: mirror.example.com/" + []string{"a", "acme-dev", "b"}[r.IntN(3)] + "\n")
		}
		if r.IntN(4) == 0 {
			b.WriteString("  digest: sha256:" + strings.Repeat(string("0123"[r.IntN(4)]), 64) + "\n")
		} else {
			b.WriteString("  newTag: " + someTag(r) + " # tag\n")
		}
	}
	return b.String()
}

func somePatch(r *rand.Rand, env string) string {
	return "kind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: " + string("123"[r.IntN(3)]) + "\n  host: web." + env + ".example.com\n" +
		"  containers:\n  - name: web\n    image: quay.io/acme/one:" + strings.Trim(someTag(r), `"`) + "\n    args: [a, b]\n"
}
